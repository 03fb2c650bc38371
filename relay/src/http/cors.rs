//! What a browser on another origin needs before it lets a page talk to the relay.

use std::sync::Arc;
use std::time::Duration;

use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, header};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::accept::host;
use crate::app::App;

/// The header by which a reply says that it comes from a relay.
pub(super) const RELAY: HeaderName = HeaderName::from_static("appizer-relay");

/// Two hours, the longest that Chromium honours.
const PREFLIGHT_AGE: Duration = Duration::from_secs(7_200);

/// Answers preflights, and opens replies to the origins of the site.
pub(super) fn layer(app: &Arc<App>) -> CorsLayer {
    let app = Arc::clone(app);
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(move |origin, parts| admits(&app, origin, parts)))
        .allow_methods([Method::POST])
        .allow_headers([header::CONTENT_TYPE, header::AUTHORIZATION, header::CONTENT_ENCODING])
        // `navigator.sendBeacon` always sends credentials, and fails without this. Cookies are never read.
        .allow_credentials(true)
        .expose_headers([header::RETRY_AFTER, RELAY])
        .max_age(PREFLIGHT_AGE)
}

fn admits(app: &App, origin: &HeaderValue, parts: &Parts) -> bool {
    let Ok(host) = host(&parts.headers, parts.uri.host()) else { return false };
    let (Some(site), Ok(origin)) = (app.config.site_of(host.as_deref()), origin.to_str()) else {
        return false;
    };
    site.admits_origin(origin)
}
