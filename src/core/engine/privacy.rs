//! The visitor's word: nothing is sent or stored against it.

use super::adoption::Adoption;
use super::change::Change;
use super::effect::Effect;
use super::marks::Marks;
use super::notice::Notice;
use super::state::{Call, Engine, Phase};
use super::storage::Storage;
use crate::core::model::account::DropReason;
use crate::core::model::identity::Identity;

use crate::core::policy::limits;

impl Engine {
    /// The visitor opts out: what is queued is given up, what is stored is deleted, and nothing is taken any more.
    /// `anonymous` is the id for what may come after an opt-in.
    pub fn handle_opt_out(&mut self, anonymous: String, now: u64) {
        self.handle_call(Call::OptOut(anonymous), now);
    }

    /// The store is open and says that the visitor has opted out, where nothing else says it any more: what the page has
    /// taken meanwhile is given up. `anonymous` is as in [`Engine::handle_opt_out`].
    pub fn handle_stored_opt_out(&mut self, anonymous: String, now: u64) {
        // Nothing may be stored in between.
        self.storage = Storage::Memory;
        if let Some(held) = self.end_opening() {
            held.into_iter().for_each(|call| self.perform(call, now));
        }
        self.forget(anonymous);
        self.notify(Notice::OptedOut);
        self.notify_opened();
        self.advance(now);
    }

    /// The visitor opts in again.
    pub fn handle_opt_in(&mut self, now: u64) {
        self.handle_call(Call::OptIn, now);
    }

    /// Returns true if neither the visitor nor the options forbid storage.
    pub(super) fn may_store(&self) -> bool {
        !self.opted_out && !self.options.memory
    }

    /// Returns true if the store can be written to.
    pub(super) fn has_store(&self) -> bool {
        self.storage == Storage::Store && matches!(self.phase, Phase::Open) && self.may_store()
    }

    pub(super) fn begin_without_store(&mut self, now: u64) {
        self.phase = Phase::Open;
        self.storage = Storage::Memory;
        self.take_identity(self.identity.clone());
        self.begin_service(Vec::new(), now);
    }

    pub(super) fn forget(&mut self, anonymous: String) {
        self.end_insurance();
        (self.opted_out, self.opted_in) = (true, false);
        for in_flight in self.requests.drain(..) {
            self.effects.push(Effect::Abort { request: in_flight.id });
        }
        let given_up = self.queue.len() as u64 + self.adoption.unloaded();
        self.queue.clear();
        self.adoption = Adoption::default();
        self.marks = Marks::default();
        self.writes.clear();
        self.unwritten = Change::default();
        self.kept_elsewhere = false;
        self.identity = Identity { anonymous, user: None };
        self.user_id = self.identity.user_id();
        self.good_link = None;
        self.effects.push(Effect::RememberLink { good: None, until: 0 });
        self.drop_events(DropReason::OptOut, given_up, Change::default());
        self.effects.push(Effect::Forget);
    }

    pub(super) fn remember(&mut self, now: u64) {
        self.opted_in = true;
        if std::mem::take(&mut self.opted_out) && matches!(self.phase, Phase::Open) && self.may_store() {
            self.take_identity(self.identity.clone());
            let mut change = Change { identity: true, ..Change::default() };
            change.deletes.delete_opt_out();
            self.write(change);
            self.notify_opened();
            if self.storage == Storage::Memory {
                self.ask_for_store();
            } else {
                self.look_for_orphans(now, limits::ADOPT_SOON);
            }
        }
    }
}
