//! The last answer that was not a delivery.

/// An answer that was not a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastError {
    /// HTTP status, 0 without an answer.
    pub status: u16,
    /// What the server, or the browser, said.
    pub message: String,
}
