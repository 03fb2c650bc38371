//! The rate limit.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Any 60 seconds hold at most so many accepted requests.
///
/// The window slides: a fixed one would let twice the limit through around its edge, and a client that
/// relies on that would look right here and be refused elsewhere. Refused requests are not counted.
#[derive(Debug)]
pub(crate) struct RateLimit {
    per_minute: Option<u32>,
    admitted: VecDeque<Instant>,
}

/// How long until there is room again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full {
    pub(crate) per_minute: u32,
    pub(crate) wait: Duration,
}

impl RateLimit {
    const WINDOW: Duration = Duration::from_secs(60);

    pub(crate) fn new(per_minute: Option<u32>) -> Self {
        Self { per_minute, admitted: VecDeque::new() }
    }

    /// Counts a request that arrives now, or says how long to wait.
    pub(crate) fn admit(&mut self, now: Instant) -> Result<(), Full> {
        let Some(per_minute) = self.per_minute else { return Ok(()) };
        while self.admitted.front().is_some_and(|&then| now.duration_since(then) >= Self::WINDOW) {
            self.admitted.pop_front();
        }
        if self.admitted.len() >= per_minute as usize {
            // A limit of nothing admits nobody, ever: any wait is as good as another.
            let age = self.admitted.front().map_or(Duration::ZERO, |&then| now.duration_since(then));
            return Err(Full { per_minute, wait: Self::WINDOW - age });
        }
        self.admitted.push_back(now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn the_window_slides_and_says_when_its_oldest_request_leaves() {
        let start = Instant::now();
        let mut limit = RateLimit::new(Some(2));
        assert_eq!(limit.admit(start), Ok(()));
        assert_eq!(limit.admit(start + 50 * SECOND), Ok(()));
        assert_eq!(limit.admit(start + 55 * SECOND), Err(Full { per_minute: 2, wait: 5 * SECOND }));
        assert_eq!(limit.admit(start + 60 * SECOND), Ok(()));
        assert_eq!(limit.admit(start + 61 * SECOND), Err(Full { per_minute: 2, wait: 49 * SECOND }));
    }

    #[test]
    fn no_limit_admits_everything_and_a_limit_of_nothing_nothing() {
        let now = Instant::now();
        let mut open = RateLimit::new(None);
        assert!((0..1000).all(|_| open.admit(now).is_ok()));
        assert_eq!(RateLimit::new(Some(0)).admit(now), Err(Full { per_minute: 0, wait: 60 * SECOND }));
    }
}
