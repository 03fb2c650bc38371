//! Every answer that is not a success, in the contract's shape.

use std::time::Duration;

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::authorization::AuthorizationError;
use crate::batch::BatchError;
use crate::store::StoreError;

/// Why a batch was not taken. Its words are the answer's `message`.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error(transparent)]
    Unauthorized(#[from] AuthorizationError),
    #[error("more than {per_minute} requests in a minute; try again in {} s", seconds_up(*.wait))]
    RateLimited { per_minute: u32, wait: Duration },
    #[error("the body has {bytes} bytes; {allowed} are allowed")]
    TooLarge { bytes: usize, allowed: usize },
    #[error("the Content-Type must be application/json, but is {0}")]
    ContentType(String),
    #[error("the body broke off after {bytes} bytes")]
    BrokenOff { bytes: usize },
    #[error(transparent)]
    Batch(#[from] BatchError),
    #[error("fault on demand: an event is named {0:?}")]
    Named(String),
    #[error("the events could not be stored: {0}")]
    Store(#[from] StoreError),
}

impl Refusal {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Unauthorized(_) => StatusCode::UNAUTHORIZED,
            Self::RateLimited { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            // The contract knows no 415.
            Self::ContentType(_) | Self::BrokenOff { .. } | Self::Batch(_) | Self::Named(_) => {
                StatusCode::BAD_REQUEST
            }
            Self::Store(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let answer = (self.status(), body(&self));
        match self {
            Self::RateLimited { wait, .. } => {
                ([(header::RETRY_AFTER, seconds_up(wait).to_string())], answer).into_response()
            }
            _ => answer.into_response(),
        }
    }
}

/// `{"success":false,"message":…}`
pub(crate) fn body(message: impl ToString) -> impl IntoResponse {
    #[derive(Serialize)]
    struct Failure {
        success: bool,
        message: String,
    }
    Json(Failure { success: false, message: message.to_string() })
}

/// Whole seconds, rounded up: who waits so long is not refused again.
fn seconds_up(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}
