//! The store opened, lost and opened again. While there is none, the queue goes on in memory.

use super::change::Change;
use super::effect::Effect;
use super::notice::Notice;
use super::state::{Call, Engine, Phase};
use super::storage::Storage;
use crate::core::model::identity::Identity;
use crate::core::model::segment::Record;
use crate::core::model::time::NEVER;
use crate::core::policy::limits;
use crate::core::queue::segment::Kept;

impl Engine {
    /// The store is open and holds `identity`; also where it opens only after it was given up, or once more.
    pub fn handle_opened(&mut self, identity: Identity, now: u64) {
        if let Some(held) = self.end_opening() {
            self.take_identity(identity);
            self.look_for_orphans(now, limits::ADOPT_SOON);
            self.begin_service(held, now);
        } else if self.storage == Storage::Memory && matches!(self.phase, Phase::Open) {
            self.storage = Storage::Store;
            self.reopen_at = NEVER;
            // The page's own calls since are newer than the stored rows.
            if !self.unwritten.identity {
                self.take_identity(identity);
            }
            self.look_for_orphans(now, limits::ADOPT_SOON);
            self.restore();
            self.advance(now);
        }
    }

    /// The store cannot be opened: the queue is kept in memory. What pages that are gone left outside the store follows by
    /// [`Engine::handle_left`].
    pub fn handle_open_failed(&mut self, message: String, now: u64) {
        let retry = now + limits::REOPEN_INTERVAL;
        if let Some(held) = self.end_opening() {
            self.take_identity(self.identity.clone());
            self.storage = Storage::Memory;
            self.reopen_at = retry;
            self.notify(Notice::Degraded { fallback: "memory_queue", message });
            self.keep_elsewhere();
            self.begin_service(held, now);
        } else if self.storage == Storage::Memory {
            self.reopen_at = retry;
        }
    }

    /// Records that pages which are gone left outside the store, claimed by this page because it has no store. Returns true if
    /// the page has taken them.
    pub fn handle_left(&mut self, left: Vec<Record>, now: u64) -> bool {
        if !matches!(self.phase, Phase::Open) {
            return false;
        }
        let (events, _) = self.queue.adopt(left, Kept::Memory, now);
        self.account.accepted += events as u64;
        self.round = self.queue.last_order();
        if self.has_store() {
            self.restore();
        } else {
            self.keep_elsewhere();
        }
        self.advance(now);
        true
    }

    /// The browser closed the store: its data was deleted, or a newer version of this library wants it.
    pub fn handle_store_closed(&mut self, now: u64) {
        if self.storage == Storage::Store && matches!(self.phase, Phase::Open) {
            self.queue.lose_store();
            self.lose_store("the browser closed its storage".into(), now);
            self.advance(now);
        }
    }

    /// Asks for the store, where anything may be stored.
    pub(super) fn open(&mut self, now: u64) {
        self.unwritten = Change::default();
        if !self.may_store() {
            return self.begin_without_store(now);
        }
        self.phase = Phase::Opening { deadline: now + limits::OPEN_TIMEOUT, held: Vec::new() };
        self.storage = Storage::Store;
        self.ask_for_store();
    }

    /// The opening takes too long: the queue is kept in memory until it, or a later one, ends after all.
    pub(super) fn stop_waiting_for_store(&mut self, now: u64) {
        let message = String::from("the browser did not open its storage in time");
        self.handle_open_failed(message, now);
    }

    /// Tries the store again, now and then.
    pub(super) fn reopen_if_due(&mut self, now: u64) {
        if self.storage == Storage::Memory && self.reopen_at <= now {
            self.ask_for_store();
            // An opening may hang for ever, too; the next one takes its place.
            self.reopen_at = now + limits::REOPEN_INTERVAL;
        }
    }

    pub(super) fn ask_for_store(&mut self) {
        self.reopen_at = NEVER;
        let owner = self.queue.owner().into();
        self.effects.push(Effect::Open { owner, identity: self.identity.clone() });
    }

    /// The queue goes on in memory, and the store is asked for anew: at once, but where that did not help either.
    pub(super) fn lose_store(&mut self, message: String, now: u64) {
        self.storage = Storage::Memory;
        // No answer will come to what is being read.
        self.adoption.stop_loading();
        self.notify(Notice::Degraded { fallback: "memory_queue", message });
        let at = self.no_reopening_before.max(now);
        self.reopen_at = at;
        self.no_reopening_before = at + limits::REOPEN_INTERVAL;
    }

    /// Writes what the store has not.
    pub(super) fn restore(&mut self) {
        let mut change = std::mem::take(&mut self.unwritten);
        change.puts = self.queue.restore();
        self.write(change);
    }

    pub(super) fn end_opening(&mut self) -> Option<Vec<Call>> {
        let Phase::Opening { held, .. } = &mut self.phase else { return None };
        let held = std::mem::take(held);
        self.phase = Phase::Open;
        Some(held)
    }

    pub(super) fn take_identity(&mut self, identity: Identity) {
        let user = self.options.user_id.clone().or(identity.user);
        self.identity = Identity { user, ..identity };
        self.user_id = self.identity.user_id();
    }

    pub(super) fn notify_opened(&mut self) {
        let Identity { anonymous, user } = self.identity.clone();
        self.notify(Notice::Opened { anonymous, user });
    }

    pub(super) fn begin_service(&mut self, held: Vec<Call>, now: u64) {
        for call in held {
            self.perform(call, now);
        }
        self.notify_opened();
        self.advance(now);
    }
}
