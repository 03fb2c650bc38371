//! Reading.

use rusqlite::{Connection, OptionalExtension, Row, ToSql, params, params_from_iter};

use super::store::{Store, day};
use crate::policy;
use crate::spool::{
    Batch, BatchId, DeadLetter, Depth, Letters, Line, Reason, Seq, SpoolError, Time, Waiting,
};

impl Store {
    /// Counts the waiting events on both sides of a place.
    pub fn waiting(&mut self, site: &str, place: Seq) -> Result<Waiting, SpoolError> {
        let line = |from: Seq, to: Seq| -> rusqlite::Result<Line> {
            let events: i64 = self
                .connection
                .prepare_cached(
                    "SELECT count(*) FROM (SELECT 1 FROM event
                     WHERE site = ?1 AND batch IS NULL AND seq > ?2 AND seq <= ?3 LIMIT ?4)",
                )?
                .query_row(params![site, from, to, policy::MAX_BATCH_EVENTS as i64], |row| row.get(0))?;
            let oldest: Option<i64> = self
                .connection
                .prepare_cached(
                    "SELECT accepted_at FROM event WHERE site = ?1 AND batch IS NULL AND seq > ?2 AND seq <= ?3
                     ORDER BY seq LIMIT 1",
                )?
                .query_row(params![site, from, to], |row| row.get(0))
                .optional()?;
            Ok(Line { events: events as usize, oldest: oldest.map(|at| at as u64) })
        };
        let last: Option<i64> =
            self.connection.prepare_cached("SELECT max(seq) FROM event")?.query_row([], |row| row.get(0))?;
        Ok(Waiting { old: line(-1, place)?, new: line(place, Seq::MAX)?, last: last.unwrap_or(0) })
    }

    /// Counts everything of a site.
    pub fn depth(&mut self, site: &str, at: Time) -> Result<Depth, SpoolError> {
        let mut depth = self
            .connection
            .prepare_cached(
                "SELECT accepted, repeated, delivered, discarded, expired, waiting, dead, bytes,
                 CASE WHEN day = ?2 THEN today ELSE 0 END FROM total WHERE site = ?1",
            )?
            .query_row(params![site, day(at)], totals)
            .optional()?
            .unwrap_or_default();
        let oldest: Option<i64> = self
            .connection
            .prepare_cached(
                "SELECT min(accepted_at) FROM (
                 SELECT * FROM (SELECT accepted_at FROM event WHERE site = ?1 AND batch IS NULL ORDER BY seq LIMIT 1)
                 UNION ALL
                 SELECT accepted_at FROM event WHERE batch IN (SELECT id FROM batch WHERE site = ?1))",
            )?
            .query_row([site], |row| row.get(0))?;
        let attempts: i64 = self
            .connection
            .prepare_cached("SELECT count(*) FROM attempt WHERE site = ?1 AND at > ?2")?
            .query_row(params![site, at.saturating_sub(policy::MINUTE) as i64], |row| row.get(0))?;
        depth.oldest = oldest.map(|at| at as u64);
        depth.attempts = attempts as u64;
        Ok(depth)
    }

    /// Returns the names of all sites that the spool holds anything of.
    pub fn sites(&mut self) -> Result<Vec<String>, SpoolError> {
        let mut select = self.connection.prepare_cached("SELECT site FROM total ORDER BY site")?;
        Ok(select.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
    }

    /// Lists dead letters, oldest first.
    pub fn letters(&mut self, letters: &Letters) -> Result<Vec<DeadLetter>, SpoolError> {
        let (condition, values) = condition(letters);
        let limit = letters.limit.map_or(-1, i64::from);
        let mut select = self.connection.prepare(&format!(
            "SELECT id, site, at, reason, status, message, json FROM letter WHERE {condition} ORDER BY id LIMIT {limit}"
        ))?;
        Ok(select.query_map(params_from_iter(values), letter)?.collect::<Result<_, _>>()?)
    }

    /// Returns the bytes of the file that hold nothing.
    pub fn free_bytes(&mut self) -> Result<u64, SpoolError> {
        let pragma = |name| self.connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        Ok((pragma("freelist_count")? * pragma("page_size")?) as u64)
    }

    /// Returns how many days of known ids there are.
    pub fn known_days(&mut self) -> Result<u64, SpoolError> {
        Ok(known_days(&self.connection)?.len() as u64)
    }
}

/// Returns the part of a query that selects these dead letters, and its parameters.
pub(super) fn condition(letters: &Letters) -> (String, Vec<Box<dyn ToSql>>) {
    let mut condition = String::from("1");
    let mut values: Vec<Box<dyn ToSql>> = Vec::new();
    if let Some(site) = &letters.site {
        condition.push_str(" AND site = ?");
        values.push(Box::new(site.clone()));
    }
    if !letters.ids.is_empty() {
        let marks = vec!["?"; letters.ids.len()].join(", ");
        condition.push_str(&format!(" AND id IN ({marks})"));
        values.extend(letters.ids.iter().map(|id| Box::new(*id) as Box<dyn ToSql>));
    }
    (condition, values)
}

/// Returns the days of which there are known ids, oldest first.
pub(super) fn known_days(connection: &Connection) -> rusqlite::Result<Vec<i64>> {
    let mut select = connection.prepare_cached(
        "SELECT substr(name, 7) FROM sqlite_schema WHERE type = 'table' AND name GLOB 'known_*'",
    )?;
    let names = select.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
    let mut days: Vec<i64> = names.iter().filter_map(|day| day.parse().ok()).collect();
    days.sort_unstable();
    Ok(days)
}

/// Returns the members of a batch, in order.
pub(super) fn members(connection: &Connection, batch: BatchId) -> rusqlite::Result<Vec<(Seq, String)>> {
    connection
        .prepare_cached("SELECT seq, json FROM event WHERE batch = ?1 ORDER BY seq")?
        .query_map([batch], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

pub(super) fn batch(row: &Row<'_>) -> rusqlite::Result<Batch> {
    Ok(Batch { id: row.get(0)?, events: row.get(1)?, suspect: row.get(2)? })
}

fn letter(row: &Row<'_>) -> rusqlite::Result<DeadLetter> {
    Ok(DeadLetter {
        id: row.get(0)?,
        site: row.get(1)?,
        at: row.get::<_, i64>(2)? as u64,
        reason: Reason::read(&row.get::<_, String>(3)?),
        status: row.get(4)?,
        message: row.get(5)?,
        event: row.get(6)?,
    })
}

fn totals(row: &Row<'_>) -> rusqlite::Result<Depth> {
    let number = |place| row.get::<_, i64>(place).map(|number| number.max(0) as u64);
    Ok(Depth {
        accepted: number(0)?,
        repeated: number(1)?,
        delivered: number(2)?,
        discarded: number(3)?,
        expired: number(4)?,
        waiting: number(5)?,
        dead: number(6)?,
        bytes: number(7)?,
        today: number(8)?,
        ..Depth::default()
    })
}
