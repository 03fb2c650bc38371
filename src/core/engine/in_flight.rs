//! Requests under way.

/// A request whose response is awaited.
#[derive(Debug)]
pub(super) struct InFlight {
    pub(super) id: u32,
    /// Where it went, and under which key.
    pub(super) to: u32,
    pub(super) events: usize,
    pub(super) bytes: usize,
    pub(super) keepalive: bool,
    pub(super) deadline: u64,
}
