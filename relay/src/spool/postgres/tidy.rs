//! What is done to rows beside delivering them: dead letters resent or discarded, old rows deleted.

use tokio_postgres::Client;

use super::migrate::DDL_LOCK;
use super::read::{SELECTED, known_days};
use super::write::{apply, day};
use crate::policy;
use crate::spool::total::Change;
use crate::spool::{Cleaned, Letters, SpoolError, Time};

/// Makes waiting events of dead letters.
pub(super) async fn resend(
    client: &mut Client,
    writer: i64,
    letters: &Letters,
    at: Time,
) -> Result<u64, SpoolError> {
    let transaction = client.transaction().await?;
    let statement = format!(
        "WITH gone AS (DELETE FROM letter WHERE {SELECTED} RETURNING id, site, json)
         INSERT INTO event (site, accepted_at, json) SELECT site, $3, json FROM gone ORDER BY id RETURNING site"
    );
    let rows = transaction.query(&statement, &[&letters.site, &letters.ids, &(at as i64)]).await?;
    for row in &rows {
        let change = Change { waiting: 1, dead: -1, ..Change::default() };
        apply(&transaction, writer, row.get(0), change, day(at)).await?;
    }
    transaction.commit().await?;
    Ok(rows.len() as u64)
}

/// Deletes dead letters.
pub(super) async fn discard(client: &mut Client, writer: i64, letters: &Letters) -> Result<u64, SpoolError> {
    let transaction = client.transaction().await?;
    let statement = format!("DELETE FROM letter WHERE {SELECTED} RETURNING site, octet_length(json)::bigint");
    let rows = transaction.query(&statement, &[&letters.site, &letters.ids]).await?;
    for row in &rows {
        let bytes = -row.get::<_, i64>(1);
        apply(
            &transaction,
            writer,
            row.get(0),
            Change { discarded: 1, dead: -1, bytes, ..Change::default() },
            0,
        )
        .await?;
    }
    transaction.commit().await?;
    Ok(rows.len() as u64)
}

/// Deletes events, dead letters and days of known ids that are too old, a part at a time.
pub(super) async fn clean(client: &mut Client, writer: i64, at: Time) -> Result<Cleaned, SpoolError> {
    let transaction = client.transaction().await?;
    // One relay is enough.
    let alone = transaction.query_one("SELECT pg_try_advisory_xact_lock($1)", &[&DDL_LOCK]).await?;
    if !alone.get::<_, bool>(0) {
        return Ok(Cleaned::default());
    }
    let oldest = at.saturating_sub(policy::MAX_AGE) as i64;
    let mut expired = 0;
    for (table, key, time, change) in [
        ("event", "seq", "accepted_at", Change { expired: 1, waiting: -1, ..Change::default() }),
        ("letter", "id", "at", Change { expired: 1, dead: -1, ..Change::default() }),
    ] {
        // Rows are in the order of their times, so that the first that is young enough ends the search.
        let delete = format!(
            "DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM
             (SELECT {key}, {time} FROM {table} ORDER BY {key} LIMIT {}) AS first WHERE {time} < $1)
             RETURNING site, octet_length(json)::bigint",
            policy::EXPIRE_CHUNK
        );
        let rows = transaction.query(&delete, &[&oldest]).await?;
        for row in &rows {
            let bytes = -row.get::<_, i64>(1);
            apply(&transaction, writer, row.get(0), Change { bytes, ..change }, 0).await?;
        }
        expired += rows.len() as u64;
    }
    let mut days = 0;
    let first_kept = day(at) - policy::KNOWN_DAYS as i64 + 1;
    for old in known_days(&transaction).await?.into_iter().filter(|known| *known < first_kept) {
        transaction.batch_execute(&format!("DROP TABLE known_{old}")).await?;
        days += 1;
    }
    transaction.commit().await?;
    Ok(Cleaned { expired, days, more: expired >= policy::EXPIRE_CHUNK as u64 })
}

/// Forgets the oldest day of known ids.
pub(super) async fn shorten(client: &mut Client, at: Time) -> Result<bool, SpoolError> {
    let transaction = client.transaction().await?;
    let oldest = known_days(&transaction).await?.first().copied();
    let Some(oldest) = oldest.filter(|oldest| *oldest != day(at)) else { return Ok(false) };
    transaction.batch_execute(&format!("DROP TABLE known_{oldest}")).await?;
    transaction.commit().await?;
    Ok(true)
}

/// Writes something.
pub(super) async fn probe(client: &mut Client) -> Result<(), SpoolError> {
    client.execute("UPDATE probe SET n = n + 1", &[]).await?;
    Ok(())
}
