//! Simulated visitors: each sends like a tracker without a browser around it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use reqwest::Client;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// As the tracker waits for an answer.
const PATIENCE: Duration = Duration::from_secs(30);

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
        Self::start_as(Visitor::new(endpoint, None)?, count, interval)
    }

    /// Starts visitors who send with a key to an endpoint that is no relay.
    pub fn start_with_key(endpoint: &str, api_key: &str, count: u32, interval: Duration) -> Result<Self> {
        Self::start_as(Visitor::new(endpoint, Some(api_key))?, count, interval)
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

    /// Ends all visits, and returns the ids that were confirmed.
    pub async fn stop(mut self) -> BTreeSet<String> {
        self.tasks.shutdown().await;
        self.confirmed()
    }
}

/// What all visitors have in common.
#[derive(Debug)]
struct Visitor {
    client: Client,
    endpoint: String,
    api_key: Option<String>,
    /// Begins every id, so that visits of another time are others.
    began: u128,
    confirmed: Mutex<BTreeSet<String>>,
}

impl Visitor {
    fn new(endpoint: &str, api_key: Option<&str>) -> Result<Self> {
        let client = Client::builder().no_proxy().build().context("no HTTP client")?;
        let began = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let (endpoint, api_key) = (endpoint.into(), api_key.map(Into::into));
        Ok(Self { client, endpoint, api_key, began, confirmed: Mutex::default() })
    }

    async fn visit(&self, visitor: u32, interval: Duration) {
        let mut queue = Vec::new();
        for step in 0_u32.. {
            queue.push(format!("{}_{visitor}-{step}", self.began));
            let sent = queue.len().min(MAX_BATCH_EVENTS);
            if let Ok(Ok(true)) = timeout(PATIENCE, self.post(&queue[..sent])).await {
                self.confirmed().extend(queue.drain(..sent));
            }
            sleep(interval).await;
        }
    }

    /// Returns true if the reply confirms all events.
    async fn post(&self, ids: &[String]) -> Result<bool> {
        let event =
            |id| json!({ "event_name": "visit", "user_id": "visitor", "properties": { "$event_id": id } });
        let body = json!({ "events": ids.iter().map(event).collect::<Vec<_>>() });
        let request = self.client.post(&self.endpoint).body(body.to_string());
        let request = match &self.api_key {
            Some(key) => request.header(CONTENT_TYPE, "application/json").bearer_auth(key),
            None => request.header(CONTENT_TYPE, "text/plain"),
        };
        let response = request.send().await?;
        let is_success = response.status().is_success();
        let reply: Value = serde_json::from_str(&response.text().await?)?;
        Ok(is_success && reply["success"] == true && reply["processed_count"] == ids.len())
    }

    fn confirmed(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.confirmed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
