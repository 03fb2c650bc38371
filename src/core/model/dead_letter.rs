//! Events that will not be sent again by themselves: refused for good, or of unknown fate. The page may look at
//! them, send them again or discard them.

use crate::core::model::event::Envelope;
use crate::core::model::members::Members;
use crate::core::model::text;

/// One such event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// The event's id.
    pub id: String,
    /// The event as the wire wants it, as JSON.
    pub json: String,
    /// What became of it.
    pub reason: Reason,
    /// HTTP status of the answer that decided it.
    pub status: u16,
    /// What the endpoint said.
    pub message: String,
    /// When, in milliseconds since 1970.
    pub at: u64,
    /// The project it was tracked for ([`crate::core::policy::project`]); `None` in letters of version 0.1.0.
    pub project: Option<u32>,
}

/// What became of an event that is a dead letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The endpoint refused it.
    Rejected,
    /// The endpoint did not say whether it has it.
    Uncertain,
    /// Its record could not be read; `json` is what was found.
    Corrupt,
}

/// What the page wants done with its dead letters.
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
    /// What it is filed under: the oldest first, so that they can be the first to go.
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
