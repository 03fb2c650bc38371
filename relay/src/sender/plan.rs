//! Which batch goes next, and when.

use std::collections::VecDeque;

use appizer_tracker::core::model::time::NEVER;

use super::answer::Health;
use super::starts::Starts;
use crate::policy;
use crate::spool::{Attempt, Batch, BatchId, Claim, Line, Recovered, Seq, Settled, Waiting};

/// How fast a site's events are delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Requests started in any 60 seconds.
    pub starts_per_minute: usize,
    /// Requests in flight.
    pub in_flight: usize,
    /// The longest wait for a fuller batch.
    pub linger: u64,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            starts_per_minute: policy::STARTS_PER_MINUTE,
            in_flight: policy::IN_FLIGHT,
            linger: policy::LINGER,
        }
    }
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Record an attempt, and report by [`Plan::begun`].
    Begin(Claim),
    /// Count the waiting events again: the line between old and new has moved.
    Look,
    /// Nothing before this time or an answer.
    Wait(u64),
    /// Nothing before this time, an answer, or an event.
    Idle(u64),
}

/// How delivery goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The endpoint takes what it gets.
    Up,
    /// The last request failed; the next one follows a backoff.
    Failing,
    /// The key or the address is wrong; a request every few minutes finds out whether it still is.
    Paused,
}

/// A batch that was recorded, with what this sender has learnt of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Recorded {
    pub(super) batch: Batch,
    /// Answers of status 500.
    pub(super) server_errors: u32,
    /// Successes of other batches, up to its first such answer.
    pub(super) successes_before: u64,
}

/// The decisions of one site's sender. Times are steady milliseconds but for `wall`, which is what events carry.
#[derive(Clone, Debug)]
pub struct Plan {
    pace: Pace,
    starts: Starts,
    pub(super) health: Health,
    /// Batches to be sent again.
    pub(super) healthy: VecDeque<Recorded>,
    /// Parts of refused batches.
    pub(super) suspects: VecDeque<Recorded>,
    /// Batches whose request is under way, or whose answer is not settled.
    pub(super) flying: Vec<Recorded>,
    preparing: Option<Preparing>,
    /// Waiting events up to this place are old.
    boundary: Option<Seq>,
    new_in_a_row: u32,
    healthy_in_a_row: u32,
}

/// An attempt that is being recorded.
#[derive(Clone, Copy, Debug)]
struct Preparing {
    since: u64,
    recorded: Option<Recorded>,
    /// It takes new events while old ones wait.
    new: bool,
}

impl Plan {
    /// Returns a plan that knows of nothing.
    pub fn new(pace: Pace) -> Self {
        Self {
            pace,
            starts: Starts::new(pace.starts_per_minute),
            health: Health::default(),
            healthy: VecDeque::new(),
            suspects: VecDeque::new(),
            flying: Vec::new(),
            preparing: None,
            boundary: None,
            new_in_a_row: 0,
            healthy_in_a_row: 0,
        }
    }

    /// Takes over from earlier senders, this process among them. What the endpoint asked for still holds.
    pub fn recover(&mut self, recovered: &Recovered, now: u64) {
        let recorded = recovered.batches.iter().copied().map(Recorded::new);
        let (suspects, healthy) = recorded.partition(|recorded| recorded.batch.suspect);
        *self = Self { health: std::mem::take(&mut self.health), healthy, suspects, ..Self::new(self.pace) };
        self.starts.recover(&recovered.attempt_ages, now);
    }

    /// Returns the place up to which waiting events are old.
    pub fn boundary(&self) -> Seq {
        self.boundary.unwrap_or(0)
    }

    /// Decides what to do, given the events that wait on both sides of [`boundary`](Self::boundary).
    pub fn next(&mut self, now: u64, wall: u64, waiting: &Waiting) -> Step {
        if self.move_boundary(wall, waiting) {
            return Step::Look;
        }
        if self.preparing.is_some() || self.flying.len() >= self.allowed() {
            return Step::Wait(NEVER);
        }
        let free_at = self.starts.free_at(now).max(self.health.blocked_until);
        if free_at > now {
            return Step::Wait(free_at);
        }
        let Some((claim, preparing)) = self.choose(now, wall, waiting) else {
            let ripe =
                waiting.new.oldest.map_or(NEVER, |at| now + (at + self.pace.linger).saturating_sub(wall));
            return Step::Idle(ripe);
        };
        self.starts.reserve();
        self.preparing = Some(preparing);
        Step::Begin(claim)
    }

    /// Takes note of a recorded attempt, or that there was nothing to send. Returns true if the request is to start now.
    pub fn begun(&mut self, attempt: Option<&Attempt>, now: u64) -> bool {
        let Some(preparing) = self.preparing.take() else { return false };
        self.starts.release();
        let Some(attempt) = attempt else { return false };
        let recorded = preparing.recorded.unwrap_or(Recorded::new(attempt.batch));
        if now.saturating_sub(preparing.since) > policy::RECORDING_LIMIT {
            // A successor could not tell from the record when it started.
            self.health.block_until(now + policy::SPOOL_RETRY);
            self.put_back(recorded);
            return false;
        }
        self.starts.start(now);
        self.flying.push(Recorded { batch: attempt.batch, ..recorded });
        self.healthy_in_a_row = if attempt.batch.suspect { 0 } else { self.healthy_in_a_row + 1 };
        self.new_in_a_row = if preparing.new { self.new_in_a_row + 1 } else { 0 };
        true
    }

    /// Takes note that an outcome is recorded.
    pub fn settled(&mut self, batch: BatchId, settled: &Settled) {
        self.flying.retain(|recorded| recorded.batch.id != batch);
        self.suspects.extend(settled.halves.iter().copied().map(Recorded::new));
    }

    /// Returns how delivery goes.
    pub fn state(&self) -> State {
        self.health.state()
    }

    /// Returns how many requests of the limit are used.
    pub fn used(&mut self, now: u64) -> usize {
        self.starts.count(now)
    }

    /// Returns true while a request is under way or an outcome is not recorded.
    pub fn is_busy(&self) -> bool {
        !self.flying.is_empty()
    }

    /// Returns how many requests may be in flight: while requests fail, one at a time tries.
    fn allowed(&self) -> usize {
        if self.health.failures > 0 { 1 } else { self.pace.in_flight }
    }

    /// Puts a batch where it waits to be sent again.
    pub(super) fn put_back(&mut self, recorded: Recorded) {
        if recorded.batch.suspect {
            self.suspects.push_back(recorded);
        } else {
            self.healthy.push_back(recorded);
        }
    }

    /// Moves the line between old and new events after an outage: those that came during it are old, those that come from
    /// now on are new. Returns true if it moved.
    fn move_boundary(&mut self, wall: u64, waiting: &Waiting) -> bool {
        let age = |line: &Line| line.oldest.map_or(0, |at| wall.saturating_sub(at));
        let is_back = std::mem::take(&mut self.health.is_back);
        let late = if self.boundary.is_none() || is_back { policy::OUTAGE_AGE } else { policy::NEW_IS_OLD };
        let boundary = match self.boundary {
            _ if age(&waiting.new) > late => Some(waiting.last),
            Some(_) if waiting.old.events == 0 => None,
            same => same,
        };
        let moved = boundary != self.boundary;
        self.boundary = boundary;
        moved
    }

    /// Chooses the next batch: healthy ones first, but every fifth request goes to a suspect, which never waits for want of
    /// budget.
    fn choose(&mut self, now: u64, wall: u64, waiting: &Waiting) -> Option<(Claim, Preparing)> {
        let fresh = self.fresh(wall, waiting);
        let again = self.healthy_again(fresh.is_some());
        let healthy_first = self.healthy_in_a_row < policy::HEALTHY_PER_SUSPECT || self.suspects.is_empty();
        let recorded = match again {
            Some(place) if healthy_first => self.healthy.remove(place),
            None if healthy_first && fresh.is_some() => None,
            _ => self.suspects.pop_front(),
        };
        match (recorded, fresh) {
            (Some(recorded), _) => {
                let preparing = Preparing { since: now, recorded: Some(recorded), new: false };
                Some((Claim::Again(recorded.batch.id), preparing))
            }
            (None, Some((claim, new))) => Some((claim, Preparing { since: now, recorded: None, new })),
            (None, None) => None,
        }
    }

    /// Returns the place of the batch to be sent again. The one that failed last lets another go first, and one at which
    /// the endpoint has failed often lets new ones go, so that no batch at fault holds up the rest. Otherwise no batch is
    /// added to those of unknown fate while requests fail.
    fn healthy_again(&self, has_fresh: bool) -> Option<usize> {
        let stuck = |recorded: &Recorded| self.health.is_stuck(recorded);
        let other = self
            .healthy
            .iter()
            .position(|recorded| Some(recorded.batch.id) != self.health.last_failed && !stuck(recorded));
        let unknown = self.healthy.iter().filter(|recorded| !stuck(recorded)).count();
        match other {
            Some(place) => Some(place),
            None if self.healthy.is_empty() || (has_fresh && unknown < self.pace.in_flight.max(2)) => None,
            None => Some(0),
        }
    }

    /// Returns what a new batch would take, if one is ripe, and whether it takes new events while old ones wait.
    fn fresh(&self, wall: u64, waiting: &Waiting) -> Option<(Claim, bool)> {
        let waits_since = |line: &Line, ms: u64| line.oldest.is_some_and(|at| wall >= at + ms);
        let new_is_ripe =
            waiting.new.events >= policy::MAX_BATCH_EVENTS || waits_since(&waiting.new, self.pace.linger);
        let Some(boundary) = self.boundary else {
            return new_is_ripe.then_some((Claim::Fresh { after: 0, until: Seq::MAX }, false));
        };
        let old_waits = waiting.old.events > 0;
        let may_repeat =
            waits_since(&waiting.new, policy::NEW_IS_LATE) && self.new_in_a_row < policy::NEW_IN_A_ROW;
        if new_is_ripe && (!old_waits || self.new_in_a_row == 0 || may_repeat) {
            return Some((Claim::Fresh { after: boundary, until: Seq::MAX }, old_waits));
        }
        old_waits.then_some((Claim::Fresh { after: 0, until: boundary }, false))
    }
}

impl Recorded {
    fn new(batch: Batch) -> Self {
        Self { batch, server_errors: 0, successes_before: 0 }
    }
}
