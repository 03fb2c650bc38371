//! `/control/faults`: the fault switch over HTTP, for the demo's page and for tests in a browser.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::faults::Faults;
use crate::refusal;
use crate::routes::App;

/// `GET`: the faults in force, as every answer of this path has them.
pub(crate) async fn show(State(app): State<Arc<App>>) -> Response {
    #[derive(Serialize)]
    struct Shown {
        faults: Option<Faults>,
    }
    Json(Shown { faults: app.faults.shown() }).into_response()
}

/// `PUT`: these faults instead of any that were in force.
pub(crate) async fn set(State(app): State<Arc<App>>, body: Bytes) -> Response {
    let faults = match serde_json::from_slice::<Faults>(&body) {
        Ok(faults) => faults,
        Err(error) => return bad_request(format!("these are not faults: {error}")),
    };
    match app.faults.set(Some(faults)) {
        Ok(()) => show(State(app)).await,
        Err(error) => bad_request(error),
    }
}

/// `DELETE`: no faults.
pub(crate) async fn clear(State(app): State<Arc<App>>) -> Response {
    match app.faults.set(None) {
        Ok(()) => show(State(app)).await,
        Err(error) => bad_request(error),
    }
}

fn bad_request(message: impl ToString) -> Response {
    (StatusCode::BAD_REQUEST, refusal::body(message)).into_response()
}
