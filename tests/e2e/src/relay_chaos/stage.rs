//! Starts collector, relays and visitors for a case, and counts at its end.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::time::sleep;

use super::CALM;
use crate::relay::Relay;
use crate::servers::Servers;
use crate::visitors::{ORIGIN, Visitors};
use crate::wait::{until, until_within};

const VISITORS: u32 = 100;
const INTERVAL: Duration = Duration::from_secs(1);

/// Longer than the relay's backoff and the drain of a case's backlog.
const DRAIN: Duration = Duration::from_secs(300);

/// Longer than the relay's monitor takes to look into the spool again.
const LOOK: Duration = Duration::from_secs(3);

/// Running relays in front of a collector with Appizer's limit, and visitors.
pub(super) struct Stage {
    // Before the servers: relays and visitors end first.
    pub(super) relays: Vec<Relay>,
    pub(super) visitors: Visitors,
    pub(super) servers: Servers,
}

/// The account of a case.
#[derive(Clone, Copy, Debug)]
pub struct Count {
    /// Events that visitors tracked; a relay has confirmed them all.
    pub tracked: usize,
    /// Tracked events that are neither with the collector nor refused by it.
    pub missing: usize,
    /// Events that came to the collector again.
    pub repeated: usize,
    /// Repeats that the batches in flight explain.
    pub repeats_allowed: usize,
    /// The most requests that the collector admitted or refused in any 60 s.
    pub busiest_minute: usize,
    /// Replies of 503 that visitors got.
    pub unavailable: usize,
    /// Dead letters of events that the collector refuses.
    pub dead_letters: usize,
}

impl Count {
    /// Returns true if the case kept all promises.
    pub fn is_kept(&self) -> bool {
        self.missing == 0 && self.repeated <= self.repeats_allowed && self.busiest_minute <= 95
    }
}

impl Stage {
    /// Starts all with one relay.
    pub(super) async fn start(arguments: &[&str]) -> Result<Self> {
        Self::start_several(1, arguments).await
    }

    /// Starts all with several relays; a visitor whose request fails goes to the next relay.
    pub(super) async fn start_several(count: usize, arguments: &[&str]) -> Result<Self> {
        let mut servers = Servers::start().await?;
        servers.limit_collector(100).await?;
        let arguments = [arguments, &["--origin", ORIGIN]].concat();
        let mut relays = Vec::new();
        for _ in 0..count {
            relays.push(servers.start_relay_with(&arguments).await?);
        }
        let endpoints = Vec::from_iter(relays.iter().map(Relay::endpoint));
        let visitors = Visitors::start_at(endpoints, VISITORS, INTERVAL)?;
        sleep(CALM).await;
        Ok(Self { relays, visitors, servers })
    }

    /// Waits until a visitor gets a 503 that no visitor had before: the violence has come to the relay.
    pub(super) async fn refused_visitor(&self) -> Result<()> {
        let before = self.visitors.unavailable();
        until("a 503", async || Ok((self.visitors.unavailable() > before).then_some(()))).await
    }

    /// Waits until the relay confirms events again.
    pub(super) async fn served_visitor(&self) -> Result<()> {
        let before = self.visitors.confirmed().len();
        let served = async || Ok((self.visitors.confirmed().len() > before).then_some(()));
        until("a confirmed event", served).await
    }

    /// Ends the load, lets the relays drain, and counts.
    pub(super) async fn finish(self, repeats_allowed: usize) -> Result<Count> {
        let Self { relays, visitors, servers } = self;
        sleep(CALM).await;
        let unavailable = visitors.unavailable();
        let tracked = visitors.finish().await?;
        sleep(LOOK).await;
        let relay = relays.first().context("there is no relay")?;
        let drained = until_within(DRAIN, "the spool to be empty", async || {
            let waiting = relay.metric(r#"appizer_relay_spool_events{site="default"}"#).await?;
            Ok((waiting == 0.0).then_some(()))
        })
        .await;
        let arrivals = servers.arrivals().context("the collector cannot be counted")?;
        let arrived = BTreeSet::from_iter(arrivals.ids());
        let dead = relay.refused_ids().await?;
        let is_missing = |id: &&String| !arrived.contains(id.as_str()) && !dead.contains(id.as_str());
        let missing = tracked.iter().filter(is_missing).count();
        if missing == 0 {
            drained?;
        }
        Ok(Count {
            tracked: tracked.len(),
            missing,
            repeated: arrivals.repeats(),
            repeats_allowed,
            busiest_minute: arrivals.busiest_minute(),
            unavailable,
            dead_letters: dead.len(),
        })
    }
}
