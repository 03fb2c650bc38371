//! What the handlers of one relay share.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::sync::Notify;

use crate::accept::{Allowance, Clients, Committer, Refusal, Room};
use crate::clock::Clock;
use crate::config::{Config, SiteConfig, SiteName};
use crate::http::Tracker;
use crate::metrics::Metrics;
use crate::policy;
use crate::spool::{Depth, Taken};

/// State of a running relay.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) config: Config,
    pub(crate) clock: Clock,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) committer: Committer,
    pub(crate) clients: Clients,
    pub(crate) allowance: Allowance,
    pub(crate) room: Room,
    pub(crate) tracker: Tracker,
    pub(crate) sites: BTreeMap<SiteName, SiteState>,
    /// The relay takes no more events.
    pub(crate) stopping: AtomicBool,
    /// The disk has less room than deletes may need.
    pub(crate) disk_full: AtomicBool,
    /// When the log last told of a proxy that is not trusted.
    pub(crate) warned_at: AtomicU64,
}

/// What is known of a site's spool without asking it.
#[derive(Debug, Default)]
pub(crate) struct SiteState {
    /// Wakes the sender.
    pub(crate) wake: Arc<Notify>,
    bytes: AtomicU64,
    today: AtomicU64,
    pub(crate) overloaded: AtomicBool,
}

impl SiteState {
    /// Takes over what the spool says.
    pub(crate) fn set(&self, depth: &Depth) {
        self.bytes.store(depth.bytes, Ordering::Relaxed);
        self.today.store(depth.today, Ordering::Relaxed);
    }
}

impl App {
    /// Refuses events that there is no room for.
    pub(crate) fn admit(&self, site: &SiteConfig, events: usize) -> Result<(), Refusal> {
        if self.stopping.load(Ordering::Relaxed) {
            return Err(Refusal::Stopping);
        }
        if self.disk_full.load(Ordering::Relaxed) {
            return Err(Refusal::DiskFull);
        }
        let state = &self.sites[&site.name];
        if state.bytes.load(Ordering::Relaxed) >= site.max_spool_bytes {
            return Err(Refusal::SpoolFull);
        }
        let today = state.today.load(Ordering::Relaxed);
        match site.daily_quota {
            Some(quota) if today + events as u64 > quota => {
                let midnight = policy::DAY - self.clock.wall() % policy::DAY;
                let seconds = (midnight / policy::SECOND + 1).min(policy::MAX_RETRY_AFTER_SECONDS);
                Err(Refusal::Quota { quota, seconds })
            }
            _ => Ok(()),
        }
    }

    /// Counts accepted events until the spool is asked again, and wakes the sender.
    pub(crate) fn note_accepted(&self, site: &SiteConfig, taken: Taken, bytes: usize) {
        let state = &self.sites[&site.name];
        state.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        state.today.fetch_add(u64::from(taken.accepted), Ordering::Relaxed);
        state.wake.notify_one();
    }

    /// Logs, once a minute, that a proxy on this machine is not trusted.
    pub(crate) fn warn_untrusted(&self, peer: IpAddr) {
        let now = self.clock.steady() + policy::MINUTE;
        let last = self.warned_at.load(Ordering::Relaxed);
        let due = last + policy::MINUTE <= now;
        if due && self.warned_at.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            tracing::error!(
                header = %self.config.client_header,
                "{peer} forwards requests and is no trusted proxy: events get no ip, and all visitors share one \
                 allowance; start with --trusted-proxy {peer}"
            );
        }
    }

    /// Returns why the relay should get no requests; nothing if it should.
    pub(crate) fn unready(&self) -> Vec<&'static str> {
        let mut reasons = Vec::new();
        if self.stopping.load(Ordering::Relaxed) {
            reasons.push("stopping");
        }
        if self.committer.is_failing() {
            reasons.push("the spool cannot be written");
        }
        if self.disk_full.load(Ordering::Relaxed) {
            reasons.push("the disk of the spool is full");
        }
        reasons
    }
}
