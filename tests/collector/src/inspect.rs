//! `GET /v1/events`, `/v1/requests` and `/v1/summary`: what came, newest first. Not part of the contract.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::refusal;
use crate::routes::App;
use crate::store::{Page, Store, StoreError};

const DEFAULT_LIMIT: i64 = 100;
const MAX_LIMIT: i64 = 10_000;

/// The parameters as they stand in the URL.
type Parameters = Query<Vec<(String, String)>>;

/// `{"events":[…],"total":N}`, where `total` counts every event held, asked for or not.
pub(crate) async fn events(
    State(app): State<Arc<App>>,
    Query(parameters): Parameters,
) -> Result<Response, InspectError> {
    let page = page(&parameters)?;
    let (events, total) =
        ask(&app, move |store| Ok((store.newest_events(page)?, store.summary()?.events))).await?;
    Ok(Json(json!({ "events": events, "total": total })).into_response())
}

/// `{"requests":[…],"total":N}`, likewise.
pub(crate) async fn requests(
    State(app): State<Arc<App>>,
    Query(parameters): Parameters,
) -> Result<Response, InspectError> {
    let page = page(&parameters)?;
    let (requests, total) =
        ask(&app, move |store| Ok((store.newest_requests(page)?, store.summary()?.requests))).await?;
    Ok(Json(json!({ "requests": requests, "total": total })).into_response())
}

/// `{"events":N,"distinct_event_ids":N,"requests":N}`
pub(crate) async fn summary(State(app): State<Arc<App>>) -> Result<Response, InspectError> {
    Ok(Json(ask(&app, Store::summary).await?).into_response())
}

async fn ask<T: Send + 'static>(
    app: &App,
    question: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    Arc::clone(&app.store).apart(question).await
}

/// Why a look was refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InspectError {
    #[error("limit must be a whole number from 1 to {MAX_LIMIT}, but is {0:?}")]
    Limit(String),
    #[error("since must be a whole number from 0 up, but is {0:?}")]
    Since(String),
    #[error("{0} is not a parameter; limit and since are")]
    Unknown(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl IntoResponse for InspectError {
    fn into_response(self) -> Response {
        let status = match self {
            Self::Limit(_) | Self::Since(_) | Self::Unknown(_) => StatusCode::BAD_REQUEST,
            Self::Store(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        (status, refusal::body(self)).into_response()
    }
}

fn page(parameters: &[(String, String)]) -> Result<Page, InspectError> {
    let mut page = Page { since: 0, limit: DEFAULT_LIMIT };
    for (name, value) in parameters {
        let number = value.parse::<i64>().ok();
        match name.as_str() {
            "limit" => {
                page.limit = number
                    .filter(|limit| (1..=MAX_LIMIT).contains(limit))
                    .ok_or_else(|| InspectError::Limit(value.clone()))?;
            }
            "since" => {
                page.since =
                    number.filter(|since| *since >= 0).ok_or_else(|| InspectError::Since(value.clone()))?;
            }
            _ => return Err(InspectError::Unknown(name.clone())),
        }
    }
    Ok(page)
}
