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

use crate::core::model::account::Account;
use crate::core::model::dead_letter::{DeadLetter, Reason};
use crate::core::model::identity::Identity;
use crate::core::model::lease::Lease;
use crate::core::model::mark::Mark;
use crate::core::model::orphan::Orphan;
use crate::core::model::segment::{Record, SegmentKey};
use crate::core::model::text::{self, Fields, push_decimal, read_decimal, split_at_char};

/// The queue's records.
pub const SEGMENTS: &str = "segments";
/// Each page's account.
pub const ACCOUNTS: &str = "accounts";
/// Who the visitor is, a row for each project, and whether they have opted out.
pub const IDENTITY: &str = "identity";
/// What pages that are gone gave to the browser.
pub const MARKS: &str = "marks";
/// What all pages know of an endpoint: a row for each.
pub const SHARED: &str = "shared";
/// The key of the row that says that the visitor has opted out.
pub const OPT_OUT: &str = "opt_out";
/// Claims where there are no Web Locks.
pub const LEASES: &str = "leases";
/// Events that are not sent again by themselves.
pub const DEAD_LETTERS: &str = "dead_letters";

/// Stands between the fields of a joined text (ASCII's unit separator), and nowhere else.
pub const SEPARATOR: char = '\u{1f}';

/// What a record has besides its envelopes, for each of them: an id and separators; of the first also store and key.
pub const EVENT_ROOM: usize = 64;

const LAYOUT: &str = "1";

/// The layout of a segment that a page has found too old, and of a dead letter that names its project.
const SECOND_LAYOUT: &str = "2";

/// Changes of the store, in order, as one text: the store's name, the key and the row of each, where an empty row
/// deletes. What is kept outside the store is kept in the same form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Operations(String);

impl Operations {
    /// None yet, but room for so many bytes of them.
    pub fn with_room(bytes: usize) -> Self {
        Self(String::with_capacity(bytes))
    }

    /// Puts records.
    pub fn of_records(records: &[Record]) -> Self {
        let mut operations = Self::default();
        records.iter().for_each(|record| operations.put_record(record));
        operations
    }

    /// Puts `owner`'s mark.
    pub fn of_mark(owner: &str, mark: &Mark) -> Self {
        let mut operations = Self::default();
        operations.push(MARKS, owner, &mark_row(mark));
        operations
    }

    /// Puts a record.
    pub fn put_record(&mut self, record: &Record) {
        self.push(SEGMENTS, record.key.as_str(), &segment_row(record));
    }

    /// Puts a page's account.
    pub fn put_account(&mut self, owner: &str, account: Account) {
        self.push(ACCOUNTS, owner, &account_row(account));
    }

    /// Puts the identity that a project's events get.
    pub fn put_identity(&mut self, project: u32, identity: &Identity) {
        self.push(IDENTITY, &identity_key(project), &identity_row(identity));
    }

    /// Notes that the visitor has opted out.
    pub fn of_opt_out() -> Self {
        let mut operations = Self::default();
        operations.push(IDENTITY, OPT_OUT, LAYOUT);
        operations
    }

    /// Forgets that the visitor has opted out.
    pub fn delete_opt_out(&mut self) {
        self.delete(IDENTITY, OPT_OUT);
    }

    /// Adds a dead letter.
    pub fn put_letter(&mut self, letter: &DeadLetter) {
        self.push(DEAD_LETTERS, &letter.key(), &letter_row(letter));
    }

    /// Deletes the row under this key.
    pub fn delete(&mut self, store: &str, key: &str) {
        self.push(store, key, "");
    }

    /// Adds all of `later`.
    pub fn append(&mut self, later: &Self) {
        if !later.is_empty() {
            self.push_field(&later.0);
        }
    }

    /// Forgets all but the last `count`.
    pub fn keep_last(&mut self, count: usize) {
        let separators = self.0.bytes().enumerate().rev().filter(|(_, byte)| char::from(*byte) == SEPARATOR);
        let before = separators.map(|(place, _)| place).nth(count * 3 - 1);
        self.0.drain(..before.map_or(0, |place| place + 1));
    }

    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text; empty for no operations.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn push(&mut self, store: &str, key: &str, row: &str) {
        [store, key, row].into_iter().for_each(|field| self.push_field(field));
    }

    fn push_field(&mut self, field: &str) {
        if !self.0.is_empty() {
            self.0.push(SEPARATOR);
        }
        self.0.push_str(field);
    }
}

/// A joined text's fields.
pub fn fields(text: &str) -> Fields<'_> {
    let mut fields = text::fields(text, SEPARATOR);
    if text.is_empty() {
        fields.next();
    }
    fields
}

/// The records that the operations of `text` put.
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

/// The records of a joined text of keys and rows. One of another layout comes out empty: the queue passes over it.
pub fn records(text: &str) -> Vec<Record> {
    read_rows(text, |key, row| Some(read_segment(key, row)))
}

/// Returns the sum of the accounts of a joined text of keys and rows, of those owners that `counts`.
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

/// The dead letters of a joined text of keys and rows.
pub fn letters(text: &str) -> Vec<DeadLetter> {
    read_rows(text, |_, row| read_letter(row))
}

/// Pages that are gone, of a joined text: the name of each, its account's row and its mark's, empty where there is none.
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

/// The key of the row of a project's identity.
pub fn identity_key(project: u32) -> String {
    numbered("identity.", project)
}

/// Returns the key of the row that pages which send to this destination share.
pub fn pacing_key(destination: u32) -> String {
    numbered("pacing.", destination)
}

fn numbered(name: &str, number: u32) -> String {
    let mut key = String::from(name);
    push_decimal(&mut key, number.into());
    key
}

/// The row of an identity.
pub fn identity_row(identity: &Identity) -> String {
    let mut row = begin();
    push_free(&mut row, &identity.anonymous);
    if let Some(user) = &identity.user {
        row.push('\n');
        push_free(&mut row, user);
    }
    row
}

/// The identity of a row.
pub fn read_identity(row: &str) -> Option<Identity> {
    let row = inside(row)?;
    let (anonymous, user) = match split_at_char(row, '\n') {
        Some((anonymous, user)) => (anonymous, Some(user.into())),
        None => (row, None),
    };
    Some(Identity { anonymous: anonymous.into(), user })
}

/// The row of a lease.
pub fn lease_row(lease: &Lease) -> String {
    let mut row = begin();
    push_decimal(&mut row, lease.until);
    row.push(' ');
    row.push_str(&lease.holder);
    row
}

/// The lease of a row, if it can be read; `None` for a row of another layout.
pub fn read_lease(row: &str) -> Option<Option<Lease>> {
    inside(row).map(lease_of)
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

fn segment_row(record: &Record) -> String {
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

fn read_segment(key: &str, row: &str) -> Record {
    let row = inside(row).or_else(|| row.strip_prefix(SECOND_LAYOUT)).unwrap_or_default();
    let (head, events) = split_at_char(row, '\n').unwrap_or_default();
    let (times, ids) = split_at_char(head, ' ').unwrap_or_default();
    let (at, old_since) = split_at_char(times, ':').unwrap_or((times, ""));
    Record {
        key: SegmentKey::from_text(key.into()),
        at: read_decimal(at).unwrap_or_default(),
        old_since: read_decimal(old_since),
        ids: ids.into(),
        events: events.into(),
    }
}

fn account_row(mut account: Account) -> String {
    let mut row = begin();
    for column in account.numbers() {
        if row.len() > 1 {
            row.push(' ');
        }
        push_decimal(&mut row, *column);
    }
    row
}

/// A column that is missing was not known yet when the row was written.
fn read_account(row: &str) -> Option<Account> {
    let mut account = Account::default();
    let numbers = text::fields(inside(row)?, ' ');
    for (column, number) in account.numbers().into_iter().zip(numbers) {
        *column = read_decimal(number)?;
    }
    Some(account)
}

fn mark_row(mark: &Mark) -> String {
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

fn read_mark(row: &str) -> Option<Mark> {
    let (head, ids) = split_at_char(inside(row)?, ' ')?;
    let mut head = text::fields(head, ':');
    Some(Mark {
        to: read_decimal(head.next()?)? as u32,
        at: head.next().and_then(read_decimal).unwrap_or(0),
        tab: head.next().unwrap_or("").into(),
        ids: ids.into(),
    })
}

fn lease_of(row: &str) -> Option<Lease> {
    let (until, holder) = split_at_char(row, ' ')?;
    let until = read_decimal(until)?;
    Some(Lease { holder: holder.into(), until })
}

fn letter_row(letter: &DeadLetter) -> String {
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

fn read_letter(row: &str) -> Option<DeadLetter> {
    let has_project = row.starts_with(SECOND_LAYOUT);
    let row = inside(row).or_else(|| row.strip_prefix(SECOND_LAYOUT))?;
    let (head, row) = split_at_char(row, ' ')?;
    let reason = match head.bytes().next()? {
        b'r' => Reason::Rejected,
        b'u' => Reason::Uncertain,
        b'c' => Reason::Corrupt,
        _ => return None,
    };
    let status = head.get(1..)?;
    let (at, row) = split_at_char(row, ' ')?;
    let (project, row) = if has_project { split_at_char(row, ' ')? } else { ("", row) };
    let (id, row) = split_at_char(row, '\n')?;
    let (json, message) = split_at_char(row, '\n')?;
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

/// What follows the layout's character; none for another layout.
fn inside(row: &str) -> Option<&str> {
    row.strip_prefix(LAYOUT)
}

/// Text that came from outside may hold what separates fields: it is left out.
fn push_free(row: &mut String, text: &str) {
    fields(text).for_each(|part| row.push_str(part));
}

pub mod changes;

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests;
