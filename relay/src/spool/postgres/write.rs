//! Transactions that change events and batches.

use std::collections::HashSet;

use tokio_postgres::{Client, GenericClient, Row, Transaction};

use crate::policy;
use crate::spool::total::{APPLY, Change};
use crate::spool::{
    Arrival, Attempt, Batch, BatchId, Claim, Outcome, Recovered, Settled, SpoolError, Taken, Time,
};

use super::migrate::DDL_LOCK;

/// Attempts are kept for so long: far more than the window of the limit.
const ATTEMPTS_KEPT: i64 = 10 * policy::MINUTE as i64;

/// Makes the partition of a day.
pub(super) async fn prepare_day(client: &mut Client, day: i64) -> Result<(), SpoolError> {
    let transaction = client.transaction().await?;
    transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&DDL_LOCK]).await?;
    let create = format!("CREATE TABLE IF NOT EXISTS known_{day} PARTITION OF known FOR VALUES IN ({day})");
    transaction.batch_execute(&create).await?;
    Ok(transaction.commit().await?)
}

/// Stores the events of all arrivals in one transaction, but for repeats.
pub(super) async fn accept(
    client: &mut Client,
    writer: i64,
    today: i64,
    arrivals: Vec<Arrival>,
) -> Result<Vec<Taken>, SpoolError> {
    let transaction = client.transaction().await?;
    let mut fresh = fresh_ids(&transaction, today, &arrivals).await?;
    let (mut sites, mut times, mut texts) = (Vec::new(), Vec::new(), Vec::new());
    let mut taken = Vec::with_capacity(arrivals.len());
    for arrival in &arrivals {
        let mut change = Change::default();
        for event in &arrival.events {
            if event.id.is_some_and(|id| !fresh.remove(&id.0[..])) {
                change.repeated += 1;
                continue;
            }
            change.accept(event.json.len());
            sites.push(&*arrival.site);
            times.push(arrival.at as i64);
            texts.push(&*event.json);
        }
        apply(&transaction, writer, &arrival.site, change, today).await?;
        taken.push(Taken { accepted: change.accepted as u32, repeated: change.repeated as u32 });
    }
    let insert = "INSERT INTO event (site, accepted_at, json)
                  SELECT s, t, j FROM unnest($1::text[], $2::bigint[], $3::text[]) WITH ORDINALITY AS e (s, t, j, n)
                  ORDER BY n";
    transaction.execute(insert, &[&sites, &times, &texts]).await?;
    transaction.commit().await?;
    Ok(taken)
}

/// Adds the ids of all arrivals to the known ones; returns those that were not.
async fn fresh_ids(
    transaction: &Transaction<'_>,
    today: i64,
    arrivals: &[Arrival],
) -> Result<HashSet<Vec<u8>>, SpoolError> {
    let mut ids: Vec<&[u8]> = Vec::new();
    for event in arrivals.iter().flat_map(|arrival| &arrival.events) {
        ids.extend(event.id.as_ref().map(|id| &id.0[..]));
    }
    // Relays that insert in one order never wait for each other in a circle.
    ids.sort_unstable();
    ids.dedup();
    let rows =
        transaction.query("SELECT id FROM known WHERE id = ANY($1) AND day <> $2", &[&ids, &today]).await?;
    let known: HashSet<Vec<u8>> = rows.iter().map(|row| row.get(0)).collect();
    ids.retain(|id| !known.contains(*id));
    let insert = "INSERT INTO known (id, day) SELECT i, $2 FROM unnest($1::bytea[]) AS i
                  ON CONFLICT DO NOTHING RETURNING id";
    let rows = transaction.query(insert, &[&ids, &today]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Returns what earlier senders of a site left.
pub(super) async fn recover(client: &Client, site: &str, at: i64) -> Result<Recovered, SpoolError> {
    let batches = "SELECT batch.id, count(event.seq), batch.suspect FROM batch
                   LEFT JOIN event ON event.batch = batch.id WHERE batch.site = $1
                   GROUP BY batch.id ORDER BY batch.id";
    let batches = client.query(batches, &[&site]).await?;
    let attempts = client.query("SELECT at FROM attempt WHERE site = $1 ORDER BY at", &[&site]).await?;
    Ok(Recovered {
        batches: batches.iter().map(batch).collect(),
        attempt_ages: attempts.iter().map(|row| (at - row.get::<_, i64>(0)).max(0) as u64).collect(),
    })
}

/// Records an attempt with its exact members.
pub(super) async fn begin(
    client: &mut Client,
    site: &str,
    claim: Claim,
    at: i64,
) -> Result<Option<Attempt>, SpoolError> {
    let transaction = client.transaction().await?;
    let attempt = match claim {
        Claim::Fresh { after, until } => fresh(&transaction, site, after, until).await?,
        Claim::Again(id) => again(&transaction, id).await?,
    };
    if let Some(attempt) = &attempt {
        let insert = "INSERT INTO attempt (site, batch, at) VALUES ($1, $2, $3)";
        transaction.execute(insert, &[&site, &attempt.batch.id, &at]).await?;
    }
    let delete = "DELETE FROM attempt WHERE site = $1 AND at < $2";
    transaction.execute(delete, &[&site, &(at - ATTEMPTS_KEPT)]).await?;
    transaction.commit().await?;
    Ok(attempt)
}

async fn fresh(
    transaction: &Transaction<'_>,
    site: &str,
    after: i64,
    until: i64,
) -> Result<Option<Attempt>, SpoolError> {
    let select = "SELECT seq, json FROM event WHERE site = $1 AND batch IS NULL AND seq > $2 AND seq <= $3
                  ORDER BY seq LIMIT $4";
    let limit = policy::MAX_BATCH_EVENTS as i64;
    let rows = transaction.query(select, &[&site, &after, &until, &limit]).await?;
    let (mut seqs, mut events, mut bytes) = (Vec::new(), Vec::new(), 0);
    for row in &rows {
        let json: String = row.get(1);
        bytes += json.len();
        if bytes > policy::MAX_BATCH_BYTES && !seqs.is_empty() {
            break;
        }
        seqs.push(row.get::<_, i64>(0));
        events.push(json);
    }
    if seqs.is_empty() {
        return Ok(None);
    }
    Ok(Some(Attempt { batch: new_batch(transaction, site, false, &seqs).await?, events }))
}

async fn again(transaction: &Transaction<'_>, id: BatchId) -> Result<Option<Attempt>, SpoolError> {
    let lock = "SELECT suspect FROM batch WHERE id = $1 FOR UPDATE";
    let Some(row) = transaction.query_opt(lock, &[&id]).await? else { return Ok(None) };
    let members = members(transaction, id).await?;
    if members.is_empty() {
        // All of them grew too old.
        transaction.execute("DELETE FROM batch WHERE id = $1", &[&id]).await?;
        return Ok(None);
    }
    let batch = Batch { id, events: members.len() as u32, suspect: row.get(0) };
    Ok(Some(Attempt { batch, events: members.into_iter().map(|(_, json)| json).collect() }))
}

/// Records what became of a batch.
pub(super) async fn settle(
    client: &mut Client,
    writer: i64,
    id: BatchId,
    outcome: Outcome,
    at: Time,
) -> Result<Settled, SpoolError> {
    let transaction = client.transaction().await?;
    let lock = "SELECT site FROM batch WHERE id = $1 FOR UPDATE";
    // Settled already, by this relay or by another.
    let Some(row) = transaction.query_opt(lock, &[&id]).await? else { return Ok(Settled::default()) };
    let site: String = row.get(0);
    let members = members(&transaction, id).await?;
    let settled = match outcome {
        Outcome::Split => {
            let seqs: Vec<i64> = members.iter().map(|(seq, _)| *seq).collect();
            let (first, second) = seqs.split_at(seqs.len() / 2);
            let mut halves = Vec::new();
            for half in [first, second].into_iter().filter(|half| !half.is_empty()) {
                halves.push(new_batch(&transaction, &site, true, half).await?);
            }
            Settled { halves, ..Settled::default() }
        }
        Outcome::Done { dead, cause } => {
            let mut change = Change::default();
            let bury = "INSERT INTO letter (site, at, reason, status, message, json) VALUES ($1, $2, $3, $4, $5, $6)";
            for (place, (_, json)) in members.iter().enumerate() {
                if dead.contains(&place) {
                    let (word, status) = (cause.reason.as_str(), i32::from(cause.status));
                    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 6] =
                        [&site, &(at as i64), &word, &status, &cause.message, json];
                    transaction.execute(bury, &values).await?;
                    change.bury();
                } else {
                    change.deliver(json.len());
                }
            }
            transaction.execute("DELETE FROM event WHERE batch = $1", &[&id]).await?;
            apply(&transaction, writer, &site, change, day(at)).await?;
            Settled { delivered: change.delivered as u32, dead: change.dead as u32, halves: Vec::new() }
        }
    };
    transaction.execute("DELETE FROM batch WHERE id = $1", &[&id]).await?;
    transaction.commit().await?;
    Ok(settled)
}

/// Makes a batch of these events.
async fn new_batch(
    transaction: &Transaction<'_>,
    site: &str,
    suspect: bool,
    seqs: &[i64],
) -> Result<Batch, SpoolError> {
    let insert = "INSERT INTO batch (site, suspect) VALUES ($1, $2) RETURNING id";
    let id: i64 = transaction.query_one(insert, &[&site, &suspect]).await?.get(0);
    transaction.execute("UPDATE event SET batch = $1 WHERE seq = ANY($2)", &[&id, &seqs]).await?;
    Ok(Batch { id, events: seqs.len() as u32, suspect })
}

async fn members(transaction: &Transaction<'_>, batch: BatchId) -> Result<Vec<(i64, String)>, SpoolError> {
    let rows =
        transaction.query("SELECT seq, json FROM event WHERE batch = $1 ORDER BY seq", &[&batch]).await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

fn batch(row: &Row) -> Batch {
    Batch { id: row.get(0), events: row.get::<_, i64>(1) as u32, suspect: row.get(2) }
}

/// Adds a change to this relay's row of a site's numbers.
pub(super) async fn apply(
    client: &impl GenericClient,
    writer: i64,
    site: &str,
    change: Change,
    day: i64,
) -> Result<(), SpoolError> {
    let Change { accepted, repeated, delivered, discarded, expired, waiting, dead, bytes } = change;
    client
        .execute(
            APPLY,
            &[
                &site, &writer, &accepted, &repeated, &delivered, &discarded, &expired, &waiting, &dead,
                &bytes, &day,
            ],
        )
        .await?;
    Ok(())
}

/// Returns the day of a time, since 1970.
pub(super) fn day(at: Time) -> i64 {
    (at / policy::DAY) as i64
}
