//! The changes of a write, and the notices that follow.

use crate::core::model::dead_letter::{DeadLetter, Reason};
use crate::core::policy::limits;
use crate::core::queue::{Puts, Removal};
use crate::core::rows::Operations;

/// Why the store did not take a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreFailure {
    /// There is no room.
    Quota,
    /// The connection is of no use any more, or the browser refused for a reason of its own: in its words.
    Closed(String),
}

/// A write that the store has not confirmed.
#[derive(Debug)]
pub(super) struct PendingWrite {
    pub(super) id: u32,
    pub(super) change: Change,
    /// Set as soon as the time is known.
    pub(super) deadline: u64,
}

/// Events whose records a write deletes; whoever waits for them hears of it when the write has ended.
#[derive(Debug, Default)]
pub(super) struct Settled {
    /// Ids of those delivered.
    pub(super) delivered: Vec<String>,
    /// Events that became dead letters.
    pub(super) dead: Option<Dead>,
}

/// Events that became dead letters for one reason.
#[derive(Debug)]
pub(super) struct Dead {
    pub(super) reason: Reason,
    pub(super) status: u16,
    pub(super) message: String,
    pub(super) ids: Vec<String>,
    /// Names of the events that can be read, as JSON.
    pub(super) names: Vec<String>,
}

/// The changes of a write, besides this page's account.
#[derive(Debug)]
pub(super) struct Change {
    /// Records; the queue has them, too.
    pub(super) puts: Puts,
    /// Rows to delete: of records, accounts taken over, marks decided on, dead letters that are none any more.
    pub(super) deletes: Operations,
    /// True if the identity has changed.
    pub(super) identity: bool,
    /// Dead letters to add.
    pub(super) letters: Operations,
    pub(super) settled: Settled,
}

impl Default for Change {
    // Derived, it would be written out wherever a change begins.
    #[inline(never)]
    fn default() -> Self {
        Self {
            puts: Puts::default(),
            deletes: Operations::default(),
            identity: false,
            letters: Operations::default(),
            settled: Settled::default(),
        }
    }
}

impl Change {
    /// The store's part of events leaving the queue.
    pub(super) fn of(removal: Removal) -> Self {
        let mut change = Self::default();
        (change.puts, change.deletes) = (removal.puts, removal.deletes);
        change
    }

    /// Makes a dead letter of an event.
    pub(super) fn bury(&mut self, letter: &DeadLetter) {
        self.letters.put_letter(letter);
        let (reason, status) = (letter.reason, letter.status);
        let dead = self.settled.dead.get_or_insert_with(|| {
            let message = letter.message.clone();
            Dead { reason, status, message, ids: Vec::new(), names: Vec::new() }
        });
        dead.ids.push(letter.id.clone());
        dead.names.extend(letter.event_name().map(String::from));
    }

    /// Adds what a later change does, but for its records, which the queue has.
    pub(super) fn absorb(&mut self, later: &Self) {
        self.deletes.append(&later.deletes);
        self.identity |= later.identity;
        self.letters.append(&later.letters);
        self.letters.keep_last(limits::MAX_DEAD_LETTERS);
    }
}
