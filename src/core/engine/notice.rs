//! Notices for the page's listeners and answers to its questions: plain data, in the words of
//! `index.d.ts`.

use crate::core::model::account::Account;
use crate::core::model::dead_letter::{DeadLetter, Disposal};
use crate::core::model::event::Refusal;
use crate::core::model::last_error::LastError;
use crate::core::model::members::{Member, Members};

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
    /// The store says that the visitor has opted out; nothing else did.
    OptedOut,
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
        /// The message of the server, or of the browser.
        message: String,
    },
    /// An event was refused by `track`.
    Rejected {
        /// Why. Whoever hands it on adds [`Refusal::message`]: the facade has the words anyway.
        code: Refusal,
    },
    /// Events became dead letters.
    DeadLetters {
        /// `refused_by_endpoint`, `uncertain` or `corrupt`.
        code: &'static str,
        /// The endpoint's message.
        message: String,
        /// HTTP status.
        status: u16,
        /// The events' ids.
        ids: Vec<String>,
        /// Their names, as JSON.
        names: Vec<String>,
    },
    /// Nothing is sent until a cause outside is mended; events are queued meanwhile.
    Paused {
        /// `forbidden`, `not_found`, `bad_response` or `unreachable`.
        reason: &'static str,
        /// HTTP status.
        status: u16,
        /// The endpoint's message.
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
        /// The fallback.
        fallback: &'static str,
        /// What happened.
        message: String,
    },
}

impl Notice {
    /// As JavaScript sees it.
    pub fn members(self) -> Members {
        let mut notice = Members::default();
        match self {
            Self::Opened { anonymous, user } => {
                notice.word("type", "opened").text("anonymous", anonymous);
                if let Some(user) = user {
                    notice.text("user", user);
                }
            }
            Self::OptedOut => {
                notice.word("type", "opted_out");
            }
            Self::Delivered { count, ids } => {
                notice.word("type", "delivered").number("count", count as u64).put("ids", Member::texts(ids));
            }
            Self::Retry { attempt, delay, status, message } => {
                notice.word("type", "retry").number("attempt", attempt.into()).number("delay", delay);
                notice.number("status", status.into()).text("message", message);
            }
            Self::Rejected { code } => {
                notice.word("type", "rejected").word("code", code.as_str());
            }
            Self::DeadLetters { code, message, status, ids, names } => {
                notice.word("type", "rejected").word("code", code).put("ids", Member::texts(ids));
                notice.put("names", Member::texts(names));
                notice.number("status", status.into()).text("message", message);
            }
            Self::Paused { reason, status, message, until } => {
                notice.word("type", "paused").word("reason", reason).number("until", until);
                notice.number("status", status.into()).text("message", message);
            }
            Self::Dropped { reason, count } => {
                notice.word("type", "dropped").word("reason", reason).number("count", count);
            }
            Self::Degraded { fallback, message } => {
                notice.word("type", "degraded").word("fallback", fallback).text("message", message);
            }
        }
        notice
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

/// A question of the page's that takes a look into the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// `stats`
    Stats,
    /// `deadLetters`
    DeadLetters,
    /// `resendDeadLetters` or `discardDeadLetters`
    Dispose(Disposal),
}

/// The answer to a call of the page's.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// To `flush`.
    Flush(FlushResult),
    /// To `stats`.
    Stats(Stats),
    /// To `deadLetters`.
    DeadLetters(Vec<DeadLetter>),
    /// To `resendDeadLetters` and `discardDeadLetters`: how many dead letters it concerned.
    Count(usize),
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
        let mut answer = Members::default();
        answer.number("delivered", self.delivered as u64).number("rejected", self.rejected as u64);
        answer.number("queued", self.queued);
        put_wait(&mut answer, self.waiting, self.until);
        answer
    }
}

/// The answer to `stats`.
#[derive(Debug, Clone, PartialEq)]
pub struct Stats {
    /// The account of all pages of the queue.
    pub account: Account,
    /// Events in requests that are under way, of this page.
    pub in_flight: usize,
    /// `indexeddb` or `memory`.
    pub storage: &'static str,
    /// The fallbacks in use.
    pub fallbacks: Vec<String>,
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
            self.fallbacks.push("leases".into());
        }
        let mut answer = self.account.members();
        answer.number("inFlight", self.in_flight as u64).word("storage", self.storage);
        answer.put("fallbacks", Member::texts(self.fallbacks));
        put_wait(&mut answer, self.waiting, self.until);
        if let Some(LastError { status, message }) = self.last_error {
            let mut error = Members::default();
            error.number("status", status.into()).text("message", message);
            answer.put("lastError", Member::Object(error));
        }
        answer
    }
}

fn put_wait(answer: &mut Members, waiting: Option<Waiting>, until: Option<u64>) {
    if let Some(waiting) = waiting {
        answer.word("waiting", waiting.as_str());
    }
    if let Some(until) = until {
        answer.number("until", until);
    }
}
