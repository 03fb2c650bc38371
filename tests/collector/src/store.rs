//! What came, kept in SQLite.

mod read;
mod write;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::Connection;

use crate::settings::Database;

pub(crate) use read::Page;
pub use read::{StoredEvent, StoredRequest};
pub(crate) use write::NewRequest;

const SCHEMA: &str = include_str!("store/schema.sql");

/// Raised with every change to the schema, and kept in the file.
const SCHEMA_VERSION: i64 = 1;

/// Another process may look into the file while the demo runs.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The database; closed for good by [`close`](Self::close).
#[derive(Debug)]
pub(crate) struct Store(Mutex<Option<Connection>>);

/// Why the database could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite refused.
    #[error("SQLite: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The file is another version's.
    #[error("its schema has version {found}; this collector knows {SCHEMA_VERSION}")]
    Version {
        /// The version the file states.
        found: i64,
    },
    /// The collector was stopped.
    #[error("the collector was stopped")]
    Closed,
}

impl Store {
    pub(crate) fn open(database: &Database) -> Result<Self, StoreError> {
        let connection = match database {
            Database::File(path) => Connection::open(path)?,
            Database::Memory => Connection::open_in_memory()?,
        };
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        // With a write-ahead log this survives the death of the process; only a power cut may cost the end.
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        match connection.pragma_query_value(None, "user_version", |row| row.get(0))? {
            0 => create(&connection)?,
            SCHEMA_VERSION => {}
            found => return Err(StoreError::Version { found }),
        }
        Ok(Self(Mutex::new(Some(connection))))
    }

    /// Asks from a thread that may block.
    pub(crate) async fn apart<T: Send + 'static>(
        self: Arc<Self>,
        question: impl FnOnce(&Self) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let answer = tokio::task::spawn_blocking(move || question(&self)).await;
        // Without an answer the runtime is going down.
        answer.unwrap_or(Err(StoreError::Closed))
    }

    /// Closes the file once whoever is writing has finished. Later questions are refused.
    pub(crate) fn close(&self) {
        drop(self.0.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    fn with<T>(
        &self,
        question: impl FnOnce(&mut Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        // A panic in mid-transaction rolled it back: the connection is as good as before.
        let mut connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(question(connection.as_mut().ok_or(StoreError::Closed)?)?)
    }
}

/// Tables and version together or not at all: a start that is killed here can be made again.
fn create(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(&format!("BEGIN; {SCHEMA} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;"))
}
