//! Where the queue is kept.

/// Where the queue is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Storage {
    /// In the browser's store.
    Store,
    /// In memory, because the browser gave no store, or took it away.
    Memory,
}
