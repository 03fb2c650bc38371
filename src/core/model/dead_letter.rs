//! Events that will not be sent again by themselves: refused for good, or of unknown fate. The page may look at
//! them, send them again or discard them.

use crate::core::model::event::{EVENT_NAME, Envelope};
use crate::core::model::members::Members;
use crate::core::model::text;

/// An event that is not retried by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// The event's id.
    pub id: String,
    /// The event as the wire wants it, as JSON.
    pub json: String,
    /// The reason.
    pub reason: Reason,
    /// HTTP status of the answer that decided it.
    pub status: u16,
    /// The endpoint's message.
    pub message: String,
    /// When, in milliseconds since 1970.
    pub at: u64,
    /// The project it was tracked for ([`crate::core::policy::project`]); `None` in letters of version 0.1.0.
    pub project: Option<u32>,
}

/// The reason why an event is a dead letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The endpoint refused it.
    Rejected,
    /// The endpoint did not say whether it has it.
    Uncertain,
    /// Its record could not be read; `json` is what was found.
    Corrupt,
}

/// What to do with dead letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposal {
    /// Queue them again, with the same ids.
    Resend,
    /// Forget them.
    Discard,
}

impl Reason {
    /// The word it is stored and told by.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rejected => "rejected",
            Self::Uncertain => "uncertain",
            Self::Corrupt => "corrupt",
        }
    }
}

impl DeadLetter {
    /// Returns the event's name as JSON; nothing where the event cannot be read.
    pub fn event_name(&self) -> Option<&str> {
        let name = self.json.strip_prefix(EVENT_NAME)?;
        let mut is_escaped = false;
        let end = name.bytes().skip(1).position(|byte| {
            let ends = byte == b'"' && !is_escaped;
            is_escaped = byte == b'\\' && !is_escaped;
            ends
        })?;
        name.get(..end + 2)
    }

    /// Returns the key of its row. Keys sort by age, so that the oldest can be evicted first.
    pub fn key(&self) -> String {
        let mut key = String::new();
        text::push_padded(&mut key, self.at, 15);
        key.push('/');
        key.push_str(&self.id);
        key
    }

    /// As JavaScript sees it.
    pub fn members(self) -> Members {
        let mut letter = Members::default();
        letter.text("id", self.id).text("json", self.json).word("reason", self.reason.as_str());
        letter.number("status", self.status.into()).text("message", self.message).number("at", self.at);
        letter
    }

    /// The event, to be queued again.
    pub fn into_envelope(self) -> Envelope {
        Envelope { id: self.id, json: self.json }
    }
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;
    use crate::core::model::json::quoted;
    use proptest::prelude::*;

    fn letter(json: String) -> DeadLetter {
        let (id, message) = (String::from("e"), String::new());
        DeadLetter { id, json, reason: Reason::Rejected, status: 400, message, at: 0, project: None }
    }

    proptest! {
        #[test]
        fn a_letter_tells_the_name_of_its_event(name in any::<String>()) {
            let name = quoted(&name);
            let letter = letter(format!("{EVENT_NAME}{name},\"user_id\":\"\\\"\"}}"));
            prop_assert_eq!(letter.event_name(), Some(name.as_str()));
        }

        #[test]
        fn a_letter_that_cannot_be_read_tells_no_name(text in "[^\"{]*") {
            let letter = letter(text);
            prop_assert_eq!(letter.event_name(), None);
        }
    }
}
