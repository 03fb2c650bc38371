//! The request body's contract, as pure parsing: bytes in, a [`Batch`] or the first thing wrong out.
//!
//! A field the documentation does not list is refused: the real endpoint may ignore it today and give it a
//! meaning tomorrow, and this server exists to hold clients to what is written.

use serde_json::{Map, Value};

/// The documented maximum of events in one batch.
pub const MAX_EVENTS: usize = 100;

/// A body that keeps the contract.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) events: Vec<Event>,
}

/// One event as the wire has it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Event {
    pub(crate) event_name: String,
    pub(crate) user_id: String,
    pub(crate) properties: Option<Map<String, Value>>,
    pub(crate) ip: Option<String>,
    pub(crate) ua: Option<String>,
}

/// The first thing wrong with a body, and where.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BatchError {
    #[error("the body is not JSON: {0}")]
    NotJson(serde_json::Error),
    #[error("{path} is missing")]
    Missing { path: String },
    #[error("{path} is empty")]
    Empty { path: String },
    #[error("{path} must be {expected}, but is {found}")]
    WrongType { path: String, expected: &'static str, found: &'static str },
    #[error("events must hold 1 to {MAX_EVENTS} events, but holds {0}")]
    Count(usize),
    #[error("{path} is not a documented field")]
    Undocumented { path: String },
}

impl Batch {
    pub(crate) fn parse(body: &[u8]) -> Result<Self, BatchError> {
        let body = serde_json::from_slice(body).map_err(BatchError::NotJson)?;
        let mut fields = Fields::of(body, String::new())?;
        let events = fields.required("events", "an array", as_array)?;
        fields.finish()?;
        if events.is_empty() || events.len() > MAX_EVENTS {
            return Err(BatchError::Count(events.len()));
        }
        let events = events
            .into_iter()
            .enumerate()
            .map(|(index, event)| Event::parse(event, format!("events[{index}]")));
        Ok(Self { events: events.collect::<Result<_, _>>()? })
    }
}

impl Event {
    fn parse(event: Value, path: String) -> Result<Self, BatchError> {
        let mut fields = Fields::of(event, path)?;
        let event = Self {
            event_name: fields.required_text("event_name")?,
            user_id: fields.required_text("user_id")?,
            properties: fields.optional("properties", "an object", as_object)?,
            ip: fields.optional("ip", "a string", as_text)?,
            ua: fields.optional("ua", "a string", as_text)?,
        };
        fields.finish()?;
        Ok(event)
    }

    /// The id the tracker puts among the properties, since the wire has no field for it.
    pub(crate) fn id(&self) -> Option<&str> {
        self.properties.as_ref()?.get("$event_id")?.as_str()
    }
}

/// An object being taken apart: what is left when all documented fields are gone is not documented.
struct Fields {
    /// The object's own place; empty for the body.
    path: String,
    members: Map<String, Value>,
}

impl Fields {
    fn of(value: Value, path: String) -> Result<Self, BatchError> {
        match as_object(value) {
            Ok(members) => Ok(Self { path, members }),
            Err(found) => {
                let path = if path.is_empty() { "the body".into() } else { path };
                Err(BatchError::WrongType { path, expected: "an object", found })
            }
        }
    }

    fn required_text(&mut self, name: &str) -> Result<String, BatchError> {
        let text = self.required(name, "a string", as_text)?;
        if text.is_empty() { Err(BatchError::Empty { path: self.place(name) }) } else { Ok(text) }
    }

    fn required<T>(&mut self, name: &str, expected: &'static str, read: Read<T>) -> Result<T, BatchError> {
        self.optional(name, expected, read)?.ok_or_else(|| BatchError::Missing { path: self.place(name) })
    }

    fn optional<T>(
        &mut self,
        name: &str,
        expected: &'static str,
        read: Read<T>,
    ) -> Result<Option<T>, BatchError> {
        let value = self.members.remove(name).map(read).transpose();
        value.map_err(|found| BatchError::WrongType { path: self.place(name), expected, found })
    }

    fn finish(self) -> Result<(), BatchError> {
        match self.members.keys().next() {
            Some(name) => Err(BatchError::Undocumented { path: self.place(name) }),
            None => Ok(()),
        }
    }

    fn place(&self, name: &str) -> String {
        if self.path.is_empty() { name.into() } else { format!("{}.{name}", self.path) }
    }
}

/// Takes a value as one JSON type, or names the type it has.
type Read<T> = fn(Value) -> Result<T, &'static str>;

fn as_text(value: Value) -> Result<String, &'static str> {
    if let Value::String(text) = value { Ok(text) } else { Err(type_of(&value)) }
}

fn as_array(value: Value) -> Result<Vec<Value>, &'static str> {
    if let Value::Array(items) = value { Ok(items) } else { Err(type_of(&value)) }
}

fn as_object(value: Value) -> Result<Map<String, Value>, &'static str> {
    if let Value::Object(members) = value { Ok(members) } else { Err(type_of(&value)) }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
