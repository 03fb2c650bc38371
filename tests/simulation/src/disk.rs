//! What outlives a page: the database with its transactions, which take time and are committed in their order, and
//! `localStorage`. The only place that knows how the engine's writes look.

use crate::ledger::{Ledger, numbers};
use appizer_tracker::core::model::account::Account;
use appizer_tracker::core::model::dead_letter::DeadLetter;
use appizer_tracker::core::model::identity::Identity;
use appizer_tracker::core::model::lease::Lease;
use appizer_tracker::core::model::mark::Mark;
use appizer_tracker::core::model::orphan::Orphan;
use appizer_tracker::core::model::segment::{Record, SegmentKey};
use appizer_tracker::core::policy::shared_row::{self, Granted, News, Share};
use appizer_tracker::core::policy::{lease, limits};
use appizer_tracker::core::rows::changes::Changes;
use std::collections::{BTreeMap, VecDeque};

/// The rows of the database.
#[derive(Debug, Clone, Default)]
pub struct Stores {
    pub segments: BTreeMap<String, Record>,
    pub accounts: BTreeMap<String, Account>,
    pub identity: Option<Identity>,
    pub leases: BTreeMap<String, Lease>,
    pub marks: BTreeMap<String, Mark>,
    pub letters: BTreeMap<String, DeadLetter>,
    /// What all pages know of each destination.
    pub pacing: BTreeMap<u32, String>,
    /// Until when servers told them to wait by `Retry-After`.
    pub asked: BTreeMap<u32, u64>,
}

/// `localStorage`: what is written is there at once, but reaches the disk later.
#[derive(Debug, Clone, Default)]
pub struct Local {
    pub marks: BTreeMap<String, Mark>,
    pub left: BTreeMap<String, Vec<Record>>,
    pub good_link: Option<u32>,
}

impl Local {
    /// Returns the pages that left something.
    pub fn owners(&self) -> Vec<String> {
        self.left.keys().chain(self.marks.keys()).cloned().collect()
    }

    /// Returns what these pages left.
    pub fn claimed(&self, owners: Vec<String>) -> Claimed {
        let records = owners.iter().filter_map(|owner| self.left.get(owner)).flatten().cloned().collect();
        let mark = |owner: &String| Some((owner.clone(), self.marks.get(owner)?.clone()));
        let marks = owners.iter().filter_map(mark).collect();
        Claimed { owners, records, marks }
    }

    /// Removes what these pages left: it is in the database, or taken.
    pub fn forget(&mut self, owners: &[String]) {
        self.left.retain(|owner, _| !owners.contains(owner));
        self.marks.retain(|owner, _| !owners.contains(owner));
    }
}

/// What a transaction does.
#[derive(Debug)]
pub enum Work {
    /// Takes the identity, or leaves this one.
    Enter(Identity),
    /// The engine's write, by a page with an incarnation; `drops`: under a cap, and when it began.
    Write {
        page: usize,
        id: u32,
        incarnation: u32,
        drops: Option<u64>,
        write: Box<Changes>,
    },
    TrimLetters,
    KeepMark {
        owner: String,
        mark: Mark,
    },
    TakeLease {
        owner: String,
        holder: String,
        wall: u64,
    },
    DropLeases(Vec<String>),
    Owners,
    /// Moves in what claimed pages left in `localStorage`, and reads their accounts and marks.
    Adopt(Claimed),
    Load {
        owner: String,
        after: Option<SegmentKey>,
    },
    Letters,
    Share(Box<Share>),
}

/// Pages that are claimed, and what they left in `localStorage`.
#[derive(Debug, Clone, Default)]
pub struct Claimed {
    pub owners: Vec<String>,
    pub records: Vec<Record>,
    pub marks: Vec<(String, Mark)>,
}

/// What a transaction ends with.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// The browser refused, for want of room or for another reason.
    Failed {
        quota: bool,
    },
    Done,
    Entered(Identity),
    Leased(bool),
    Owners(Vec<String>),
    Orphans(Vec<Orphan>),
    Records(Vec<Record>),
    Letters(Vec<DeadLetter>),
    Granted(Box<Granted>),
}

/// A transaction that has begun.
#[derive(Debug)]
pub struct Transaction<Then> {
    /// Whose it is.
    pub page: usize,
    /// What it does.
    pub work: Work,
    /// The page died too soon, or the browser refused: it changes nothing.
    pub aborted: bool,
    /// The browser refused it for want of room.
    pub over_quota: bool,
    /// Who waits for its end.
    pub then: Then,
}

/// The database of one browser.
#[derive(Debug)]
pub struct Disk<Then> {
    pub stores: Stores,
    pub local: Local,
    /// The transactions that have begun, in their order.
    pub pending: VecDeque<Transaction<Then>>,
    /// When the last of them will have ended.
    pub busy_until: u64,
    /// What a power cut leaves, where there are power cuts.
    pub platter: Option<Stores>,
    /// What a crash of the browser leaves of `localStorage`, and when it was last written to.
    persisted: Local,
    persisted_at: u64,
    written_at: u64,
}

/// `localStorage` is written to the disk this much later.
const LOCAL_LAG: u64 = 5_000;

impl<Then> Disk<Then> {
    /// An empty disk, which may forget its last writes.
    pub fn new(forgetful: bool) -> Self {
        Self {
            stores: Stores::default(),
            local: Local::default(),
            pending: VecDeque::new(),
            busy_until: 0,
            platter: forgetful.then(Stores::default),
            persisted: Local::default(),
            persisted_at: 0,
            written_at: 0,
        }
    }

    /// `localStorage`, to be written to.
    pub fn write_local(&mut self, now: u64) -> &mut Local {
        if now >= self.persisted_at + LOCAL_LAG {
            self.persisted = self.local.clone();
            self.persisted_at = now;
        }
        self.written_at = now;
        &mut self.local
    }

    /// The browser crashed: `localStorage` is what had reached the disk. Whether anything was forgotten.
    pub fn forget_local(&mut self, now: u64) -> bool {
        let forgets = now < self.written_at + LOCAL_LAG;
        if forgets {
            self.local = self.persisted.clone();
        }
        forgets
    }

    /// Ends the oldest transaction.
    pub fn commit(&mut self, ledger: &mut Ledger) -> Option<(Transaction<Then>, Outcome)> {
        let mut transaction = self.pending.pop_front()?;
        let mut outcome = self.carry_out(&mut transaction.work, transaction.aborted, ledger);
        if let Outcome::Failed { quota } = &mut outcome {
            *quota = transaction.over_quota;
        }
        Some((transaction, outcome))
    }
}

impl<Then> Disk<Then> {
    /// Does the work, unless the browser refuses it or its page died.
    pub fn carry_out(&mut self, work: &mut Work, refused: bool, ledger: &mut Ledger) -> Outcome {
        if !refused {
            return self.stores.apply(work, ledger);
        }
        // Where the page died, its records are as they were.
        if let Work::Write { write, page, incarnation, drops, .. } = work {
            if drops.is_some() {
                self.stores.keep_dropped(write, (*page, *incarnation), ledger);
            }
            if !ledger.exact {
                ledger.note_refused(write);
            }
        }
        Outcome::Failed { quota: true }
    }
}

impl Stores {
    fn note_asked(&mut self, share: &Share) {
        if let Some(News::Failed(failure) | News::Malformed(failure)) = share.news
            && let Some(asked) = failure.retry_after
        {
            let until = share.clocks.wall + asked.min(limits::MAX_RETRY_AFTER);
            let known = self.asked.entry(share.to).or_default();
            *known = until.max(*known);
        }
    }

    fn apply(&mut self, work: &mut Work, ledger: &mut Ledger) -> Outcome {
        match work {
            Work::Enter(candidate) => {
                return Outcome::Entered(self.identity.get_or_insert_with(|| candidate.clone()).clone());
            }
            Work::Write { page, incarnation, drops, write, .. } => {
                self.write(write, (*page, *incarnation), *drops, ledger);
            }
            Work::Share(share) => {
                self.note_asked(share);
                let present = self.pacing.get(&share.to).map(String::as_str);
                let (row, granted) = shared_row::update(present, share);
                self.pacing.extend(row.map(|row| (share.to, row)));
                return Outcome::Granted(Box::new(granted));
            }
            Work::TrimLetters => {
                while self.letters.len() > limits::MAX_DEAD_LETTERS {
                    let oldest = self.letters.pop_first();
                    oldest.iter().for_each(|(_, letter)| ledger.note_letter_gone(letter));
                }
            }
            Work::KeepMark { owner, mark } => drop(self.marks.insert(owner.clone(), mark.clone())),
            Work::TakeLease { owner, holder, wall } => {
                let lease = lease::take(self.leases.get(owner), holder, *wall);
                let taken = lease.is_some();
                self.leases.extend(lease.map(|lease| (owner.clone(), lease)));
                return Outcome::Leased(taken);
            }
            Work::DropLeases(owners) => owners.iter().for_each(|owner| drop(self.leases.remove(owner))),
            Work::Owners => return Outcome::Owners(self.owners()),
            Work::Adopt(claimed) => return Outcome::Orphans(self.adopt(claimed, ledger)),
            Work::Load { owner, after } => {
                return Outcome::Records(load(&self.segments, owner, after.as_ref()));
            }
            Work::Letters => return Outcome::Letters(self.letters.values().cloned().collect()),
        }
        Outcome::Done
    }

    fn adopt(&mut self, claimed: &Claimed, ledger: &mut Ledger) -> Vec<Orphan> {
        for record in &claimed.records {
            let before = self.segments.insert(record.key.as_str().into(), record.clone());
            if let Some(before) = before {
                ledger.note_shrunk(&before, record);
            }
            ledger.note_moved_in(record);
        }
        self.marks.extend(claimed.marks.iter().cloned());
        let orphans = claimed.owners.iter().map(|owner| Orphan {
            owner: owner.clone(),
            account: self.accounts.get(owner).copied().unwrap_or_default(),
            marks: self.marks.get(owner).cloned().into_iter().collect(),
        });
        orphans.collect()
    }

    fn write(&mut self, write: &Changes, writer: (usize, u32), drops: Option<u64>, ledger: &mut Ledger) {
        for key in write.puts.iter().map(|record| &record.key).chain(&write.deletes) {
            ledger.note_own_write(key, write, writer, drops);
        }
        for (place, record) in write.puts.iter().enumerate() {
            // Of two copies of a record, of which a page without a store may have heard, the last stays.
            if write.puts[place + 1..].iter().any(|later| later.key == record.key) {
                continue;
            }
            if let Some(before) = self.segments.insert(record.key.as_str().into(), record.clone()) {
                ledger.note_rewritten(&before, record, write, writer, drops);
            }
            ledger.note_put(record, !write.settled_letters.is_empty());
        }
        for key in &write.deletes {
            if let Some(before) = self.segments.remove(key.as_str()) {
                ledger.note_deleted(&before, write, writer, drops);
            }
        }
        if let Some(begun) = drops {
            let rest = self.segments.values().flat_map(|record| numbers(&record.ids));
            ledger.check_drops(rest.collect(), begun);
        }
        self.accounts.insert(write.owner.clone(), write.account);
        for owner in &write.adopted_accounts {
            self.accounts.remove(owner);
        }
        for owner in &write.settled_marks {
            self.marks.remove(owner);
        }
        for key in &write.settled_letters {
            if let Some(letter) = self.letters.remove(key) {
                ledger.note_letter_gone(&letter);
            }
        }
        for letter in &write.letters {
            ledger.note_letter(letter);
            self.letters.insert(letter.key(), letter.clone());
        }
        if write.identity.is_some() {
            self.identity.clone_from(&write.identity);
        }
    }

    /// What was to be given up under a cap is still here, and may be sent after what was sent in its place.
    fn keep_dropped(&self, write: &Changes, writer: (usize, u32), ledger: &mut Ledger) {
        let of_puts = write.puts.iter().map(|record| (&record.key, record.ids.as_str()));
        for (key, rest) in of_puts.chain(write.deletes.iter().map(|key| (key, ""))) {
            if let Some(record) = self.segments.get(key.as_str()) {
                ledger.note_revived(record, rest, writer);
            }
        }
    }

    fn owners(&self) -> Vec<String> {
        let mut owners: Vec<String> = Vec::new();
        let of_records = self.segments.values().map(|record| record.key.owner());
        let others = self.accounts.keys().chain(self.marks.keys()).map(String::as_str);
        for owner in of_records.chain(others) {
            if !owners.iter().any(|known| known == owner) {
                owners.push(owner.into());
            }
        }
        owners
    }
}

/// The next of `owner`'s records after the one at `after`.
pub fn load(segments: &BTreeMap<String, Record>, owner: &str, after: Option<&SegmentKey>) -> Vec<Record> {
    let from = after.map_or_else(|| [owner, "/"].concat(), |after| after.as_str().into());
    let rest = segments.range(from..).map(|(_, record)| record);
    let rest = rest.take_while(|record| record.key.owner() == owner);
    let rest = rest.filter(|record| after.is_none_or(|after| record.key > *after));
    rest.take(limits::LOAD_SEGMENTS).cloned().collect()
}
