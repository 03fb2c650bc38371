//! Calls of `flush` that have no answer yet.

use super::notice::{FlushResult, Waiting};

/// A call of `flush()`. It covers the events that entered the queue before it.
#[derive(Debug)]
pub struct FlushCall {
    /// The shell's number for it.
    pub id: u32,
    /// The newest segment it covers.
    pub order: u64,
    /// When it is answered whatever happens.
    pub deadline: u64,
    /// Events delivered since.
    pub delivered: usize,
    /// Events that became dead letters since.
    pub rejected: usize,
}

/// Why the queue stands still, and until when if that is known.
pub type Wait = Option<(Waiting, Option<u64>)>;

impl FlushCall {
    /// The answer, with `queued` events left that wait for `wait`.
    pub fn result(&self, queued: u64, wait: Wait) -> FlushResult {
        let wait = wait.filter(|_| queued > 0);
        FlushResult {
            delivered: self.delivered,
            rejected: self.rejected,
            queued,
            waiting: wait.map(|(waiting, _)| waiting),
            until: wait.and_then(|(_, until)| until),
        }
    }
}
