//! Dead letters.

use std::fmt;

use serde::Serialize;

use super::Time;

/// Why an event became a dead letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// In a word.
    pub reason: Reason,
    /// The endpoint's status.
    pub status: u16,
    /// The endpoint's message.
    pub message: String,
}

/// Why an event became a dead letter, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The endpoint refused it.
    Refused,
    /// The endpoint took a part of its batch and did not say which, or failed on it again and again.
    Uncertain,
}

/// An event refused for good, or of uncertain fate.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DeadLetter {
    /// Its number, for `resend` and `discard`.
    pub id: i64,
    /// Whose it is.
    pub site: String,
    /// When it became one, in milliseconds since 1970.
    pub at: Time,
    /// Why.
    pub reason: Reason,
    /// The endpoint's status.
    pub status: u16,
    /// The endpoint's message.
    pub message: String,
    /// The event's JSON.
    #[serde(serialize_with = "raw")]
    pub event: String,
}

/// Which dead letters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Letters {
    /// Of this site; all if absent.
    pub site: Option<String>,
    /// With these numbers; all if empty.
    pub ids: Vec<i64>,
    /// At most so many.
    pub limit: Option<u32>,
}

impl Reason {
    /// Returns the word that stands in the spool.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Uncertain => "uncertain",
        }
    }

    /// Reads the word in the spool.
    pub(crate) fn read(word: &str) -> Self {
        if word == Self::Refused.as_str() { Self::Refused } else { Self::Uncertain }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// Writes the event's JSON as JSON.
fn raw<S: serde::Serializer>(json: &str, serializer: S) -> Result<S::Ok, S::Error> {
    match serde_json::from_str::<&serde_json::value::RawValue>(json) {
        Ok(raw) => raw.serialize(serializer),
        Err(_) => json.serialize(serializer),
    }
}
