//! Counts the outcome of every accepted event. Each page has a row, stored in the transactions that change its
//! records, so that account and queue cannot disagree; whoever adopts a page's records takes its row over.

use crate::core::model::members::{Member, Members};

/// `accepted = delivered + handed_over + queued + rejected + uncertain + dropped`, where `queued` is what the
/// other numbers leave.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Account {
    /// Events that entered the queue.
    pub accepted: u64,
    /// Events whose batch the endpoint confirmed.
    pub delivered: u64,
    /// Events given to the browser at exit and settled by a later reply.
    pub handed_over: u64,
    /// Events that the endpoint refused for good.
    pub rejected: u64,
    /// Events of which the endpoint did not say what became.
    pub uncertain: u64,
    /// Events that were given up.
    pub dropped: Dropped,
}

/// Events given up, by the reason for it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Dropped {
    /// Their record had vanished from the store.
    pub storage_lost: u64,
    /// The oldest, over `maxQueueEvents`.
    pub max_queue_events: u64,
    /// The oldest, over `maxQueueBytes`.
    pub max_queue_bytes: u64,
    /// Older than `maxAge`.
    pub max_age: u64,
    /// The oldest, where the browser had no room for new ones.
    pub quota: u64,
    /// Their record could not be read.
    pub corrupt: u64,
    /// The visitor wants no events sent.
    pub opt_out: u64,
}

/// Why events were given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DropReason {
    /// See [`Dropped::storage_lost`].
    StorageLost,
    /// See [`Dropped::max_queue_events`].
    MaxQueueEvents,
    /// See [`Dropped::max_queue_bytes`].
    MaxQueueBytes,
    /// See [`Dropped::max_age`].
    MaxAge,
    /// See [`Dropped::quota`].
    Quota,
    /// See [`Dropped::corrupt`].
    Corrupt,
    /// See [`Dropped::opt_out`].
    OptOut,
}

impl DropReason {
    /// The word listeners hear.
    pub fn as_str(self) -> &'static str {
        WORDS[DELIVERY_COLUMNS + self as usize]
    }
}

/// The number of an account's columns.
const COLUMNS: usize = 12;

/// The columns before those of drops, which come in the order of [`DropReason`].
const DELIVERY_COLUMNS: usize = 5;

/// The names of the columns in `stats()`.
const WORDS: [&str; COLUMNS] = [
    "accepted",
    "delivered",
    "handedOver",
    "rejected",
    "uncertain",
    "storage_lost",
    "max_queue_events",
    "max_queue_bytes",
    "max_age",
    "quota",
    "corrupt",
    "opt_out",
];

impl Account {
    /// As JavaScript sees it: what was dropped is an object of its own.
    pub fn members(mut self) -> Members {
        let (mut members, mut dropped) = (Members::default(), Members::default());
        members.number("queued", self.queued());
        for (place, (word, number)) in WORDS.into_iter().zip(self.numbers()).enumerate() {
            let of = if place < DELIVERY_COLUMNS { &mut members } else { &mut dropped };
            of.number(word, *number);
        }
        members.put("dropped", Member::Object(dropped));
        members
    }

    /// The numbers in the order in which they are stored: a new one goes at the end.
    #[inline(never)]
    pub fn numbers(&mut self) -> [&mut u64; COLUMNS] {
        let Self { accepted, delivered, handed_over, rejected, uncertain, dropped } = self;
        let Dropped { storage_lost, max_queue_events, max_queue_bytes, max_age, quota, corrupt, opt_out } =
            dropped;
        [
            accepted,
            delivered,
            handed_over,
            rejected,
            uncertain,
            storage_lost,
            max_queue_events,
            max_queue_bytes,
            max_age,
            quota,
            corrupt,
            opt_out,
        ]
    }

    /// Events were given up.
    pub fn drop(&mut self, reason: DropReason, events: u64) {
        *self.numbers()[DELIVERY_COLUMNS + reason as usize] += events;
    }

    /// Events that are neither settled nor given up.
    pub fn queued(&self) -> u64 {
        let mut account = *self;
        let [accepted, gone @ ..] = account.numbers();
        gone.into_iter().fold(*accepted, |left, gone| left.saturating_sub(*gone))
    }

    /// Takes over the account of a page that is gone.
    pub fn add(&mut self, mut other: Self) {
        for (mine, theirs) in self.numbers().into_iter().zip(other.numbers()) {
            *mine += *theirs;
        }
    }
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;

    #[test]
    fn an_adopted_account_adds_up_number_by_number() {
        let mut mine = Account { accepted: 5, delivered: 3, ..Account::default() };
        let mut theirs = Account { accepted: 7, delivered: 1, rejected: 2, ..Account::default() };
        theirs.drop(DropReason::StorageLost, 1);
        mine.add(theirs);
        assert_eq!(
            mine,
            Account {
                accepted: 12,
                delivered: 4,
                rejected: 2,
                dropped: Dropped { storage_lost: 1, ..Dropped::default() },
                ..Account::default()
            }
        );
        assert_eq!(mine.queued(), 5);
    }

    #[test]
    fn a_drop_is_counted_under_its_reason() {
        for (reason, word) in [
            (DropReason::StorageLost, "storage_lost"),
            (DropReason::MaxQueueEvents, "max_queue_events"),
            (DropReason::MaxQueueBytes, "max_queue_bytes"),
            (DropReason::MaxAge, "max_age"),
            (DropReason::Quota, "quota"),
            (DropReason::Corrupt, "corrupt"),
            (DropReason::OptOut, "opt_out"),
        ] {
            let mut account = Account { accepted: 9, ..Account::default() };
            account.drop(reason, 2);
            let told = serde_json::to_value(account.members()).unwrap();
            assert_eq!((told["dropped"][word].as_f64(), told["queued"].as_f64()), (Some(2.0), Some(7.0)));
            assert_eq!(reason.as_str(), word);
        }
    }
}
