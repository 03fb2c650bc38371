//! Folders of static files on a port, hence an origin, of their own: the demo's page and the browser tests'.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use tower_http::services::ServeDir;

use crate::loopback::Loopback;

/// Running pages. Dropped without [`stop`](Self::stop), they close soon after.
#[derive(Debug)]
pub struct Pages(Loopback);

/// Why pages did not start.
#[derive(Debug, thiserror::Error)]
pub enum PagesError {
    /// A prefix that is no path, or one that the router would read as a pattern.
    #[error(
        "{0:?} cannot be a URL prefix: it must begin with / and hold only letters, digits, and any of /-_.@"
    )]
    Prefix(String),
    /// A prefix that was given before.
    #[error("{0:?} is given twice")]
    Twice(String),
    /// A folder that is not there.
    #[error("{} is not a folder", .0.display())]
    NotAFolder(PathBuf),
    /// The port could not be taken.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
}

impl Pages {
    /// Serves each folder under its URL prefix, on a loopback port (0: any that is free). `index.html` stands
    /// for its folder, and nothing is cached. Needs a Tokio runtime.
    pub async fn start(port: u16, mounts: Vec<(String, PathBuf)>) -> Result<Self, PagesError> {
        let router = router(mounts)?;
        let server = Loopback::start(port, router).await.map_err(|source| PagesError::Listen {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
            source,
        })?;
        Ok(Self(server))
    }

    /// Where they are served.
    pub fn address(&self) -> SocketAddr {
        self.0.address()
    }

    /// The full URL of a path that begins with a slash.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address())
    }

    /// Closes the listener and every open connection.
    pub async fn stop(self) {
        self.0.stop().await;
    }
}

fn router(mounts: Vec<(String, PathBuf)>) -> Result<Router, PagesError> {
    let mut router = Router::new();
    let mut taken = Vec::new();
    for (prefix, folder) in mounts {
        if !folder.is_dir() {
            return Err(PagesError::NotAFolder(folder));
        }
        let place = place(&prefix)?;
        let files = ServeDir::new(folder);
        router = match place.as_str() {
            _ if taken.contains(&place) => return Err(PagesError::Twice(prefix)),
            "" => router.fallback_service(files),
            _ => router.nest_service(&place, files),
        };
        taken.push(place);
    }
    Ok(router.layer(middleware::from_fn(label)))
}

/// The prefix without its closing slash; empty for the root.
fn place(prefix: &str) -> Result<String, PagesError> {
    let harmless = |letter: char| letter.is_ascii_alphanumeric() || "/-_.@".contains(letter);
    if prefix.starts_with('/') && prefix.chars().all(harmless) && !prefix.contains("//") {
        Ok(prefix.strip_suffix('/').unwrap_or(prefix).into())
    } else {
        Err(PagesError::Prefix(prefix.into()))
    }
}

async fn label(request: Request, next: Next) -> Response {
    let content_type = better_type(request.uri().path());
    let mut response = next.run(request).await;
    let success = response.status() == StatusCode::OK;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // As a CDN answers: a page elsewhere may load the script, and the script its WebAssembly.
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    if let Some(content_type) = content_type.filter(|_| success) {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    response
}

/// Where the usual table of types is out of date: it has `.ts` as a video.
fn better_type(path: &str) -> Option<&'static str> {
    match path.rsplit_once('.')?.1 {
        "ts" => Some("application/typescript; charset=utf-8"),
        "mjs" => Some("text/javascript"),
        _ => None,
    }
}
