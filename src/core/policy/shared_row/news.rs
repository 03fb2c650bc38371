//! News of the endpoint that pages share: the outcome of a request, and the cause of a pause.

/// Why there is a pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The endpoint refuses the key.
    Forbidden = 1,
    /// The replies are not the endpoint's.
    BadResponse,
    /// Nothing ever answers, though there is a network: a content blocker, or the page's security policy.
    Unreachable,
    /// There is no endpoint at the address.
    NotFound,
}

impl Cause {
    /// The word listeners hear.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Forbidden => "forbidden",
            Self::BadResponse => "bad_response",
            Self::Unreachable => "unreachable",
            Self::NotFound => "not_found",
        }
    }
}

/// The outcome of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// The endpoint answered as it should.
    Answered,
    /// The request failed and is retried.
    Failed(Failure),
    /// The request is sent again at once: the failure counts, without a wait.
    Resent,
    /// The endpoint refuses the key: waiting does not mend that.
    Forbidden,
    /// There is no endpoint at the address: waiting does not mend that either.
    NotFound,
    /// Somebody answered who is not the endpoint.
    Malformed(Failure),
    /// The network is back: what failed before says nothing about now, unless something had answered.
    Online,
}

/// A failed request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Failure {
    /// HTTP status, 0 without an answer.
    pub status: u16,
    /// Milliseconds that the server asked to wait.
    pub retry_after: Option<u64>,
    /// A random number: the same failure waits as long here as in the row.
    pub jitter: u32,
    /// True if the browser reported itself offline: then silence says nothing about the endpoint.
    pub offline: bool,
}
