//! From an event as `track` was given it to the envelope as the wire wants it.
//!
//! The shell hands events over as text, one line each, so that a task's events cross into WebAssembly in one
//! piece. Fields are separated by tabs; JSON as `JSON.stringify` writes it holds neither tabs nor newlines:
//!
//! ```text
//! id ⇥ time ⇥ name ⇥ properties [⇥ user_id ⇥ ip ⇥ ua]
//! ```
//!
//! `id` and `time` (ISO 8601) are bare; the others are JSON, or empty where the caller gave none.

use crate::core::model::json;

/// The beginning of an envelope, before the name.
pub const EVENT_NAME: &str = "{\"event_name\":";

/// Why an event was refused. The engine finds the first three of a line itself; the others are found where
/// JavaScript values are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Not a string, or nothing but white space.
    InvalidName,
    /// Not a plain object.
    InvalidProperties,
    /// Over [`limits::MAX_EVENT_BYTES`].
    TooLarge,
    /// `overrides` holds something unknown, or of the wrong type.
    InvalidOverrides,
    /// A cycle, a BigInt, or a `toJSON` that throws.
    NotSerializable,
    /// Over [`limits::MAX_HELD_EVENTS`] before `init`.
    TooManyHeld,
    /// The tracker was closed before.
    Closed,
    /// The visitor wants no events sent.
    OptedOut,
}

impl Refusal {
    /// The word listeners hear.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidName => "invalid_name",
            Self::InvalidProperties => "invalid_properties",
            Self::TooLarge => "too_large",
            Self::InvalidOverrides => "invalid_overrides",
            Self::NotSerializable => "not_serializable",
            Self::TooManyHeld => "too_many_held",
            Self::Closed => "closed",
            Self::OptedOut => "opted_out",
        }
    }

    /// Returns a message that says what to do.
    pub fn message(self) -> &'static str {
        match self {
            Self::InvalidName => "an event's name must be a string that is not empty",
            Self::InvalidProperties => "an event's properties must be a plain object",
            Self::TooLarge => "an event's name, properties and overrides must fit 31 KiB of JSON",
            Self::InvalidOverrides => "overrides are userId, ip, ua (strings) and time (a date)",
            Self::NotSerializable => "properties must survive JSON.stringify: no cycle, no BigInt",
            Self::TooManyHeld => "1000 events wait for init or consent already: call it sooner",
            Self::Closed => "the tracker is closed",
            Self::OptedOut => "the visitor has opted out: optIn() ends it",
        }
    }
}

/// A line from the shell, parsed and checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Draft<'a> {
    id: &'a str,
    time: &'a str,
    name: &'a str,
    properties: &'a str,
    user_id: &'a str,
    ip: &'a str,
    ua: &'a str,
}

/// The fields that the tracker adds to every draft. All texts are JSON.
#[derive(Debug, Clone, Copy)]
pub struct Seal<'a> {
    /// The identity the event was tracked under.
    pub user_id: &'a str,
    /// The browser's user agent, or empty where it has none.
    pub ua: &'a str,
    /// True if `$event_id` and `$time` go into the properties.
    pub metadata: bool,
}

/// An event in the wire's own form, sealed: nothing changes in it any more.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Envelope {
    /// The id that `track` returned.
    pub id: String,
    /// The event object of the endpoint's documentation, as JSON without a raw newline.
    pub json: String,
}

impl<'a> Draft<'a> {
    /// Takes a line apart and checks it; it may have `max_bytes`, besides id and time.
    ///
    /// # Errors
    /// The first [`Refusal`] that holds; the line's neighbours are not concerned.
    pub fn parse(line: &'a str, max_bytes: usize) -> Result<Self, Refusal> {
        let mut fields = line.split('\t');
        let mut field = || fields.next().unwrap_or("");
        let draft = Self {
            id: field(),
            time: field(),
            name: field(),
            properties: field(),
            user_id: field(),
            ip: field(),
            ua: field(),
        };
        if draft.name.len() <= 2 || !draft.name.starts_with('"') {
            return Err(Refusal::InvalidName);
        }
        if !draft.properties.is_empty() && !draft.properties.starts_with('{') {
            return Err(Refusal::InvalidProperties);
        }
        if line.len() - draft.id.len() - draft.time.len() > max_bytes {
            return Err(Refusal::TooLarge);
        }
        Ok(draft)
    }

    /// The envelope: documented fields only, the metadata last so that no property can pass for it.
    pub fn seal(&self, seal: Seal<'_>) -> Envelope {
        let mut json = String::with_capacity(self.name.len() + self.properties.len() + seal.ua.len() + 192);
        json.push_str(EVENT_NAME);
        json.push_str(self.name);
        json.push_str(",\"user_id\":");
        json.push_str(if self.user_id.is_empty() { seal.user_id } else { self.user_id });
        self.push_properties(&mut json, seal.metadata);
        for (field, own, common) in [(",\"ip\":", self.ip, ""), (",\"ua\":", self.ua, seal.ua)] {
            let value = if own.is_empty() { common } else { own };
            if !value.is_empty() {
                json.push_str(field);
                json.push_str(value);
            }
        }
        json.push('}');
        Envelope { id: self.id.into(), json }
    }

    fn push_properties(&self, json: &mut String, metadata: bool) {
        if self.properties.is_empty() && !metadata {
            return;
        }
        json.push_str(",\"properties\":");
        if !metadata {
            json.push_str(self.properties);
            return;
        }
        let inside = self.properties.strip_suffix("}").unwrap_or("{");
        json.push_str(inside);
        json.push_str(if inside.len() > 1 { ",\"$event_id\":" } else { "\"$event_id\":" });
        json::push_quoted(json, self.id);
        json.push_str(",\"$time\":");
        json::push_quoted(json, self.time);
        json.push('}');
    }
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    const MAX_BYTES: usize = 1_000;
    const SEAL: Seal<'_> = Seal { user_id: "\"anon\"", ua: "\"Mozilla\"", metadata: true };

    fn sealed(line: &str, seal: Seal<'_>) -> Value {
        serde_json::from_str(&Draft::parse(line, MAX_BYTES).unwrap().seal(seal).json).unwrap()
    }

    #[test]
    fn an_envelope_holds_what_was_given_the_user_agent_and_the_metadata() {
        assert_eq!(
            sealed("e1\t2026-01-02T03:04:05.006Z\t\"signup\"\t{\"plan\":\"pro\"}", SEAL),
            json!({
                "event_name": "signup", "user_id": "anon", "ua": "Mozilla",
                "properties": { "plan": "pro", "$event_id": "e1", "$time": "2026-01-02T03:04:05.006Z" },
            })
        );
    }

    #[test]
    fn overrides_win_over_what_the_tracker_adds() {
        let event = sealed("e1\tt\t\"signup\"\t\t\"u7\"\t\"10.0.0.1\"\t\"curl\"", SEAL);
        assert_eq!(
            (&event["user_id"], &event["ip"], &event["ua"]),
            (&json!("u7"), &json!("10.0.0.1"), &json!("curl"))
        );
    }

    #[test]
    fn without_metadata_and_properties_the_event_has_no_properties_at_all() {
        let plain = Seal { metadata: false, ua: "", ..SEAL };
        assert_eq!(sealed("e1\tt\t\"x\"\t", plain), json!({ "event_name": "x", "user_id": "anon" }));
        assert_eq!(sealed("e1\tt\t\"x\"\t{}", plain)["properties"], json!({}));
    }

    #[test]
    fn the_metadata_of_an_event_with_empty_properties_is_valid_json() {
        assert_eq!(
            sealed("e1\tt\t\"x\"\t{}", SEAL)["properties"],
            json!({ "$event_id": "e1", "$time": "t" })
        );
    }

    #[test]
    fn a_line_at_fault_is_refused_for_its_fault() {
        let large = ["e1\tt\t\"x\"\t{\"a\":\"", &"x".repeat(MAX_BYTES), "\"}"].concat();
        for (line, refusal) in [
            ("", Refusal::InvalidName),
            ("e1\tt\t\"\"\t{}", Refusal::InvalidName),
            ("e1\tt\t42\t{}", Refusal::InvalidName),
            ("e1\tt\t\"x\"\t[1]", Refusal::InvalidProperties),
            ("e1\tt\t\"x\"\tnull", Refusal::InvalidProperties),
            (&large, Refusal::TooLarge),
        ] {
            assert_eq!(Draft::parse(line, MAX_BYTES), Err(refusal), "{line:.40}");
        }
    }

    proptest! {
        #[test]
        fn any_name_and_properties_come_out_as_they_went_in(name in "\\PC+", key in "\\PC*", value in any::<String>()) {
            prop_assume!(!key.starts_with('$'));
            let properties = json!({ key: value });
            let line = ["e1\tt\t", &json!(name).to_string(), "\t", &properties.to_string()].concat();
            let event = sealed(&line, Seal { metadata: false, ..SEAL });
            prop_assert_eq!(&event["event_name"], &json!(name));
            prop_assert_eq!(&event["properties"], &properties);
        }

        #[test]
        fn no_line_makes_the_parser_panic(line in any::<String>()) {
            if let Ok(draft) = Draft::parse(&line, MAX_BYTES) {
                draft.seal(SEAL);
            }
        }
    }

    #[test]
    fn a_line_is_sealed_as_javascript_seals_it() {
        let cases: Value = serde_json::from_str(include_str!("../../../tests/cases/envelopes.json")).unwrap();
        for case in cases.as_array().unwrap() {
            let text = |member: &str| case[member].as_str().unwrap();
            let draft = Draft::parse(text("line"), usize::MAX).unwrap();
            let metadata = case["metadata"].as_bool().unwrap();
            let Envelope { id, json } = draft.seal(Seal { user_id: text("user"), ua: text("ua"), metadata });
            assert_eq!([&id, &json], [text("id"), text("json")]);
        }
    }
}
