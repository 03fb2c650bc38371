//! Moving the write-ahead log into the file, beside the requests that wait for commits.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rusqlite::Connection;

use super::open::beside_with;
use super::store::Store;
use super::worker::Worker;
use crate::spool::SpoolError;

/// From this size on the log is moved, while the writer goes on.
const LOG_MOVED: u64 = 4 * 1024 * 1024;

/// From this size on the writer waits for the rest to be moved and begins the log anew: under load it would grow for ever.
pub(super) const LOG_LIMIT: u64 = 64 * 1024 * 1024;

const INTERVAL: Duration = Duration::from_millis(250);

/// A running thread.
#[derive(Debug)]
pub(super) struct Checkpointer(Mutex<Option<(mpsc::Sender<()>, JoinHandle<()>)>>);

impl Checkpointer {
    pub(super) fn start(path: &Path, connection: Connection, writer: Arc<Worker>) -> Self {
        let log = beside_with(path, '-', "wal");
        let (stop, stopped) = mpsc::channel::<()>();
        let thread = thread::Builder::new()
            .name("spool-checkpoint".into())
            .spawn(move || {
                while stopped.recv_timeout(INTERVAL) == Err(mpsc::RecvTimeoutError::Timeout) {
                    tend(&log, &connection, &writer);
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

fn tend(log: &PathBuf, connection: &Connection, writer: &Worker) {
    let size = || std::fs::metadata(log).map_or(0, |log| log.len());
    if size() < LOG_MOVED {
        return;
    }
    // A full disk or a lock: the writer meets it as well and reports it; the next round tries again.
    let moved = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
    if moved.is_ok() && size() >= LOG_LIMIT {
        let _ = writer.run_blocking(Store::checkpoint);
    }
}

impl Store {
    /// Moves the whole log into the file and begins it anew.
    pub(super) fn checkpoint(&mut self) -> Result<(), SpoolError> {
        Ok(self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?)
    }
}
