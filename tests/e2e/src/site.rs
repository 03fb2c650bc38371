//! The site that the browser visits: the fixture pages, and the package as it was built.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex as Lock};
use std::{fs, future, iter};

use anyhow::{Context, Result, ensure};
use axum::Router;
use axum::extract::{Path as Place, Request, State};
use axum::http::header::CONTENT_SECURITY_POLICY;
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{self, Next};
use axum::response::IntoResponse;
use axum::routing::post;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;
use tower_http::services::ServeDir;

use crate::engine::Engine;
use crate::wait::in_time;

/// What a page told, and what it said beside that.
type Word = (String, String);

/// Copies of the package: one that never has the core, and one whose core is there for the third request.
const WITHOUT_CORE: &str = "/without-core";
const LATE_CORE: &str = "/late-core";
const FAILURES: usize = 2;

/// What the pages of a site load.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Entry {
    /// The default entry.
    Default,
    /// The entry without WebAssembly, on every page of this engine, under a policy that forbids WebAssembly.
    Js(Engine),
}

/// The page under a policy of its own.
const STRICT: &str = "/strict.html";
const STRICT_POLICY: HeaderValue = HeaderValue::from_static("script-src 'self'");

/// Allows the scripts within the pages, and no WebAssembly.
const JS_POLICY: HeaderValue = HeaderValue::from_static("script-src 'self' 'unsafe-inline'");

/// Lets the drivers of Firefox and WebKit run scripts in a page: they use `eval`. `'unsafe-eval'` allows WebAssembly as well, but
/// this entry contains none.
const DRIVEN_JS_POLICY: HeaderValue =
    HeaderValue::from_static("script-src 'self' 'unsafe-inline' 'unsafe-eval'");

/// A served copy of `tests/e2e/pages`, in which `{{endpoint}}` and `{{api_key}}` are filled in, with the
/// built package under `/pkg`, and copies of it whose core does not load.
///
/// A page that no driver watches says how far it is by a `POST` to `/told/WORD`. One to `/hang` is never answered: what a
/// page sends there stays on its way.
///
/// The collector's `Pages` forbid caching, and a page under that rule is nothing for the back/forward cache.
#[derive(Debug)]
pub struct Site {
    address: SocketAddr,
    told: Mutex<mpsc::UnboundedReceiver<Word>>,
    serving: JoinHandle<()>,
    /// The paths that were asked for.
    asked: Arc<Lock<Vec<String>>>,
    _folder: TempDir,
}

impl Site {
    /// Fills the pages in and serves them on a free port.
    pub async fn start(endpoint: &str, api_key: &str, entry: Entry) -> Result<Self> {
        let package = package()?;
        let folder = tempfile::Builder::new().prefix("e2e-site-").tempdir().context("no temporary folder")?;
        fill_in(folder.path(), endpoint, api_key, entry)?;
        let (tell, told) = mpsc::unbounded_channel();
        let asked = Arc::new(Lock::new(Vec::new()));
        let log = Arc::clone(&asked);
        let files = Router::new()
            .route("/told/{word}", post(take_word))
            .route("/hang", post(future::pending::<()>))
            .with_state(tell)
            .nest_service("/pkg", ServeDir::new(&package))
            .nest_service(WITHOUT_CORE, ServeDir::new(&package))
            .nest_service(LATE_CORE, ServeDir::new(&package))
            .fallback_service(ServeDir::new(folder.path()))
            .layer(middleware::from_fn(move |request: Request, next: Next| {
                let path = request.uri().path().to_string();
                let policy = match entry {
                    _ if path == STRICT => Some(STRICT_POLICY),
                    Entry::Js(Engine::Chromium) => Some(JS_POLICY),
                    Entry::Js(Engine::Firefox | Engine::WebKit) => Some(DRIVEN_JS_POLICY),
                    Entry::Default => None,
                };
                let is_missing = log.lock().is_ok_and(|mut asked| {
                    let before = asked.iter().filter(|one| **one == path).count();
                    let is_core = |of: &str| path == format!("{of}/core.js");
                    let is_missing = is_core(WITHOUT_CORE) || is_core(LATE_CORE) && before < FAILURES;
                    asked.push(path);
                    is_missing
                });
                let answer = next.run(request);
                async move {
                    if is_missing {
                        return StatusCode::SERVICE_UNAVAILABLE.into_response();
                    }
                    let mut answer = answer.await;
                    if let Some(policy) = policy {
                        answer.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
                    }
                    answer
                }
            }));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("no port is free")?;
        let address = listener.local_addr().context("a listener without an address")?;
        let serving = tokio::spawn(async move {
            // It never ends by itself, and has no error to tell.
            let _ = axum::serve(listener, files).await;
        });
        Ok(Self { address, told: Mutex::new(told), serving, asked, _folder: folder })
    }

    /// The address of a page, by its file name.
    pub fn url(&self, page: &str) -> String {
        format!("http://{}/{page}", self.address)
    }

    /// Whether a page has told this, and nobody has waited for it. Other words are passed over.
    pub async fn has_told(&self, word: &str) -> bool {
        let mut told = self.told.lock().await;
        iter::from_fn(|| told.try_recv().ok()).any(|(told, _)| told == word)
    }

    /// Waits until a page tells this; what it says beside that. Other words are passed over.
    pub async fn told(&self, awaited: &str) -> Result<String> {
        let mut told = self.told.lock().await;
        let word = async {
            loop {
                let (word, beside) = told.recv().await.context("the site is closed")?;
                if word == awaited {
                    return Ok(beside);
                }
            }
        };
        in_time(&format!("a page to tell {awaited:?}"), word).await
    }

    /// Whether a browser has asked for this path.
    pub fn was_asked_for(&self, path: &str) -> bool {
        self.asked.lock().is_ok_and(|asked| asked.iter().any(|one| one == path))
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn take_word(
    State(tell): State<mpsc::UnboundedSender<Word>>,
    Place(word): Place<String>,
    beside: String,
) {
    // The site may be closed by now: then nobody waits for the word.
    let _ = tell.send((word, beside));
}

fn fill_in(folder: &Path, endpoint: &str, api_key: &str, entry: Entry) -> Result<()> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("pages");
    for file in fs::read_dir(&source).with_context(|| format!("cannot read {}", source.display()))? {
        let path = file?.path();
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let mut text = text.replace("{{endpoint}}", endpoint).replace("{{api_key}}", api_key);
        if matches!(entry, Entry::Js(_)) {
            text =
                text.replace("/pkg/index.js", "/pkg/js.js").replace("/pkg/appizer.js", "/pkg/appizer-js.js");
        }
        let copy = folder.join(path.file_name().context("a file without a name")?);
        fs::write(&copy, text).with_context(|| format!("cannot write {}", copy.display()))?;
    }
    Ok(())
}

fn package() -> Result<PathBuf> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../pkg");
    for file in ["index.js", "appizer.js"] {
        ensure!(package.join(file).is_file(), "pkg/{file} is missing: run `cargo xtask build`");
    }
    Ok(package)
}
