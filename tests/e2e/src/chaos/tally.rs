//! Counting.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::AddAssign;

use serde::Serialize;

use crate::arrivals::{Arrivals, Tracked};

/// What became of a case's events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Events that `track` was called with.
    pub tracked: u64,
    /// Of these, how many the collector holds.
    pub delivered: u64,
    /// How often one came that had come before, with the same id.
    pub repeated: u64,
    /// How often one came that had come before, with another id.
    pub doubled: u64,
}

/// How far that is from the goal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Shortfall {
    /// Events that should be there.
    pub missing: u64,
    /// Repeats that a mark was to prevent.
    pub repeated: u64,
    /// Repeats under another id.
    pub doubled: u64,
}

impl Tally {
    /// Counts the events numbered by `steps` of `pages/module.html`.
    pub fn of(arrivals: &Arrivals, tracked: u64) -> Self {
        let mut tally = Self { tracked, ..Self::default() };
        let (mut numbers, mut ids) = (BTreeSet::new(), BTreeSet::new());
        for event in &arrivals.events {
            let Some(number) = event.step().filter(|_| event.event_name == "step") else { continue };
            match (ids.insert(event.event_id.as_deref()), numbers.insert(number)) {
                (false, _) => tally.repeated += 1,
                (true, false) => tally.doubled += 1,
                (true, true) => tally.delivered += 1,
            }
        }
        tally
    }

    /// Events that the collector does not hold.
    pub fn missing(&self) -> u64 {
        self.tracked - self.delivered
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.tracked += other.tracked;
        self.delivered += other.delivered;
        self.repeated += other.repeated;
        self.doubled += other.doubled;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tracked, delivered, repeated, doubled } = self;
        let missing = self.missing();
        write!(
            out,
            "{tracked} tracked, {delivered} delivered, {missing} missing, {repeated} repeated, {doubled} doubled"
        )
    }
}

impl fmt::Display for Shortfall {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [(self.missing, "missing"), (self.repeated, "repeated"), (self.doubled, "doubled")];
        let parts =
            parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
        out.write_str(&parts.collect::<Vec<_>>().join(", "))
    }
}
