//! A model of the relay (`relay/src/sender/plan.rs`) before an endpoint that works: full batches in order of arrival.

use crate::time::LastMinute;
use std::collections::VecDeque;

/// As `relay/src/policy.rs` has them.
const LINGER: u64 = 2_000;
const MAX_BATCH_EVENTS: usize = 100;
const MAX_STARTS: usize = 95;

/// How often the relay looks whether a batch is due.
pub(super) const TICK: u64 = 100;

#[derive(Debug, Default)]
pub(super) struct Relay {
    /// Events that wait, each with its time of arrival.
    spool: VecDeque<(u64, usize)>,
    /// Whether the event of that number has been spooled before.
    known: Vec<bool>,
    starts: LastMinute,
}

impl Relay {
    /// Spools events, but for repeats.
    pub(super) fn accept(&mut self, numbers: impl Iterator<Item = usize>, now: u64) {
        for number in numbers {
            if self.known.len() <= number {
                self.known.resize(number + 1, false);
            }
            if !std::mem::replace(&mut self.known[number], true) {
                self.spool.push_back((now, number));
            }
        }
    }

    /// Returns true if no event waits.
    pub(super) fn is_empty(&self) -> bool {
        self.spool.is_empty()
    }

    /// Takes the next batch, if it is full or its oldest event has waited long enough, and the limit admits it.
    pub(super) fn take_batch(&mut self, now: u64) -> Option<Vec<usize>> {
        let &(oldest, _) = self.spool.front()?;
        let is_due = self.spool.len() >= MAX_BATCH_EVENTS || oldest + LINGER <= now;
        if !is_due || self.starts.count(now) >= MAX_STARTS {
            return None;
        }
        self.starts.note(now);
        let count = self.spool.len().min(MAX_BATCH_EVENTS);
        Some(self.spool.drain(..count).map(|(_, number)| number).collect())
    }
}
