//! The changes of one write, as one text.

use super::row::{LAYOUT, account_row, identity_row, letter_row, mark_row, segment_row};
use super::stores::{ACCOUNTS, DEAD_LETTERS, IDENTITY, LEASES, MARKS, OPT_OUT, SEGMENTS, SEPARATOR, SHARED};
use super::stores::{fields, identity_key};
use crate::core::model::account::Account;
use crate::core::model::dead_letter::DeadLetter;
use crate::core::model::identity::Identity;
use crate::core::model::mark::Mark;
use crate::core::model::segment::Record;

/// Changes of the store in order, as one text: three fields per change, the store's name, the key and the row. An empty row
/// deletes. `localStorage` keeps left rows in the same form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Operations(String);

impl Operations {
    /// Creates an empty list with the given capacity in bytes.
    pub fn with_room(bytes: usize) -> Self {
        Self(String::with_capacity(bytes))
    }

    /// Reads operations from text. Returns `None` for an empty text and for a text of another format.
    pub fn read(text: String) -> Option<Self> {
        const STORES: [&str; 7] = [SEGMENTS, ACCOUNTS, IDENTITY, MARKS, SHARED, LEASES, DEAD_LETTERS];
        let fields: Vec<&str> = fields(&text).collect();
        let stores = fields.chunks(3).all(|operation| operation.len() == 3 && STORES.contains(&operation[0]));
        (stores && !fields.is_empty()).then_some(Self(text))
    }

    /// Creates operations that put `records`.
    pub fn of_records(records: &[Record]) -> Self {
        let mut operations = Self::default();
        records.iter().for_each(|record| operations.put_record(record));
        operations
    }

    /// Creates an operation that puts `owner`'s mark.
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

    /// Puts a project's identity.
    pub fn put_identity(&mut self, project: u32, identity: &Identity) {
        self.push(IDENTITY, &identity_key(project), &identity_row(identity));
    }

    /// Creates an operation that stores the opt-out.
    pub fn of_opt_out() -> Self {
        let mut operations = Self::default();
        operations.push(IDENTITY, OPT_OUT, LAYOUT);
        operations
    }

    /// Deletes the opt-out.
    pub fn delete_opt_out(&mut self) {
        self.delete(IDENTITY, OPT_OUT);
    }

    /// Puts a dead letter.
    pub fn put_letter(&mut self, letter: &DeadLetter) {
        self.push(DEAD_LETTERS, &letter.key(), &letter_row(letter));
    }

    /// Deletes the row under this key.
    pub fn delete(&mut self, store: &str, key: &str) {
        self.push(store, key, "");
    }

    /// Appends all operations of `later`.
    pub fn append(&mut self, later: &Self) {
        if !later.is_empty() {
            self.push_field(&later.0);
        }
    }

    /// Removes all but the last `count` operations.
    pub fn keep_last(&mut self, count: usize) {
        let separators = self.0.bytes().enumerate().rev().filter(|(_, byte)| char::from(*byte) == SEPARATOR);
        let before = separators.map(|(place, _)| place).nth(count * 3 - 1);
        self.0.drain(..before.map_or(0, |place| place + 1));
    }

    /// Returns true if there is no operation.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the text, empty for no operations.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn push(&mut self, store: &str, key: &str, row: &str) {
        [store, key, row].into_iter().for_each(|field| self.push_field(field));
    }

    fn push_field(&mut self, field: &str) {
        if !self.0.is_empty() {
            self.0.push(SEPARATOR);
        }
        self.0.push_str(field);
    }
}
