//! The tracker's script, so that a site needs one host.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use axum::Json;
use axum::extract::{Path as Segment, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use sha2::{Digest, Sha384};

use crate::accept::Refusal;
use crate::app::App;

/// The name that always has the newest script.
const NAME: &str = "appizer.js";

/// Tells a page's author the name with a hash, and the integrity.
const MANIFEST: &str = "appizer.json";

/// Letters of the hash in the immutable name.
const HASH_LENGTH: usize = 16;

/// The script, read when it is there for the first time.
#[derive(Debug)]
pub(crate) struct Tracker {
    path: PathBuf,
    script: OnceLock<Script>,
}

/// A script in all the forms in which it is served.
#[derive(Debug)]
pub(crate) struct Script {
    plain: Vec<u8>,
    gzip: Vec<u8>,
    brotli: Vec<u8>,
    /// `appizer.<hash>.js`, which never changes.
    pub(crate) immutable_name: String,
    /// For the script tag's attribute.
    pub(crate) integrity: String,
}

impl Tracker {
    pub(crate) fn new(path: PathBuf) -> Self {
        let tracker = Self { path, script: OnceLock::new() };
        if tracker.script().is_none() {
            let path = tracker.path.display();
            tracing::warn!(
                "{path} is not there: /{NAME} is not served; build it by `cargo xtask build` or name it by --tracker"
            );
        }
        tracker
    }

    fn script(&self) -> Option<&Script> {
        if self.script.get().is_none()
            && let Ok(script) = Script::read(&self.path)
        {
            // Another request may have read it meanwhile.
            let _ = self.script.set(script);
        }
        self.script.get()
    }
}

/// Returns the immutable name of a script, and its integrity.
pub fn describe_tracker(path: &Path) -> std::io::Result<(String, String)> {
    Script::read(path).map(|script| (script.immutable_name, script.integrity))
}

impl Script {
    /// Reads and compresses a script.
    pub(crate) fn read(path: &Path) -> std::io::Result<Self> {
        let plain = std::fs::read(path)?;
        let hash = Sha384::digest(&plain);
        let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gzip.write_all(&plain)?;
        let mut brotli = Vec::new();
        brotli::BrotliCompress(
            &mut plain.as_slice(),
            &mut brotli,
            &brotli::enc::BrotliEncoderParams::default(),
        )?;
        Ok(Self {
            gzip: gzip.finish()?,
            brotli,
            immutable_name: format!("appizer.{}.js", &hex[..HASH_LENGTH]),
            integrity: format!("sha384-{}", STANDARD.encode(hash)),
            plain,
        })
    }

    /// Returns the smallest form that a client takes.
    fn encoded(&self, headers: &HeaderMap) -> (Option<&'static str>, &[u8]) {
        let accepted =
            headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
        // Browsers give no weights, and nobody who asks for an encoding by name has given it weight zero.
        let accepts = |name| {
            accepted.split(',').any(|coding| coding.split(';').next().unwrap_or_default().trim() == name)
        };
        if accepts("br") {
            (Some("br"), &self.brotli)
        } else if accepts("gzip") {
            (Some("gzip"), &self.gzip)
        } else {
            (None, &self.plain)
        }
    }
}

/// Handles `GET /<file>`.
pub(super) async fn serve(
    State(app): State<Arc<App>>,
    Segment(file): Segment<String>,
    headers: HeaderMap,
) -> Response {
    let is_named = file == NAME || file == MANIFEST;
    let Some(script) = app.tracker.script() else {
        return if is_named { absent(&app.tracker.path) } else { nothing(&file) };
    };
    if file == MANIFEST {
        let manifest = json!({ "src": format!("/{}", script.immutable_name), "integrity": script.integrity });
        return (OPEN, [(header::CACHE_CONTROL, "no-cache")], Json(manifest)).into_response();
    }
    if file != NAME && file != script.immutable_name {
        return nothing(&file);
    }
    let caching = if file == NAME { "no-cache" } else { "public, max-age=31536000, immutable" };
    let etag = format!("\"{}\"", script.integrity);
    let mut response = if matches(&headers, &etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let (encoding, body) = script.encoded(&headers);
        let mut response =
            ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], body.to_vec()).into_response();
        if let Some(encoding) = encoding {
            response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        response
    };
    let added = response.headers_mut();
    added.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    added.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        added.insert(header::ETAG, etag);
    }
    added.extend(OPEN.map(|(name, value)| (name, HeaderValue::from_static(value))));
    response
}

/// A script is for any page: `integrity` needs it to be readable across origins.
const OPEN: [(header::HeaderName, &str); 2] = [
    (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    (header::HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
];

/// Returns true if the client has this very file.
fn matches(headers: &HeaderMap, etag: &str) -> bool {
    let named = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default();
    named.split(',').any(|tag| {
        let tag = tag.trim();
        tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag
    })
}

fn nothing(file: &str) -> Response {
    Refusal::Nothing(format!("/{file}")).into_response()
}

/// Says what the owner has forgotten.
fn absent(path: &Path) -> Response {
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    Refusal::NoTracker(file.into_owned()).into_response()
}
