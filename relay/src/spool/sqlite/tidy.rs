//! What is done to rows beside delivering them: dead letters resent or discarded, old rows deleted.

use rusqlite::{params, params_from_iter};

use super::read::{condition, known_days};
use super::store::{Store, apply, day};
use crate::policy;
use crate::spool::total::Change;
use crate::spool::{Cleaned, Letters, SpoolError, Time};

impl Store {
    /// Makes waiting events of dead letters. They are known already, so that no repeat of them is accepted.
    pub fn resend(&mut self, letters: &Letters, at: Time) -> Result<u64, SpoolError> {
        let found = self.letters(letters)?;
        let transaction = self.write()?;
        let mut resent = 0;
        for letter in found {
            if transaction.execute("DELETE FROM letter WHERE id = ?1", [letter.id])? == 0 {
                continue;
            }
            transaction.execute(
                "INSERT INTO event (site, accepted_at, json) VALUES (?1, ?2, ?3)",
                params![letter.site, at as i64, letter.event],
            )?;
            let change = Change { waiting: 1, dead: -1, ..Change::default() };
            apply(&transaction, &letter.site, change, day(at))?;
            resent += 1;
        }
        transaction.commit()?;
        Ok(resent)
    }

    /// Deletes dead letters.
    pub fn discard(&mut self, letters: &Letters) -> Result<u64, SpoolError> {
        let transaction = self.write()?;
        let (condition, values) = condition(letters);
        let deleted: Vec<(String, i64)> = transaction
            .prepare(&format!(
                "DELETE FROM letter WHERE {condition} RETURNING site, length(CAST(json AS BLOB))"
            ))?
            .query_map(params_from_iter(values), |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        for (site, bytes) in &deleted {
            let change = Change { discarded: 1, dead: -1, bytes: -bytes, ..Change::default() };
            apply(&transaction, site, change, 0)?;
        }
        transaction.commit()?;
        Ok(deleted.len() as u64)
    }

    /// Deletes events, dead letters and days of known ids that are too old, a part at a time.
    pub fn clean(&mut self, at: Time) -> Result<Cleaned, SpoolError> {
        let transaction = self.write()?;
        let oldest = at.saturating_sub(policy::MAX_AGE) as i64;
        let mut expired = 0;
        for (table, time, change) in [
            ("event", "accepted_at", Change { expired: 1, waiting: -1, ..Change::default() }),
            ("letter", "at", Change { expired: 1, dead: -1, ..Change::default() }),
        ] {
            let key = if table == "event" { "seq" } else { "id" };
            // Rows are in the order of their times, so that the first that is young enough ends the search.
            let deleted: Vec<(String, i64)> = transaction
                .prepare(&format!(
                    "DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM
                     (SELECT {key}, {time} FROM {table} ORDER BY {key} LIMIT {}) WHERE {time} < ?1)
                     RETURNING site, length(CAST(json AS BLOB))",
                    policy::EXPIRE_CHUNK
                ))?
                .query_map([oldest], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect::<Result<_, _>>()?;
            for (site, bytes) in &deleted {
                apply(&transaction, site, Change { bytes: -bytes, ..change }, 0)?;
            }
            expired += deleted.len() as u64;
        }
        let mut days = 0;
        let first_kept = day(at) - policy::KNOWN_DAYS as i64 + 1;
        for old in known_days(&transaction)?.into_iter().filter(|known| *known < first_kept) {
            transaction.execute_batch(&format!("DROP TABLE known_{old};"))?;
            days += 1;
        }
        transaction.commit()?;
        Ok(Cleaned { expired, days, more: expired >= policy::EXPIRE_CHUNK as u64 })
    }

    /// Forgets the oldest day of known ids.
    pub fn shorten(&mut self, at: Time) -> Result<bool, SpoolError> {
        let today = day(at);
        let transaction = self.write()?;
        let Some(oldest) = known_days(&transaction)?.first().copied().filter(|oldest| *oldest != today)
        else {
            return Ok(false);
        };
        transaction.execute_batch(&format!("DROP TABLE known_{oldest};"))?;
        transaction.commit()?;
        Ok(true)
    }

    /// Writes something.
    pub fn probe(&mut self) -> Result<(), SpoolError> {
        self.connection.execute("UPDATE probe SET n = n + 1", [])?;
        Ok(())
    }
}
