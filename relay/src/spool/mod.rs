//! The spool: where accepted events wait, durably, until the endpoint has them.
//!
//! [`Spool`] is what the relay needs of it; [`sqlite`] and [`postgres`] provide it with tables of the same shape, and one
//! suite of tests (`tests/spool`) holds both to the same behaviour.
//!
//! # Invariants
//!
//! 1. [`Spool::accept`] returns after its events are on disk, or an error after none of them is.
//! 2. An event whose id was accepted within the last 31 days is not accepted again.
//! 3. An event is waiting, or a member of one batch, or a dead letter, or gone; never two of them.
//! 4. [`Session::begin`] returns after the attempt is on disk. The members of a batch never change.
//! 5. At most one session of a site can begin attempts at a time, over all relays.
//! 6. For each site `accepted = waiting + delivered + dead + discarded + expired`, at any moment.

mod id;
mod letter;
pub mod postgres;
pub mod sqlite;
mod total;

use async_trait::async_trait;

use crate::clock::Clock;
pub use crate::config::SiteName;
use crate::config::SpoolAddress;
use crate::policy;
pub use id::EventId;
pub use letter::{Cause, DeadLetter, Letters, Reason};

/// Milliseconds since 1970.
pub type Time = u64;

/// An event's place in the order of arrival.
pub type Seq = i64;

/// A recorded batch.
pub type BatchId = i64;

/// An event that keeps the contract, as it goes on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// By which a repeat is recognised; none where the event has no `$event_id`.
    pub id: Option<EventId>,
    /// The event's JSON.
    pub json: String,
}

/// The events of one request.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// Whose they are.
    pub site: SiteName,
    /// The events, in order.
    pub events: Vec<NewEvent>,
    /// When they came.
    pub at: Time,
}

/// What became of an arrival.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Events that are spooled now.
    pub accepted: u32,
    /// Events that were known already.
    pub repeated: u32,
}

/// What an attempt is to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// A new batch of the oldest waiting events after one place and up to another.
    Fresh {
        /// Events after this place.
        after: Seq,
        /// Events up to this place.
        until: Seq,
    },
    /// A recorded batch, unchanged.
    Again(BatchId),
}

/// A recorded attempt. The request may start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The batch.
    pub batch: Batch,
    /// The JSON of its members, in order.
    pub events: Vec<String>,
}

/// A recorded batch that is not settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Its number.
    pub id: BatchId,
    /// How many members it has.
    pub events: u32,
    /// It is a part of a refused one.
    pub suspect: bool,
}

/// What a successor has to know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Batches that were sent or about to be, oldest first.
    pub batches: Vec<Batch>,
    /// Milliseconds since each attempt of the last minutes.
    pub attempt_ages: Vec<u64>,
}

/// What an answer means for its batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Its members are delivered, but for those at these places, which become dead letters.
    Done {
        /// Places from 0.
        dead: Vec<usize>,
        /// Why these.
        cause: Cause,
    },
    /// One of its members is at fault: it becomes two batches.
    Split,
}

/// What a settled batch came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// Events that left as delivered.
    pub delivered: u32,
    /// Events that became dead letters.
    pub dead: u32,
    /// The two batches it became.
    pub halves: Vec<Batch>,
}

/// Waiting events on both sides of a place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Those up to it.
    pub old: Line,
    /// Those after it.
    pub new: Line,
    /// The place of the newest event.
    pub last: Seq,
}

/// Events that wait in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// How many, up to a full batch.
    pub events: usize,
    /// When the first of them was accepted.
    pub oldest: Option<Time>,
}

/// A site's spool in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Depth {
    /// Events accepted, ever.
    pub accepted: u64,
    /// Repeats dropped, ever.
    pub repeated: u64,
    /// Events delivered, ever.
    pub delivered: u64,
    /// Dead letters discarded, ever.
    pub discarded: u64,
    /// Events and dead letters deleted for their age, ever.
    pub expired: u64,
    /// Events waiting or in a batch.
    pub waiting: u64,
    /// Dead letters.
    pub dead: u64,
    /// Bytes of both.
    pub bytes: u64,
    /// Events accepted on the day asked for.
    pub today: u64,
    /// When the oldest waiting event was accepted.
    pub oldest: Option<Time>,
    /// Attempts recorded in the minute before the time asked for.
    pub attempts: u64,
}

/// What a clean-up did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cleaned {
    /// Events and dead letters deleted for their age.
    pub expired: u64,
    /// Days of known ids dropped.
    pub days: u64,
    /// There is more to delete.
    pub more: bool,
}

/// Room for events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Free bytes on the disk.
    pub disk: u64,
    /// Free bytes inside the spool's file, which deleted events have left.
    pub inside: u64,
}

impl Room {
    /// Returns true if the disk has less than the reserve, and the file does not have it either. The log needs some of the
    /// disk in any case.
    pub fn is_short(&self, reserve: u64) -> bool {
        self.disk < reserve / policy::DISK_FLOOR_PART || self.disk.saturating_add(self.inside) < reserve
    }
}

/// A place that keeps events.
#[async_trait]
pub trait Spool: Send + Sync + 'static {
    /// Stores the events of all arrivals in one transaction, but for repeats.
    async fn accept(&self, arrivals: Vec<Arrival>) -> Result<Vec<Taken>, SpoolError>;

    /// Becomes the sender of a site; `None` while another relay is.
    async fn lead(&self, site: &SiteName) -> Result<Option<Box<dyn Session>>, SpoolError>;

    /// Counts the waiting events on both sides of a place.
    async fn waiting(&self, site: &SiteName, place: Seq) -> Result<Waiting, SpoolError>;

    /// Records what became of a batch. A second settlement of the same batch changes nothing.
    async fn settle(&self, batch: BatchId, outcome: Outcome, at: Time) -> Result<Settled, SpoolError>;

    /// Counts everything of a site.
    async fn depth(&self, site: &SiteName, at: Time) -> Result<Depth, SpoolError>;

    /// Returns the names of all sites that the spool holds anything of.
    async fn sites(&self) -> Result<Vec<String>, SpoolError>;

    /// Deletes what is too old, a part at a time.
    async fn clean(&self, at: Time) -> Result<Cleaned, SpoolError>;

    /// Forgets the oldest day of known ids, to make room; false if only today's is left.
    async fn shorten(&self, at: Time) -> Result<bool, SpoolError>;

    /// Returns how many days of known ids there are.
    async fn known_days(&self) -> Result<u64, SpoolError>;

    /// Lists dead letters, oldest first.
    async fn letters(&self, letters: &Letters) -> Result<Vec<DeadLetter>, SpoolError>;

    /// Makes waiting events of dead letters; returns how many.
    async fn resend(&self, letters: &Letters, at: Time) -> Result<u64, SpoolError>;

    /// Deletes dead letters; returns how many.
    async fn discard(&self, letters: &Letters) -> Result<u64, SpoolError>;

    /// Writes something, to see whether that is possible.
    async fn probe(&self) -> Result<(), SpoolError>;

    /// Returns free bytes on its disk, where that is known, at no cost.
    fn disk_free(&self) -> Option<u64>;

    /// Returns the room that is left for events, where that is known.
    async fn room(&self) -> Option<Room>;

    /// Returns true if other relays may fill it, too.
    fn is_shared(&self) -> bool;

    /// Finishes what is being written and closes.
    async fn close(&self);
}

/// The sender's hold on a site. Dropped, it lets another relay take over.
#[async_trait]
pub trait Session: Send {
    /// Returns what earlier senders left.
    async fn recover(&mut self, at: Time) -> Result<Recovered, SpoolError>;

    /// Records an attempt with its exact members; `None` if there is nothing to send.
    async fn begin(&mut self, claim: Claim, at: Time) -> Result<Option<Attempt>, SpoolError>;

    /// Returns an error if another relay may have become the sender.
    async fn check(&mut self) -> Result<(), SpoolError>;
}

/// Why the spool could not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// SQLite refused.
    #[error("SQLite: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// PostgreSQL refused, or is not there.
    #[error("PostgreSQL: {}", in_words(.0))]
    Postgres(#[from] tokio_postgres::Error),
    /// PostgreSQL did not answer in time.
    #[error("PostgreSQL did not answer within {0} s")]
    Timeout(u64),
    /// The machine's certificates cannot be read.
    #[error("TLS: {0}")]
    Tls(rustls::Error),
    /// The file cannot be opened or made private.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: std::path::PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Another process has the file.
    #[error(
        "{0} is in use by another relay: one process serves an SQLite spool; for several relays use --spool postgres://…"
    )]
    InUse(std::path::PathBuf),
    /// A later relay wrote it.
    #[error(
        "the spool has schema {found}; this relay knows {known}: use the relay that wrote it, or a newer one"
    )]
    Newer {
        /// The version it has.
        found: i64,
        /// The newest version that is known here.
        known: i64,
    },
    /// There is no spool yet.
    #[error("{0} does not exist: `serve` creates it")]
    Absent(std::path::PathBuf),
    /// The spool was closed.
    #[error("the spool is closed")]
    Closed,
    /// Another relay may have taken over.
    #[error("the session that holds the sender's lock has ended")]
    Deposed,
}

/// Opens a spool to serve from, and creates or migrates it. A log beside an SQLite file stays within a part of the reserve.
pub async fn open(address: &SpoolAddress, reserve: u64, clock: &Clock) -> Result<Box<dyn Spool>, SpoolError> {
    Ok(match address {
        SpoolAddress::Sqlite(path) => Box::new(sqlite::SqliteSpool::open(path, reserve)?),
        SpoolAddress::Postgres(url) => Box::new(postgres::PostgresSpool::open(url, clock).await?),
    })
}

/// Opens an existing spool beside a running relay.
pub async fn attach(address: &SpoolAddress, clock: &Clock) -> Result<Box<dyn Spool>, SpoolError> {
    Ok(match address {
        SpoolAddress::Sqlite(path) => Box::new(sqlite::SqliteSpool::attach(path)?),
        SpoolAddress::Postgres(url) => Box::new(postgres::PostgresSpool::open(url, clock).await?),
    })
}

/// Returns what PostgreSQL said, without the rows that its details may quote, or why there is no connection.
fn in_words(error: &tokio_postgres::Error) -> String {
    match (error.as_db_error(), std::error::Error::source(error)) {
        (Some(answer), _) => answer.message().to_owned(),
        (None, Some(cause)) => format!("{error}: {cause}"),
        (None, None) => error.to_string(),
    }
}
