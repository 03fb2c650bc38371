//! The endpoint's limit: how many requests were started in the last 60 seconds.

use std::collections::VecDeque;

use crate::policy;

/// The starts of the last minute. The window slides: any 60 seconds hold at most the limit.
#[derive(Clone, Debug)]
pub(super) struct Starts {
    limit: usize,
    at: VecDeque<u64>,
    /// A start that was decided on and has not happened.
    reserved: bool,
}

impl Starts {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, at: VecDeque::new(), reserved: false }
    }

    /// Counts the attempts that earlier senders recorded. Each may have started up to the recording limit after its record.
    pub(super) fn recover(&mut self, ages: &[u64], now: u64) {
        let started = |age: &u64| now.saturating_sub(age.saturating_sub(policy::RECORDING_LIMIT));
        // An attempt older than this clock has left the window.
        let within = ages.iter().filter(|age| **age < policy::MINUTE + policy::RECORDING_LIMIT);
        self.at = within.map(started).collect();
        self.at.make_contiguous().sort_unstable();
    }

    /// Returns when the next request may start: `now`, unless the window is full.
    pub(super) fn free_at(&mut self, now: u64) -> u64 {
        while self.at.front().is_some_and(|then| then + policy::MINUTE <= now) {
            self.at.pop_front();
        }
        let taken = self.at.len() + usize::from(self.reserved);
        if taken < self.limit {
            return now;
        }
        // More than the limit may have been recovered: so many must leave before one may come.
        self.at.get(taken - self.limit).map_or(now + policy::MINUTE, |then| then + policy::MINUTE)
    }

    pub(super) fn reserve(&mut self) {
        self.reserved = true;
    }

    pub(super) fn release(&mut self) {
        self.reserved = false;
    }

    pub(super) fn start(&mut self, now: u64) {
        self.reserved = false;
        self.at.push_back(now);
    }

    /// Returns how many starts the window holds.
    pub(super) fn count(&mut self, now: u64) -> usize {
        self.free_at(now);
        self.at.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_slides_and_names_the_moment_in_which_there_is_room() {
        let mut starts = Starts::new(2);
        starts.start(0);
        assert_eq!(starts.free_at(0), 0);
        starts.start(50_000);
        assert_eq!(starts.free_at(55_000), 60_000);
        assert_eq!(starts.free_at(60_000), 60_000);
        starts.start(60_000);
        assert_eq!(starts.free_at(60_001), 110_000);
    }

    #[test]
    fn a_reserved_start_counts() {
        let mut starts = Starts::new(1);
        starts.reserve();
        assert!(starts.free_at(0) > 0);
        starts.release();
        assert_eq!(starts.free_at(0), 0);
    }

    #[test]
    fn recovered_attempts_count_as_late_as_they_may_have_started() {
        let mut starts = Starts::new(1);
        starts.recover(&[10_000], 1_000_000);
        assert_eq!(starts.free_at(1_000_000), 1_055_000);
        starts.recover(&[1_000, 64_999], 1_000_000);
        assert_eq!((starts.count(1_000_000), starts.free_at(1_000_000)), (2, 1_060_000));
        starts.recover(&[65_000], 1_000_000);
        assert_eq!(starts.free_at(1_000_000), 1_000_000);
    }
}
