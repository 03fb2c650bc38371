//! The wait after a failure: exponential backoff with full jitter.

use crate::core::policy::limits;

/// Returns the milliseconds to wait after a failure that follows `failures` others in a row.
///
/// The wait is drawn evenly from zero to a ceiling that doubles from [`limits::BACKOFF_BASE`] to
/// [`limits::BACKOFF_CAP`]; `jitter` is the draw, a random number. A `Retry-After`, up to
/// [`limits::MAX_RETRY_AFTER`], is waited for first.
pub fn backoff(failures: u32, retry_after: Option<u64>, jitter: u32) -> u64 {
    let ceiling = limits::BACKOFF_CAP.min(limits::BACKOFF_BASE << failures.min(20));
    scaled(ceiling, jitter) + retry_after.unwrap_or(0).min(limits::MAX_RETRY_AFTER)
}

/// Maps `jitter` evenly to the range from 0 to `limit`.
pub(crate) fn scaled(limit: u64, jitter: u32) -> u64 {
    limit * u64::from(jitter >> 16) / 0xffff
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;

    #[test]
    fn the_ceiling_doubles_up_to_the_cap_and_a_retry_after_is_a_lower_bound() {
        let longest = |failures, retry_after| backoff(failures, retry_after, u32::MAX);
        assert_eq!(
            [0, 1, 2, 8, 9, u32::MAX].map(|failures| longest(failures, None)),
            [1_000, 2_000, 4_000, 256_000, 300_000, 300_000]
        );
        assert_eq!(backoff(5, None, 0), 0);
        assert_eq!(backoff(5, Some(7_000), 0), 7_000);
        assert_eq!(longest(0, Some(7_000)), 8_000);
        assert_eq!(backoff(0, Some(u64::MAX), 0), limits::MAX_RETRY_AFTER);
    }
}
