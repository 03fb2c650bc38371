//! When the next request may go, and when a flush round is due.

use crate::core::policy;
use crate::core::random::Random;
use crate::core::verdict::Response;

/// The interval and the backoff. All times are the engine's milliseconds.
#[derive(Debug, Default)]
pub struct Pacing {
    failures: u32,
    malformed: u32,
    paused: bool,
    blocked_until: Option<u64>,
    flush_at: Option<u64>,
    bisecting: Bisecting,
}

/// What the search for guilty events has cost in the present minute.
#[derive(Debug, Default)]
struct Bisecting {
    until: u64,
    requests: u32,
}

impl Pacing {
    /// An event waits: the interval begins, unless it runs already.
    pub fn note_waiting(&mut self, now: u64, interval: u64) {
        self.flush_at.get_or_insert(now.saturating_add(interval));
    }

    /// A flush round begins: the interval ends.
    pub fn note_round(&mut self) {
        self.flush_at = None;
    }

    /// The endpoint answered as it should: nothing stands in the way any more.
    pub fn note_answered(&mut self) {
        self.failures = 0;
        self.malformed = 0;
        self.paused = false;
        self.blocked_until = None;
    }

    /// Somebody answered who is not the endpoint. Whether it was once too often.
    pub fn note_malformed(&mut self) -> bool {
        self.malformed += 1;
        self.malformed >= policy::MAX_MALFORMED
    }

    /// Nothing goes through until a cause outside is mended. Whether that is news.
    pub fn note_paused(&mut self, now: u64) -> bool {
        self.blocked_until = Some(now + policy::PAUSE);
        !std::mem::replace(&mut self.paused, true)
    }

    /// Whether a refused batch may be sent in two halves; if so they are counted.
    pub fn may_bisect(&mut self, now: u64) -> bool {
        if self.bisecting.until <= now {
            self.bisecting = Bisecting { until: now + policy::BISECT_WINDOW, requests: 0 };
        }
        let affordable = self.bisecting.requests + 2 <= policy::BISECT_REQUESTS;
        self.bisecting.requests += if affordable { 2 } else { 0 };
        affordable
    }

    /// A request failed: waits with full jitter, and at least as long as the server asked. Returns the wait.
    pub fn note_failed(&mut self, now: u64, response: &Response, random: &mut Random) -> u64 {
        let ceiling = policy::BACKOFF_CAP.min(policy::BACKOFF_BASE << self.failures.min(20));
        self.failures += 1;
        let asked = match response.retry_after {
            Some(asked) => asked.min(policy::MAX_RETRY_AFTER),
            None if response.status == 429 => policy::RATE_LIMIT_WAIT,
            None => 0,
        };
        let wait = asked + random.up_to(ceiling);
        self.blocked_until = Some(now + wait);
        wait
    }

    /// The failed batch goes again at once: the failure counts, its wait does not.
    pub fn note_resent(&mut self) {
        self.blocked_until = None;
    }

    /// The network is back: what failed before says nothing about now, unless the endpoint itself had answered.
    pub fn note_online(&mut self) {
        if !self.paused {
            self.note_answered();
        }
    }

    /// Whether what blocks is a pause.
    pub fn is_paused(&self) -> bool {
        self.paused
    }

    /// Failures in a row.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// The end of the backoff, while it lasts.
    pub fn blocked_until(&self, now: u64) -> Option<u64> {
        self.blocked_until.filter(|&until| until > now)
    }

    /// The end of the interval, while an event waits.
    pub fn flush_at(&self) -> Option<u64> {
        self.flush_at
    }
}

/// Milliseconds that a `Retry-After` header asks for: seconds, or a date, which the shell hands over as
/// milliseconds since 1970 if it is one.
pub fn retry_after(header: &str, date: Option<u64>, now: u64) -> Option<u64> {
    let seconds = header.parse::<u64>().ok();
    seconds.map(|seconds| seconds.saturating_mul(1000)).or_else(|| Some(date?.saturating_sub(now)))
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_wait_is_never_shorter_than_asked_nor_longer_than_the_ceiling_on_top(
            seed in any::<u64>(), failures in 1_usize..40, asked in prop::option::of(0_u64..10_000_000)
        ) {
            let (mut pacing, mut random) = (Pacing::default(), Random::new(seed));
            let response = Response { status: 503, retry_after: asked, ..Response::default() };
            for _ in 0..failures {
                let wait = pacing.note_failed(1000, &response, &mut random);
                let least = asked.unwrap_or(0).min(policy::MAX_RETRY_AFTER);
                prop_assert!((least..=least + policy::BACKOFF_CAP).contains(&wait));
            }
        }
    }

    #[test]
    fn the_ceiling_doubles_with_each_failure_and_a_delivery_resets_it() {
        let longest = |failures: usize| {
            let waits = (0..300).map(|seed| {
                let (mut pacing, mut random) = (Pacing::default(), Random::new(seed));
                let waits = (0..=failures).map(|_| pacing.note_failed(0, &Response::default(), &mut random));
                waits.last().unwrap()
            });
            waits.max().unwrap()
        };
        assert!((900..=1_000).contains(&longest(0)));
        assert!((3_600..=4_000).contains(&longest(2)));
        let mut pacing = Pacing::default();
        pacing.note_failed(0, &Response::default(), &mut Random::new(1));
        pacing.note_answered();
        assert_eq!((pacing.failures(), pacing.blocked_until(0)), (0, None));
    }

    #[test]
    fn a_429_without_a_readable_retry_after_waits_a_minute() {
        let limited = Response { status: 429, ..Response::default() };
        let wait = Pacing::default().note_failed(0, &limited, &mut Random::new(1));
        assert!((60_000..=61_000).contains(&wait));
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        assert_eq!(retry_after("120", None, 5_000), Some(120_000));
        assert_eq!(retry_after("Fri, 02 Jan 2026 00:00:00 GMT", Some(9_000), 5_000), Some(4_000));
        assert_eq!(retry_after("Fri, 02 Jan 1970 00:00:00 GMT", Some(1_000), 5_000), Some(0));
        assert_eq!(retry_after("soon", None, 5_000), None);
        assert_eq!(retry_after("99999999999999999999", None, 0), None);
        assert_eq!(retry_after("18446744073709551615", None, 0), Some(u64::MAX));
    }

    #[test]
    fn the_search_for_guilty_events_has_a_budget_a_minute() {
        let mut pacing = Pacing::default();
        let halved = (0..100).filter(|_| pacing.may_bisect(1_000)).count();
        assert_eq!(halved as u32 * 2, policy::BISECT_REQUESTS);
        assert!(pacing.may_bisect(1_000 + policy::BISECT_WINDOW));
    }

    #[test]
    fn a_pause_outlasts_the_network_coming_back_and_is_news_once() {
        let mut pacing = Pacing::default();
        assert!(pacing.note_paused(0) && !pacing.note_paused(5));
        pacing.note_online();
        assert_eq!(pacing.blocked_until(0), Some(5 + policy::PAUSE));
        pacing.note_answered();
        assert_eq!((pacing.blocked_until(0), pacing.is_paused()), (None, false));
    }

    #[test]
    fn the_interval_runs_from_the_first_waiting_event() {
        let mut pacing = Pacing::default();
        pacing.note_waiting(100, 50);
        pacing.note_waiting(140, 50);
        assert_eq!(pacing.flush_at(), Some(150));
        pacing.note_round();
        assert_eq!(pacing.flush_at(), None);
    }
}
