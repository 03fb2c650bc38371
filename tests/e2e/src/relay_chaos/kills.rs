//! Relays that are killed.

use anyhow::Result;
use collector::Faults;
use tokio::task::block_in_place;
use tokio::time::sleep;

use super::stage::{Count, Stage};
use super::{CALM, REPEATS};
use crate::wait::until;
use postgres_server::Postgres;

/// Milliseconds that the collector takes while the sender is killed: a request is under way.
const SENDING: u64 = 1_000;

pub(super) fn describe(latency: u64, kills: u32) -> String {
    format!("`kill -9` and restart, {kills} times; replies take {latency} ms")
}

pub(super) async fn play(latency: u64, kills: u32) -> Result<Count> {
    let mut stage = Stage::start(&[]).await?;
    stage.servers.set_faults(Some(slow(latency)))?;
    for _ in 0..kills {
        sleep(CALM).await;
        stage.relays[0].kill()?;
        stage.relays[0].resume().await?;
    }
    stage.servers.mend().await?;
    stage.finish(REPEATS * kills as usize).await
}

pub(super) fn describe_sender(kills: u32) -> String {
    format!(
        "two relays on one PostgreSQL, `kill -9` for the one that sends while a request is under way, {kills} times"
    )
}

pub(super) async fn play_sender(kills: u32) -> Result<Count> {
    let server = block_in_place(Postgres::start);
    let mut stage = Stage::start_several(2, &["--spool", &server.url("postgres")]).await?;
    stage.servers.set_faults(Some(slow(SENDING)))?;
    for _ in 0..kills {
        let sender = begin_of_request(&stage).await?;
        stage.relays[sender].kill()?;
        sleep(CALM).await;
        stage.relays[sender].resume().await?;
    }
    stage.servers.mend().await?;
    stage.finish(REPEATS * kills as usize).await
}

fn slow(latency: u64) -> Faults {
    Faults { delay_ms: Some(latency), ..Faults::default() }
}

/// Waits until a relay begins a request, and returns its place.
async fn begin_of_request(stage: &Stage) -> Result<usize> {
    let mut before = vec![f64::MAX; stage.relays.len()];
    until("a request of the sender", async || {
        for (place, relay) in stage.relays.iter().enumerate() {
            let leading = relay.metric(r#"appizer_relay_leading{site="default"}"#).await?;
            let requests = relay.metric(r#"appizer_relay_requests_last_minute{site="default"}"#).await?;
            // Requests leave the minute, too: only one that begins makes them more.
            let begins = requests > before[place];
            before[place] = requests;
            if leading == 1.0 && begins {
                return Ok(Some(place));
            }
        }
        Ok(None)
    })
    .await
}
