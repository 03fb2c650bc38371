//! The paths, and what the handlers behind them share.

use std::sync::{Arc, Mutex};

use axum::extract::Request;
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router, extract::State, middleware, middleware::Next};

use crate::connection::Scissors;
use crate::faults::{DropPoint, FaultSwitch};
use crate::limit::RateLimit;
use crate::settings::Settings;
use crate::store::Store;
use crate::{control, cors, inspect, receive, refusal};

/// The documented path, and the only one that faults and the rate limit apply to.
pub(crate) const BATCH: &str = "/v1/events/batch";

/// What one collector's handlers share.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) settings: Settings,
    pub(crate) store: Arc<Store>,
    pub(crate) faults: FaultSwitch,
    /// One key is known, so one count serves "per key".
    pub(crate) limit: Mutex<RateLimit>,
}

pub(crate) fn router(app: Arc<App>) -> Router {
    let faults = get(control::show).put(control::set).delete(control::clear);
    Router::new()
        .route(BATCH, post(receive::receive))
        .route("/v1/events", get(inspect::events))
        .route("/v1/requests", get(inspect::requests))
        .route("/v1/summary", get(inspect::summary))
        .route("/control/faults", faults)
        .fallback(unknown_path)
        .method_not_allowed_fallback(wrong_method)
        .layer(middleware::from_fn(cors::allow))
        .layer(middleware::from_fn_with_state(Arc::clone(&app), fail_preflights))
        .with_state(app)
}

/// A server that is down does not answer preflights either, and a slow network delays them too. They use up no `times`.
async fn fail_preflights(
    State(app): State<Arc<App>>,
    Extension(scissors): Extension<Scissors>,
    request: Request,
    next: Next,
) -> Response {
    if request.method() == Method::OPTIONS && request.uri().path() == BATCH {
        let faults = app.faults.shown().unwrap_or_default();
        faults.sleep().await;
        if faults.drop == Some(DropPoint::Before) {
            match scissors.cut().await {}
        }
    }
    next.run(request).await
}

async fn unknown_path(uri: Uri) -> Response {
    let message = format!("there is nothing at {}", uri.path());
    (StatusCode::NOT_FOUND, refusal::body(message)).into_response()
}

async fn wrong_method(method: Method, uri: Uri) -> Response {
    let message = format!("{} does not take {method}", uri.path());
    (StatusCode::METHOD_NOT_ALLOWED, refusal::body(message)).into_response()
}
