//! A PostgreSQL that stops and comes back.

use std::time::Duration;

use anyhow::Result;
use postgres_server::Postgres;
use tokio::task::block_in_place;
use tokio::time::sleep;

use super::CALM;
use super::stage::{Count, Stage};

const STOPS: u32 = 3;

/// How long the database is away after a visitor has noticed.
const AWAY: Duration = Duration::from_secs(5);

pub(super) fn describe() -> String {
    format!("PostgreSQL stopped for {} s and restarted, {STOPS} times", AWAY.as_secs())
}

pub(super) async fn play() -> Result<Count> {
    let mut server = block_in_place(Postgres::start);
    let stage = Stage::start(&["--spool", &server.url("postgres")]).await?;
    for _ in 0..STOPS {
        block_in_place(|| server.stop());
        stage.refused_visitor().await?;
        sleep(AWAY).await;
        block_in_place(|| server.resume());
        stage.served_visitor().await?;
        sleep(CALM).await;
    }
    // The process that sent a batch lives on and records its reply later, so that nothing is sent twice.
    stage.finish(0).await
}
