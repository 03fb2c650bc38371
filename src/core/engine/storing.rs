//! Into the store: accepting events, writing, keeping to the caps, and what a write that fails leads to.

use super::change::{Change, PendingWrite, StoreFailure};
use super::effect::{Effect, Write};
use super::notice::Notice;
use super::state::{Engine, Phase};
use super::storage::Storage;
use crate::core::model::account::DropReason;
use crate::core::model::dead_letter::{DeadLetter, Disposal, Reason};
use crate::core::model::event::{Draft, Envelope, Seal};
use crate::core::model::time::{NEVER, earliest};
use crate::core::policy::limits;
use crate::core::queue::Removal;
use crate::core::queue::segment::Kept;
use crate::core::rows;

impl Engine {
    /// A write has ended.
    pub fn handle_written(&mut self, id: u32, failure: Option<StoreFailure>, now: u64) {
        if let Some(place) = self.writes.iter().position(|write| write.id == id) {
            let write = self.writes.remove(place);
            self.end_write(write, failure, now);
            self.advance(now);
        }
    }

    /// Gives up a store that does not answer any more: what it was asked counts as refused.
    pub(super) fn give_up_silent_store(&mut self, now: u64) {
        for write in &mut self.writes {
            write.deadline = write.deadline.min(now + limits::STORE_TIMEOUT);
        }
        if self.store_deadline() <= now {
            self.lose_store("the browser's storage does not answer".into(), now);
            for write in std::mem::take(&mut self.writes) {
                self.end_write(write, Some(StoreFailure::Closed(String::new())), now);
            }
            self.go_on_alone(now);
        }
    }

    /// When the store must have answered whatever it was asked.
    pub(super) fn store_deadline(&self) -> u64 {
        if self.storage == Storage::Memory {
            return NEVER;
        }
        let writes = earliest(self.writes.iter().map(|write| write.deadline));
        writes.min(self.adoption.loading_until()).min(self.pacing.asking_until())
    }

    fn end_write(&mut self, write: PendingWrite, failure: Option<StoreFailure>, now: u64) {
        let kept = if failure.is_none() { Kept::Stored } else { Kept::Memory };
        self.queue.mark(&write.change.puts.keys, kept);
        if let Some(failure) = failure {
            self.unwritten.absorb(&write.change);
            self.go_on_after(failure, now);
        }
        self.tell_settled(write.change.settled);
        if self.kept_elsewhere {
            self.keep_elsewhere();
        }
    }

    /// The dead letters were read: the page wants them sent again or discarded. What is written for it is of the transaction
    /// that read them, so that no other page has them, too. One whose record could not be read cannot be sent.
    pub fn handle_letters(&mut self, letters: Vec<DeadLetter>, disposal: Disposal, now: u64) {
        let resends = disposal == Disposal::Resend;
        let mut envelopes = Vec::new();
        let mut change = Change::default();
        for letter in letters {
            let foreign = !self.projects.include(letter.project);
            if foreign || (resends && letter.reason == Reason::Corrupt) {
                continue;
            }
            change.deletes.delete(rows::DEAD_LETTERS, &letter.key());
            if resends {
                envelopes.push(letter.into_envelope());
            }
        }
        self.enqueue(envelopes, change, now);
        if resends {
            self.begin_round();
        }
        self.advance(now);
    }

    /// Seals a task's events and has them stored in one transaction.
    pub(super) fn accept(&mut self, lines: &str, now: u64) {
        let mut envelopes = Vec::new();
        for line in lines.split('\n').filter(|line| !line.is_empty()) {
            let seal = Seal { user_id: &self.user_id, ua: &self.ua, metadata: self.options.metadata };
            match Draft::parse(line, limits::MAX_EVENT_BYTES) {
                Ok(draft) => envelopes.push(draft.seal(seal)),
                Err(refusal) => self.notify_refused(refusal),
            }
        }
        self.enqueue(envelopes, Change::default(), now);
    }

    /// Queues events, and has them stored with `change`.
    fn enqueue(&mut self, envelopes: Vec<Envelope>, mut change: Change, now: u64) {
        let count = envelopes.len();
        self.account.accepted += count as u64;
        let before = self.queue.bytes();
        let keys = self.queue.push(envelopes, self.keeping(), self.clocks(now));
        let room = self.queue.bytes() - before + count * rows::EVENT_ROOM;
        if keys.is_empty() && change.deletes.is_empty() {
            return;
        }
        // Events dropped at exit, with no time to write that, would come back.
        if let Phase::Open = self.phase {
            self.enforce_caps(now);
        }
        if !keys.is_empty() {
            self.note_waiting(now);
        }
        change.puts = self.queue.records(&keys, room);
        self.write(change);
    }

    /// The flush interval begins, unless it runs already.
    pub(super) fn note_waiting(&mut self, now: u64) {
        let jitter = self.random.next_u32();
        self.pacing.note_waiting(now, self.options.flush_interval, jitter);
    }

    /// Gives up the oldest events over a cap.
    pub(super) fn enforce_caps(&mut self, now: u64) {
        let queued = self.queue.len() as u64 + self.adoption.unloaded();
        let events = queued.saturating_sub(self.options.max_queue_events);
        if events > 0 {
            let removal = self.queue.remove_oldest(events as usize, 0);
            self.give_up(DropReason::MaxQueueEvents, removal);
        }
        let bytes = self.queue.bytes().saturating_sub(self.options.max_queue_bytes);
        if bytes > 0 {
            let removal = self.queue.remove_oldest(0, bytes);
            self.give_up(DropReason::MaxQueueBytes, removal);
        }
        let removal = self.queue.remove_outdated(self.clocks(now), self.options.max_age);
        if removal.events.is_empty() && !removal.puts.keys.is_empty() {
            self.write(Change::of(removal));
        } else {
            self.give_up(DropReason::MaxAge, removal);
        }
    }

    /// Counts events as dropped, tells it, and writes the `change` that it is.
    pub(super) fn drop_events(&mut self, reason: DropReason, count: u64, change: Change) {
        if count > 0 {
            self.account.drop(reason, count);
            self.notify(Notice::Dropped { reason: reason.as_str(), count });
            self.write(change);
        }
    }

    fn give_up(&mut self, reason: DropReason, removal: Removal) {
        self.drop_events(reason, removal.events.len() as u64, Change::of(removal));
    }

    /// A page may go without another word, and its store with what was being written: engines differ.
    pub(super) fn keep_elsewhere(&mut self) {
        if !self.may_store() {
            return;
        }
        let unstored = self.queue.unstored();
        if self.kept_elsewhere || !unstored.is_empty() {
            self.kept_elsewhere = !unstored.is_empty();
            self.effects.push(Effect::KeepElsewhere { unstored });
        }
    }

    /// Updates the left rows, so that events settled or stored since do not come back from there.
    fn keep_elsewhere_still(&mut self) {
        if self.kept_elsewhere && matches!(self.phase, Phase::Open) {
            self.keep_elsewhere();
        }
    }

    pub(super) fn store_identity(&mut self) {
        self.write(Change { identity: true, ..Change::default() });
    }

    /// Returns true while records of settled events are being deleted.
    pub(super) fn is_settling(&self) -> bool {
        let mut changes = self.writes.iter().map(|write| &write.change);
        changes.any(|change| !change.settled.delivered.is_empty() || !change.letters.is_empty())
    }

    /// There is no store for this change: what waits for it goes on, and the change itself waits for the store.
    fn write_later(&mut self, change: Change) {
        if self.may_store() {
            self.unwritten.absorb(&change);
        }
        self.tell_settled(change.settled);
        self.keep_elsewhere_still();
    }

    pub(super) fn write(&mut self, mut change: Change) {
        if !self.has_store() {
            return self.write_later(change);
        }
        let mut operations = std::mem::take(&mut change.puts.records);
        operations.append(&change.deletes);
        operations.append(&change.letters);
        if change.identity {
            operations.put_identity(self.projects.current(), &self.identity);
        }
        operations.put_account(self.queue.owner(), self.account);
        let id = self.next_id();
        let letters = !change.letters.is_empty();
        self.writes.push(PendingWrite { id, change, deadline: NEVER });
        // First what is kept elsewhere: a page that dies in between must not leave there what the store has dealt with.
        self.keep_elsewhere_still();
        self.effects.push(Effect::Write(Write { id, operations, letters }));
    }

    fn go_on_after(&mut self, failure: StoreFailure, now: u64) {
        // A page that has left could not write any better, and what it has stands elsewhere.
        if !self.has_store() {
            return;
        }
        match failure {
            StoreFailure::Quota => {
                let events = self.queue.len().div_ceil(limits::QUOTA_EVICTION);
                let removal = self.queue.remove_oldest(events, 0);
                if removal.events.is_empty() {
                    return self.lose_store("there is no room for it in the browser's storage".into(), now);
                }
                self.give_up(DropReason::Quota, removal);
                self.restore();
            }
            StoreFailure::Closed(message) => self.lose_store(message, now),
        }
    }
}
