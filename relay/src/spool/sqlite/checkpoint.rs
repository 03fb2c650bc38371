//! Moving the write-ahead log into the file, beside the requests that wait for commits.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rusqlite::Connection;

use super::open::beside_with;
use super::store::Store;
use super::worker::Worker;
use crate::policy;
use crate::spool::SpoolError;

/// The smallest limit of the log that is worth a checkpoint, and the largest that is worth having.
const LOG_SIZES: (u64, u64) = (256 * 1024, 64 * 1024 * 1024);

/// From this part of the limit on the log is moved, while the writer goes on.
const MOVED_PART: u64 = 8;

const INTERVAL: Duration = Duration::from_millis(100);

/// Returns the size from which on the writer waits for the rest of the log to be moved and begins it anew: under load it would
/// grow for ever.
pub(super) fn limit(reserve: u64) -> u64 {
    (reserve / policy::DISK_LOG_PART).clamp(LOG_SIZES.0, LOG_SIZES.1)
}

/// A running thread.
#[derive(Debug)]
pub(super) struct Checkpointer(Mutex<Option<(mpsc::Sender<()>, JoinHandle<()>)>>);

impl Checkpointer {
    pub(super) fn start(path: &Path, limit: u64, connection: Connection, writer: Arc<Worker>) -> Self {
        let log = beside_with(path, '-', "wal");
        let (stop, stopped) = mpsc::channel::<()>();
        let thread = thread::Builder::new()
            .name("spool-checkpoint".into())
            .spawn(move || {
                while stopped.recv_timeout(INTERVAL) == Err(mpsc::RecvTimeoutError::Timeout) {
                    tend(&log, limit, &connection, &writer);
                }
            })
            .expect("a thread can be started where the process could");
        Self(Mutex::new(Some((stop, thread))))
    }

    pub(super) fn stop(&self) {
        let running = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((stop, thread)) = running {
            drop(stop);
            let _ = thread.join();
        }
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.stop();
    }
}

fn tend(log: &PathBuf, limit: u64, connection: &Connection, writer: &Worker) {
    let size = || std::fs::metadata(log).map_or(0, |log| log.len());
    if size() < limit / MOVED_PART {
        return;
    }
    // A full disk or a lock: the writer meets it as well and reports it; the next round tries again.
    let moved = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
    if moved.is_ok() && size() >= limit {
        let _ = writer.run_blocking(Store::checkpoint);
    }
}

impl Store {
    /// Moves the whole log into the file and begins it anew.
    pub(super) fn checkpoint(&mut self) -> Result<(), SpoolError> {
        Ok(self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?)
    }
}
