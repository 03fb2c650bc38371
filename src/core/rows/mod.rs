//! The store's rows as text. The first character of a row tells its layout; a row of another layout was written by a
//! newer version and is left alone. An older layout would be read here as well, and written in the newest.
//!
//! | store | key | row, after the layout's `1` |
//! |---|---|---|
//! | `segments` | owner `/` number | time, a space, ids with spaces between, newline, envelopes with `,` and a newline between; \
//!   in layout `2` the time is followed by `:` and the time since when the segment is too old |
//! | `accounts` | owner | the numbers of [`Account::numbers`], with spaces between |
//! | `identity` | `identity.` project | the anonymous id, and after a newline the user, if there is one; version 0.1.0 had one row, `identity` |
//! | `identity` | `opt_out` | nothing: the visitor has opted out |
//! | `marks` | owner | the destination `:` time `:` tab, a space, ids with spaces between |
//! | `shared` | `pacing.` destination | [`crate::core::policy::shared_row`] |
//! | `leases` | owner | until when, a space, who has the owner's records |
//! | `dead_letters` | time `/` event id | `r`, `u` or `c`, status, space, time, space, id, newline, envelope, newline, message; \
//!   in layout `2` the project and a space stand before the id |
//!
//! Rows cross into JavaScript and back joined into one text; the character that separates them stands in no row.

pub mod changes;
pub mod operations;
pub mod row;
pub mod stores;

use crate::core::model::account::Account;
use crate::core::model::dead_letter::DeadLetter;
use crate::core::model::orphan::Orphan;
use crate::core::model::segment::Record;

pub use operations::Operations;
pub use row::{identity_row, lease_row, read_identity, read_lease};
use row::{read_account, read_letter, read_mark, read_segment};
pub use stores::{ACCOUNTS, DEAD_LETTERS, IDENTITY, LEASES, MARKS, OPT_OUT, SEGMENTS, SHARED};
pub use stores::{EVENT_ROOM, SEPARATOR, fields, identity_key, pacing_key};

/// Returns the records that the operations in `text` put.
pub fn records_in(text: &str) -> Vec<Record> {
    let mut fields = fields(text);
    let mut records = Vec::new();
    while let (Some(store), Some(key), Some(row)) = (fields.next(), fields.next(), fields.next()) {
        if store == SEGMENTS {
            records.push(read_segment(key, row));
        }
    }
    records
}

/// Reads records from a joined text of keys and rows. A record of an unknown layout is returned empty, and the queue skips it.
pub fn records(text: &str) -> Vec<Record> {
    read_rows(text, |key, row| Some(read_segment(key, row)))
}

/// Sums the accounts in a joined text of keys and rows, for the owners for which `counts` is true.
pub fn sum_of_accounts(text: &str, counts: impl Fn(&str) -> bool) -> Account {
    let mut sum = Account::default();
    let mut fields = fields(text);
    while let (Some(key), Some(row)) = (fields.next(), fields.next()) {
        if counts(key)
            && let Some(account) = read_account(row)
        {
            sum.add(account);
        }
    }
    sum
}

/// Reads dead letters from a joined text of keys and rows.
pub fn letters(text: &str) -> Vec<DeadLetter> {
    read_rows(text, |_, row| read_letter(row))
}

/// Reads orphans from a joined text: of each the owner's name, its account row and its mark row. Either row may be empty.
pub fn orphans(text: &str) -> Vec<Orphan> {
    let mut fields = fields(text);
    let mut orphans = Vec::new();
    while let (Some(owner), Some(account), Some(mark)) = (fields.next(), fields.next(), fields.next()) {
        let mut marks = Vec::new();
        if let Some(mark) = read_mark(mark) {
            marks.push(mark);
        }
        let account = read_account(account).unwrap_or_default();
        orphans.push(Orphan { owner: owner.into(), account, marks });
    }
    orphans
}

fn read_rows<T>(text: &str, read: impl Fn(&str, &str) -> Option<T>) -> Vec<T> {
    let mut fields = fields(text);
    let mut rows = Vec::new();
    while let (Some(key), Some(row)) = (fields.next(), fields.next()) {
        if let Some(row) = read(key, row) {
            rows.push(row);
        }
    }
    rows
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests;
