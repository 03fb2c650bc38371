//! Adoption: finds and reads the records and marks of dead pages.

use super::adoption::{Adopted, Adoption};
use super::change::Change;
use super::effect::Effect;
use super::state::{Engine, Phase};
use super::storage::Storage;
use crate::core::model::account::DropReason;
use crate::core::model::dead_letter::{DeadLetter, Reason};
use crate::core::model::mark::Mark;
use crate::core::model::orphan::Orphan;
use crate::core::model::segment::Record;
use crate::core::model::time::NEVER;
use crate::core::policy::limits;
use crate::core::queue::segment::Kept;
use crate::core::rows;

impl Engine {
    /// Locks of pages that are gone were taken: what they left is this page's now.
    pub fn handle_orphans(&mut self, orphans: Vec<Orphan>, now: u64) {
        if !matches!(self.phase, Phase::Open) || !self.may_store() {
            return;
        }
        let mut change = Change::default();
        for orphan in &orphans {
            if orphan.owner == self.queue.owner() {
                continue;
            }
            let (tab, began) = (self.tab.as_deref(), self.began);
            let lived_on = |mark: &Mark| began <= mark.at || tab == Some(&*mark.tab);
            let trusted = |mark: &Mark| tab.is_none() || (lived_on(mark) && !mark.tab.is_empty());
            self.marks.adopt(&orphan.owner, &orphan.marks, self.to, trusted);
            self.account.add(orphan.account);
            self.adoption.unloaded += orphan.account.queued();
            // A row of zeros is a row, too: left alone, it would be found for ever.
            change.deletes.delete(rows::ACCOUNTS, &orphan.owner);
            self.adoption.owners.push(Adopted { owner: orphan.owner.clone(), after: None });
        }
        if !change.deletes.is_empty() {
            self.write(change);
        }
        self.advance(now);
    }

    /// Some of an adopted page's records; fewer than were asked for when there are no more.
    pub fn handle_loaded(&mut self, owner: &str, records: Vec<Record>, now: u64) {
        let Phase::Open = self.phase else { return };
        let Adoption { owners, loading, .. } = &mut self.adoption;
        let Some(adopted) = owners.first_mut().filter(|front| *loading < NEVER && front.owner == owner)
        else {
            return;
        };
        *loading = NEVER;
        if records.len() < limits::LOAD_SEGMENTS {
            owners.remove(0);
        } else {
            adopted.after = records.last().map(|record| record.key.clone());
        }
        let (events, corrupt) = self.queue.adopt(records, Kept::Stored, now);
        self.count_loaded(events as u64);
        self.set_aside(corrupt, now);
        if self.adoption.owners.is_empty() {
            let lost = std::mem::take(&mut self.adoption.unloaded);
            self.drop_events(DropReason::StorageLost, lost, Change::default());
        }
        self.enforce_caps(now);
        self.apply_marks();
        if self.pacing.shared().is_crowded() {
            self.note_waiting(now);
        } else {
            self.round = self.queue.last_order();
        }
        self.advance(now);
    }

    /// An adopted page's records could not be read: they stay where they are until the next look.
    pub fn handle_load_failed(&mut self, owner: &str) {
        let front = self.adoption.owners.first();
        if self.adoption.loading < NEVER && front.is_some_and(|front| front.owner == owner) {
            self.adoption.stop_loading();
            self.adoption.failed = true;
        }
    }

    /// Keeps back what was handed over, or settles it, as the marks say now.
    pub(super) fn apply_marks(&mut self) {
        if !matches!(self.phase, Phase::Open) {
            return;
        }
        self.queue.keep_back(|id| self.marks.name(id));
        let removal = self.queue.remove_handed_over(|id| self.marks.settles(id));
        self.account.handed_over += removal.events.len() as u64;
        let mut change = Change::of(removal);
        if self.adoption.owners.is_empty() {
            while let Some(owner) = self.marks.take_spent() {
                change.deletes.delete(rows::MARKS, &owner);
            }
        }
        if !change.puts.keys.is_empty() || !change.deletes.is_empty() {
            self.write(change);
        }
    }

    /// Looks for what other pages left, now and then, and reads on where it was found.
    pub(super) fn adopt_more(&mut self, now: u64) {
        if self.adoption.next_look <= now {
            self.look_for_orphans(now, limits::ADOPT_INTERVAL);
            self.adoption.failed = false;
        }
        let Some(adopted) = self
            .adoption
            .owners
            .first()
            .filter(|_| self.adoption.may_load() && self.storage == Storage::Store)
        else {
            return;
        };
        if !self.queue.has_adopted_work() {
            let (owner, after) = (adopted.owner.clone(), adopted.after.clone());
            self.effects.push(Effect::Load { owner, after });
            self.adoption.loading = now + limits::STORE_TIMEOUT;
        }
    }

    pub(super) fn look_for_orphans(&mut self, now: u64, next: u64) {
        self.adoption.next_look = if self.storage == Storage::Store { now + next } else { NEVER };
        self.effects.push(Effect::FindOrphans);
    }

    /// A page that died before its account was written left events that no account speaks of.
    fn count_loaded(&mut self, events: u64) {
        self.account.accepted += events.saturating_sub(self.adoption.unloaded);
        self.adoption.unloaded = self.adoption.unloaded.saturating_sub(events);
    }

    /// Records that cannot be read become dead letters of their own kind, for somebody to look at; the rest goes on.
    /// A record without ids is of a newer version of this library, and left for it.
    fn set_aside(&mut self, corrupt: Vec<Record>, now: u64) {
        let mut change = Change::default();
        let mut events = 0;
        let (at, project) = (self.wall(now), Some(self.projects.current()));
        for Record { key, ids, events: json, .. } in &corrupt {
            if ids.is_empty() {
                continue;
            }
            events += ids.split(' ').count() as u64;
            let message = String::from("its record could not be read");
            let (id, json) = (key.as_str().into(), json.clone());
            let letter = DeadLetter { id, json, reason: Reason::Corrupt, status: 0, message, at, project };
            change.bury(&letter);
            change.deletes.delete(rows::SEGMENTS, key.as_str());
        }
        self.count_loaded(events);
        self.drop_events(DropReason::Corrupt, events, change);
    }
}
