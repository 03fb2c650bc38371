//! The paths.

use std::any::Any;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, Uri, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::decompression::RequestDecompressionLayer;
use tower_http::map_request_body::MapRequestBodyLayer;
use tower_http::set_header::SetResponseHeaderLayer;

use super::{BATCH, cors, health, tracker};
use crate::accept::{self, Refusal};
use crate::app::App;

/// Returns the routes that browsers reach.
pub(crate) fn main_router(app: &Arc<App>) -> Router {
    let decompress = ServiceBuilder::new()
        .layer(RequestDecompressionLayer::new().pass_through_unaccepted(true))
        .layer(MapRequestBodyLayer::new(Body::new));
    let batch = Router::new()
        .route(BATCH, post(accept::accept))
        .method_not_allowed_fallback(wrong_method)
        .layer(decompress)
        .layer(middleware::from_fn_with_state(Arc::clone(app), measure))
        .layer(cors::layer(app));
    let router = batch
        .merge(Router::new().route("/{file}", get(tracker::serve)))
        .merge(health::router(health::Metrics::OnLoopback));
    finish(router, app)
}

/// Returns the routes that the owner reaches at the second address.
pub(crate) fn metrics_router(app: &Arc<App>) -> Router {
    finish(health::router(health::Metrics::Open), app)
}

fn finish(router: Router<Arc<App>>, app: &Arc<App>) -> Router {
    let always = |name, value| SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value));
    router
        .fallback(unknown_path)
        .method_not_allowed_fallback(wrong_method)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(always(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(always(cors::RELAY, "1"))
        .with_state(Arc::clone(app))
}

async fn unknown_path(uri: Uri) -> Response {
    Refusal::Nothing(uri.path().into()).into_response()
}

async fn wrong_method(method: Method, uri: Uri) -> Response {
    Refusal::Method { path: uri.path().into(), method: method.to_string() }.into_response()
}

/// Counts a reply and the time it took.
async fn measure(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let start = Instant::now();
    let response = next.run(request).await;
    app.metrics.reply(response.status().as_u16());
    app.metrics.server.reply_seconds.record(start.elapsed());
    response
}

/// Answers a request whose handler panicked: the others never hear of it.
fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    tracing::error!("a request made the relay panic; it was answered with 500");
    Refusal::Panicked.into_response()
}
