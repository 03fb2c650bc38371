//! The spool in one SQLite file: for one relay on one machine.
//!
//! One thread writes and one reads, each with a connection of its own; a third moves the write-ahead log into the file, so
//! that no request waits for that. A commit returns after an fsync of the log (`synchronous=FULL`).

mod checkpoint;
mod filter;
mod open;
mod read;
mod store;
mod tidy;
mod worker;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;

use super::{
    Arrival, Attempt, BatchId, Claim, Cleaned, DeadLetter, Depth, Letters, Outcome, Recovered, Room, Seq,
    Session, Settled, SiteName, Spool, SpoolError, Taken, Time, Waiting,
};
use checkpoint::Checkpointer;
use filter::Slot;
use rusqlite::Connection;
pub use store::Store;
use worker::Worker;

/// An open SQLite spool.
#[derive(Debug)]
pub struct SqliteSpool {
    path: PathBuf,
    writer: Arc<Worker>,
    reader: Worker,
    /// The writer's.
    filter: Slot,
    checkpointer: Option<Checkpointer>,
    /// Of the process that serves from the file.
    _lock: Option<open::Lock>,
}

impl Store {
    /// Opens a file without threads around it, and without its lock.
    pub fn open(path: &Path) -> Result<Self, SpoolError> {
        Ok(Self::around(open::create(path)?))
    }

    fn around(connection: Connection) -> Self {
        Self { connection, filter: Slot::default() }
    }
}

impl SqliteSpool {
    /// Opens the file to serve from it. Fails if another process does. The log stays within a part of the reserve.
    pub fn open(path: &Path, reserve: u64) -> Result<Self, SpoolError> {
        let log_limit = checkpoint::limit(reserve);
        let lock = open::lock(path)?;
        let mut store = Store::open(path)?;
        let filter = store.filter.clone();
        let writer = Arc::new(Worker::start("spool-writer", {
            // The checkpointer does it instead.
            store.connection.pragma_update(None, "wal_autocheckpoint", 0)?;
            store.connection.pragma_update(None, "journal_size_limit", log_limit as i64)?;
            // A killed process may have left events in the log: move them into the file before anything is added. On a full
            // disk the relay starts all the same and answers 503; the checkpointer moves the log once there is room.
            if let Err(error) = store.checkpoint() {
                tracing::warn!(%error, "the log of the spool cannot be moved into the file yet");
            }
            store
        }));
        let reader = Worker::start("spool-reader", Store::around(open::attach(path)?));
        let checkpointer = Checkpointer::start(path, log_limit, open::attach(path)?, Arc::clone(&writer));
        Ok(Self {
            path: path.into(),
            writer,
            reader,
            filter,
            checkpointer: Some(checkpointer),
            _lock: Some(lock),
        })
    }

    /// Opens an existing file beside the process that serves from it.
    pub fn attach(path: &Path) -> Result<Self, SpoolError> {
        let writer = Arc::new(Worker::start("spool-writer", Store::around(open::attach(path)?)));
        let reader = Worker::start("spool-reader", Store::around(open::attach(path)?));
        Ok(Self {
            path: path.into(),
            writer,
            reader,
            filter: Slot::default(),
            checkpointer: None,
            _lock: None,
        })
    }
}

#[async_trait]
impl Spool for SqliteSpool {
    async fn accept(&self, arrivals: Vec<Arrival>) -> Result<Vec<Taken>, SpoolError> {
        self.writer.run(move |store| store.accept(&arrivals)).await
    }

    async fn lead(&self, site: &SiteName) -> Result<Option<Box<dyn Session>>, SpoolError> {
        // The file's lock has made this process the only one.
        Ok(Some(Box::new(SqliteSession { site: Arc::clone(site), writer: Arc::clone(&self.writer) })))
    }

    async fn waiting(&self, site: &SiteName, place: Seq) -> Result<Waiting, SpoolError> {
        let site = Arc::clone(site);
        self.reader.run(move |store| store.waiting(&site, place)).await
    }

    async fn settle(&self, batch: BatchId, outcome: Outcome, at: Time) -> Result<Settled, SpoolError> {
        self.writer.run(move |store| store.settle(batch, &outcome, at)).await
    }

    async fn depth(&self, site: &SiteName, at: Time) -> Result<Depth, SpoolError> {
        let site = Arc::clone(site);
        self.reader.run(move |store| store.depth(&site, at)).await
    }

    async fn sites(&self) -> Result<Vec<String>, SpoolError> {
        self.reader.run(Store::sites).await
    }

    async fn clean(&self, at: Time) -> Result<Cleaned, SpoolError> {
        // Once a day there is a day more that never changes.
        self.filter.refresh(&self.path, store::day(at));
        self.writer.run(move |store| store.clean(at)).await
    }

    async fn shorten(&self, at: Time) -> Result<bool, SpoolError> {
        self.writer.run(move |store| store.shorten(at)).await
    }

    async fn known_days(&self) -> Result<u64, SpoolError> {
        self.reader.run(Store::known_days).await
    }

    async fn letters(&self, letters: &Letters) -> Result<Vec<DeadLetter>, SpoolError> {
        let letters = letters.clone();
        self.reader.run(move |store| store.letters(&letters)).await
    }

    async fn resend(&self, letters: &Letters, at: Time) -> Result<u64, SpoolError> {
        let letters = letters.clone();
        self.writer.run(move |store| store.resend(&letters, at)).await
    }

    async fn discard(&self, letters: &Letters) -> Result<u64, SpoolError> {
        let letters = letters.clone();
        self.writer.run(move |store| store.discard(&letters)).await
    }

    async fn probe(&self) -> Result<(), SpoolError> {
        self.writer.run(Store::probe).await
    }

    fn disk_free(&self) -> Option<u64> {
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        fs4::available_space(folder.unwrap_or(Path::new("."))).ok()
    }

    async fn room(&self) -> Option<Room> {
        let disk = self.disk_free()?;
        let inside = self.reader.run(Store::free_bytes).await.ok()?;
        Some(Room { disk, inside })
    }

    fn is_shared(&self) -> bool {
        false
    }

    async fn close(&self) {
        if let Some(checkpointer) = &self.checkpointer {
            checkpointer.stop();
        }
        self.reader.stop();
        self.writer.stop();
    }
}

/// The only sender there is.
#[derive(Debug)]
struct SqliteSession {
    site: SiteName,
    writer: Arc<Worker>,
}

#[async_trait]
impl Session for SqliteSession {
    async fn recover(&mut self, at: Time) -> Result<Recovered, SpoolError> {
        let site = Arc::clone(&self.site);
        self.writer.run(move |store| store.recover(&site, at)).await
    }

    async fn begin(&mut self, claim: Claim, at: Time) -> Result<Option<Attempt>, SpoolError> {
        let site = Arc::clone(&self.site);
        self.writer.run(move |store| store.begin(&site, claim, at)).await
    }

    async fn check(&mut self) -> Result<(), SpoolError> {
        Ok(())
    }
}
