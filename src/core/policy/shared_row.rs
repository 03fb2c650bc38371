//! The shared row: what the pages of a queue know of the endpoint. The requests that this browser may still send, its waits,
//! and how crowded the key is. One row, kept across reloads, read and written in one transaction.
//!
//! The rate limit is a token bucket. Filled with `capacity` and refilled by `rate` a minute it lets any minute hold at
//! most `capacity + rate` requests; what is left of the limit is for the token that each page keeps for its exit, where
//! there is no time to ask. While requests fail, one page at a time tries.
//!
//! A stored wait may outlive its cause: a key that is repaired, a blocker that is switched off, a clock that is set. So each
//! fresh page and each call of `flush` may insist on one request. Only what the server itself asked for holds that back.

mod news;
mod row;

use crate::core::model::last_error::LastError;
use crate::core::model::time::Clocks;
use crate::core::policy::backoff::{backoff, scaled};
use crate::core::policy::limits;

pub use news::{Cause, Failure, News};

/// The row of one destination. In the store its times are those of the wall clock, in a page's memory those of the page's
/// own clock: [`Shared::shifted`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shared {
    /// [`crate::core::model::mark::destination`] of the endpoint and key that the rest, but for the tokens, speaks of.
    to: u32,
    /// When the row was written.
    written_at: u64,
    /// Thousandths of requests that may still be sent.
    millitokens: u64,
    /// When they were counted.
    refilled: u64,
    /// Failures in a row.
    failures: u32,
    /// The number of consecutive failures without any reply while the browser was online.
    silent: u32,
    /// Answers in a row that were not the endpoint's.
    malformed: u32,
    /// Nothing is to be sent before.
    blocked_until: u64,
    /// As far as the server asked for it: no success from elsewhere shortens this.
    asked_until: u64,
    /// A page is trying out whether the endpoint answers again; others wait for it until then.
    probe_until: u64,
    /// Why nothing is sent, where it is not just a failure that passes.
    cause: Option<Cause>,
    /// By how much flush intervals are stretched, in sixteenths.
    stretch: u64,
    /// True if the last failure was a 429: then the wait is the server's, though it may not have said how long.
    limited: bool,
    /// The last answer that was not a delivery, while there is trouble.
    last_error: Option<LastError>,
    /// Projects whose key was replaced by the key of this row ([`crate::core::model::mark::project`]).
    formerly: Vec<u32>,
}

/// A page's request to the shared row, with its news.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Share {
    /// Names the answer.
    pub id: u32,
    /// Where the page sends to.
    pub to: u32,
    /// When the page asks.
    pub clocks: Clocks,
    /// Tokens wanted; none where there is only news.
    pub want: u32,
    /// True to ignore waits that the server did not ask for.
    pub insists: bool,
    /// The limit, in requests a minute; `None` for no limit.
    pub per_minute: Option<u32>,
    /// The news, if any.
    pub news: Option<News>,
    /// The answer that was no delivery, where that is the news.
    pub last_error: Option<LastError>,
    /// As in [`Shared`].
    pub formerly: Vec<u32>,
}

/// The row's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    /// The id of the [`Share`].
    pub id: u32,
    /// Requests that the page may send now.
    pub tokens: u32,
    /// Where there are none: when to ask again.
    pub ask_at: u64,
    /// The shared row after the update.
    pub shared: Shared,
}

/// Projects that a row remembers as replaced; the oldest are forgotten.
const MAX_FORMERLY: usize = 8;

const MINUTE: u64 = 60_000;
const TOKEN: u64 = 1_000;
/// A stretch of one: intervals are as `init` was given them.
const PLAIN: u64 = 16;

/// Carries out what a page asks: returns the row to write, if it is ours to write, and the page's answer by the page's own
/// clock. The clocks are those of the question: the wall clock may have been set since.
pub fn update(row: Option<&str>, share: &Share) -> (Option<String>, Granted) {
    let Clocks { now, wall } = share.clocks;
    let newer = row.is_some_and(Shared::is_of_newer_version);
    let mut shared =
        row.and_then(Shared::read).unwrap_or_else(|| Shared::new(share.to, share.per_minute, wall));
    shared.adapt(share.to, wall);
    if let Some(news) = share.news {
        shared.apply(news, wall);
    }
    if shared.is_failing() && share.last_error.is_some() {
        shared.last_error.clone_from(&share.last_error);
    }
    shared.remember_formerly(&share.formerly);
    shared.written_at = wall;
    let (tokens, ask_at) = shared.grant(share.want, share.insists, share.per_minute, wall);
    let row = (!newer).then(|| shared.row());
    let behind = now.wrapping_sub(wall) as i64;
    let ask_at = ask_at.saturating_add_signed(behind);
    (row, Granted { id: share.id, tokens, ask_at, shared: shared.shifted(behind) })
}

impl Shared {
    /// A full bucket, and nothing in the way.
    pub fn new(to: u32, per_minute: Option<u32>, now: u64) -> Self {
        Self {
            to,
            written_at: now,
            millitokens: per_minute.map_or(0, |limit| capacity(limit) * TOKEN),
            refilled: now,
            failures: 0,
            silent: 0,
            malformed: 0,
            blocked_until: 0,
            asked_until: 0,
            probe_until: 0,
            cause: None,
            stretch: PLAIN,
            limited: false,
            last_error: None,
            formerly: Vec::new(),
        }
    }

    /// Returns the row by another clock, which is ahead of the row's by `by` milliseconds.
    pub fn shifted(mut self, by: i64) -> Self {
        for time in
            [&mut self.refilled, &mut self.blocked_until, &mut self.asked_until, &mut self.probe_until]
        {
            // Zero is no time, by any clock.
            if *time > 0 {
                *time = time.saturating_add_signed(by);
            }
        }
        self
    }

    /// The row read by a page that sends to `to`: what it says of another endpoint or key does not concern it. A row from the
    /// future was written by a clock that has been set back since: its waits last as long as they were meant to.
    pub fn adapt(&mut self, to: u32, now: u64) {
        if self.to != to {
            *self =
                Self { millitokens: self.millitokens, refilled: self.refilled, ..Self::new(to, None, now) };
        }
        if self.written_at > now {
            *self = self.clone().shifted(now.wrapping_sub(self.written_at) as i64);
            self.written_at = now;
        }
        self.refilled = self.refilled.min(now);
        self.blocked_until = self.blocked_until.min(now + limits::LONGEST_WAIT);
        self.asked_until = self.asked_until.min(now + limits::LONGEST_WAIT);
        self.probe_until = self.probe_until.min(now + limits::REQUEST_TIMEOUT);
    }

    /// Takes note of what happened.
    pub fn apply(&mut self, news: News, now: u64) {
        self.probe_until = 0;
        if news != News::Online {
            self.limited = false;
        }
        match news {
            News::Answered => {
                self.recover();
                self.stretch = (self.stretch - self.stretch / limits::CROWD_RELIEF).max(PLAIN);
            }
            News::Online => {
                if !matches!(self.cause, Some(Cause::Forbidden | Cause::NotFound | Cause::BadResponse))
                    && self.silent == self.failures
                {
                    self.recover();
                }
            }
            News::Resent => self.failures += 1,
            News::Forbidden => self.pause(Cause::Forbidden, limits::PAUSE, now),
            News::NotFound => self.pause(Cause::NotFound, limits::PAUSE, now),
            News::Failed(failure) => self.fail(failure, now),
            News::Malformed(failure) => {
                self.fail(failure, now);
                self.malformed += 1;
                if self.malformed >= limits::MAX_MALFORMED {
                    self.pause(Cause::BadResponse, limits::PAUSE, now);
                }
            }
        }
    }

    /// Adopts the shared row but keeps a longer `Retry-After`.
    pub fn follow(&mut self, row: Self) {
        let asked = if row.to == self.to { self.asked_until } else { 0 };
        *self = row;
        self.asked_until = self.asked_until.max(asked);
        self.blocked_until = self.blocked_until.max(asked);
    }

    /// Tokens for a page that wants some, and when to ask again where it gets none.
    pub fn grant(&mut self, want: u32, insists: bool, per_minute: Option<u32>, now: u64) -> (u32, u64) {
        if want == 0 {
            return (0, now);
        }
        let blocked = if insists { self.held_until() } else { self.blocked_until.max(self.probe_until) };
        if blocked > now {
            return (0, blocked);
        }
        let doubtful = self.is_failing();
        let want = if doubtful { 1 } else { want };
        let (tokens, ask_at) = match per_minute {
            Some(limit) => self.take(want, limit, now),
            None => (want, now),
        };
        if doubtful && tokens > 0 {
            self.probe_until = now + limits::REQUEST_TIMEOUT;
        }
        (tokens, ask_at)
    }

    /// The next request may go no sooner.
    pub fn blocked_until(&self, now: u64) -> Option<u64> {
        (self.blocked_until > now).then_some(self.blocked_until)
    }

    /// Until when the server itself wants no request: no page insists before. A 429 asks for the whole wait, though browsers
    /// may not be able to read how long it is.
    pub fn held_until(&self) -> u64 {
        if self.limited { self.blocked_until } else { self.asked_until }
    }

    /// Failures in a row.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// The last answer that was not a delivery, while there is trouble.
    pub fn last_error(&self) -> Option<&LastError> {
        self.last_error.as_ref()
    }

    /// Projects whose key was replaced by the key of this row.
    pub fn formerly(&self) -> &[u32] {
        &self.formerly
    }

    fn remember_formerly(&mut self, projects: &[u32]) {
        for project in projects {
            if !self.formerly.contains(project) {
                self.formerly.push(*project);
            }
        }
        let too_many = self.formerly.len().saturating_sub(MAX_FORMERLY);
        self.formerly.drain(..too_many);
    }

    fn is_failing(&self) -> bool {
        self.failures > 0
    }

    /// Why there is a pause.
    pub fn cause(&self) -> Option<Cause> {
        self.cause
    }

    /// Returns true if a good reply would change the row.
    pub fn is_troubled(&self) -> bool {
        self.is_failing() || self.is_crowded()
    }

    /// Returns true if the key's limit was hit lately. All visitors of a site share that limit.
    pub fn is_crowded(&self) -> bool {
        self.stretch > PLAIN
    }

    /// The flush interval as it is now: where the key is crowded, batches are to grow fuller, and not all at once. What is added
    /// is drawn from nothing to twice its mean: a short visit must have a chance, too.
    pub fn stretched(&self, interval: u64, jitter: u32) -> u64 {
        let added = interval.max(limits::DEFAULT_FLUSH_INTERVAL) * (self.stretch - PLAIN) / PLAIN;
        interval + scaled(2 * added.min(limits::MAX_FLUSH_INTERVAL), jitter)
    }

    /// Returns true if a page should send at exit: the more crowded the key, the fewer pages do. There may be no later
    /// chance, so only a wait that the server asked for holds it back.
    pub fn admits_exit(&self, now: u64, jitter: u32) -> bool {
        let for_the_crowd = self.is_crowded() && self.cause.is_none();
        let until = if for_the_crowd { self.asked_until } else { self.blocked_until };
        until <= now && scaled(self.stretch, jitter) <= PLAIN * limits::CROWD_EXITS
    }

    fn recover(&mut self) {
        *self = Self {
            millitokens: self.millitokens,
            refilled: self.refilled,
            stretch: self.stretch,
            blocked_until: self.asked_until,
            asked_until: self.asked_until,
            formerly: std::mem::take(&mut self.formerly),
            written_at: self.written_at,
            ..Self::new(self.to, None, self.refilled)
        };
    }

    fn fail(&mut self, failure: Failure, now: u64) {
        let mut wait = backoff(self.failures, failure.retry_after, failure.jitter);
        self.failures += 1;
        self.silent = if failure.status == 0 { self.silent + 1 } else { 0 };
        self.limited = failure.status == 429;
        if self.limited {
            self.stretch = (self.stretch * limits::CROWD_STEP).min(PLAIN * limits::MAX_STRETCH);
        }
        if let Some(asked) = failure.retry_after {
            // The server knows its own limit: what it asks for takes the place of what a crowd has to guess.
            self.asked_until = self.asked_until.max(now + asked.min(limits::MAX_RETRY_AFTER));
        } else if self.is_crowded() {
            wait = wait.max(self.stretched(limits::DEFAULT_FLUSH_INTERVAL, failure.jitter));
        }
        self.blocked_until = self.asked_until.max(now + wait);
        if self.silent >= limits::MAX_SILENT && !failure.offline {
            let wait = limits::UNREACHABLE_WAIT / 2 + scaled(limits::UNREACHABLE_WAIT, failure.jitter);
            self.pause(Cause::Unreachable, wait, now);
        }
    }

    fn pause(&mut self, cause: Cause, wait: u64, now: u64) {
        self.failures = self.failures.max(1);
        self.cause = Some(cause);
        self.blocked_until = self.asked_until.max(now + wait);
    }

    fn take(&mut self, want: u32, per_minute: u32, now: u64) -> (u32, u64) {
        let (full, rate) = (capacity(per_minute) * TOKEN, rate(per_minute));
        // Longer ago makes no difference: it is full by then.
        let gained = now.saturating_sub(self.refilled).min(2 * MINUTE) * rate * TOKEN / MINUTE;
        if gained > 0 {
            self.millitokens = (self.millitokens + gained).min(full);
            self.refilled = now;
        }
        let tokens = u64::from(want).min(self.millitokens / TOKEN);
        self.millitokens -= tokens * TOKEN;
        let missing = TOKEN.saturating_sub(self.millitokens);
        (tokens as u32, now + (missing * MINUTE).div_ceil(rate * TOKEN))
    }
}

/// Requests a minute that the bucket is refilled with.
fn rate(per_minute: u32) -> u64 {
    u64::from(per_minute / 2).max(1)
}

/// Requests that can be sent at once.
pub fn capacity(per_minute: u32) -> u64 {
    let left =
        u64::from(per_minute).saturating_sub(rate(per_minute) + u64::from(per_minute / limits::EXIT_PART));
    left.max(1)
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests;
