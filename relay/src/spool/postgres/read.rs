//! Reading.

use tokio_postgres::{Client, Row};

use crate::policy;
use crate::spool::{DeadLetter, Depth, Letters, Line, Reason, Seq, SpoolError, Waiting};

/// Counts the waiting events on both sides of a place.
pub(super) async fn waiting(client: &Client, site: &str, place: Seq) -> Result<Waiting, SpoolError> {
    let last: Option<i64> = client.query_one("SELECT max(seq) FROM event", &[]).await?.get(0);
    Ok(Waiting {
        old: line(client, site, -1, place).await?,
        new: line(client, site, place, Seq::MAX).await?,
        last: last.unwrap_or(0),
    })
}

async fn line(client: &Client, site: &str, from: Seq, to: Seq) -> Result<Line, SpoolError> {
    let select = "SELECT count(*), (array_agg(accepted_at ORDER BY seq))[1] FROM
                  (SELECT seq, accepted_at FROM event WHERE site = $1 AND batch IS NULL AND seq > $2 AND seq <= $3
                   ORDER BY seq LIMIT $4) AS first";
    let limit = policy::MAX_BATCH_EVENTS as i64;
    let row = client.query_one(select, &[&site, &from, &to, &limit]).await?;
    let oldest: Option<i64> = row.get(1);
    Ok(Line { events: row.get::<_, i64>(0) as usize, oldest: oldest.map(|at| at as u64) })
}

/// Counts everything of a site; attempts since a time of the database's clock.
pub(super) async fn depth(client: &Client, site: &str, day: i64, since: i64) -> Result<Depth, SpoolError> {
    let select = "SELECT sum(accepted)::bigint, sum(repeated)::bigint, sum(delivered)::bigint,
                  sum(discarded)::bigint, sum(expired)::bigint, sum(waiting)::bigint, sum(dead)::bigint,
                  sum(bytes)::bigint, sum(CASE WHEN day = $2 THEN today ELSE 0 END)::bigint
                  FROM total WHERE site = $1";
    let row = client.query_one(select, &[&site, &day]).await?;
    let number = |place| row.get::<_, Option<i64>>(place).unwrap_or(0).max(0) as u64;
    let oldest = "SELECT min(accepted_at) FROM (
                  (SELECT accepted_at FROM event WHERE site = $1 AND batch IS NULL ORDER BY seq LIMIT 1)
                  UNION ALL
                  SELECT accepted_at FROM event WHERE batch IN (SELECT id FROM batch WHERE site = $1)) AS oldest";
    let oldest: Option<i64> = client.query_one(oldest, &[&site]).await?.get(0);
    let attempts = "SELECT count(*) FROM attempt WHERE site = $1 AND at > $2";
    let attempts: i64 = client.query_one(attempts, &[&site, &since]).await?.get(0);
    Ok(Depth {
        accepted: number(0),
        repeated: number(1),
        delivered: number(2),
        discarded: number(3),
        expired: number(4),
        waiting: number(5),
        dead: number(6),
        bytes: number(7),
        today: number(8),
        oldest: oldest.map(|at| at as u64),
        attempts: attempts as u64,
    })
}

/// Returns the names of all sites that the spool holds anything of.
pub(super) async fn sites(client: &Client) -> Result<Vec<String>, SpoolError> {
    let rows = client.query("SELECT DISTINCT site FROM total ORDER BY site", &[]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// Returns the days of which there are known ids, oldest first.
pub(super) async fn known_days(client: &impl tokio_postgres::GenericClient) -> Result<Vec<i64>, SpoolError> {
    let select =
        "SELECT substr(relname, 7)::bigint AS day FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
                  WHERE inhparent = 'known'::regclass ORDER BY day";
    Ok(client.query(select, &[]).await?.iter().map(|row| row.get(0)).collect())
}

/// The part of a query that selects dead letters by $1, a site or null, and $2, numbers of which none means all.
pub(super) const SELECTED: &str =
    "($1::text IS NULL OR site = $1) AND (cardinality($2::bigint[]) = 0 OR id = ANY($2))";

/// Lists dead letters, oldest first.
pub(super) async fn letters(client: &Client, letters: &Letters) -> Result<Vec<DeadLetter>, SpoolError> {
    let select = format!(
        "SELECT id, site, at, reason, status, message, json FROM letter WHERE {SELECTED} ORDER BY id LIMIT $3"
    );
    let limit = letters.limit.map(i64::from);
    let rows = client.query(&select, &[&letters.site, &letters.ids, &limit]).await?;
    Ok(rows.iter().map(letter).collect())
}

fn letter(row: &Row) -> DeadLetter {
    DeadLetter {
        id: row.get(0),
        site: row.get(1),
        at: row.get::<_, i64>(2) as u64,
        reason: Reason::read(row.get(3)),
        status: row.get::<_, i32>(4) as u16,
        message: row.get(5),
        event: row.get(6),
    }
}
