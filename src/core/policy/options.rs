//! Parses and checks the options of `init`, and names the first that is wrong.

use crate::core::model::text;
use crate::core::policy::limits;
use crate::core::rows;

/// An option's value as JavaScript gave it.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A string.
    Text(String),
    /// A number.
    Number(f64),
    /// A boolean.
    Flag(bool),
    /// A list of strings.
    List(Vec<String>),
    /// Anything else.
    Other,
}

/// Options that passed.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// The bearer key; empty where the endpoint, a relay or a proxy, needs none.
    pub api_key: String,
    /// Keys that the bearer key has replaced.
    pub previous_api_keys: Vec<String>,
    /// The batch endpoint.
    pub endpoint: String,
    /// The user, where the page knows it at start.
    pub user_id: Option<String>,
    /// Milliseconds from the first waiting event to its flush.
    pub flush_interval: u64,
    /// Events that start a flush at once, and the most one request carries.
    pub batch_size: usize,
    /// True if `$event_id` and `$time` go into the properties.
    pub metadata: bool,
    /// True if a batch that was taken in part is sent again, instead of becoming dead letters.
    pub resend_partial: bool,
    /// Requests a minute, all pages of the browser together; `None` for no limit.
    pub requests_per_minute: Option<u32>,
    /// Events that are queued at the most; the oldest make room.
    pub max_queue_events: u64,
    /// Bytes of the events that are queued at the most; the oldest make room.
    pub max_queue_bytes: usize,
    /// Milliseconds after which an undelivered event is given up.
    pub max_age: u64,
    /// Where beacons go: a first-party address that adds the key.
    pub beacon_url: Option<String>,
    /// True if the browser is given unsent events for the case that the page dies, where it can be.
    pub insurance: bool,
    /// True if nothing is to be stored at all.
    pub memory: bool,
    /// Names the queue.
    pub instance: String,
}

/// Stands between the items of a list (ASCII's record separator).
const LIST_SEPARATOR: char = '\u{1e}';

/// Options as the facade hands them over, a joined text ([`rows::fields`]): of each its name, and its value behind the first
/// letter of its type in JavaScript (`l` for a list of strings). Of a fraction no more is read than that it is one.
pub fn given(text: &str) -> impl Iterator<Item = (String, Value)> {
    let mut fields = rows::fields(text);
    std::iter::from_fn(move || Some((fields.next()?.into(), Value::read(fields.next()?))))
}

/// An option at fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionError {
    /// Its name.
    pub option: String,
    /// The allowed values.
    pub allowed: &'static str,
}

const KEY: &str = "the project's key: printable ASCII characters without spaces; none where endpoint is a relay or a proxy that adds the key";
const KNOWN: &str = "the options are apiKey, previousApiKeys, endpoint, userId, flushInterval, batchSize, metadata, partialFailure, beaconUrl, requestsPerMinute, maxQueueEvents, maxQueueBytes, maxAge, insurance, persistence, instance, sessionTimeout, campaign, pageViews, stripQuery, beforeSend, consent, respectPrivacySignals, bots, denyProperties, clientHints and debug";

impl Options {
    /// Checks options in the order given; those not given take their default.
    ///
    /// # Errors
    /// [`OptionError`] for the first option that is unknown, of the wrong type or out of bounds, for a
    /// missing `apiKey` where the endpoint is Appizer's own, or for a `maxAge` at which events would be given up before they are first sent.
    pub fn read(given: impl IntoIterator<Item = (String, Value)>) -> Result<Self, OptionError> {
        let mut options = Self {
            api_key: String::new(),
            previous_api_keys: Vec::new(),
            endpoint: limits::DEFAULT_ENDPOINT.into(),
            user_id: None,
            flush_interval: limits::DEFAULT_FLUSH_INTERVAL,
            batch_size: limits::MAX_BATCH_EVENTS,
            metadata: true,
            resend_partial: false,
            requests_per_minute: Some(limits::REQUESTS_PER_MINUTE),
            max_queue_events: limits::MAX_QUEUE_EVENTS,
            max_queue_bytes: limits::MAX_QUEUE_BYTES,
            max_age: limits::MAX_AGE,
            beacon_url: None,
            insurance: true,
            memory: false,
            instance: "default".into(),
        };
        for (option, value) in given {
            options.set(&option, &value).map_err(|allowed| OptionError { option, allowed })?;
        }
        if options.api_key.is_empty() && options.endpoint == limits::DEFAULT_ENDPOINT {
            return Err(OptionError { option: "apiKey".into(), allowed: KEY });
        }
        if options.max_age <= options.flush_interval {
            return Err(OptionError { option: "maxAge".into(), allowed: "more than flushInterval" });
        }
        Ok(options)
    }

    fn set(&mut self, option: &str, value: &Value) -> Result<(), &'static str> {
        match (option, value) {
            ("apiKey", Value::Text(key)) if is_key(key) => self.api_key.clone_from(key),
            ("apiKey", _) => return Err(KEY),
            ("previousApiKeys", Value::List(keys)) if keys.iter().all(|key| is_key(key)) => {
                self.previous_api_keys.clone_from(keys);
            }
            ("previousApiKeys", _) => return Err("a list of the project's former keys"),
            ("endpoint", Value::Text(url)) if is_endpoint(url) => self.endpoint.clone_from(url),
            ("beaconUrl", Value::Text(url)) if is_endpoint(url) => self.beacon_url = Some(url.clone()),
            ("endpoint" | "beaconUrl", _) => {
                return Err("an http or https URL, or a path that begins with one /");
            }
            ("userId", Value::Text(user)) if user.bytes().any(|byte| byte > b' ') => {
                self.user_id = Some(user.clone())
            }
            ("userId", _) => return Err("a string that is not empty"),
            ("flushInterval", &Value::Number(ms))
                if (0.0..=limits::MAX_FLUSH_INTERVAL as f64).contains(&ms) =>
            {
                self.flush_interval = ms as u64;
            }
            ("flushInterval", _) => return Err("milliseconds from 0 to 86400000, a day"),
            ("batchSize", &Value::Number(events))
                if is_whole(events, 1.0, limits::MAX_BATCH_EVENTS as f64) =>
            {
                self.batch_size = events as usize
            }
            ("batchSize", _) => return Err("a whole number from 1 to 100, the endpoint's limit"),
            ("metadata", Value::Flag(metadata)) => self.metadata = *metadata,
            ("insurance", Value::Flag(insurance)) => self.insurance = *insurance,
            ("metadata" | "insurance", _) => return Err("true or false"),
            ("partialFailure", Value::Text(word)) if word == "resend" || word == "quarantine" => {
                self.resend_partial = word == "resend";
            }
            ("partialFailure", _) => return Err("\"quarantine\" or \"resend\""),
            ("requestsPerMinute", &Value::Number(limit)) if limit == f64::INFINITY => {
                self.requests_per_minute = None;
            }
            ("requestsPerMinute", &Value::Number(limit))
                if is_whole(limit, 1.0, limits::MAX_REQUESTS_PER_MINUTE) =>
            {
                self.requests_per_minute = Some(limit as u32);
            }
            ("requestsPerMinute", _) => return Err("a whole number from 1 to 100000, or Infinity"),
            ("maxQueueEvents", &Value::Number(events)) if is_whole(events, 1.0, 1e6) => {
                self.max_queue_events = events as u64;
            }
            ("maxQueueEvents", _) => return Err("a whole number from 1 to 1000000"),
            ("maxQueueBytes", &Value::Number(bytes)) if is_whole(bytes, 65_536.0, 1_073_741_824.0) => {
                self.max_queue_bytes = bytes as usize;
            }
            ("maxQueueBytes", _) => return Err("a whole number from 65536 to 1073741824, a gibibyte"),
            ("maxAge", &Value::Number(ms)) if is_whole(ms, 60_000.0, 31_536_000_000.0) => {
                self.max_age = ms as u64
            }
            ("maxAge", _) => return Err("milliseconds from 60000 to 31536000000, a year"),
            ("persistence", Value::Text(word)) if word == "memory" || word == "store" => {
                self.memory = word == "memory";
            }
            ("persistence", _) => return Err("\"store\" or \"memory\""),
            ("instance", Value::Text(name)) if is_name(name) => self.instance.clone_from(name),
            ("instance", _) => return Err("1 to 64 of the characters A-Z a-z 0-9 _ -"),
            _ => return Err(KNOWN),
        }
        Ok(())
    }
}

impl Value {
    fn read(text: &str) -> Self {
        let (kind, value) = text.split_at_checked(1).unwrap_or_default();
        match (kind, value) {
            ("s", value) => Self::Text(value.into()),
            ("b", value) => Self::Flag(value == "true"),
            ("l", value) => Self::List(
                value.split(LIST_SEPARATOR).filter(|item| !item.is_empty()).map(String::from).collect(),
            ),
            ("n", "Infinity") => Self::Number(f64::INFINITY),
            ("n", value) => {
                let (whole, fraction) = value.split_once('.').unwrap_or((value, "0"));
                let part = if fraction == "0" { 0.0 } else { 0.5 };
                let number = text::read_decimal(whole).filter(|_| text::is_decimal(fraction));
                Self::Number(number.map_or(f64::NAN, |whole| whole as f64 + part))
            }
            _ => Self::Other,
        }
    }
}

/// Returns true if the key can be a header's value; any other would make every request fail.
fn is_key(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_graphic())
}

fn is_endpoint(url: &str) -> bool {
    let address = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let begins = match address {
        Some(address) => {
            let first = address.bytes().next();
            first.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'[' || !byte.is_ascii())
        }
        None => url.starts_with('/') && !url.starts_with("//"),
    };
    begins && url.bytes().all(|byte| byte != b' ')
}

fn is_whole(number: f64, least: f64, most: f64) -> bool {
    (least..=most).contains(&number) && number as u64 as f64 == number
}

fn is_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(text: &str) -> Value {
        Value::Text(text.into())
    }

    fn read(given: &[(&str, Value)]) -> Result<Options, OptionError> {
        Options::read(given.iter().map(|(option, value)| ((*option).into(), value.clone())))
    }

    #[test]
    fn a_key_is_all_it_takes() {
        let options = read(&[("apiKey", text("k"))]).unwrap();
        assert_eq!(options.endpoint, "https://api.appizer.com/v1/events/batch");
        assert_eq!((options.batch_size, options.flush_interval, options.metadata), (100, 10_000, true));
    }

    #[test]
    fn what_is_given_is_taken() {
        let given = [
            ("apiKey", text("k")),
            ("endpoint", text("http://127.0.0.1:8787/v1/events/batch")),
            ("userId", text("u1")),
            ("flushInterval", Value::Number(0.0)),
            ("batchSize", Value::Number(1.0)),
            ("metadata", Value::Flag(false)),
            ("partialFailure", text("resend")),
            ("requestsPerMinute", Value::Number(f64::INFINITY)),
            ("instance", text("shop-2")),
        ];
        let options = read(&given).unwrap();
        assert_eq!(
            (options.user_id.as_deref(), options.flush_interval, options.batch_size),
            (Some("u1"), 0, 1)
        );
        assert_eq!(
            (options.metadata, options.resend_partial, options.instance.as_str()),
            (false, true, "shop-2")
        );
        assert_eq!(options.requests_per_minute, None);
    }

    #[test]
    fn options_are_read_from_the_facade_s_text() {
        let fields = [
            ("apiKey", "sk"),
            ("metadata", "bfalse"),
            ("batchSize", "n7"),
            ("flushInterval", "n12.75"),
            ("requestsPerMinute", "nInfinity"),
            ("userId", "s"),
            ("endpoint", "o"),
            ("maxAge", "n1e+21"),
            ("maxQueueEvents", "n-1"),
            ("sessionTimeout", "n1.7976931348623157e+308"),
            ("maxQueueBytes", "n1."),
            ("maxQueueBytes", "n.5"),
        ];
        let joined = fields.map(|(name, value)| format!("{name}\u{1f}{value}")).join("\u{1f}");
        let values: Vec<_> = given(&joined).collect();
        let names: Vec<_> = values.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, fields.map(|(name, _)| name));
        let options = Options::read(values[..5].to_vec()).unwrap();
        assert_eq!((options.metadata, options.batch_size, options.flush_interval), (false, 7, 12));
        assert_eq!(options.requests_per_minute, None);
        assert_eq!((&values[5].1, &values[6].1), (&text(""), &Value::Other));
        for (_, value) in &values[7..] {
            assert!(matches!(value, Value::Number(number) if number.is_nan()), "{value:?}");
        }
        assert_eq!(given("").count(), 0);
    }

    #[test]
    fn events_are_not_too_old_before_they_are_first_sent() {
        let minute = Value::Number(60_000.0);
        let error = read(&[("apiKey", text("k")), ("flushInterval", minute.clone()), ("maxAge", minute)]);
        assert_eq!(error.unwrap_err().option, "maxAge");
    }

    #[test]
    fn an_option_at_fault_is_named_with_what_is_allowed() {
        let number = Value::Number;
        for (option, value) in [
            ("apiKey", text("")),
            ("apiKey", text("two words")),
            ("apiKey", number(1.0)),
            ("endpoint", text("")),
            ("endpoint", text("ftp://x")),
            ("endpoint", text("//x")),
            ("endpoint", text("http://")),
            ("endpoint", text("api.appizer.com")),
            ("userId", text(" ")),
            ("flushInterval", number(-1.0)),
            ("flushInterval", number(f64::NAN)),
            ("flushInterval", number(f64::INFINITY)),
            ("flushInterval", text("5")),
            ("batchSize", number(0.0)),
            ("batchSize", number(101.0)),
            ("batchSize", number(1.5)),
            ("metadata", text("yes")),
            ("previousApiKeys", text("old")),
            ("previousApiKeys", Value::List(vec!["old".into(), "two words".into()])),
            ("partialFailure", text("retry")),
            ("beaconUrl", text("b")),
            ("insurance", number(1.0)),
            ("persistence", text("disk")),
            ("maxQueueEvents", number(0.0)),
            ("maxQueueBytes", number(65_535.0)),
            ("maxAge", number(59_999.0)),
            ("requestsPerMinute", number(0.0)),
            ("requestsPerMinute", number(1.5)),
            ("requestsPerMinute", text("100")),
            ("instance", text("a b")),
            ("instance", text("")),
            ("apikey", text("k")),
        ] {
            let error = read(&[("apiKey", text("k")), (option, value.clone())]).unwrap_err();
            assert_eq!(error.option, option, "{value:?}");
            assert!(!error.allowed.is_empty());
        }
    }

    #[test]
    fn a_key_is_needed_by_appizer_s_own_endpoint_alone() {
        assert_eq!(read(&[("endpoint", text("/events"))]).unwrap().api_key, "");
        for options in [&[][..], &[("endpoint", text(limits::DEFAULT_ENDPOINT))]] {
            let error = read(options).unwrap_err();
            assert_eq!((error.option.as_str(), error.allowed), ("apiKey", KEY));
        }
    }

    proptest! {
        #[test]
        fn no_option_makes_the_reader_panic(option in "\\w*", words in any::<String>(), number in any::<f64>()) {
            for value in [Value::Text(words.clone()), Value::Number(number), Value::Flag(true), Value::Other] {
                let _ = read(&[("apiKey", text("k")), (&option, value)]);
            }
        }
    }
}
