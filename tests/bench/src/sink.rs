//! Where all trackers send to: a server that takes anything, whatever its shape, and counts.
//!
//! One server for all, so that what it costs itself is the same for each; it keeps nothing. It knows the bench's
//! events by a mark in their first property, `zqRUNxNUMBERqz`, of which no encoding that a tracker uses changes
//! a letter but base64 and gzip, which it undoes.

use std::collections::BTreeSet;
use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use memchr::memmem;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// What every tracker takes for a success.
const ANSWER: &str = r#"{"success":true,"message":"","status":1,"code":200}"#;

/// A running sink; dropped, it ends.
#[derive(Debug)]
pub struct Sink {
    address: SocketAddr,
    shared: Arc<Shared>,
    serving: JoinHandle<()>,
}

/// What came of one run.
#[derive(Clone, Debug, Default)]
pub struct Arrived {
    /// Different events.
    pub events: BTreeSet<u32>,
    /// Events that had come before.
    pub repeats: u64,
    /// Requests that brought any.
    pub requests: u64,
    /// Bytes of those requests, heads included.
    pub bytes: u64,
    /// When the last new event came, in milliseconds since 1970.
    pub last: f64,
}

#[derive(Debug, Default)]
struct Shared {
    run: Mutex<(u32, Arrived)>,
    refusing: AtomicBool,
}

impl Sink {
    /// Listens on a free loopback port.
    pub async fn start() -> Result<Self> {
        let shared = Arc::new(Shared::default());
        let router = Router::new().fallback(receive).with_state(Arc::clone(&shared));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("no port is free")?;
        let address = listener.local_addr().context("a listener without an address")?;
        let serving = tokio::spawn(async move {
            // It never ends by itself, and has no error to tell.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { address, shared, serving })
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Forgets what came, and counts this run's events alone from now on.
    pub fn begin(&self, run: u32) {
        *self.shared.run() = (run, Arrived::default());
    }

    /// Whether events are answered by 503 from now on.
    pub fn refuse(&self, refusing: bool) {
        self.shared.refusing.store(refusing, Ordering::Relaxed);
    }

    /// What came so far.
    pub fn arrived(&self) -> Arrived {
        self.shared.run().1.clone()
    }

    /// How many different events came so far.
    pub fn count(&self) -> usize {
        self.shared.run().1.events.len()
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Shared {
    fn run(&self) -> MutexGuard<'_, (u32, Arrived)> {
        self.run.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn receive(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let refused = shared.refusing.load(Ordering::Relaxed) && method != Method::OPTIONS;
    if !refused && method != Method::OPTIONS {
        count(&mut shared.run(), &uri, &headers, &body);
    }
    let status = if refused { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    (status, allow(&headers), ANSWER).into_response()
}

fn count((run, arrived): &mut (u32, Arrived), uri: &Uri, headers: &HeaderMap, body: &[u8]) {
    let marks = marks(*run, &plain(body));
    if marks.is_empty() {
        return;
    }
    let head: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    arrived.requests += 1;
    arrived.bytes += (head + uri.to_string().len() + body.len()) as u64;
    let before = arrived.events.len();
    let count = marks.len();
    arrived.events.extend(marks);
    let new = arrived.events.len() - before;
    arrived.repeats += (count - new) as u64;
    if new > 0 {
        arrived.last = now();
    }
}

/// The numbers of a run's events that stand in a text.
fn marks(run: u32, text: &[u8]) -> Vec<u32> {
    let head = format!("zq{run}x");
    let places = memmem::find_iter(text, &head);
    let numbers = places.filter_map(|place| {
        let rest = &text[place + head.len()..];
        let end = rest.iter().position(|byte| !byte.is_ascii_digit())?;
        std::str::from_utf8(&rest[..end]).ok()?.parse().ok()
    });
    numbers.collect()
}

/// A body as it was before its tracker packed it.
fn plain(body: &[u8]) -> Vec<u8> {
    if body.starts_with(&[0x1f, 0x8b]) {
        let mut text = Vec::new();
        return GzDecoder::new(body).read_to_end(&mut text).map_or_else(|_| body.to_vec(), |_| text);
    }
    let packed =
        body.strip_prefix(b"data=").map(|data| data.split(|byte| *byte == b'&').next().unwrap_or(data));
    packed.and_then(|data| STANDARD.decode(unescaped(data)).ok()).unwrap_or_else(|| body.to_vec())
}

/// The three letters of base64 that a form's encoding changes.
fn unescaped(data: &[u8]) -> String {
    let text = String::from_utf8_lossy(data);
    text.replace("%2B", "+").replace("%2F", "/").replace("%3D", "=")
}

fn allow(asked: &HeaderMap) -> HeaderMap {
    let echo = |name: HeaderName, otherwise: &'static str| {
        asked.get(name).cloned().unwrap_or(HeaderValue::from_static(otherwise))
    };
    HeaderMap::from_iter([
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, echo(header::ORIGIN, "*")),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, echo(header::ACCESS_CONTROL_REQUEST_HEADERS, "*")),
        (header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true")),
        (header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600")),
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
    ])
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    const BODY: &[u8] = br#"[{"step":"zq7x12qz"},{"step":"zq7x3qz"},{"step":"zq70x4qz"}]"#;

    #[test]
    fn events_are_known_by_their_marks_however_they_are_packed() {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(BODY).unwrap();
        let form =
            format!("data={}&verbose=1", STANDARD.encode(BODY).replace('=', "%3D").replace('+', "%2B"));
        for body in [BODY, &gzip.finish().unwrap(), form.as_bytes()] {
            assert_eq!(marks(7, &plain(body)), [12, 3]);
        }
    }

    #[test]
    fn an_event_that_comes_again_is_a_repeat() {
        let mut run = (7, Arrived::default());
        for _ in 0..2 {
            count(&mut run, &Uri::from_static("/"), &HeaderMap::new(), BODY);
        }
        assert_eq!((run.1.events.len(), run.1.repeats, run.1.requests), (2, 2, 2));
    }
}
