//! Simulated visitors: each sends like a tracker without a browser around it.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use reqwest::header::{CONTENT_TYPE, ORIGIN as ORIGIN_HEADER};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

/// As the tracker waits for an answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// The origin of the visitors' pages.
pub(crate) const ORIGIN: &str = "https://shop.example";

/// The name of one event in a thousand.
pub(crate) const RARE_EVENT: &str = "one_in_a_thousand";

/// The property that says when a visitor tracked the event, in milliseconds since 1970.
pub const TRACKED_AT: &str = "tracked_at";

/// How long visitors that stop tracking may take to send what they keep.
const FAREWELL: Duration = Duration::from_secs(120);

/// Events that one request carries at the most.
const MAX_BATCH_EVENTS: usize = 100;

/// Visitors who track one event each interval, keep it until a reply confirms it, and send it again with the same id.
#[derive(Debug)]
pub struct Visitors {
    tasks: JoinSet<()>,
    visitor: Arc<Visitor>,
}

impl Visitors {
    /// Starts `count` visitors, spread over the interval.
    pub fn start(endpoint: &str, count: u32, interval: Duration) -> Result<Self> {
        Self::start_at(vec![endpoint.into()], count, interval)
    }

    /// Starts visitors of several relays. A visitor whose request fails goes to the next relay, as a load balancer would.
    pub(crate) fn start_at(endpoints: Vec<String>, count: u32, interval: Duration) -> Result<Self> {
        Self::start_as(Visitor::new(endpoints, None)?, count, interval)
    }

    /// Starts visitors who send with a key to an endpoint that is no relay.
    pub fn start_with_key(endpoint: &str, api_key: &str, count: u32, interval: Duration) -> Result<Self> {
        Self::start_as(Visitor::new(vec![endpoint.into()], Some(api_key))?, count, interval)
    }

    fn start_as(visitor: Visitor, count: u32, interval: Duration) -> Result<Self> {
        let visitor = Arc::new(visitor);
        let mut tasks = JoinSet::new();
        for n in 0..count {
            let visitor = Arc::clone(&visitor);
            tasks.spawn(async move {
                sleep(interval * n / count).await;
                visitor.visit(n, interval).await;
            });
        }
        Ok(Self { tasks, visitor })
    }

    /// The ids that were confirmed so far.
    pub fn confirmed(&self) -> BTreeSet<String> {
        self.visitor.confirmed().clone()
    }

    /// Returns how often a visitor was answered 503.
    pub(crate) fn unavailable(&self) -> usize {
        self.visitor.unavailable.load(Ordering::Relaxed)
    }

    /// Ends all visits, and returns the ids that were confirmed.
    pub async fn stop(mut self) -> BTreeSet<String> {
        self.tasks.shutdown().await;
        self.confirmed()
    }

    /// Lets all visitors stop tracking and send what they keep. Returns the ids of all events that were tracked; fails if some
    /// are never confirmed.
    pub async fn finish(mut self) -> Result<BTreeSet<String>> {
        self.visitor.leaves.store(true, Ordering::Relaxed);
        let sent = timeout(FAREWELL, async { while self.tasks.join_next().await.is_some() {} }).await;
        let tracked = self.visitor.tracked.load(Ordering::Relaxed);
        let confirmed = self.confirmed();
        sent.with_context(|| format!("{} events were never confirmed", tracked - confirmed.len()))?;
        ensure!(tracked == confirmed.len(), "{tracked} events were tracked, {} confirmed", confirmed.len());
        Ok(confirmed)
    }
}

/// What all visitors have in common.
#[derive(Debug)]
struct Visitor {
    client: Client,
    endpoints: Vec<String>,
    api_key: Option<String>,
    /// Begins every id, so that visits of another time are others.
    began: u64,
    tracked: AtomicUsize,
    confirmed: Mutex<BTreeSet<String>>,
    unavailable: AtomicUsize,
    /// Becomes true when visitors stop tracking.
    leaves: AtomicBool,
}

/// An event that a visitor keeps.
struct Event {
    id: String,
    name: &'static str,
    tracked_at: u64,
}

impl Visitor {
    fn new(endpoints: Vec<String>, api_key: Option<&str>) -> Result<Self> {
        ensure!(!endpoints.is_empty(), "visitors need an endpoint");
        let client = Client::builder().no_proxy().build().context("no HTTP client")?;
        let began = now();
        let (tracked, confirmed, unavailable) = Default::default();
        let (api_key, leaves) = (api_key.map(Into::into), AtomicBool::new(false));
        Ok(Self { client, endpoints, api_key, began, tracked, confirmed, unavailable, leaves })
    }

    async fn visit(&self, visitor: u32, interval: Duration) {
        let mut queue = Vec::new();
        let mut place = visitor as usize;
        let (start, mut step) = (Instant::now(), 0);
        loop {
            let leaves = self.leaves.load(Ordering::Relaxed);
            // A slow reply keeps nobody from tracking.
            while !leaves && start.elapsed() >= interval * step {
                queue.push(self.track(format!("{}_{visitor}-{step}", self.began)));
                step += 1;
            }
            if leaves && queue.is_empty() {
                return;
            }
            let sent = queue.len().min(MAX_BATCH_EVENTS);
            let endpoint = &self.endpoints[place % self.endpoints.len()];
            if let Ok(Ok(true)) = timeout(PATIENCE, self.post(endpoint, &queue[..sent])).await {
                self.confirmed().extend(queue.drain(..sent).map(|event| event.id));
            } else {
                place += 1;
            }
            sleep(interval).await;
        }
    }

    fn track(&self, id: String) -> Event {
        let number = self.tracked.fetch_add(1, Ordering::Relaxed);
        let name = if number % 1_000 == 500 { RARE_EVENT } else { "visit" };
        Event { id, name, tracked_at: now() }
    }

    /// Returns true if the reply confirms all events.
    async fn post(&self, endpoint: &str, events: &[Event]) -> Result<bool> {
        let event = |Event { id, name, tracked_at }: &Event| {
            let properties = json!({ "$event_id": id, TRACKED_AT: tracked_at });
            json!({ "event_name": name, "user_id": "visitor", "properties": properties })
        };
        let body = json!({ "events": events.iter().map(event).collect::<Vec<_>>() });
        let request = self.client.post(endpoint).header(ORIGIN_HEADER, ORIGIN).body(body.to_string());
        let request = match &self.api_key {
            Some(key) => request.header(CONTENT_TYPE, "application/json").bearer_auth(key),
            None => request.header(CONTENT_TYPE, "text/plain"),
        };
        let response = request.send().await?;
        let status = response.status();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            self.unavailable.fetch_add(1, Ordering::Relaxed);
        }
        let reply: Value = serde_json::from_str(&response.text().await?)?;
        Ok(status.is_success() && reply["success"] == true && reply["processed_count"] == events.len())
    }

    fn confirmed(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.confirmed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Milliseconds since 1970.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as u64
}
