//! What a browser on another origin needs before it lets a page talk to the collector.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Answers preflights, and opens every other answer (errors and faults included) to the asking origin.
pub(crate) async fn allow(request: Request, next: Next) -> Response {
    let origin = request.headers().get(header::ORIGIN).cloned();
    let preflight = request.method() == Method::OPTIONS;
    let mut response =
        if preflight { StatusCode::NO_CONTENT.into_response() } else { next.run(request).await };
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = origin {
        open_to(origin, headers);
        if preflight {
            headers.extend(PREFLIGHT.map(constant));
        }
    }
    response
}

const PREFLIGHT: [(HeaderName, &str); 3] = [
    (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, PUT, DELETE, OPTIONS"),
    // `*` would not do: it never covers Authorization, and means nothing beside credentials.
    (header::ACCESS_CONTROL_ALLOW_HEADERS, "Authorization, Content-Type"),
    // Two hours, the longest that Chromium honours.
    (header::ACCESS_CONTROL_MAX_AGE, "7200"),
];

const ANSWER: [(HeaderName, &str); 2] = [
    // `navigator.sendBeacon` always sends credentials, and fails without this.
    (header::ACCESS_CONTROL_ALLOW_CREDENTIALS, "true"),
    (header::ACCESS_CONTROL_EXPOSE_HEADERS, "Retry-After"),
];

fn open_to(origin: HeaderValue, headers: &mut HeaderMap) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.extend(ANSWER.map(constant));
}

fn constant((name, value): (HeaderName, &'static str)) -> (HeaderName, HeaderValue) {
    (name, HeaderValue::from_static(value))
}
