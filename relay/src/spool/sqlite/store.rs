//! The tables behind plain functions: no threads, no clock.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::filter::{Filter, Slot};
use super::read;
use crate::policy;
use crate::spool::total::{APPLY, Change};
use crate::spool::{
    Arrival, Attempt, Batch, BatchId, Claim, Outcome, Recovered, Settled, SpoolError, Taken, Time,
};

/// SQLite has one writer.
const WRITER: i64 = 0;

/// Attempts are kept for so long: far more than the window of the limit.
const ATTEMPTS_KEPT: u64 = 10 * policy::MINUTE;

/// An open spool.
#[derive(Debug)]
pub struct Store {
    pub(super) connection: Connection,
    /// Spares looks into the tables of known ids.
    pub(super) filter: Slot,
}

impl Store {
    /// Stores the events of all arrivals in one transaction, but for repeats.
    pub fn accept(&mut self, arrivals: &[Arrival]) -> Result<Vec<Taken>, SpoolError> {
        let slot = self.filter.clone();
        let transaction = self.write()?;
        let today = day(arrivals.iter().map(|arrival| arrival.at).max().unwrap_or(0));
        let mut known = Known::open(&transaction, today, &slot)?;
        let mut taken = Vec::with_capacity(arrivals.len());
        for arrival in arrivals {
            let mut change = Change::default();
            let mut insert = transaction
                .prepare_cached("INSERT INTO event (site, accepted_at, json) VALUES (?1, ?2, ?3)")?;
            for event in &arrival.events {
                if let Some(id) = event.id
                    && !known.add(&transaction, &id.0)?
                {
                    change.repeated += 1;
                    continue;
                }
                insert.execute(params![&*arrival.site, arrival.at as i64, event.json])?;
                change.accept(event.json.len());
            }
            apply(&transaction, &arrival.site, change, today)?;
            taken.push(Taken { accepted: change.accepted as u32, repeated: change.repeated as u32 });
        }
        transaction.commit()?;
        Ok(taken)
    }

    /// Returns what earlier senders of a site left.
    pub fn recover(&mut self, site: &str, at: Time) -> Result<Recovered, SpoolError> {
        let batches = self
            .connection
            .prepare_cached(
                "SELECT batch.id, count(event.seq), batch.suspect FROM batch
                 LEFT JOIN event ON event.batch = batch.id WHERE batch.site = ?1
                 GROUP BY batch.id ORDER BY batch.id",
            )?
            .query_map([site], read::batch)?
            .collect::<Result<_, _>>()?;
        let attempts = self
            .connection
            .prepare_cached("SELECT at FROM attempt WHERE site = ?1 ORDER BY at")?
            .query_map([site], |row| row.get::<_, i64>(0))?
            .map(|then| Ok(at.saturating_sub(then? as u64)))
            .collect::<rusqlite::Result<_>>()?;
        Ok(Recovered { batches, attempt_ages: attempts })
    }

    /// Records an attempt with its exact members.
    pub fn begin(&mut self, site: &str, claim: Claim, at: Time) -> Result<Option<Attempt>, SpoolError> {
        let transaction = self.write()?;
        let attempt = match claim {
            Claim::Fresh { after, until } => fresh(&transaction, site, after, until)?,
            Claim::Again(id) => again(&transaction, id)?,
        };
        if let Some(attempt) = &attempt {
            transaction
                .prepare_cached("INSERT INTO attempt (site, batch, at) VALUES (?1, ?2, ?3)")?
                .execute(params![site, attempt.batch.id, at as i64])?;
        }
        transaction
            .prepare_cached("DELETE FROM attempt WHERE site = ?1 AND at < ?2")?
            .execute(params![site, at.saturating_sub(ATTEMPTS_KEPT) as i64])?;
        transaction.commit()?;
        Ok(attempt)
    }

    /// Records what became of a batch.
    pub fn settle(&mut self, batch: BatchId, outcome: &Outcome, at: Time) -> Result<Settled, SpoolError> {
        let transaction = self.write()?;
        let site: Option<String> = transaction
            .prepare_cached("SELECT site FROM batch WHERE id = ?1")?
            .query_row([batch], |row| row.get(0))
            .optional()?;
        // Settled already, by this relay or by another.
        let Some(site) = site else { return Ok(Settled::default()) };
        let members = read::members(&transaction, batch)?;
        let settled = match outcome {
            Outcome::Split => Settled { halves: split(&transaction, &site, &members)?, ..Settled::default() },
            Outcome::Done { dead, cause } => {
                let mut change = Change::default();
                let mut bury = transaction.prepare_cached(
                    "INSERT INTO letter (site, at, reason, status, message, json) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                )?;
                for (place, (_, json)) in members.iter().enumerate() {
                    if dead.contains(&place) {
                        let word = cause.reason.as_str();
                        bury.execute(params![site, at as i64, word, cause.status, cause.message, json])?;
                        change.bury();
                    } else {
                        change.deliver(json.len());
                    }
                }
                drop(bury);
                transaction.prepare_cached("DELETE FROM event WHERE batch = ?1")?.execute([batch])?;
                apply(&transaction, &site, change, day(at))?;
                Settled { delivered: change.delivered as u32, dead: change.dead as u32, halves: Vec::new() }
            }
        };
        transaction.prepare_cached("DELETE FROM batch WHERE id = ?1")?.execute([batch])?;
        transaction.commit()?;
        Ok(settled)
    }

    /// Begins a transaction that writes: the lock is taken at once, so that waiting for it is SQLite's business.
    pub(super) fn write(&mut self) -> rusqlite::Result<Transaction<'_>> {
        self.connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)
    }
}

fn fresh(
    transaction: &Transaction<'_>,
    site: &str,
    after: i64,
    until: i64,
) -> rusqlite::Result<Option<Attempt>> {
    let mut select = transaction.prepare_cached(
        "SELECT seq, json FROM event WHERE site = ?1 AND batch IS NULL AND seq > ?2 AND seq <= ?3
         ORDER BY seq LIMIT ?4",
    )?;
    let mut rows = select.query(params![site, after, until, policy::MAX_BATCH_EVENTS as i64])?;
    let (mut seqs, mut events, mut bytes) = (Vec::new(), Vec::new(), 0);
    while let Some(row) = rows.next()? {
        let json: String = row.get(1)?;
        bytes += json.len();
        if bytes > policy::MAX_BATCH_BYTES && !seqs.is_empty() {
            break;
        }
        seqs.push(row.get::<_, i64>(0)?);
        events.push(json);
    }
    if seqs.is_empty() {
        return Ok(None);
    }
    let batch = new_batch(transaction, site, false, &seqs)?;
    Ok(Some(Attempt { batch, events }))
}

fn again(transaction: &Transaction<'_>, id: BatchId) -> rusqlite::Result<Option<Attempt>> {
    let members = read::members(transaction, id)?;
    let suspect: Option<bool> = transaction
        .prepare_cached("SELECT suspect FROM batch WHERE id = ?1")?
        .query_row([id], |row| row.get(0))
        .optional()?;
    let Some(suspect) = suspect else { return Ok(None) };
    if members.is_empty() {
        // All of them grew too old.
        transaction.prepare_cached("DELETE FROM batch WHERE id = ?1")?.execute([id])?;
        return Ok(None);
    }
    let batch = Batch { id, events: members.len() as u32, suspect };
    Ok(Some(Attempt { batch, events: members.into_iter().map(|(_, json)| json).collect() }))
}

fn split(
    transaction: &Transaction<'_>,
    site: &str,
    members: &[(i64, String)],
) -> rusqlite::Result<Vec<Batch>> {
    let seqs: Vec<i64> = members.iter().map(|(seq, _)| *seq).collect();
    let (first, second) = seqs.split_at(seqs.len() / 2);
    let halves = [first, second].into_iter().filter(|half| !half.is_empty());
    halves.map(|half| new_batch(transaction, site, true, half)).collect()
}

/// Makes a batch of these events.
fn new_batch(
    transaction: &Transaction<'_>,
    site: &str,
    suspect: bool,
    seqs: &[i64],
) -> rusqlite::Result<Batch> {
    transaction
        .prepare_cached("INSERT INTO batch (site, suspect) VALUES (?1, ?2)")?
        .execute(params![site, suspect])?;
    let id = transaction.last_insert_rowid();
    let mut update = transaction.prepare_cached("UPDATE event SET batch = ?1 WHERE seq = ?2")?;
    for seq in seqs {
        update.execute([id, *seq])?;
    }
    Ok(Batch { id, events: seqs.len() as u32, suspect })
}

/// Adds a change to a site's numbers.
pub(super) fn apply(
    transaction: &Transaction<'_>,
    site: &str,
    change: Change,
    day: i64,
) -> rusqlite::Result<()> {
    transaction.prepare_cached(APPLY)?.execute(params![
        site,
        WRITER,
        change.accepted,
        change.repeated,
        change.delivered,
        change.discarded,
        change.expired,
        change.waiting,
        change.dead,
        change.bytes,
        day,
    ])?;
    Ok(())
}

/// Returns the day of a time, since 1970.
pub(super) fn day(at: Time) -> i64 {
    (at / policy::DAY) as i64
}

/// The ids that were accepted within a month, one table a day.
struct Known {
    /// Of days that the filter does not cover, newest first: a repeat comes soon, as a rule.
    lookups: Vec<String>,
    filter: Option<Arc<Filter>>,
    /// Of days that it does.
    filtered: Vec<String>,
    insert: String,
}

impl Known {
    /// Finds the tables, and makes today's.
    fn open(transaction: &Transaction<'_>, today: i64, slot: &Slot) -> rusqlite::Result<Self> {
        let mut days = read::known_days(transaction)?;
        if !days.contains(&today) {
            transaction.execute_batch(&format!(
                "CREATE TABLE known_{today} (id BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;"
            ))?;
        }
        days.retain(|day| *day != today);
        let mut filter = slot.get();
        if filter.as_ref().is_some_and(|filter| filter.covers(today)) {
            slot.clear();
            filter = None;
        }
        let covered = |day: &i64| filter.as_ref().is_some_and(|filter| filter.covers(*day));
        let lookup = |day| format!("SELECT 1 FROM known_{day} WHERE id = ?1");
        let (filtered, lookups): (Vec<i64>, Vec<i64>) = days.into_iter().rev().partition(covered);
        Ok(Self {
            lookups: lookups.into_iter().map(lookup).collect(),
            filtered: filtered.into_iter().map(lookup).collect(),
            filter,
            insert: format!("INSERT OR IGNORE INTO known_{today} (id) VALUES (?1)"),
        })
    }

    /// Adds an id; false if it was there.
    fn add(&mut self, transaction: &Transaction<'_>, id: &[u8; 16]) -> rusqlite::Result<bool> {
        let may_be_filtered = self.filter.as_ref().is_some_and(|filter| filter.may_hold(id));
        let filtered = if may_be_filtered { &self.filtered[..] } else { &[] };
        for lookup in self.lookups.iter().chain(filtered) {
            if transaction.prepare_cached(lookup)?.exists([id])? {
                return Ok(false);
            }
        }
        Ok(transaction.prepare_cached(&self.insert)?.execute([id])? == 1)
    }
}
