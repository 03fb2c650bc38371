//! What the relay counts, in Prometheus' format.
//!
//! A relay has a recorder of its own, so that several can live in one process.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram, with_local_recorder};
use metrics_exporter_prometheus::{
    BuildError, Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder,
};

use crate::config::{SiteConfig, SiteName};

/// Seconds: from a fast disk to a slow endpoint.
const SECONDS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

const EVENTS: &[f64] = &[1.0, 5.0, 10.0, 25.0, 50.0, 75.0, 90.0, 99.0, 100.0];

/// All metrics of a relay.
pub struct Metrics {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
    sites: BTreeMap<SiteName, SiteMetrics>,
    replies: Mutex<BTreeMap<u16, Counter>>,
    pub(crate) server: ServerMetrics,
}

/// Metrics of the relay as a whole.
pub(crate) struct ServerMetrics {
    /// Seconds from a request's head to its reply.
    pub(crate) reply_seconds: Histogram,
    /// Seconds that a transaction of the spool took.
    pub(crate) commit_seconds: Histogram,
    /// Requests that shared a transaction.
    pub(crate) commit_requests: Histogram,
    /// Transactions that failed.
    pub(crate) commit_failures: Counter,
    /// Open connections.
    pub(crate) connections: Gauge,
    /// Days of known ids.
    pub(crate) known_days: Gauge,
    /// Days of known ids that were dropped to make room.
    pub(crate) known_days_dropped: Counter,
    /// Free bytes on the spool's disk.
    pub(crate) room: Gauge,
    /// 1 while the spool can be written.
    pub(crate) spool_up: Gauge,
    /// Events and dead letters that were deleted for their age.
    pub(crate) expired: Counter,
    /// Forwarding headers from peers that are not trusted.
    pub(crate) untrusted_forwards: Counter,
}

/// Metrics of one site.
#[derive(Clone)]
pub struct SiteMetrics {
    pub(crate) accepted: Counter,
    pub(crate) repeated: Counter,
    pub(crate) refused: Counter,
    pub(crate) filtered: Counter,
    pub(crate) delivered: Counter,
    pub(crate) dead: Counter,
    pub(crate) waiting: Gauge,
    pub(crate) dead_letters: Gauge,
    pub(crate) bytes: Gauge,
    pub(crate) oldest_seconds: Gauge,
    pub(crate) forecast_seconds: Gauge,
    pub(crate) overloaded: Gauge,
    pub(crate) starts: Gauge,
    pub(crate) leading: Gauge,
    pub(crate) upstream_up: Gauge,
    pub(crate) batch_events: Histogram,
    pub(crate) upstream_seconds: Histogram,
}

impl Metrics {
    /// Makes the metrics of these sites.
    pub(crate) fn new(sites: &[SiteConfig]) -> Result<Self, BuildError> {
        let mut builder = PrometheusBuilder::new();
        for (suffix, buckets) in [("_seconds", SECONDS), ("_events", EVENTS), ("_requests", EVENTS)] {
            builder = builder.set_buckets_for_metric(Matcher::Suffix(suffix.into()), buckets)?;
        }
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        let (server, sites) = with_local_recorder(&recorder, || {
            describe();
            let site = |site: &SiteConfig| (site.name.clone(), SiteMetrics::new(&site.name));
            (ServerMetrics::new(), sites.iter().map(site).collect())
        });
        Ok(Self { recorder, handle, sites, replies: Mutex::default(), server })
    }

    /// Returns the metrics of a configured site.
    pub(crate) fn site(&self, name: &str) -> &SiteMetrics {
        &self.sites[name]
    }

    /// Counts a reply to a browser.
    pub(crate) fn reply(&self, status: u16) {
        let mut replies = self.replies.lock().unwrap_or_else(PoisonError::into_inner);
        let counter = replies.entry(status).or_insert_with(|| {
            with_local_recorder(
                &self.recorder,
                || counter!("appizer_relay_replies_total", "status" => status.to_string()),
            )
        });
        counter.increment(1);
    }

    /// Counts an answer of the endpoint; status 0 where none came.
    pub(crate) fn upstream(&self, site: &str, status: u16) {
        let labels = [("site", site.to_owned()), ("status", status.to_string())];
        with_local_recorder(&self.recorder, || {
            counter!("appizer_relay_upstream_answers_total", &labels).increment(1);
        });
    }

    /// Returns everything in the text format.
    pub fn render(&self) -> String {
        self.handle.run_upkeep();
        self.handle.render()
    }
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl ServerMetrics {
    fn new() -> Self {
        Self {
            reply_seconds: histogram!("appizer_relay_reply_seconds"),
            commit_seconds: histogram!("appizer_relay_commit_seconds"),
            commit_requests: histogram!("appizer_relay_commit_requests"),
            commit_failures: counter!("appizer_relay_commit_failures_total"),
            connections: gauge!("appizer_relay_connections"),
            known_days: gauge!("appizer_relay_known_days"),
            known_days_dropped: counter!("appizer_relay_known_days_dropped_total"),
            room: gauge!("appizer_relay_disk_free_bytes"),
            spool_up: gauge!("appizer_relay_spool_up"),
            expired: counter!("appizer_relay_events_expired_total"),
            untrusted_forwards: counter!("appizer_relay_untrusted_forwards_total"),
        }
    }
}

impl SiteMetrics {
    fn new(site: &str) -> Self {
        let labels = [("site", site.to_owned())];
        Self {
            accepted: counter!("appizer_relay_events_accepted_total", &labels),
            repeated: counter!("appizer_relay_events_repeated_total", &labels),
            refused: counter!("appizer_relay_events_refused_total", &labels),
            filtered: counter!("appizer_relay_events_filtered_total", &labels),
            delivered: counter!("appizer_relay_events_delivered_total", &labels),
            dead: counter!("appizer_relay_events_dead_total", &labels),
            waiting: gauge!("appizer_relay_spool_events", &labels),
            dead_letters: gauge!("appizer_relay_dead_letters", &labels),
            bytes: gauge!("appizer_relay_spool_bytes", &labels),
            oldest_seconds: gauge!("appizer_relay_oldest_event_age_seconds", &labels),
            forecast_seconds: gauge!("appizer_relay_forecast_delay_seconds", &labels),
            overloaded: gauge!("appizer_relay_overloaded", &labels),
            starts: gauge!("appizer_relay_requests_last_minute", &labels),
            leading: gauge!("appizer_relay_leading", &labels),
            upstream_up: gauge!("appizer_relay_upstream_up", &labels),
            batch_events: histogram!("appizer_relay_batch_events", &labels),
            upstream_seconds: histogram!("appizer_relay_upstream_seconds", &labels),
        }
    }
}

/// Tells Prometheus what the names mean.
fn describe() {
    use metrics::{describe_counter as counter, describe_gauge as gauge, describe_histogram as histogram};
    counter!("appizer_relay_replies_total", "Replies to browsers by status");
    histogram!("appizer_relay_reply_seconds", "Seconds from a request's head to its reply");
    histogram!("appizer_relay_commit_seconds", "Seconds of a transaction of the spool");
    histogram!("appizer_relay_commit_requests", "Requests that shared a transaction");
    counter!("appizer_relay_commit_failures_total", "Transactions of the spool that failed");
    gauge!("appizer_relay_connections", "Open connections");
    gauge!("appizer_relay_known_days", "Days of known event ids");
    counter!(
        "appizer_relay_known_days_dropped_total",
        "Days of known event ids dropped because the disk is full"
    );
    gauge!("appizer_relay_disk_free_bytes", "Free bytes on the disk of the spool");
    gauge!("appizer_relay_spool_up", "1 while the spool can be written");
    counter!(
        "appizer_relay_untrusted_forwards_total",
        "Forwarding headers of peers that are no trusted proxy"
    );
    counter!("appizer_relay_events_accepted_total", "Events stored");
    counter!("appizer_relay_events_repeated_total", "Events dropped because their id was known");
    counter!("appizer_relay_events_refused_total", "Events that break the contract");
    counter!("appizer_relay_events_filtered_total", "Events of bots that were dropped");
    counter!("appizer_relay_events_delivered_total", "Events the endpoint has confirmed");
    counter!("appizer_relay_events_dead_total", "Events that became dead letters");
    counter!("appizer_relay_events_expired_total", "Events and dead letters deleted for their age");
    gauge!("appizer_relay_spool_events", "Events waiting");
    gauge!("appizer_relay_dead_letters", "Dead letters");
    gauge!("appizer_relay_spool_bytes", "Bytes of waiting events and dead letters");
    gauge!("appizer_relay_oldest_event_age_seconds", "Age of the oldest waiting event");
    gauge!("appizer_relay_forecast_delay_seconds", "Seconds until an event that arrives now is delivered");
    gauge!("appizer_relay_overloaded", "1 while the forecast delay is above a minute");
    gauge!("appizer_relay_requests_last_minute", "Requests to the endpoint in the last 60 seconds");
    gauge!("appizer_relay_leading", "1 while this relay is the sender");
    gauge!(
        "appizer_relay_upstream_up",
        "1 while the endpoint takes batches, 0 while requests fail, -1 while paused"
    );
    counter!("appizer_relay_upstream_answers_total", "Answers of the endpoint by status, 0 for none");
    histogram!("appizer_relay_batch_events", "Events in a batch");
    histogram!("appizer_relay_upstream_seconds", "Seconds until the endpoint answered");
}
