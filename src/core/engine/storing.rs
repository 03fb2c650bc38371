//! Into the store and out of it: accepting events, writing, adopting what other pages left.

use super::{Call, Engine, Phase};
use crate::core::account::Account;
use crate::core::dead_letter::{DeadLetter, Disposal};
use crate::core::effect::{Effect, Write};
use crate::core::event::{Draft, Envelope, Seal};
use crate::core::exit::Mark;
use crate::core::identity::Identity;
use crate::core::notice::Notice;
use crate::core::policy;
use crate::core::segment::{Kept, Record, SegmentKey};

/// Where the queue is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Storage {
    /// In the browser's store.
    Store,
    /// In memory, because the browser gave no store.
    Memory,
}

/// A write that the store has not confirmed.
#[derive(Debug)]
pub(super) struct PendingWrite {
    id: u32,
    puts: Vec<SegmentKey>,
    settled: Settled,
}

/// Events whose records a write deletes; whoever waits for them hears of it when the write has ended.
#[derive(Debug, Default)]
pub(super) struct Settled {
    pub(super) delivered: Vec<String>,
    pub(super) dead: Vec<DeadLetter>,
}

/// Pages that are gone and whose locks this page has taken.
#[derive(Debug, Default)]
pub(super) struct Adoption {
    owners: Vec<Adopted>,
    loading: bool,
    /// The last reading failed; the next look tries again.
    failed: bool,
    next_look: Option<u64>,
    /// Events that the adopted accounts speak of and that are not in memory.
    unloaded: u64,
}

#[derive(Debug)]
struct Adopted {
    owner: String,
    after: Option<SegmentKey>,
}

/// A page that is gone and whose lock the shell has taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Orphan {
    /// Its name.
    pub owner: String,
    /// Its account; empty where it left none.
    pub account: Account,
    /// Its mark, from every store that kept it.
    pub marks: Vec<Mark>,
}

/// What a write is to change, besides this page's account.
#[derive(Default)]
pub(super) struct Change {
    pub(super) puts: Vec<Record>,
    pub(super) deletes: Vec<SegmentKey>,
    /// Ids of the delivered events whose records it deletes.
    pub(super) delivered: Vec<String>,
    pub(super) adopted_accounts: Vec<String>,
    pub(super) identity: Option<Identity>,
    pub(super) letters: Vec<DeadLetter>,
    pub(super) settled_letters: Vec<String>,
    pub(super) settled_marks: Vec<String>,
}

impl Adoption {
    pub(super) fn unloaded(&self) -> u64 {
        self.unloaded
    }

    pub(super) fn next_look(&self) -> Option<u64> {
        self.next_look
    }
}

impl Engine {
    /// The store is open and holds `identity`.
    pub fn handle_opened(&mut self, identity: Identity, now: u64) {
        let user = self.options.user_id.clone().or(identity.user);
        let Some(held) = self.end_opening(Identity { user, ..identity }) else { return };
        self.look_for_orphans(now, policy::ADOPT_SOON);
        self.begin_service(held, now);
    }

    /// The store cannot be opened: the queue is kept in memory, beginning with what the shell had kept elsewhere.
    pub fn handle_open_failed(&mut self, message: String, left: Vec<Record>, now: u64) {
        let user = self.options.user_id.clone().or(self.identity.user.clone());
        let Some(held) = self.end_opening(Identity { user, ..self.identity.clone() }) else { return };
        self.storage = Storage::Memory;
        self.notify(Notice::Degraded { fallback: "memory_queue", message });
        self.account.accepted += self.queue.adopt(left, Kept::Memory) as u64;
        self.keep_elsewhere();
        self.round = self.queue.last_order();
        self.begin_service(held, now);
    }

    /// A write has ended; `failure` is the browser's word where it did not succeed.
    pub fn handle_written(&mut self, id: u32, failure: Option<String>, now: u64) {
        if let Some(place) = self.writes.iter().position(|write| write.id == id) {
            let write = self.writes.swap_remove(place);
            let kept = if failure.is_none() { Kept::Stored } else { Kept::Memory };
            self.queue.mark(&write.puts, kept);
            if let Some(message) = failure {
                self.notify(Notice::Degraded { fallback: "memory_queue", message });
            }
            self.tell_settled(write.settled);
            if self.kept_elsewhere {
                self.keep_elsewhere();
            }
            self.advance(now);
        }
    }

    /// Locks of pages that are gone were taken: what they left is this page's now.
    pub fn handle_orphans(&mut self, orphans: Vec<Orphan>, now: u64) {
        let Phase::Open = self.phase else { return };
        let mut accounts = Vec::new();
        let me = self.queue.owner().to_string();
        for orphan in orphans.into_iter().filter(|orphan| orphan.owner != me) {
            self.marks.adopt(&orphan.owner, &orphan.marks, self.to);
            self.account.add(orphan.account);
            self.adoption.unloaded += orphan.account.queued();
            if orphan.account != Account::default() {
                accounts.push(orphan.owner.clone());
            }
            self.adoption.owners.push(Adopted { owner: orphan.owner, after: None });
        }
        if !accounts.is_empty() {
            self.write(Change { adopted_accounts: accounts, ..Change::default() });
        }
        self.advance(now);
    }

    /// Some of an adopted page's records; fewer than were asked for when there are no more.
    pub fn handle_loaded(&mut self, owner: &str, records: Vec<Record>, now: u64) {
        let awaited =
            self.adoption.owners.first_mut().filter(|front| self.adoption.loading && front.owner == owner);
        let (Phase::Open, Some(adopted)) = (&self.phase, awaited) else { return };
        self.adoption.loading = false;
        if records.len() < policy::LOAD_SEGMENTS {
            self.adoption.owners.remove(0);
        } else {
            adopted.after = records.last().map(|record| record.key.clone());
        }
        let events = self.queue.adopt(records, Kept::Stored) as u64;
        // A page that died before its account was written left events that no account speaks of.
        self.account.accepted += events.saturating_sub(self.adoption.unloaded);
        self.adoption.unloaded = self.adoption.unloaded.saturating_sub(events);
        if self.adoption.owners.is_empty() {
            self.account.storage_lost += std::mem::take(&mut self.adoption.unloaded);
        }
        self.apply_marks();
        self.round = self.queue.last_order();
        self.advance(now);
    }

    /// An adopted page's records could not be read: they stay where they are until the next look.
    pub fn handle_load_failed(&mut self, owner: &str) {
        let front = self.adoption.owners.first();
        self.adoption.failed |= self.adoption.loading && front.is_some_and(|front| front.owner == owner);
    }

    /// Keeps back what was handed over, or settles it, as the marks say now.
    pub(super) fn apply_marks(&mut self) {
        if !matches!(self.phase, Phase::Open) {
            return;
        }
        self.queue.keep_back(|id| self.marks.name(id));
        let mut change = Change::default();
        let removal = self.queue.remove_handed_over(|id| self.marks.settles(id));
        self.account.handed_over += removal.events.len() as u64;
        change.puts = removal.puts;
        change.deletes = removal.deletes;
        if self.adoption.owners.is_empty() {
            change.settled_marks = self.marks.take_spent();
        }
        if !change.puts.is_empty() || !change.deletes.is_empty() || !change.settled_marks.is_empty() {
            self.write(change);
        }
    }

    /// The dead letters were read: the page wants them sent again or discarded.
    pub fn handle_letters(&mut self, letters: Vec<DeadLetter>, disposal: Disposal, now: u64) {
        let settled_letters = letters.iter().map(DeadLetter::key).collect();
        if disposal == Disposal::Discard {
            self.write(Change { settled_letters, ..Change::default() });
        } else {
            self.enqueue(letters.into_iter().map(DeadLetter::into_envelope).collect(), settled_letters, now);
            self.begin_round();
        }
        self.advance(now);
    }

    /// Seals a task's events and has them stored in one transaction.
    pub(super) fn accept(&mut self, lines: &str, now: u64) {
        let mut envelopes = Vec::new();
        for line in lines.split('\n').filter(|line| !line.is_empty()) {
            let seal = Seal { user_id: &self.user_id, ua: &self.ua, metadata: self.options.metadata };
            match Draft::parse(line) {
                Ok(draft) => envelopes.push(draft.seal(seal)),
                Err(refusal) => self.notify_refused(refusal),
            }
        }
        self.enqueue(envelopes, Vec::new(), now);
    }

    fn enqueue(&mut self, envelopes: Vec<Envelope>, settled_letters: Vec<String>, now: u64) {
        self.account.accepted += envelopes.len() as u64;
        let kept = self.keeping();
        let keys = self.queue.push(envelopes, kept);
        if keys.is_empty() {
            return;
        }
        let jitter = self.random.next_u32();
        self.pacing.note_waiting(now, self.options.flush_interval, jitter);
        if kept == Kept::Writing {
            self.write(Change { puts: self.queue.records(&keys), settled_letters, ..Change::default() });
        }
    }

    /// A page may go without another word, and its store with what was being written: engines differ.
    pub(super) fn keep_elsewhere(&mut self) {
        let unstored = self.queue.unstored();
        if self.kept_elsewhere || !unstored.is_empty() {
            self.kept_elsewhere = !unstored.is_empty();
            self.effects.push(Effect::KeepElsewhere { unstored });
        }
    }

    pub(super) fn store_identity(&mut self) {
        self.write(Change { identity: Some(self.identity.clone()), ..Change::default() });
    }

    /// Whether records of settled events are still being deleted.
    pub(super) fn is_settling(&self) -> bool {
        self.writes.iter().any(|write| !write.settled.delivered.is_empty() || !write.settled.dead.is_empty())
    }

    /// Looks for what other pages left, now and then, and reads on where it was found.
    pub(super) fn adopt_more(&mut self, now: u64) {
        if self.adoption.next_look.is_some_and(|at| at <= now) {
            self.look_for_orphans(now, policy::ADOPT_INTERVAL);
            if std::mem::take(&mut self.adoption.failed) {
                self.adoption.loading = false;
            }
        }
        let Some(adopted) = self.adoption.owners.first().filter(|_| !self.adoption.loading) else { return };
        if !self.queue.has_adopted_work() {
            let (owner, after) = (adopted.owner.clone(), adopted.after.clone());
            self.effects.push(Effect::Load { owner, after });
            self.adoption.loading = true;
        }
    }

    fn end_opening(&mut self, identity: Identity) -> Option<Vec<Call>> {
        let Phase::Opening { held, .. } = &mut self.phase else { return None };
        let held = std::mem::take(held);
        self.phase = Phase::Open;
        self.user_id = identity.user_id();
        self.identity = identity;
        Some(held)
    }

    fn begin_service(&mut self, held: Vec<Call>, now: u64) {
        for call in held {
            self.perform(call, now);
        }
        self.notify(Notice::Opened { anonymous: self.identity.anonymous.clone() });
        self.advance(now);
    }

    fn look_for_orphans(&mut self, now: u64, next: u64) {
        self.adoption.next_look = (self.storage == Storage::Store).then_some(now + next);
        self.effects.push(Effect::FindOrphans);
    }

    pub(super) fn write(&mut self, change: Change) {
        if self.storage == Storage::Memory || !matches!(self.phase, Phase::Open) {
            self.tell_settled(Settled { delivered: change.delivered, dead: change.letters });
            if self.kept_elsewhere && matches!(self.phase, Phase::Open) {
                self.keep_elsewhere();
            }
            return;
        }
        let id = self.next_id();
        let puts = change.puts.iter().map(|record| record.key.clone()).collect();
        let settled = Settled { delivered: change.delivered, dead: change.letters.clone() };
        self.writes.push(PendingWrite { id, puts, settled });
        self.effects.push(Effect::Write(Write {
            id,
            puts: change.puts,
            deletes: change.deletes,
            owner: self.queue.owner().into(),
            account: self.account,
            adopted_accounts: change.adopted_accounts,
            identity: change.identity,
            letters: change.letters,
            settled_letters: change.settled_letters,
            settled_marks: change.settled_marks,
        }));
    }
}
