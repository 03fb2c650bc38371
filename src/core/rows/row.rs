//! Writes and reads one row of each store. The module's documentation has the formats.

use super::stores::fields;
use crate::core::model::account::Account;
use crate::core::model::dead_letter::{DeadLetter, Reason};
use crate::core::model::identity::Identity;
use crate::core::model::lease::Lease;
use crate::core::model::mark::Mark;
use crate::core::model::segment::{Record, SegmentKey};
use crate::core::model::text::{push_decimal, read_decimal};

/// The first layout of all rows.
pub(super) const LAYOUT: &str = "1";

/// The layout of a segment that a page found too old, and of a dead letter with its project.
const SECOND_LAYOUT: &str = "2";

/// Returns the row of an identity.
pub fn identity_row(identity: &Identity) -> String {
    let mut row = begin();
    push_free(&mut row, &identity.anonymous);
    if let Some(user) = &identity.user {
        row.push('\n');
        push_free(&mut row, user);
    }
    row
}

/// Reads an identity. Returns `None` for a row of another layout.
pub fn read_identity(row: &str) -> Option<Identity> {
    let row = inside(row)?;
    let (anonymous, user) = match row.split_once('\n') {
        Some((anonymous, user)) => (anonymous, Some(user.into())),
        None => (row, None),
    };
    Some(Identity { anonymous: anonymous.into(), user })
}

/// Returns the row of a lease.
pub fn lease_row(lease: &Lease) -> String {
    let mut row = begin();
    push_decimal(&mut row, lease.until);
    row.push(' ');
    row.push_str(&lease.holder);
    row
}

/// Reads a lease. Returns `None` for a row of another layout, and `Some(None)` for an unreadable lease.
pub fn read_lease(row: &str) -> Option<Option<Lease>> {
    inside(row).map(lease_of)
}

pub(super) fn segment_row(record: &Record) -> String {
    let mut row = String::with_capacity(record.ids.len() + record.events.len() + 20);
    row.push_str(if record.old_since.is_some() { SECOND_LAYOUT } else { LAYOUT });
    push_decimal(&mut row, record.at);
    if let Some(since) = record.old_since {
        row.push(':');
        push_decimal(&mut row, since);
    }
    row.push(' ');
    row.push_str(&record.ids);
    row.push('\n');
    row.push_str(&record.events);
    row
}

pub(super) fn read_segment(key: &str, row: &str) -> Record {
    let row = inside(row).or_else(|| row.strip_prefix(SECOND_LAYOUT)).unwrap_or_default();
    let (head, events) = row.split_once('\n').unwrap_or_default();
    let (times, ids) = head.split_once(' ').unwrap_or_default();
    let (at, old_since) = times.split_once(':').unwrap_or((times, ""));
    Record {
        key: SegmentKey::from_text(key.into()),
        at: read_decimal(at).unwrap_or_default(),
        old_since: read_decimal(old_since),
        ids: ids.into(),
        events: events.into(),
    }
}

pub(super) fn account_row(mut account: Account) -> String {
    let mut row = begin();
    for column in account.numbers() {
        if row.len() > 1 {
            row.push(' ');
        }
        push_decimal(&mut row, *column);
    }
    row
}

/// Reads an account. Columns that an older version did not write are zero.
pub(super) fn read_account(row: &str) -> Option<Account> {
    let mut account = Account::default();
    let numbers = inside(row)?.split(' ');
    for (column, number) in account.numbers().into_iter().zip(numbers) {
        *column = read_decimal(number)?;
    }
    Some(account)
}

pub(super) fn mark_row(mark: &Mark) -> String {
    let mut row = begin();
    push_decimal(&mut row, mark.to.into());
    row.push(':');
    push_decimal(&mut row, mark.at);
    row.push(':');
    row.push_str(&mark.tab);
    row.push(' ');
    row.push_str(&mark.ids);
    row
}

pub(super) fn read_mark(row: &str) -> Option<Mark> {
    let (head, ids) = inside(row)?.split_once(' ')?;
    let mut head = head.split(':');
    Some(Mark {
        to: read_decimal(head.next()?)? as u32,
        at: head.next().and_then(read_decimal).unwrap_or(0),
        tab: head.next().unwrap_or("").into(),
        ids: ids.into(),
    })
}

fn lease_of(row: &str) -> Option<Lease> {
    let (until, holder) = row.split_once(' ')?;
    let until = read_decimal(until)?;
    Some(Lease { holder: holder.into(), until })
}

pub(super) fn letter_row(letter: &DeadLetter) -> String {
    let mut row = String::from(if letter.project.is_some() { SECOND_LAYOUT } else { LAYOUT });
    row.push(match letter.reason {
        Reason::Rejected => 'r',
        Reason::Uncertain => 'u',
        Reason::Corrupt => 'c',
    });
    push_decimal(&mut row, letter.status.into());
    row.push(' ');
    push_decimal(&mut row, letter.at);
    row.push(' ');
    if let Some(project) = letter.project {
        push_decimal(&mut row, project.into());
        row.push(' ');
    }
    row.push_str(&letter.id);
    row.push('\n');
    row.push_str(&letter.json);
    row.push('\n');
    push_free(&mut row, &letter.message);
    row
}

pub(super) fn read_letter(row: &str) -> Option<DeadLetter> {
    let has_project = row.starts_with(SECOND_LAYOUT);
    let row = inside(row).or_else(|| row.strip_prefix(SECOND_LAYOUT))?;
    let (head, row) = row.split_once(' ')?;
    let reason = match head.bytes().next()? {
        b'r' => Reason::Rejected,
        b'u' => Reason::Uncertain,
        b'c' => Reason::Corrupt,
        _ => return None,
    };
    let status = head.get(1..)?;
    let (at, row) = row.split_once(' ')?;
    let (project, row) = if has_project { row.split_once(' ')? } else { ("", row) };
    let (id, row) = row.split_once('\n')?;
    let (json, message) = row.split_once('\n')?;
    let (status, at) = (read_decimal(status)? as u16, read_decimal(at)?);
    let project = read_decimal(project).map(|project| project as u32);
    Some(DeadLetter {
        id: id.into(),
        json: json.into(),
        reason,
        status,
        message: message.into(),
        at,
        project,
    })
}

fn begin() -> String {
    String::from(LAYOUT)
}

/// Returns the row without its layout character, or `None` for another layout.
fn inside(row: &str) -> Option<&str> {
    row.strip_prefix(LAYOUT)
}

/// Appends text from outside without the separator that it may contain.
fn push_free(row: &mut String, text: &str) {
    fields(text).for_each(|part| row.push_str(part));
}
