//! When this page's next request may go, and when its next flush round is due.

use crate::core::model::text::read_decimal;
use crate::core::model::time::NEVER;
use crate::core::policy::limits;
use crate::core::policy::shared_row::{self, Granted, News, Share, Shared};

/// The page's own part of pacing, and what it knows of the part that all pages share.
#[derive(Debug)]
pub struct Pacing {
    shared: Shared,
    /// The page's limit of requests a minute; `None` for none.
    limit: Option<u32>,
    /// True if the last success came from a relay: the limit does not hold then.
    to_relay: bool,
    /// Ordinary requests that may be sent without asking.
    tokens: u32,
    /// Requests kept for the exit.
    reserve: u32,
    /// Tokens of the initial reserve that the shared row does not know of yet.
    owed: u32,
    /// Tokens used while the shared row was unavailable, at most its capacity. They are charged to it later.
    taken: u32,
    /// Until when tokens are good for ordinary requests.
    fresh_until: u64,
    /// The question under way, and the tokens it is for.
    asking: Option<u32>,
    wanted: u32,
    asked_at: u64,
    /// No question before.
    ask_at: u64,
    /// The wait that follows from this page's last news, and the share that carried it. Until the row contains it, its answers do
    /// not include it.
    own_wait: u64,
    own_share: u32,
    /// The newest of this page's shares: an older one's answer does not know of its news.
    last_share: u32,
    flush_at: u64,
    bisecting: Bisecting,
}

/// Requests of the current minute that search for rejected events.
#[derive(Debug, Default)]
struct Bisecting {
    until: u64,
    requests: u32,
}

impl Pacing {
    /// Nothing in the way, and a token for the exit in hand.
    pub fn new(to: u32, per_minute: Option<u32>, now: u64) -> Self {
        Self {
            shared: Shared::new(to, per_minute, now),
            limit: per_minute,
            to_relay: false,
            tokens: 0,
            reserve: limits::EXIT_TOKENS,
            owed: limits::EXIT_TOKENS,
            taken: 0,
            fresh_until: 0,
            asking: None,
            wanted: 0,
            asked_at: 0,
            ask_at: 0,
            own_wait: 0,
            own_share: 0,
            last_share: 0,
            flush_at: NEVER,
            bisecting: Bisecting::default(),
        }
    }

    /// Returns this page's copy of the shared row.
    pub fn shared(&self) -> &Shared {
        &self.shared
    }

    /// An event waits: the interval begins, unless it runs already.
    pub fn note_waiting(&mut self, now: u64, interval: u64, jitter: u32) {
        if self.flush_at == NEVER {
            self.flush_at = now + self.shared.stretched(interval, jitter);
        }
    }

    /// A flush round begins: the interval ends.
    pub fn note_round(&mut self) {
        self.flush_at = NEVER;
    }

    /// The end of the interval, while an event waits.
    pub fn flush_at(&self) -> u64 {
        self.flush_at
    }

    /// Takes note of what happened. Returns true if other pages should hear of it.
    pub fn note(&mut self, news: News, now: u64) -> bool {
        let matters = self.shared.is_troubled() || news != News::Answered;
        self.ask_at = 0;
        self.shared.apply(news, now);
        let wait = self.shared.blocked_until(now).unwrap_or(0);
        self.own_wait = if news == News::Online { self.own_wait.min(wait) } else { wait };
        matters
    }

    /// The limit of requests a minute that is in force; `None` for none.
    fn per_minute(&self) -> Option<u32> {
        self.limit.filter(|_| !self.to_relay)
    }

    /// Takes note of a success: one from a relay lifts the limit, another restores it.
    pub fn note_relay(&mut self, is_relay: bool) {
        if self.to_relay != is_relay {
            self.to_relay = is_relay;
            // Tokens were granted under the other limit.
            self.tokens = 0;
        }
    }

    /// Other events go elsewhere, or under another key, from now on: no answer that is on its way concerns them.
    pub fn note_destination(&mut self, to: u32, now: u64) {
        self.shared.adapt(to, now);
        self.to_relay = false;
        self.asking = None;
        self.last_share = 0;
        (self.ask_at, self.own_wait) = (0, 0);
    }

    /// Completes what to tell and to ask of the row that all pages share; `batches` wait to be sent.
    pub fn share(&mut self, share: Share, batches: u32, now: u64) -> Share {
        let Share { id, news, .. } = share;
        self.last_share = id;
        let per_minute = self.per_minute();
        let want = match (batches, per_minute) {
            (0, _) => 0,
            // There is nothing to be counted; asking tells whether there is a pause.
            (_, None) => u32::MAX,
            (_, Some(_)) => {
                self.taken + self.owed + limits::EXIT_TOKENS - self.reserve
                    + batches.min(limits::TOKENS_AHEAD)
            }
        };
        if want > 0 {
            // Stale tokens are lost.
            self.tokens = 0;
            self.asking = Some(id);
            self.wanted = want;
            self.asked_at = now;
        }
        if news.is_some_and(|news| news != News::Online) {
            self.own_share = id;
        }
        Share { want, per_minute, ..share }
    }

    /// The row was written: it has what the share said.
    pub fn note_said(&mut self, id: u32) {
        if id == self.own_share {
            self.own_wait = 0;
        }
    }

    /// The row's answer.
    pub fn note_granted(&mut self, granted: Granted, now: u64) {
        if self.asking == Some(granted.id) {
            self.asking = None;
            self.ask_at = if granted.tokens == 0 { granted.ask_at } else { 0 };
            // The first is for what is to be sent now; then debts and the reserve come.
            let mut spare = granted.tokens.saturating_sub(1);
            pay(&mut self.taken, &mut spare);
            pay(&mut self.owed, &mut spare);
            let mut missing = limits::EXIT_TOKENS - self.reserve;
            pay(&mut missing, &mut spare);
            self.reserve = limits::EXIT_TOKENS - missing;
            self.tokens = granted.tokens.min(1) + spare;
            self.fresh_until = if granted.tokens == 0 { 0 } else { now + limits::TOKEN_LIFE };
        }
        if granted.id == self.last_share {
            self.shared.follow(granted.shared);
        }
    }

    /// Answers a share without the row, which cannot be had: this page is then on its own.
    pub fn go_on_alone(&mut self, id: u32, insists: bool, now: u64) {
        let taken = std::mem::take(&mut self.taken);
        let want = if self.asking == Some(id) { self.wanted - taken } else { 0 };
        let (tokens, ask_at) = self.shared.grant(want, insists, self.per_minute(), now);
        self.note_granted(Granted { id, tokens, ask_at, shared: self.shared.clone() }, now);
        if let Some(limit) = self.per_minute() {
            self.taken = (taken + tokens).min(shared_row::capacity(limit) as u32);
        }
    }

    /// The row's answer is awaited until then at the latest.
    pub fn asking_until(&self) -> u64 {
        self.asking.map_or(NEVER, |_| self.asked_at + limits::STORE_TIMEOUT)
    }

    /// The question that has no answer yet.
    pub fn asking(&self) -> Option<u32> {
        self.asking
    }

    /// The limit's next token, where there is none before.
    pub fn ask_at(&self, now: u64) -> Option<u64> {
        (self.ask_at > now).then_some(self.ask_at)
    }

    /// Returns true if an ordinary request may go without asking.
    pub fn has_token(&self, now: u64) -> bool {
        self.tokens > 0 && self.fresh_until > now
    }

    /// Returns true if a page that goes away may send.
    pub fn has_exit_token(&self) -> bool {
        self.tokens > 0 || self.reserve > 0 || self.per_minute().is_none()
    }

    /// Returns true if a page that goes away should send.
    pub fn admits_exit(&self, now: u64, jitter: u32) -> bool {
        self.own_wait <= now && self.shared.admits_exit(now, jitter)
    }

    /// A request goes.
    pub fn spend_token(&mut self) {
        if self.tokens > 0 {
            self.tokens -= 1;
        } else {
            self.reserve = self.reserve.saturating_sub(1);
        }
    }

    /// The end of the backoff, while it lasts.
    pub fn blocked_until(&self, now: u64) -> Option<u64> {
        let until = self.held_until();
        (until > now).then_some(until)
    }

    /// Returns true if only a wait that the server did not ask for is in the way.
    pub fn may_insist(&self, now: u64) -> bool {
        self.shared.held_until() <= now
    }

    /// When a request is worth trying after a wait.
    pub fn next_try(&self, insists: bool) -> u64 {
        let held_until = if insists { self.shared.held_until() } else { self.held_until() };
        match held_until.max(self.ask_at) {
            0 => NEVER,
            until => until,
        }
    }

    fn held_until(&self) -> u64 {
        self.shared.blocked_until(0).unwrap_or(0).max(self.own_wait)
    }

    /// Returns true if a refused batch may be sent in two halves; if so they are counted.
    pub fn may_bisect(&mut self, now: u64) -> bool {
        if self.bisecting.until <= now {
            self.bisecting = Bisecting { until: now + limits::BISECT_WINDOW, requests: 0 };
        }
        let affordable = self.bisecting.requests + 2 <= limits::BISECT_REQUESTS;
        self.bisecting.requests += if affordable { 2 } else { 0 };
        affordable
    }
}

fn pay(debt: &mut u32, spare: &mut u32) {
    let paid = (*debt).min(*spare);
    *debt -= paid;
    *spare -= paid;
}

/// Milliseconds that a `Retry-After` header asks for: seconds, or a date, which the shell hands over as
/// milliseconds since 1970 if it is one.
pub fn retry_after(header: &str, date: Option<u64>, now: u64) -> Option<u64> {
    let seconds = read_decimal(header);
    seconds.map(|seconds| seconds.min(u64::MAX / 1000) * 1000).or_else(|| Some(date?.saturating_sub(now)))
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;
    use crate::core::model::time::Clocks;

    #[test]
    fn what_is_taken_while_the_row_cannot_be_had_is_owed_to_it() {
        let mut pacing = Pacing::new(7, Some(20), 0);
        pacing.share(Share { id: 1, to: 7, ..Share::default() }, 3, 0);
        pacing.go_on_alone(1, false, 0);
        let alone = std::iter::from_fn(|| pacing.has_token(0).then(|| pacing.spend_token())).count() as u32;
        assert_eq!(alone, 3);
        let share = pacing.share(
            Share { id: 2, to: 7, clocks: Clocks { now: 1, wall: 1 }, ..Share::default() },
            3,
            1,
        );
        assert_eq!(share.want, 3 + alone + limits::EXIT_TOKENS);
        let (_, granted) = shared_row::update(None, &share);
        pacing.note_granted(granted, 1);
        let left = std::iter::from_fn(|| pacing.has_token(1).then(|| pacing.spend_token())).count();
        assert_eq!(left, 3);
    }
}
