//! What the world itself knows about every event, to be held against what the engine says and does.
//!
//! The rules, each checked at the moment it could be broken:
//! - An event leaves the database only in a write of a page that saw its acknowledgement, that makes it a dead letter
//!   after an answer which says so, or that settles a hand-over.
//! - No event is in two requests at once, whoever sends them. A request that was left to the browser by a page that
//!   went away does not count: its mark may be lost.
//! - An event whose acknowledgement was seen is not sent again, once its record is deleted or while the page that saw
//!   it lives.
//! - The first sendings of what one page tracked under one name are in the order of tracking. What came back from the
//!   dead letters, or came into the database later than its successors because it had been kept in `localStorage`, was
//!   sent before or is excepted.

use appizer_tracker::core::model::account::Account;
use appizer_tracker::core::model::dead_letter::{DeadLetter, Reason};
use appizer_tracker::core::model::segment::{Record, SegmentKey};
use appizer_tracker::core::rows::changes::Changes;
use std::collections::{BTreeMap, BTreeSet};

/// One event.
#[derive(Debug, Clone, Default)]
pub struct Event {
    /// The name of the page that it was tracked under, by number.
    pub source: usize,
    /// Whether the server refuses it.
    pub guilty: bool,
    /// It was in the database, and nothing that excuses a loss has happened since.
    pub committed: bool,
    /// Its record has been deleted.
    pub deleted: bool,
    /// The page and incarnation that saw its acknowledgement.
    pub acked: Option<(usize, u32)>,
    /// How often the server took it.
    pub processed: u32,
    /// How often it was sent.
    pub sent: u32,
    /// An answer said that something about it is wrong, or did not say what became of it.
    pub suspect: bool,
    /// The page discarded it as a dead letter, or the letter was a copy on a disk that failed.
    pub discarded: bool,
    /// The request that carries it.
    pub flight: Option<usize>,
    /// When a request of it last ended.
    pub closed_at: u64,
    /// The last request that was left to the browser with it.
    pub handed: Option<usize>,
    /// It was given up under a cap.
    pub dropped: bool,
    /// It was a dead letter that the store refused.
    pub spoiled: bool,
    /// It came into the database from `localStorage`, or back from the dead letters, or from a page that had given it up and
    /// died before the database knew.
    pub belated: bool,
    counted: bool,
}

/// All events, by their number.
#[derive(Debug, Default)]
pub struct Ledger {
    pub events: Vec<Event>,
    /// What the accounts must add up to.
    pub expected: Account,
    /// Whether they must do so exactly: not where a disk failed or forgot.
    pub exact: bool,
    /// The first rule that was broken.
    pub fault: Option<String>,
    /// Without Web Locks a page that does not come to renew its lease may go on with what another has adopted: that
    /// repeats events. How many it did.
    pub lapsed: Option<u64>,
    /// Events that a page gave up and that came back, for it died too soon: their order is not judged.
    pub revived: u64,
    /// Dropped events that had been in the database: a task that exceeds a cap by itself is dropped before.
    pub dropped_from_store: u64,
    /// A page has given events up, under a cap or for want of room.
    pub gave_up: bool,
    /// Of all records that have been in the database.
    keys: BTreeSet<String>,
    /// Events that left a record when it moved in from `localStorage`, by its key.
    shrunk: BTreeMap<String, Vec<u32>>,
    /// Events that the last write gave up.
    dropped: Vec<u32>,
    /// Events that were settled as handed over.
    pub settled: Vec<u32>,
    /// For each name of a page, the latest of its events that has been sent.
    latest: Vec<u32>,
}

/// Events that a page may not have in memory all together.
const LONG_BACKLOG: usize = 500;

/// The numbers in a record's ids.
pub fn numbers(ids: &str) -> impl Iterator<Item = u32> {
    ids.split(' ').filter_map(|id| id.strip_prefix('e')?.parse().ok())
}

impl Ledger {
    /// Before anything happens.
    pub fn new(has_locks: bool) -> Self {
        Self { exact: has_locks, lapsed: (!has_locks).then_some(0), ..Self::default() }
    }

    /// A name that a page takes.
    pub fn new_source(&mut self) -> usize {
        self.latest.push(0);
        self.latest.len() - 1
    }

    /// An event that is tracked now, and its number.
    pub fn new_event(&mut self, source: usize, guilty: bool) -> u32 {
        self.events.push(Event { source, guilty, ..Event::default() });
        self.events.len() as u32 - 1
    }

    /// A rule is broken.
    pub fn blame(&mut self, fault: impl FnOnce() -> String) {
        if self.fault.is_none() {
            self.fault = Some(fault());
        }
    }

    /// A page sends `numbers`.
    pub fn note_sent(&mut self, flight: usize, sender: (usize, u32), numbers: &[u32]) {
        for &number in numbers {
            let event = &mut self.events[number as usize];
            let first = event.sent == 0;
            event.sent += 1;
            let twice = event.flight.replace(flight);
            let again = event.acked.is_some_and(|by| by == sender || event.deleted);
            let (source, belated) = (event.source, event.belated);
            if let Some(lapsed) = self.lapsed.as_mut().filter(|_| twice.is_some() || again) {
                *lapsed += 1;
                continue;
            }
            if let Some(other) = twice.filter(|_| self.exact) {
                self.blame(|| format!("e{number} is in two requests at once: #{other} and #{flight}"));
            }
            // A store that refuses writes keeps what should be gone.
            if again && self.exact {
                self.blame(|| format!("e{number} is sent again, though its acknowledgement was seen"));
            }
            if first && !belated && self.exact {
                if self.latest[source] > number {
                    let later = self.latest[source];
                    self.blame(|| format!("e{number} is sent after e{later}, which was tracked later"));
                }
                self.latest[source] = number;
            }
        }
    }

    /// The request is not under way for its page any more.
    pub fn note_closed(&mut self, flight: usize, numbers: &[u32], now: u64) {
        for &number in numbers {
            let event = &mut self.events[number as usize];
            event.flight = event.flight.filter(|&carrier| carrier != flight);
            event.closed_at = now;
        }
    }

    /// A record has come into the database from `localStorage`. Events that were in it under another key were dead letters, taken
    /// by a page that died before the database knew: they stay what they were, and are accepted once more.
    pub fn note_moved_in(&mut self, record: &Record) {
        if !self.keys.contains(record.key.as_str()) {
            let known = |number: &u32| self.events[*number as usize].counted;
            self.expected.accepted += numbers(&record.ids).filter(known).count() as u64;
        }
        self.note_put(record, false);
    }

    /// A record is in the database now.
    pub fn note_put(&mut self, record: &Record, resent: bool) {
        self.keys.insert(record.key.as_str().into());
        for number in numbers(&record.ids) {
            let event = &mut self.events[number as usize];
            if !event.counted || (resent && event.deleted) {
                event.counted = true;
                self.expected.accepted += 1;
            }
            if resent {
                (event.deleted, event.acked, event.belated) = (false, None, true);
            }
            event.committed = true;
        }
    }

    /// A record was replaced by one with fewer events.
    pub fn note_rewritten(
        &mut self,
        before: &Record,
        after: &Record,
        write: &Changes,
        writer: (usize, u32),
        drops: Option<u64>,
    ) {
        let kept: Vec<u32> = numbers(&after.ids).collect();
        for number in numbers(&before.ids).filter(|number| !kept.contains(number)) {
            self.note_gone(number, write, writer, drops);
        }
    }

    /// A record was replaced by what its page had kept elsewhere. What is not in it that page has dealt with, in a write that
    /// is under way.
    pub fn note_shrunk(&mut self, before: &Record, after: &Record) {
        let kept: Vec<u32> = numbers(&after.ids).collect();
        let gone: Vec<u32> = numbers(&before.ids).filter(|number| !kept.contains(number)).collect();
        for &number in &gone {
            self.events[number as usize].deleted = true;
        }
        self.shrunk.entry(before.key.as_str().into()).or_default().extend(gone);
    }

    /// A write of the record `key` has come to the database. If it is of the page whose record it is, it deals with what had
    /// shrunk from it, or brings it back.
    pub fn note_own_write(
        &mut self,
        key: &SegmentKey,
        write: &Changes,
        writer: (usize, u32),
        drops: Option<u64>,
    ) {
        let shrunk = if key.owner() == write.owner { self.shrunk.remove(key.as_str()) } else { None }
            .unwrap_or_default();
        // Without room in the store a page gives events up, and they leave what it keeps elsewhere before they leave the store.
        let drops = drops.or((!self.exact).then_some(0));
        let put = write.puts.iter().find(|record| record.key == *key);
        let kept: Vec<u32> = put.iter().flat_map(|record| numbers(&record.ids)).collect();
        for number in shrunk {
            if kept.contains(&number) {
                self.events[number as usize].deleted = false;
            } else {
                self.note_gone(number, write, writer, drops);
            }
        }
    }

    /// What became of records that shrank and whose page's write came to nothing: an account speaks of those events still,
    /// and whoever adopted it has counted them as lost. A dead letter among them died with its page; and such a page may have
    /// given events up, where there are caps or the store refuses.
    pub fn note_unwritten(&mut self, has_caps: bool) {
        let gives_up = has_caps || !self.exact;
        for number in std::mem::take(&mut self.shrunk).into_values().flatten() {
            let event = &mut self.events[number as usize];
            event.spoiled |= event.suspect;
            event.dropped |= event.acked.is_some() || gives_up;
            self.dropped_from_store += 1;
        }
    }

    /// What a record has beyond `rest` was given up under a cap by a page that died before the database had it from it.
    pub fn note_revived(&mut self, record: &Record, rest: &str, writer: (usize, u32)) {
        let rest: Vec<u32> = numbers(rest).collect();
        for number in numbers(&record.ids).filter(|number| !rest.contains(number)) {
            let event = &mut self.events[number as usize];
            if event.acked != Some(writer) && !event.belated && event.sent == 0 {
                event.belated = true;
                self.revived += 1;
            }
        }
    }

    /// A record was deleted.
    pub fn note_deleted(
        &mut self,
        before: &Record,
        write: &Changes,
        writer: (usize, u32),
        drops: Option<u64>,
    ) {
        numbers(&before.ids).for_each(|number| self.note_gone(number, write, writer, drops));
    }

    fn note_gone(&mut self, number: u32, write: &Changes, writer: (usize, u32), drops: Option<u64>) {
        let event = &mut self.events[number as usize];
        event.deleted = true;
        let name = ["e", &number.to_string()].concat();
        let letter = write.letters.iter().find(|letter| letter.id == name);
        match letter.map(|letter| letter.reason) {
            Some(Reason::Rejected) => self.expected.rejected += 1,
            Some(Reason::Uncertain) => self.expected.uncertain += 1,
            Some(Reason::Corrupt) => {}
            None if event.acked == Some(writer) => self.expected.delivered += 1,
            None if event.spoiled => {}
            None if drops.is_some() => {
                event.dropped = true;
                self.dropped_from_store += 1;
                self.dropped.push(number);
            }
            None => {
                self.expected.handed_over += 1;
                let (handed, processed) = (event.handed.is_some(), event.processed);
                self.settled.push(number);
                // Its dead letter waits with the page for the store to take it.
                event.spoiled |= !self.exact && event.suspect && processed == 0;
                let spoiled = event.spoiled;
                // Where two pages have a record, what one of them gave up the other may bring back.
                event.dropped |= !self.exact && self.gave_up && !handed && !spoiled;
                let excused = event.dropped || (!self.exact && processed > 0);
                if !handed && !spoiled && !excused {
                    self.blame(|| format!("e{number} is deleted, though nobody acknowledged it"));
                }
            }
        }
    }

    /// Caps give up the oldest: of one page's events none goes while an older one stays, but for those that are on their
    /// way or kept back.
    pub fn check_drops(&mut self, rest: Vec<u32>, begun: u64) {
        // Of a long backlog a page has the beginning in memory, and gives up what is in memory.
        if rest.len() > LONG_BACKLOG {
            return self.dropped.clear();
        }
        for dropped in std::mem::take(&mut self.dropped) {
            let source = self.events[dropped as usize].source;
            let older = rest.iter().copied().filter(|&other| other < dropped).find(|&other| {
                let other = &self.events[other as usize];
                let free = other.flight.is_none() && other.handed.is_none() && other.closed_at < begun;
                other.source == source && free && !other.belated
            });
            if let Some(older) = older.filter(|_| self.exact) {
                self.blame(|| format!("e{dropped} is dropped, but e{older} is older and stays"));
            }
        }
    }

    /// The store refused a write: the page goes on without it, and its dead letters are in memory alone.
    pub fn note_refused(&mut self, write: &Changes) {
        for number in write.letters.iter().flat_map(|letter| numbers(&letter.id)) {
            self.events[number as usize].spoiled = true;
        }
    }

    /// An event has become a dead letter.
    pub fn note_letter(&mut self, letter: &DeadLetter) {
        for number in numbers(&letter.id) {
            if !self.events[number as usize].suspect {
                self.blame(|| format!("e{number} is a dead letter, though no answer spoke against it"));
            }
        }
    }

    /// A dead letter was deleted: sent again, or discarded.
    pub fn note_letter_gone(&mut self, letter: &DeadLetter) {
        for number in numbers(&letter.id) {
            let event = &mut self.events[number as usize];
            event.discarded |= event.deleted;
        }
    }
}
