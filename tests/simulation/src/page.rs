//! One page: an engine, and what its shell has in hand.

use crate::disk::{Outcome, Work};
use appizer_tracker::core::engine::Engine;
use appizer_tracker::core::model::account::Account;
use appizer_tracker::core::model::dead_letter::Disposal;
use appizer_tracker::core::model::identity::Identity;
use appizer_tracker::core::policy::verdict::Response;
use std::collections::VecDeque;

/// A page and its shell.
pub struct Page {
    /// The tab it is in.
    pub tab: usize,
    pub engine: Engine,
    pub life: Life,
    /// The tracker was closed: the page does not tell it of its life any more.
    pub closed: bool,
    /// It has gone away, as the engine knows it.
    pub away: bool,
    /// Counts the names it has taken.
    pub incarnation: u32,
    /// What the ledger calls its present name.
    pub source: usize,
    /// Its connection to the database.
    pub connection: Option<usize>,
    /// As in the driver.
    pub departures: u32,
    /// As in the claims: how often all locks were let go.
    pub releases: u32,
    /// Owners whose locks or leases it has.
    pub held: Vec<String>,
    /// Counts the intervals of lease renewal; none runs where it is even.
    pub renewals: u32,
    /// The engine's timer: for when, and its number.
    pub timer: Option<(u64, u32)>,
    pub timers: u32,
    /// Tasks that wait until the page is back.
    pub parked: VecDeque<Task>,
    /// When its machine wakes.
    pub asleep_until: u64,
    /// Answers of the database come in their order.
    pub answered_at: u64,
    /// Its requests that are under way.
    pub flights: Vec<usize>,
    /// While its dead letters are being read: what it writes, which becomes part of that transaction.
    pub taking: Option<Vec<(Work, Then)>>,
    /// The account of its last write.
    pub account: Account,
    /// It has heard a success since it last adopted a mark.
    pub heard_success: bool,
    /// The events that the browser sends for it if it dies without a word.
    pub insured: Option<Vec<u32>>,
    /// The ids of the last mark it left.
    pub marked: String,
    /// No request may go before, in the page's own time.
    pub not_before: u64,
    /// It stopped half-way through a task: this many effects from now.
    pub dies_in: Option<u32>,
    /// Wall clock and true time at its birth, and how long its own clock stood still since.
    pub origin: u64,
    pub born: u64,
    pub slept: u64,
}

/// Where a page is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    Visible,
    Hidden,
    /// Its tasks do not run.
    Frozen,
    /// In the back/forward cache.
    Cached,
    Dead,
}

/// Something that a page's event loop runs.
#[derive(Debug)]
pub enum Task {
    Timer(u32),
    Renew(u32),
    /// The browser says whether it has a network.
    Online(bool),
    /// `indexedDB.open` has ended.
    Connected {
        owner: String,
        candidate: Identity,
        departures: u32,
        connection: Option<usize>,
    },
    /// A lock was asked for.
    Locked {
        owner: String,
        granted: bool,
        releases: u32,
        then: LockThen,
    },
    /// A transaction has ended.
    Ended {
        then: Then,
        outcome: Outcome,
    },
    /// The browser closed the database.
    StoreClosed,
    Replied {
        flight: usize,
        response: Response,
    },
}

/// What a lock was wanted for.
#[derive(Debug)]
pub enum LockThen {
    Open { candidate: Identity, departures: u32 },
    Claim(Search),
}

/// What goes on at the end of a transaction.
#[derive(Debug)]
pub enum Then {
    Nothing,
    Opened { owner: String, departures: u32, connection: usize },
    OwnLease { identity: Identity, connection: usize, owner: String },
    Written { id: u32, letters: bool, connection: usize },
    Owners(Search),
    Claimed(Search, String),
    Adopted { owners: Vec<String>, departures: u32 },
    Loaded(String),
    Letters(Disposal),
    Shared(u32),
    Renewed { rest: Vec<String>, owner: String, lost: bool, connection: usize },
}

/// The look for pages that are gone.
#[derive(Debug, Default)]
pub struct Search {
    /// The connection to the database; none where none can be had.
    pub connection: Option<usize>,
    pub departures: u32,
    pub me: String,
    pub rest: Vec<String>,
    pub taken: Vec<String>,
}

impl Page {
    /// Its own clock, which never runs backwards.
    pub fn clock(&self, now: u64) -> u64 {
        self.origin + (now - self.born).saturating_sub(self.slept)
    }

    /// Whether its code can run.
    pub fn is_awake(&self, now: u64) -> bool {
        matches!(self.life, Life::Visible | Life::Hidden) && self.asleep_until <= now
    }
}
