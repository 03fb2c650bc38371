//! The spool in PostgreSQL: for relays on several machines.
//!
//! Any number of relays accept. The sender of a site is the relay whose session holds an advisory lock; its attempts are
//! recorded on that very session, so that a relay that has lost the lock cannot record, and therefore not send.

mod link;
mod migrate;
mod read;
mod tidy;
mod write;

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use sha2::{Digest, Sha256};
use tokio::sync::Mutex;
use tokio_postgres::Client;

use super::{
    Arrival, Attempt, BatchId, Claim, Cleaned, DeadLetter, Depth, Letters, Outcome, Recovered, Room, Seq,
    Session, Settled, SiteName, Spool, SpoolError, Taken, Time, Waiting,
};
use crate::clock::Clock;
use crate::policy;
use link::{Link, Server, within};

/// An open PostgreSQL spool.
#[derive(Debug)]
pub struct PostgresSpool {
    server: Server,
    /// Accepts and settles.
    writer: Link,
    reader: Link,
    /// Sessions that asked to lead and were not let.
    standby: Mutex<HashMap<SiteName, Client>>,
    /// Tells this relay's numbers from other relays'.
    number: i64,
    /// The newest day that has a partition.
    day: AtomicI64,
}

impl PostgresSpool {
    /// Connects, and creates or migrates the tables.
    pub async fn open(url: &str, clock: &Clock) -> Result<Self, SpoolError> {
        let server = Server::new(url, clock)?;
        let mut client = server.connect().await?;
        within(migrate::migrate(&mut client)).await?;
        Ok(Self {
            writer: Link::new(server.clone()),
            reader: Link::new(server.clone()),
            standby: Mutex::default(),
            number: RandomState::new().hash_one(std::process::id()) as i64,
            day: AtomicI64::new(i64::MIN),
            server,
        })
    }

    async fn prepare_day(&self, day: i64) -> Result<(), SpoolError> {
        if self.day.load(Ordering::Relaxed) < day {
            self.writer.run(|client| Box::pin(write::prepare_day(client, day))).await?;
            self.day.store(day, Ordering::Relaxed);
        }
        Ok(())
    }
}

#[async_trait]
impl Spool for PostgresSpool {
    async fn accept(&self, arrivals: Vec<Arrival>) -> Result<Vec<Taken>, SpoolError> {
        let today = arrivals.iter().map(|arrival| write::day(arrival.at)).max().unwrap_or(0);
        self.prepare_day(today).await?;
        let number = self.number;
        self.writer.run(move |client| Box::pin(write::accept(client, number, today, arrivals))).await
    }

    async fn lead(&self, site: &SiteName) -> Result<Option<Box<dyn Session>>, SpoolError> {
        let mut standby = self.standby.lock().await;
        let client = match standby.remove(site).filter(|client| !client.is_closed()) {
            Some(client) => client,
            None => self.server.connect().await?,
        };
        let lock = lock_of(site);
        let won = within(async {
            Ok(client.query_one("SELECT pg_try_advisory_lock($1)", &[&lock]).await?.get::<_, bool>(0))
        });
        if !won.await? {
            standby.insert(Arc::clone(site), client);
            return Ok(None);
        }
        Ok(Some(Box::new(PostgresSession { site: Arc::clone(site), server: self.server.clone(), client })))
    }

    async fn waiting(&self, site: &SiteName, place: Seq) -> Result<Waiting, SpoolError> {
        let site = Arc::clone(site);
        self.reader
            .run(move |client| Box::pin(async move { read::waiting(client, &site, place).await }))
            .await
    }

    async fn settle(&self, batch: BatchId, outcome: Outcome, at: Time) -> Result<Settled, SpoolError> {
        let number = self.number;
        self.writer.run(move |client| Box::pin(write::settle(client, number, batch, outcome, at))).await
    }

    async fn depth(&self, site: &SiteName, at: Time) -> Result<Depth, SpoolError> {
        let (site, day) = (Arc::clone(site), write::day(at));
        let since = self.server.time(at) - policy::MINUTE as i64;
        self.reader
            .run(move |client| Box::pin(async move { read::depth(client, &site, day, since).await }))
            .await
    }

    async fn sites(&self) -> Result<Vec<String>, SpoolError> {
        self.reader.run(|client| Box::pin(read::sites(client))).await
    }

    async fn clean(&self, at: Time) -> Result<Cleaned, SpoolError> {
        let number = self.number;
        self.writer.run(move |client| Box::pin(tidy::clean(client, number, at))).await
    }

    async fn shorten(&self, at: Time) -> Result<bool, SpoolError> {
        self.writer.run(move |client| Box::pin(tidy::shorten(client, at))).await
    }

    async fn known_days(&self) -> Result<u64, SpoolError> {
        let days = self.reader.run(|client| Box::pin(async move { read::known_days(client).await })).await?;
        Ok(days.len() as u64)
    }

    async fn letters(&self, letters: &Letters) -> Result<Vec<DeadLetter>, SpoolError> {
        let letters = letters.clone();
        self.reader.run(move |client| Box::pin(async move { read::letters(client, &letters).await })).await
    }

    async fn resend(&self, letters: &Letters, at: Time) -> Result<u64, SpoolError> {
        let (letters, number) = (letters.clone(), self.number);
        self.writer
            .run(move |client| Box::pin(async move { tidy::resend(client, number, &letters, at).await }))
            .await
    }

    async fn discard(&self, letters: &Letters) -> Result<u64, SpoolError> {
        let (letters, number) = (letters.clone(), self.number);
        self.writer
            .run(move |client| Box::pin(async move { tidy::discard(client, number, &letters).await }))
            .await
    }

    async fn probe(&self) -> Result<(), SpoolError> {
        self.writer.run(|client| Box::pin(tidy::probe(client))).await
    }

    fn disk_free(&self) -> Option<u64> {
        None
    }

    async fn room(&self) -> Option<Room> {
        // The server's disk cannot be seen from here.
        None
    }

    fn is_shared(&self) -> bool {
        true
    }

    async fn close(&self) {
        self.standby.lock().await.clear();
        self.reader.close().await;
        self.writer.close().await;
    }
}

/// The session that holds a site's lock.
#[derive(Debug)]
struct PostgresSession {
    site: SiteName,
    server: Server,
    client: Client,
}

#[async_trait]
impl Session for PostgresSession {
    async fn recover(&mut self, at: Time) -> Result<Recovered, SpoolError> {
        within(write::recover(&self.client, &self.site, self.server.time(at))).await
    }

    async fn begin(&mut self, claim: Claim, at: Time) -> Result<Option<Attempt>, SpoolError> {
        let at = self.server.time(at);
        within(write::begin(&mut self.client, &self.site, claim, at)).await
    }

    async fn check(&mut self) -> Result<(), SpoolError> {
        if self.client.is_closed() {
            return Err(SpoolError::Deposed);
        }
        Ok(())
    }
}

/// Returns the number of a site's lock.
fn lock_of(site: &str) -> i64 {
    let hash = Sha256::digest(format!("appizer-relay/{site}"));
    let mut cut = [0; 8];
    cut.copy_from_slice(&hash[..8]);
    i64::from_be_bytes(cut)
}
