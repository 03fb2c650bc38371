//! A small disk that is full to the last byte, and freed again.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;
use tokio::time::sleep;

use super::stage::{Count, Stage};
use super::{CALM, REPEATS};

const SIZE: u64 = 64 * 1024 * 1024;

/// Free bytes that the relay leaves to its own deletes.
pub(super) const RESERVE: u64 = 16 * 1024 * 1024;

const TIMES: u32 = 3;

/// How long the disk is full after a visitor has noticed.
const FULL: Duration = Duration::from_secs(8);

/// The pause after which the disk is filled again: SQLite gives room back.
const REFILL: Duration = Duration::from_millis(100);

pub(super) fn describe(reserve: u64) -> String {
    let reserve = if reserve == 0 { "without a reserve" } else { "with a reserve" };
    format!("disk full to the last byte for {} s and freed, {TIMES} times; {reserve}", FULL.as_secs())
}

pub(super) async fn play(reserve: u64) -> Result<Count> {
    let disk = SmallDisk::mount()?;
    let stage = start(&disk, reserve).await?;
    for _ in 0..TIMES {
        stay_full(&disk, &stage).await?;
        disk.free()?;
        stage.served_visitor().await?;
        sleep(CALM).await;
    }
    stage.finish(0).await
}

pub(super) fn describe_kill() -> String {
    format!("disk full without a reserve, `kill -9` and restart before it is freed, {TIMES} times")
}

pub(super) async fn play_kill() -> Result<Count> {
    let disk = SmallDisk::mount()?;
    let mut stage = start(&disk, 0).await?;
    for _ in 0..TIMES {
        stay_full(&disk, &stage).await?;
        stage.relays[0].kill()?;
        disk.fill()?;
        stage.relays[0].resume().await?;
        stay_full(&disk, &stage).await?;
        disk.free()?;
        stage.served_visitor().await?;
        sleep(CALM).await;
    }
    stage.finish(REPEATS * TIMES as usize).await
}

async fn start(disk: &SmallDisk, reserve: u64) -> Result<Stage> {
    let spool = disk.path().join("relay.sqlite");
    let spool = spool.to_str().context("a temporary folder whose name is not UTF-8")?;
    Stage::start(&["--spool", spool, "--disk-reserve-bytes", &reserve.to_string()]).await
}

/// Fills the disk, and leaves it full.
async fn stay_full(disk: &SmallDisk, stage: &Stage) -> Result<()> {
    disk.fill()?;
    stage.refused_visitor().await?;
    let start = Instant::now();
    while start.elapsed() < FULL {
        disk.fill()?;
        sleep(REFILL).await;
    }
    Ok(())
}

/// A file system in memory, unmounted with this value.
struct SmallDisk(TempDir);

impl SmallDisk {
    fn mount() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("e2e-disk-").tempdir().context("no temporary folder")?;
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={SIZE},mode=700"), "tmpfs"]).arg(folder.path());
        let status = mount.status().context("mount cannot be started")?;
        ensure!(status.success(), "mount failed: a small disk needs root");
        Ok(Self(folder))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn filler(&self) -> PathBuf {
        self.path().join("filler")
    }

    /// Takes all room that is left.
    fn fill(&self) -> Result<()> {
        let options = File::options().create(true).append(true).open(self.filler());
        let mut file = options.context("the disk cannot be filled")?;
        for size in [1024 * 1024, 4096, 1] {
            let block = vec![0; size];
            loop {
                match file.write(&block) {
                    Ok(_) => {}
                    Err(error) if error.kind() == ErrorKind::StorageFull => break,
                    Err(error) => return Err(error).context("the disk cannot be filled"),
                }
            }
        }
        Ok(())
    }

    fn free(&self) -> Result<()> {
        fs::remove_file(self.filler()).context("the disk cannot be freed")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // A relay that a failure has left behind may still use it.
        let _ = Command::new("umount").arg("--lazy").arg(self.path()).status();
    }
}
