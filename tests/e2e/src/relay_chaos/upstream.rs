//! A collector that fails.

use std::time::Duration;

use anyhow::Result;
use collector::{DropPoint, Faults};
use tokio::time::sleep;

use super::REPEATS;
use super::stage::{Count, Stage};
use crate::visitors::RARE_EVENT;
use crate::wait::until;

/// How long the collector is down, and how long it answers 429.
const OUTAGE: Duration = Duration::from_secs(15);

/// Dead letters after which the load ends.
const REFUSALS: f64 = 3.0;

pub(super) fn describe_down() -> String {
    format!("Appizer down for {} s", OUTAGE.as_secs())
}

pub(super) async fn play_down() -> Result<Count> {
    let mut stage = Stage::start(&[]).await?;
    stage.servers.stop_collector().await;
    sleep(OUTAGE).await;
    stage.servers.start_collector().await?;
    stage.finish(REPEATS).await
}

pub(super) async fn play_cut_replies() -> Result<Count> {
    let stage = Stage::start(&[]).await?;
    stage.servers.set_faults(Some(Faults::drop(DropPoint::After).times(5)))?;
    stage.servers.faults_used_up().await?;
    stage.finish(500).await
}

pub(super) fn describe_limited() -> String {
    format!("429 for {} s", OUTAGE.as_secs())
}

pub(super) async fn play_limited() -> Result<Count> {
    let stage = Stage::start(&[]).await?;
    stage.servers.set_faults(Some(Faults::status(429)))?;
    sleep(OUTAGE).await;
    stage.servers.set_faults(None)?;
    stage.finish(0).await
}

pub(super) async fn play_refused() -> Result<Count> {
    let stage = Stage::start(&[]).await?;
    stage.servers.set_faults(Some(Faults::status(400).times(3)))?;
    stage.servers.faults_used_up().await?;
    stage.finish(0).await
}

pub(super) async fn play_one_refused() -> Result<Count> {
    let stage = Stage::start(&[]).await?;
    stage.servers.set_faults(Some(Faults::refuse(RARE_EVENT)))?;
    until("events to be refused", async || {
        let dead = stage.relays[0].metric(r#"appizer_relay_dead_letters{site="default"}"#).await?;
        Ok((dead >= REFUSALS).then_some(()))
    })
    .await?;
    stage.finish(0).await
}
