//! Spans of time in milliseconds, and what the last minute saw.

use std::collections::VecDeque;

pub const MINUTE: u64 = 60_000;
pub const HOUR: u64 = 60 * MINUTE;
pub const DAY: u64 = 24 * HOUR;

/// When requests came in the last minute.
#[derive(Debug, Default)]
pub struct LastMinute(VecDeque<u64>);

impl LastMinute {
    /// How many there were.
    pub fn count(&mut self, now: u64) -> usize {
        while self.0.front().is_some_and(|&at| at + MINUTE <= now) {
            self.0.pop_front();
        }
        self.0.len()
    }

    pub fn note(&mut self, now: u64) {
        self.0.push_back(now);
    }
}
