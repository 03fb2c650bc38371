//! Replies, in the contract's shape. Each says that it comes from a relay.

use std::fmt::Write;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::batch::{BodyFault, EventFault};
use super::committer::CommitError;
use crate::policy;

/// Faults that a message names; the rest is counted.
const FAULTS_NAMED: usize = 5;

/// Events that are safe, and those that are refused for good.
#[derive(Debug)]
pub(crate) struct Accepted {
    pub(crate) processed: usize,
    pub(crate) faults: Vec<(usize, EventFault)>,
}

/// Why none of a request's events was taken. Its words are the reply's `message`.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("no site is served under the host {0:?}")]
    Host(String),
    #[error("the request names two hosts")]
    TwoHosts,
    #[error("the Origin header is missing, and this site takes events of its own pages alone")]
    NoOrigin,
    #[error("pages of {0} may not send events to this site")]
    Origin(String),
    #[error("the Content-Type must be application/json or text/plain, but is {0}")]
    ContentType(String),
    #[error("the Content-Encoding must be gzip, br, deflate or none, but is {0}")]
    ContentEncoding(String),
    #[error("the body has more than {} bytes", policy::MAX_BODY_BYTES)]
    TooLarge,
    #[error("the body broke off or cannot be decompressed after {0} bytes")]
    Broken(usize),
    #[error("the body took longer than {} s", policy::BODY_TIMEOUT / 1_000)]
    Slow,
    #[error("too many requests at a time; try again in {} s", policy::RETRY_AFTER_SECONDS)]
    NoMemory,
    #[error("too many events from this address; try again in {0} s")]
    Address(u64),
    #[error(transparent)]
    Body(BodyFault),
    #[error("the relay is stopping")]
    Stopping,
    #[error("the site's spool is full: the endpoint takes events more slowly than they come")]
    SpoolFull,
    #[error("the disk of the spool is full")]
    DiskFull,
    #[error("the site's quota of {quota} events a day is used up")]
    Quota { quota: u64, seconds: u64 },
    #[error(transparent)]
    Commit(CommitError),
    #[error("the relay failed at this request")]
    Panicked,
    #[error("there is nothing at {0}")]
    Nothing(String),
    #[error(
        "the relay has no tracker to serve: its script {0} is not there; build it by `cargo xtask build` or name it by --tracker"
    )]
    NoTracker(String),
    #[error("{path} does not take {method}")]
    Method { path: String, method: String },
}

impl Refusal {
    /// Takes what reading a body failed with.
    pub(super) fn broken(_error: &axum::Error, bytes: usize) -> Self {
        Self::Broken(bytes)
    }

    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::TwoHosts | Self::Broken(_) | Self::Body(_) => StatusCode::BAD_REQUEST,
            Self::NoOrigin | Self::Origin(_) => StatusCode::FORBIDDEN,
            Self::Nothing(_) | Self::NoTracker(_) => StatusCode::NOT_FOUND,
            Self::Method { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::ContentType(_) | Self::ContentEncoding(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Host(_) => StatusCode::MISDIRECTED_REQUEST,
            Self::Address(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Panicked => StatusCode::INTERNAL_SERVER_ERROR,
            Self::NoMemory
            | Self::Stopping
            | Self::SpoolFull
            | Self::DiskFull
            | Self::Quota { .. }
            | Self::Commit(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Returns the seconds after which the client should come again.
    fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Address(seconds) | Self::Quota { seconds, .. } => Some(*seconds),
            Self::Stopping => Some(5),
            _ if self.status() == StatusCode::SERVICE_UNAVAILABLE => Some(policy::RETRY_AFTER_SECONDS),
            _ => None,
        }
    }
}

#[derive(Serialize)]
struct Body {
    success: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    processed_count: Option<usize>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failed_indices: Vec<usize>,
    message: String,
    /// Not in the contract: a tracker that reads it lifts its own limit of requests.
    relay: bool,
}

impl IntoResponse for Accepted {
    fn into_response(self) -> Response {
        let message = if self.faults.is_empty() {
            "Batch events tracked successfully".to_owned()
        } else {
            describe(&self.faults)
        };
        Json(Body {
            success: true,
            processed_count: Some(self.processed),
            failed_indices: self.faults.into_iter().map(|(place, _)| place).collect(),
            message,
            relay: true,
        })
        .into_response()
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = Body {
            success: false,
            processed_count: None,
            failed_indices: Vec::new(),
            message: self.to_string(),
            relay: true,
        };
        let mut response = (self.status(), Json(body)).into_response();
        if let Some(seconds) = self.retry_after() {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        if matches!(self, Self::TwoHosts) {
            // Whoever wrote it may see other borders between requests than this server does.
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

fn describe(faults: &[(usize, EventFault)]) -> String {
    let mut message = format!("{} refused: ", count(faults.len()));
    for (number, (_, fault)) in faults.iter().take(FAULTS_NAMED).enumerate() {
        let separator = if number > 0 { "; " } else { "" };
        // Writing to a text cannot fail.
        let _ = write!(message, "{separator}{fault}");
    }
    if faults.len() > FAULTS_NAMED {
        let _ = write!(message, "; and {} more", faults.len() - FAULTS_NAMED);
    }
    message
}

fn count(events: usize) -> String {
    if events == 1 { "1 event was".into() } else { format!("{events} events were") }
}
