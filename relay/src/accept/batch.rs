//! The request body's contract, as pure parsing: bytes in, events out.
//!
//! A body that is not the contract's is refused as a whole. An event that breaks it is refused alone, so that it does not
//! take 99 others with it: here, by its place in `failed_indices`, and not by the endpoint, where finding it takes fourteen
//! requests.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::policy::MAX_BATCH_EVENTS;

/// A body that keeps the contract, with its events in order.
#[derive(Debug)]
pub struct ParsedBatch<'a> {
    /// Each event, or what is wrong with it.
    pub events: Vec<Result<ParsedEvent<'a>, EventFault>>,
}

/// An event that keeps the contract.
#[derive(Clone, Debug, PartialEq)]
pub struct ParsedEvent<'a> {
    /// `event_name`.
    pub name: String,
    /// `user_id`.
    pub user: String,
    /// `properties` as they came, byte for byte.
    pub properties: Option<&'a str>,
    /// `properties.$event_id`, if it is a text.
    pub id: Option<String>,
    /// `ip`.
    pub ip: Option<String>,
    /// `ua`.
    pub ua: Option<String>,
}

/// The first thing wrong with a body.
#[derive(Debug, thiserror::Error)]
pub enum BodyFault {
    /// No JSON at all.
    #[error("the body is not JSON: {0}")]
    NotJson(serde_json::Error),
    /// Another type than documented.
    #[error("{path} must be {expected}, but is {found}")]
    WrongType {
        /// Where.
        path: &'static str,
        /// The type that is documented.
        expected: &'static str,
        /// The type it has.
        found: &'static str,
    },
    /// No events.
    #[error("events is missing")]
    Missing,
    /// Too few or too many events.
    #[error("events must hold 1 to {MAX_BATCH_EVENTS} events, but holds {0}")]
    Count(usize),
    /// A field that the contract does not have.
    #[error("{0} is not a documented field")]
    Undocumented(String),
}

/// The first thing wrong with an event.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum EventFault {
    /// Another type than documented.
    #[error("{path} must be {expected}, but is {found}")]
    WrongType {
        /// Where.
        path: String,
        /// The type that is documented.
        expected: &'static str,
        /// The type it has.
        found: &'static str,
    },
    /// A required field is not there.
    #[error("{0} is missing")]
    Missing(String),
    /// A required field is empty.
    #[error("{0} is empty")]
    Empty(String),
    /// A field that the contract does not have.
    #[error("{0} is not a documented field")]
    Undocumented(String),
    /// JSON by its grammar that parsers refuse: half a surrogate pair, a number out of range, 128 levels.
    #[error("{path} cannot be read by every JSON parser: {message}")]
    Unreadable {
        /// Where.
        path: String,
        /// The parser's words.
        message: String,
    },
    /// A name that the site does not accept.
    #[error("{0} is not among the event names that this site accepts")]
    Name(String),
}

type Members<'a> = BTreeMap<String, &'a RawValue>;

/// Parses a body.
pub fn parse(body: &[u8]) -> Result<ParsedBatch<'_>, BodyFault> {
    let body: &RawValue = serde_json::from_slice(body).map_err(BodyFault::NotJson)?;
    let wrong = |path, expected, raw: &RawValue| BodyFault::WrongType { path, expected, found: type_of(raw) };
    if type_of(body) != "an object" {
        return Err(wrong("the body", "an object", body));
    }
    let mut members: Members = serde_json::from_str(body.get()).map_err(BodyFault::NotJson)?;
    let events = members.remove("events").ok_or(BodyFault::Missing)?;
    if let Some(name) = members.into_keys().next() {
        return Err(BodyFault::Undocumented(name));
    }
    if type_of(events) != "an array" {
        return Err(wrong("events", "an array", events));
    }
    let events: Vec<&RawValue> = serde_json::from_str(events.get()).map_err(BodyFault::NotJson)?;
    if events.is_empty() || events.len() > MAX_BATCH_EVENTS {
        return Err(BodyFault::Count(events.len()));
    }
    Ok(ParsedBatch { events: events.into_iter().enumerate().map(|(place, raw)| event(raw, place)).collect() })
}

fn event(raw: &RawValue, place: usize) -> Result<ParsedEvent<'_>, EventFault> {
    let path = format!("events[{place}]");
    if type_of(raw) != "an object" {
        return Err(EventFault::WrongType { path, expected: "an object", found: type_of(raw) });
    }
    let unreadable =
        |error: serde_json::Error| EventFault::Unreadable { path: path.clone(), message: error.to_string() };
    // As deep as it will stand in a batch: the endpoint's parser must read it there.
    serde_json::from_str::<Value>(&format!("[[{}]]", raw.get())).map_err(unreadable)?;
    let members: Members = serde_json::from_str(raw.get()).map_err(unreadable)?;
    let mut fields = Fields { path: &path, members };
    let properties = fields.take("properties", "an object")?;
    let id = properties.and_then(event_id);
    let event = ParsedEvent {
        name: fields.required_text("event_name")?,
        user: fields.required_text("user_id")?,
        properties: properties.map(RawValue::get),
        id,
        ip: fields.text("ip")?,
        ua: fields.text("ua")?,
    };
    match fields.members.into_keys().next() {
        Some(name) => Err(EventFault::Undocumented(format!("{path}.{name}"))),
        None => Ok(event),
    }
}

/// Returns the id that the tracker puts among the properties.
fn event_id(properties: &RawValue) -> Option<String> {
    let members: Members = serde_json::from_str(properties.get()).ok()?;
    serde_json::from_str(members.get("$event_id")?.get()).ok()
}

/// An event being taken apart.
struct Fields<'p, 'a> {
    path: &'p str,
    members: Members<'a>,
}

impl<'a> Fields<'_, 'a> {
    fn take(&mut self, name: &str, expected: &'static str) -> Result<Option<&'a RawValue>, EventFault> {
        match self.members.remove(name) {
            Some(raw) if type_of(raw) != expected => {
                Err(EventFault::WrongType { path: self.place(name), expected, found: type_of(raw) })
            }
            value => Ok(value),
        }
    }

    fn text(&mut self, name: &str) -> Result<Option<String>, EventFault> {
        let Some(raw) = self.take(name, "a string")? else { return Ok(None) };
        let unreadable = |error: serde_json::Error| EventFault::Unreadable {
            path: self.place(name),
            message: error.to_string(),
        };
        serde_json::from_str(raw.get()).map(Some).map_err(unreadable)
    }

    fn required_text(&mut self, name: &str) -> Result<String, EventFault> {
        let text = self.text(name)?.ok_or_else(|| EventFault::Missing(self.place(name)))?;
        if text.is_empty() { Err(EventFault::Empty(self.place(name))) } else { Ok(text) }
    }

    fn place(&self, name: &str) -> String {
        format!("{}.{name}", self.path)
    }
}

/// Names the type of a JSON value by its first character: the grammar leaves no doubt.
fn type_of(raw: &RawValue) -> &'static str {
    match raw.get().as_bytes().first() {
        Some(b'{') => "an object",
        Some(b'[') => "an array",
        Some(b'"') => "a string",
        Some(b't' | b'f') => "a boolean",
        Some(b'n') => "null",
        _ => "a number",
    }
}

impl ParsedEvent<'_> {
    /// Returns the event as it goes to the endpoint: documented fields alone.
    pub fn to_json(&self) -> String {
        #[derive(Serialize)]
        struct Envelope<'a> {
            event_name: &'a str,
            user_id: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            properties: Option<&'a RawValue>,
            #[serde(skip_serializing_if = "Option::is_none")]
            ip: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            ua: Option<&'a str>,
        }
        let envelope = Envelope {
            event_name: &self.name,
            user_id: &self.user,
            properties: self.properties.and_then(|properties| serde_json::from_str(properties).ok()),
            ip: self.ip.as_deref(),
            ua: self.ua.as_deref(),
        };
        serde_json::to_string(&envelope).expect("texts and parsed JSON are always JSON")
    }
}
