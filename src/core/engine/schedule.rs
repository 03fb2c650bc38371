//! Deadlines.

use super::insurance::Insurance;
use super::state::{Engine, Phase};
use crate::core::model::time::{NEVER, earliest};

impl Engine {
    /// When to call [`Engine::handle_timeout`], if nothing happens before.
    pub fn next_timeout(&self) -> Option<u64> {
        let next = match self.phase {
            Phase::Opening { deadline, .. } => deadline,
            Phase::Open => self.deadline(),
            Phase::Away | Phase::Closed => NEVER,
        };
        (next < NEVER).then_some(next)
    }

    /// The wall clock, in milliseconds since 1970, read together with the page's own. The shell tells it before
    /// every other input.
    pub fn handle_clock(&mut self, wall: u64, now: u64) {
        self.wall_ahead = wall.wrapping_sub(now) as i64;
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: u64) {
        if let Phase::Opening { deadline, .. } = self.phase
            && deadline <= now
        {
            self.stop_waiting_for_store(now);
        }
        self.advance(now);
    }

    /// Does all that is due at `now`, and answers who waits for it.
    pub(super) fn advance(&mut self, now: u64) {
        if let Phase::Open = self.phase {
            self.give_up_silent_store(now);
            self.give_up_overdue_requests(now);
            self.reopen_if_due(now);
            self.begin_round_if_due(now);
            self.send_due(now);
            self.adopt_more(now);
            self.insure(now);
        }
        self.answer_overdue(now);
        self.settle_flush_calls(now);
        self.check_account();
    }

    pub(super) fn deadline(&self) -> u64 {
        let round = if !self.queue.awaits_request(self.round) {
            self.pacing.flush_at()
        } else if self.requests.is_empty() && self.pacing.asking().is_none() {
            self.pacing.next_try(self.insists)
        } else {
            NEVER
        };
        let insurance = self.insurance.as_ref().map_or(NEVER, Insurance::due);
        earliest([
            round,
            self.request_deadline(),
            earliest(self.flush_calls.iter().map(|call| call.deadline)),
            self.adoption.next_look(),
            self.reopen_at,
            self.store_deadline(),
            self.answer_deadline(),
            insurance,
        ])
    }
}
