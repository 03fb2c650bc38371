//! Decides what may be sent and kept: limits, options, verdicts, pacing.

pub mod backoff;
pub mod entry;
pub mod exit_share;
pub mod lease;
pub mod limits;
pub mod options;
pub mod pacing;
pub mod project;
pub mod random;
pub mod shared_row;
pub mod verdict;
