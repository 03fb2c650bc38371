//! `/healthz`, `/readyz` and `/metrics`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Json, Router};
use serde_json::json;

use super::Peer;
use crate::accept::Refusal;
use crate::app::App;

/// The text format's version.
const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Who may read the metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Metrics {
    /// Whoever reaches the address.
    Open,
    /// Programs on this machine.
    OnLoopback,
}

pub(super) fn router(readers: Metrics) -> Router<Arc<App>> {
    let metrics = move |State(app): State<Arc<App>>, Extension(peer): Extension<Peer>, headers: HeaderMap| async move {
        if readers == Metrics::Open || is_local(&app, peer, &headers) {
            ([(header::CONTENT_TYPE, PROMETHEUS)], app.metrics.render()).into_response()
        } else {
            // What is not for everybody is not there for everybody.
            Refusal::Nothing("/metrics".into()).into_response()
        }
    };
    Router::new().route("/healthz", get(alive)).route("/readyz", get(ready)).route("/metrics", get(metrics))
}

/// Returns true if a program on this machine asks, and not a proxy for somebody else.
fn is_local(app: &App, Peer(peer): Peer, headers: &HeaderMap) -> bool {
    let forwarded = ["forwarded", "x-forwarded-for", "x-real-ip", "via"];
    let forwarded = forwarded.iter().any(|name| headers.contains_key(*name));
    peer.to_canonical().is_loopback() && !forwarded && !headers.contains_key(&app.config.client_header)
}

/// Answers that the process lives.
async fn alive() -> Response {
    Json(json!({ "alive": true, "relay": true })).into_response()
}

/// Answers whether the relay takes events. An endpoint that is down is no reason to send none.
async fn ready(State(app): State<Arc<App>>) -> Response {
    let reasons = app.unready();
    let status = if reasons.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(json!({ "ready": reasons.is_empty(), "reasons": reasons, "relay": true }))).into_response()
}
