//! Bytes of requests that may outlive the page.

use crate::core::policy::limits;

/// Bytes that may still outlive the page while `in_flight` already do.
pub fn share_left(in_flight: usize) -> usize {
    limits::EXIT_SHARE_BYTES.saturating_sub(in_flight)
}

/// Returns true if an ordinary request of `bytes` should outlive the page too.
pub fn fits_share(bytes: usize, in_flight: usize) -> bool {
    bytes <= share_left(in_flight)
}
