//! The last answer that was not a delivery.

/// An answer that was not a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastError {
    /// HTTP status, 0 without an answer.
    pub status: u16,
    /// The message of the server, or of the browser.
    pub message: String,
}
