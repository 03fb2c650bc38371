//! For the tests, the simulation and whoever else plays the store's part.

use super::OPT_OUT;
use super::{ACCOUNTS, DEAD_LETTERS, IDENTITY, MARKS, Operations, SEGMENTS, fields};
use super::{read_account, read_identity, read_letter, read_segment};
use crate::core::model::account::Account;
use crate::core::model::dead_letter::DeadLetter;
use crate::core::model::identity::Identity;
use crate::core::model::segment::{Record, SegmentKey};

/// The changes of one write.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Changes {
    /// Records that are put.
    pub puts: Vec<Record>,
    /// Records that are deleted.
    pub deletes: Vec<SegmentKey>,
    /// The owner whose account row is written.
    pub owner: String,
    /// The account's row.
    pub account: Account,
    /// Account rows that were taken over.
    pub adopted_accounts: Vec<String>,
    /// The identity row, where it changes, and whose project it is.
    pub identity: Option<Identity>,
    /// See [`Changes::identity`].
    pub project: u32,
    /// True if the opt-out is deleted.
    pub opts_in: bool,
    /// Dead letters that are added.
    pub letters: Vec<DeadLetter>,
    /// Keys of dead letters that are deleted.
    pub settled_letters: Vec<String>,
    /// Pages whose marks are decided on.
    pub settled_marks: Vec<String>,
}

impl Changes {
    /// Reads them.
    ///
    /// # Panics
    /// Where the operations are not what the engine writes.
    pub fn read(operations: &Operations) -> Self {
        let mut changes = Self::default();
        let fields: Vec<&str> = fields(operations.as_str()).collect();
        for operation in fields.chunks(3) {
            changes.note(operation).unwrap_or_else(|| panic!("not of a write: {operation:?}"));
        }
        changes
    }

    fn note(&mut self, operation: &[&str]) -> Option<()> {
        let [store, key, row] = *operation else { return None };
        match (store, row) {
            (SEGMENTS, "") => self.deletes.push(SegmentKey::from_text(key.into())),
            (SEGMENTS, row) => self.puts.push(read_segment(key, row)),
            (ACCOUNTS, "") => self.adopted_accounts.push(key.into()),
            (ACCOUNTS, row) => (self.owner, self.account) = (key.into(), read_account(row)?),
            (IDENTITY, "") => self.opts_in = key == OPT_OUT,
            (IDENTITY, row) => {
                self.identity = Some(read_identity(row)?);
                self.project = key.strip_prefix("identity.")?.parse().ok()?;
            }
            (DEAD_LETTERS, "") => self.settled_letters.push(key.into()),
            (DEAD_LETTERS, row) => self.letters.push(read_letter(row)?),
            (MARKS, "") => self.settled_marks.push(key.into()),
            _ => return None,
        }
        Some(())
    }

    /// The operations of these changes, in the engine's order.
    pub fn operations(&self) -> Operations {
        let mut operations = Operations::of_records(&self.puts);
        self.deletes.iter().for_each(|key| operations.delete(SEGMENTS, key.as_str()));
        self.adopted_accounts.iter().for_each(|owner| operations.delete(ACCOUNTS, owner));
        self.settled_marks.iter().for_each(|owner| operations.delete(MARKS, owner));
        self.settled_letters.iter().for_each(|key| operations.delete(DEAD_LETTERS, key));
        self.letters.iter().for_each(|letter| operations.put_letter(letter));
        self.identity.iter().for_each(|identity| operations.put_identity(self.project, identity));
        operations.put_account(&self.owner, self.account);
        operations
    }
}
