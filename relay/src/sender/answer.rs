//! What an answer means for its batch and for the requests to come.

use appizer_tracker::core::policy::backoff::backoff;
use appizer_tracker::core::policy::verdict::{Response, Verdict, verdict};

use super::plan::{Plan, Recorded, State};
use crate::policy;
use crate::spool::{BatchId, Cause, Outcome, Reason};

/// What becomes of an answered batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The spool records this; then [`Plan::settled`].
    Settle(Outcome),
    /// It will be sent again.
    Again,
}

/// How the endpoint has answered lately.
#[derive(Clone, Debug, Default)]
pub(super) struct Health {
    /// Failures in a row.
    pub(super) failures: u32,
    /// No request before.
    pub(super) blocked_until: u64,
    /// The batch of the last failure.
    pub(super) last_failed: Option<BatchId>,
    /// Answers in a row that were not the endpoint's.
    malformed: u32,
    paused: bool,
    successes: u64,
    /// The endpoint has come back since the plan looked last.
    pub(super) is_back: bool,
}

impl Health {
    pub(super) fn state(&self) -> State {
        match (self.paused, self.failures) {
            (true, _) => State::Paused,
            (false, 0) => State::Up,
            (false, _) => State::Failing,
        }
    }

    /// Returns true if the endpoint has failed often at a batch, and nothing else has shown since whether that is the
    /// batch's fault.
    pub(super) fn is_stuck(&self, recorded: &Recorded) -> bool {
        recorded.server_errors >= policy::MAX_SERVER_ERRORS && self.successes <= recorded.successes_before
    }

    /// Takes note that the endpoint answered as it should.
    fn recover(&mut self) {
        // A wait that the endpoint asked for in answer to another request holds.
        *self = Self {
            blocked_until: self.blocked_until,
            successes: self.successes,
            is_back: self.is_back || self.failures > 0,
            ..Self::default()
        };
    }

    fn fail(&mut self, batch: BatchId, retry_after: Option<u64>, now: u64, jitter: u32) {
        let doublings = self.failures.min(policy::BACKOFF_DOUBLINGS);
        self.block_until(now + backoff(doublings, retry_after, jitter));
        self.failures += 1;
        self.last_failed = Some(batch);
    }

    fn pause(&mut self, now: u64) {
        self.paused = true;
        self.failures = self.failures.max(1);
        self.block_until(now + policy::PAUSE);
    }

    pub(super) fn block_until(&mut self, time: u64) {
        self.blocked_until = self.blocked_until.max(time);
    }
}

impl Plan {
    /// Judges an answer.
    pub fn answered(&mut self, batch: BatchId, response: &Response, now: u64, jitter: u32) -> Decision {
        let Some(place) = self.flying.iter().position(|recorded| recorded.batch.id == batch) else {
            return Decision::Again;
        };
        let size = self.flying[place].batch.events as usize;
        match verdict(response, size) {
            Verdict::Delivered => self.succeed(Vec::new(), Reason::Refused, response),
            Verdict::Named => {
                let named = response.failed.iter().copied().filter(|place| *place < size).collect();
                self.succeed(named, Reason::Refused, response)
            }
            Verdict::Partial => self.succeed((0..size).collect(), Reason::Uncertain, response),
            Verdict::Refused => {
                self.health.recover();
                divide(size, Reason::Refused, response)
            }
            Verdict::Retry => self.retry(place, response, now, jitter),
            Verdict::Malformed => {
                self.health.malformed += 1;
                let malformed = self.health.malformed;
                self.health.fail(batch, response.retry_after, now, jitter);
                if malformed >= policy::MAX_MALFORMED {
                    self.health.pause(now);
                }
                self.again(place)
            }
            Verdict::Forbidden | Verdict::NotFound => {
                self.health.fail(batch, response.retry_after, now, jitter);
                self.health.pause(now);
                self.again(place)
            }
        }
    }

    fn succeed(&mut self, dead: Vec<usize>, reason: Reason, response: &Response) -> Decision {
        self.health.recover();
        self.health.successes += 1;
        Decision::Settle(Outcome::Done { dead, cause: cause(reason, response) })
    }

    fn retry(&mut self, place: usize, response: &Response, now: u64, jitter: u32) -> Decision {
        if response.status == 500 && self.is_to_blame(place) {
            // Others go through: the endpoint fails at something in this batch.
            self.health.recover();
            return divide(self.flying[place].batch.events as usize, Reason::Uncertain, response);
        }
        let limited = (response.status == 429).then_some(policy::LIMITED_WAIT);
        let batch = self.flying[place].batch.id;
        self.health.fail(batch, response.retry_after.or(limited), now, jitter);
        self.again(place)
    }

    /// Counts an answer of status 500. Returns true if the batch got many of them while others were delivered.
    fn is_to_blame(&mut self, place: usize) -> bool {
        let successes = self.health.successes;
        let recorded = &mut self.flying[place];
        if recorded.server_errors == 0 {
            recorded.successes_before = successes;
        }
        recorded.server_errors += 1;
        recorded.server_errors >= policy::MAX_SERVER_ERRORS && successes > recorded.successes_before
    }

    fn again(&mut self, place: usize) -> Decision {
        let recorded: Recorded = self.flying.swap_remove(place);
        self.put_back(recorded);
        Decision::Again
    }
}

/// Halves a batch at fault; a single event at fault becomes a dead letter.
fn divide(size: usize, reason: Reason, response: &Response) -> Decision {
    Decision::Settle(if size > 1 {
        Outcome::Split
    } else {
        Outcome::Done { dead: vec![0], cause: cause(reason, response) }
    })
}

fn cause(reason: Reason, response: &Response) -> Cause {
    Cause { reason, status: response.status, message: response.message.clone() }
}
