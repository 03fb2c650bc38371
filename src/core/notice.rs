//! What the page's listeners hear and what its questions are answered with: plain data, in the words of
//! `index.d.ts`.

use crate::core::account::Dropped;
use crate::core::event::Refusal;
use crate::core::number::number;
use serde::Serialize;

/// Something a listener may want to know.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Notice {
    /// The store is open, or given up: `init` is done.
    Opened {
        /// This browser's anonymous id.
        anonymous: String,
        /// The user, where the store or the page names one.
        #[serde(skip_serializing_if = "Option::is_none")]
        user: Option<String>,
    },
    /// A batch arrived.
    Delivered {
        /// Events in it.
        #[serde(serialize_with = "number")]
        count: usize,
        /// Their ids.
        ids: Vec<String>,
    },
    /// A batch did not arrive and will be sent again.
    Retry {
        /// Failures in a row.
        attempt: u32,
        /// Milliseconds until it is sent again at the earliest.
        #[serde(serialize_with = "number")]
        delay: u64,
        /// HTTP status, 0 without an answer.
        status: u16,
        /// What the server, or the browser, said.
        message: String,
    },
    /// An event was refused by `track`.
    Rejected {
        /// Why.
        code: Refusal,
        /// What to do about it.
        message: &'static str,
    },
    /// Events became dead letters.
    #[serde(rename = "rejected")]
    DeadLetters {
        /// `refused_by_endpoint`, `uncertain` or `corrupt`.
        code: &'static str,
        /// What the endpoint said.
        message: String,
        /// HTTP status.
        status: u16,
        /// The events' ids.
        ids: Vec<String>,
    },
    /// Nothing is sent until a cause outside is mended; events are queued meanwhile.
    Paused {
        /// `forbidden`, `bad_response` or `unreachable`.
        reason: &'static str,
        /// HTTP status.
        status: u16,
        /// What the endpoint said.
        message: String,
        /// When it is tried again, in milliseconds since 1970.
        #[serde(serialize_with = "number")]
        until: u64,
    },
    /// Events were given up under a documented limit.
    Dropped {
        /// Which limit.
        reason: &'static str,
        /// How many.
        #[serde(serialize_with = "number")]
        count: u64,
    },
    /// The tracker works with less than it wants.
    Degraded {
        /// What is used instead.
        fallback: &'static str,
        /// What happened.
        message: String,
    },
}

/// Why undelivered events wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Waiting {
    /// The store is being opened.
    Opening,
    /// The flush interval.
    Interval,
    /// A request is under way.
    Request,
    /// A request failed.
    Backoff,
    /// The endpoint refuses the key, is not the endpoint, or never answers.
    Paused,
    /// The limit of requests a minute, which all pages of the browser share.
    Limit,
    /// The browser says it has no network.
    Offline,
    /// A page that is gone gave them to the browser: the next reply tells what to think of them.
    Reply,
    /// The tracker was closed, or its page is away.
    Closed,
}

/// The answer to `flush`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FlushResult {
    /// Events delivered since the call.
    #[serde(serialize_with = "number")]
    pub delivered: usize,
    /// Events refused by the endpoint since the call.
    #[serde(serialize_with = "number")]
    pub rejected: usize,
    /// Events still in this page's queue.
    #[serde(serialize_with = "number")]
    pub queued: u64,
    /// Why they wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting: Option<Waiting>,
    /// Until when, in milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(serialize_with = "number")]
    pub until: Option<u64>,
}

/// The answer to `stats`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stats {
    /// As in [`crate::core::account::Account`], over all pages of the queue.
    #[serde(serialize_with = "number")]
    pub accepted: u64,
    /// Confirmed by the endpoint.
    #[serde(serialize_with = "number")]
    pub delivered: u64,
    /// Given to the browser at exit.
    #[serde(serialize_with = "number")]
    pub handed_over: u64,
    /// Neither settled nor given up.
    #[serde(serialize_with = "number")]
    pub queued: u64,
    /// Refused by the endpoint.
    #[serde(serialize_with = "number")]
    pub rejected: u64,
    /// Fate unknown.
    #[serde(serialize_with = "number")]
    pub uncertain: u64,
    /// Given up.
    pub dropped: Dropped,
    /// Events in requests that are under way, of this page.
    #[serde(serialize_with = "number")]
    pub in_flight: usize,
    /// `indexeddb` or `memory`.
    pub storage: &'static str,
    /// What is missing here and what is used instead.
    pub fallbacks: Vec<&'static str>,
    /// Why this page's events wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting: Option<Waiting>,
    /// Until when, in milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[serde(serialize_with = "number")]
    pub until: Option<u64>,
    /// The last answer that was not a delivery.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<LastError>,
}

impl Stats {
    /// The same, where leases take the place of Web Locks.
    pub fn with_leases(mut self, leases: bool) -> Self {
        if leases {
            self.fallbacks.push("leases");
        }
        self
    }
}

/// An answer that was not a delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LastError {
    /// HTTP status, 0 without an answer.
    pub status: u16,
    /// What the server, or the browser, said.
    pub message: String,
}
