//! What the page's listeners hear and what its questions are answered with: plain data, in the words of
//! `index.d.ts`.

use crate::core::account::Dropped;
use crate::core::event::Refusal;
use crate::core::members::{Member, Members};

/// Something a listener may want to know.
#[derive(Debug, Clone, PartialEq)]
pub enum Notice {
    /// The store is open, or given up: `init` is done.
    Opened {
        /// This browser's anonymous id.
        anonymous: String,
        /// The user, where the store or the page names one.
        user: Option<String>,
    },
    /// A batch arrived.
    Delivered {
        /// Events in it.
        count: usize,
        /// Their ids.
        ids: Vec<String>,
    },
    /// A batch did not arrive and will be sent again.
    Retry {
        /// Failures in a row.
        attempt: u32,
        /// Milliseconds until it is sent again at the earliest.
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
        until: u64,
    },
    /// Events were given up under a documented limit.
    Dropped {
        /// Which limit.
        reason: &'static str,
        /// How many.
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

impl Notice {
    /// As JavaScript sees it.
    pub fn members(self) -> Members {
        let kind = |kind: &'static str| Members::default().text("type", kind);
        match self {
            Self::Opened { anonymous, user } => {
                let opened = kind("opened").text("anonymous", anonymous);
                match user {
                    Some(user) => opened.text("user", user),
                    None => opened,
                }
            }
            Self::Delivered { count, ids } => {
                kind("delivered").number("count", count as u64).with("ids", Member::texts(ids))
            }
            Self::Retry { attempt, delay, status, message } => kind("retry")
                .number("attempt", attempt.into())
                .number("delay", delay)
                .number("status", status.into())
                .text("message", message),
            Self::Rejected { code, message } => {
                kind("rejected").text("code", code.as_str()).text("message", message)
            }
            Self::DeadLetters { code, message, status, ids } => kind("rejected")
                .text("code", code)
                .text("message", message)
                .number("status", status.into())
                .with("ids", Member::texts(ids)),
            Self::Paused { reason, status, message, until } => kind("paused")
                .text("reason", reason)
                .number("status", status.into())
                .text("message", message)
                .number("until", until),
            Self::Dropped { reason, count } => kind("dropped").text("reason", reason).number("count", count),
            Self::Degraded { fallback, message } => {
                kind("degraded").text("fallback", fallback).text("message", message)
            }
        }
    }
}

/// Why undelivered events wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

impl Waiting {
    /// The word the page is told.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Opening => "opening",
            Self::Interval => "interval",
            Self::Request => "request",
            Self::Backoff => "backoff",
            Self::Paused => "paused",
            Self::Limit => "limit",
            Self::Offline => "offline",
            Self::Reply => "reply",
            Self::Closed => "closed",
        }
    }
}

/// The answer to `flush`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlushResult {
    /// Events delivered since the call.
    pub delivered: usize,
    /// Events refused by the endpoint since the call.
    pub rejected: usize,
    /// Events still in this page's queue.
    pub queued: u64,
    /// Why they wait.
    pub waiting: Option<Waiting>,
    /// Until when, in milliseconds since 1970.
    pub until: Option<u64>,
}

impl FlushResult {
    /// As JavaScript sees it.
    pub fn members(&self) -> Members {
        let answer = Members::default()
            .number("delivered", self.delivered as u64)
            .number("rejected", self.rejected as u64)
            .number("queued", self.queued);
        with_wait(answer, self.waiting, self.until)
    }
}

/// The answer to `stats`.
#[derive(Debug, Clone, PartialEq)]
pub struct Stats {
    /// As in [`crate::core::account::Account`], over all pages of the queue.
    pub accepted: u64,
    /// Confirmed by the endpoint.
    pub delivered: u64,
    /// Given to the browser at exit.
    pub handed_over: u64,
    /// Neither settled nor given up.
    pub queued: u64,
    /// Refused by the endpoint.
    pub rejected: u64,
    /// Fate unknown.
    pub uncertain: u64,
    /// Given up.
    pub dropped: Dropped,
    /// Events in requests that are under way, of this page.
    pub in_flight: usize,
    /// `indexeddb` or `memory`.
    pub storage: &'static str,
    /// What is missing here and what is used instead.
    pub fallbacks: Vec<&'static str>,
    /// Why this page's events wait.
    pub waiting: Option<Waiting>,
    /// Until when, in milliseconds since 1970.
    pub until: Option<u64>,
    /// The last answer that was not a delivery.
    pub last_error: Option<LastError>,
}

impl Stats {
    /// As JavaScript sees it. `leases`: whether they take the place of Web Locks.
    pub fn members(mut self, leases: bool) -> Members {
        if leases {
            self.fallbacks.push("leases");
        }
        let fallbacks = self.fallbacks.into_iter().map(Into::into).collect();
        let answer = Members::default()
            .number("accepted", self.accepted)
            .number("delivered", self.delivered)
            .number("handedOver", self.handed_over)
            .number("queued", self.queued)
            .number("rejected", self.rejected)
            .number("uncertain", self.uncertain)
            .with("dropped", Member::Object(self.dropped.members()))
            .number("inFlight", self.in_flight as u64)
            .text("storage", self.storage)
            .with("fallbacks", Member::Texts(fallbacks));
        let answer = with_wait(answer, self.waiting, self.until);
        let Some(LastError { status, message }) = self.last_error else { return answer };
        let error = Members::default().number("status", status.into()).text("message", message);
        answer.with("lastError", Member::Object(error))
    }
}

fn with_wait(mut answer: Members, waiting: Option<Waiting>, until: Option<u64>) -> Members {
    if let Some(waiting) = waiting {
        answer = answer.text("waiting", waiting.as_str());
    }
    match until {
        Some(until) => answer.number("until", until),
        None => answer,
    }
}

/// An answer that was not a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastError {
    /// HTTP status, 0 without an answer.
    pub status: u16,
    /// What the server, or the browser, said.
    pub message: String,
}
