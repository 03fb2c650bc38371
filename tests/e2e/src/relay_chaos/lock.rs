//! Another connection that holds the lock of the SQLite file.

use std::time::Duration;

use anyhow::{Context, Result};
use rusqlite::Connection;
use tokio::time::sleep;

use super::CALM;
use super::stage::{Count, Stage};

const TIMES: u32 = 3;

/// How long the file is locked after a visitor has noticed.
const LOCKED: Duration = Duration::from_secs(5);

pub(super) fn describe() -> String {
    format!("SQLite locked (`BEGIN EXCLUSIVE`) for {} s, {TIMES} times", LOCKED.as_secs())
}

pub(super) async fn play() -> Result<Count> {
    let stage = Stage::start(&[]).await?;
    let file = stage.relays[0].folder().join("relay.sqlite");
    let other = Connection::open(file).context("the spool cannot be opened")?;
    other.busy_timeout(Duration::from_secs(60)).context("no busy timeout")?;
    for _ in 0..TIMES {
        other.execute_batch("BEGIN EXCLUSIVE").context("the spool cannot be locked")?;
        stage.refused_visitor().await?;
        sleep(LOCKED).await;
        other.execute_batch("ROLLBACK").context("the spool cannot be unlocked")?;
        stage.served_visitor().await?;
        sleep(CALM).await;
    }
    stage.finish(0).await
}
