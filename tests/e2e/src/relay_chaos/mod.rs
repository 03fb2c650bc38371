//! Violence on the real relay under load, counted: `cargo xtask chaos --relay`.
//!
//! Visitors send through the relay, an event a second each, while the case does its worst. Then the load ends, the
//! relay drains, and every event that was confirmed to a visitor must be with the collector.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result};
use collector::{DropPoint, Faults};
use tokio::time::sleep;

use crate::arrivals::Arrivals;
use crate::relay::Relay;
use crate::servers::Servers;
use crate::visitors::Visitors;
use crate::wait::until_within;

const VISITORS: u32 = 100;
const INTERVAL: Duration = Duration::from_secs(1);

/// The load before and between violent acts.
const CALM: Duration = Duration::from_secs(2);

/// How long Appizer is down, and how long it answers 429.
const OUTAGE: Duration = Duration::from_secs(15);

/// Longer than the relay's backoff and the drain of a case's backlog.
const DRAIN: Duration = Duration::from_secs(300);

/// An act of violence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Violence {
    /// `kill -9` and a restart, again and again, while the collector takes this many milliseconds for an answer.
    Kill { latency: u64 },
    /// The collector is down.
    Down,
    /// The collector stores batches and cuts the connection before its reply.
    CutReplies,
    /// The collector answers 429.
    Limited,
    /// The collector refuses three requests.
    Refused,
}

impl Violence {
    /// All cases, in the order of the report.
    pub const ALL: [Self; 6] = [
        Self::Kill { latency: 200 },
        Self::Kill { latency: 1_000 },
        Self::Down,
        Self::CutReplies,
        Self::Limited,
        Self::Refused,
    ];

    /// The case in words; `kills` is how often the relay is killed.
    pub fn describe(self, kills: u32) -> String {
        match self {
            Self::Kill { latency } => {
                format!("`kill -9` and restart, {kills} times; replies take {latency} ms")
            }
            Self::Down => format!("Appizer down for {} s", OUTAGE.as_secs()),
            Self::CutReplies => "five replies cut after the batch is stored".into(),
            Self::Limited => format!("429 for {} s", OUTAGE.as_secs()),
            Self::Refused => "three requests answered 400".into(),
        }
    }

    /// Events that may come twice: batches whose reply the relay has not seen, two of 100 events at a time.
    fn repeats_allowed(self, kills: u32) -> usize {
        match self {
            Self::Kill { .. } => 200 * kills as usize,
            Self::CutReplies => 500,
            Self::Down => 200,
            Self::Limited | Self::Refused => 0,
        }
    }

    async fn inflict(self, relay: &mut Relay, servers: &mut Servers, kills: u32) -> Result<()> {
        match self {
            Self::Kill { latency } => {
                servers.set_faults(Some(Faults { delay_ms: Some(latency), ..Faults::default() }))?;
                for _ in 0..kills {
                    sleep(CALM).await;
                    relay.kill()?;
                    relay.resume().await?;
                }
            }
            Self::Down => {
                servers.stop_collector().await;
                sleep(OUTAGE).await;
                servers.start_collector().await?;
            }
            Self::CutReplies => {
                servers.set_faults(Some(Faults::drop(DropPoint::After).times(5)))?;
                servers.faults_used_up().await?;
            }
            Self::Limited => {
                servers.set_faults(Some(Faults::status(429)))?;
                sleep(OUTAGE).await;
            }
            Self::Refused => {
                servers.set_faults(Some(Faults::status(400).times(3)))?;
                servers.faults_used_up().await?;
            }
        }
        servers.mend().await
    }
}

/// The account of a case.
#[derive(Clone, Copy, Debug)]
pub struct Count {
    /// Events that the relay confirmed to a visitor.
    pub confirmed: usize,
    /// Confirmed events that the collector does not have.
    pub missing: usize,
    /// Events that came to the collector again.
    pub repeated: usize,
    /// How many repeats the batches in flight explain.
    pub repeats_allowed: usize,
    /// The most requests that the collector admitted or refused in any 60 s.
    pub busiest_minute: usize,
}

impl Count {
    /// Returns true if the case kept all promises.
    pub fn is_kept(&self) -> bool {
        self.missing == 0 && self.repeated <= self.repeats_allowed && self.busiest_minute <= 95
    }
}

/// Plays a case with a collector, a relay and visitors of its own.
pub async fn play(violence: Violence, kills: u32) -> Result<Count> {
    let mut servers = Servers::start().await?;
    servers.limit_collector(100).await?;
    let mut relay = servers.start_relay().await?;
    let visitors = Visitors::start(&relay.endpoint(), VISITORS, INTERVAL)?;
    sleep(CALM).await;
    violence.inflict(&mut relay, &mut servers, kills).await?;
    sleep(CALM).await;
    let confirmed = visitors.stop().await;
    let missing = || -> Result<usize> {
        let arrivals = servers.arrivals()?;
        let there = BTreeSet::from_iter(arrivals.ids());
        Ok(confirmed.iter().filter(|id| !there.contains(id.as_str())).count())
    };
    // What is missing after the drain is counted, not an error of this program.
    let _ = until_within(DRAIN, "the relay to drain", async || Ok((missing()? == 0).then_some(()))).await;
    let arrivals = servers.arrivals().context("the collector cannot be counted")?;
    Ok(Count {
        confirmed: confirmed.len(),
        missing: missing()?,
        repeated: arrivals.repeats(),
        repeats_allowed: violence.repeats_allowed(kills),
        busiest_minute: busiest_minute(&arrivals),
    })
}

fn busiest_minute(arrivals: &Arrivals) -> usize {
    let mut times = Vec::from_iter(arrivals.requests.iter().map(|request| request.received_at));
    times.sort_unstable();
    let within = |from: usize| times[from..].iter().take_while(|&&at| at < times[from] + 60_000).count();
    (0..times.len()).map(within).max().unwrap_or_default()
}
