//! What a relay does beside requests: looks into the spool, tells what it sees, deletes what is old.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::watch;

use crate::app::App;
use crate::config::SiteConfig;
use crate::policy;
use crate::spool::{Depth, Spool};

/// Wait between two looks.
const INTERVAL: u64 = policy::SECOND;

/// Looks between two clean-ups: a minute.
const CLEAN_EVERY: u64 = 60;

/// The task's parts.
#[derive(Clone)]
pub(crate) struct Monitor {
    pub(crate) app: Arc<App>,
    pub(crate) spool: Arc<dyn Spool>,
    pub(crate) stop: watch::Receiver<bool>,
}

/// Returns the seconds until an event that arrives now is delivered, as far as the endpoint's limit is concerned.
pub fn forecast(waiting: u64) -> u64 {
    let batches = waiting.div_ceil(policy::MAX_BATCH_EVENTS as u64);
    batches * policy::MINUTE / policy::SECOND / policy::STARTS_PER_MINUTE as u64
}

impl Monitor {
    pub(crate) async fn run(mut self) {
        self.tell_of_other_sites().await;
        for round in 0_u64.. {
            let clock = self.app.clock.clone();
            tokio::select! {
                () = clock.sleep(INTERVAL) => {}
                _ = self.stop.changed() => return,
            }
            self.look().await;
            if round % CLEAN_EVERY == 0 {
                self.clean().await;
            }
        }
    }

    /// Asks the spool for its numbers. Where it does not answer the old ones stand: whoever writes finds out more.
    pub(crate) async fn look(&self) {
        for site in &self.app.config.sites {
            if let Ok(depth) = self.spool.depth(&site.name, self.app.clock.wall()).await {
                self.app.sites[&site.name].set(&depth);
                self.show(site, &depth);
            }
        }
        if let Some(room) = self.spool.room().await {
            self.app.metrics.server.room.set(room.disk as f64);
            let reserve = self.app.config.disk_reserve_bytes;
            // A full disk counts as full until there is a quarter more: the log comes and goes.
            let margin = if self.app.disk_full.load(Ordering::Relaxed) { reserve / 4 } else { 0 };
            let full = room.is_short(reserve.saturating_add(margin));
            if full != self.app.disk_full.swap(full, Ordering::Relaxed) {
                if full {
                    tracing::error!(
                        free_bytes = room.disk,
                        "the disk of the spool is full: events are refused"
                    );
                } else {
                    tracing::info!(free_bytes = room.disk, "the disk of the spool has room again");
                }
            }
        }
        if let Ok(days) = self.spool.known_days().await {
            self.app.metrics.server.known_days.set(days as f64);
        }
    }

    fn show(&self, site: &SiteConfig, depth: &Depth) {
        let metrics = self.app.metrics.site(&site.name);
        let now = self.app.clock.wall();
        let oldest = depth.oldest.map_or(0, |at| now.saturating_sub(at));
        let delay = forecast(depth.waiting);
        metrics.waiting.set(depth.waiting as f64);
        metrics.dead_letters.set(depth.dead as f64);
        metrics.bytes.set(depth.bytes as f64);
        metrics.oldest_seconds.set(oldest as f64 / policy::SECOND as f64);
        metrics.forecast_seconds.set(delay as f64);
        let overloaded = delay * policy::SECOND > policy::OVERLOADED;
        metrics.overloaded.set(f64::from(u8::from(overloaded)));
        let before = self.app.sites[&site.name].overloaded.swap(overloaded, Ordering::Relaxed);
        match (before, overloaded) {
            (false, true) => tracing::warn!(
                site = &*site.name,
                waiting = depth.waiting,
                delay_seconds = delay,
                "overloaded: more events wait than the endpoint takes in a minute"
            ),
            (true, false) => tracing::info!(site = &*site.name, "no longer overloaded"),
            _ => {}
        }
    }

    async fn clean(&self) {
        self.app.allowance.tidy();
        let now = self.app.clock.wall();
        // As many parts as there are; accepting goes on in between.
        while let Ok(cleaned) = self.spool.clean(now).await {
            if cleaned.expired > 0 {
                tracing::error!(
                    events = cleaned.expired,
                    "events were deleted: they have waited for 30 days"
                );
                self.app.metrics.server.expired.increment(cleaned.expired);
            }
            if !cleaned.more {
                break;
            }
        }
        if self.app.disk_full.load(Ordering::Relaxed) && self.spool.shorten(now).await.unwrap_or(false) {
            tracing::warn!(
                "the oldest day of known event ids was dropped to make room: repeats of that day are accepted"
            );
            self.app.metrics.server.known_days_dropped.increment(1);
        }
    }

    async fn tell_of_other_sites(&self) {
        for name in self.spool.sites().await.unwrap_or_default() {
            let known = self.app.config.sites.iter().any(|site| *site.name == *name);
            if !known {
                tracing::warn!(
                    site = name,
                    "the spool holds events of a site that is not configured: they wait"
                );
            }
        }
    }
}
