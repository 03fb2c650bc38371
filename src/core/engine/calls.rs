//! The page's calls, performed or held until the store is open.

use super::state::{Call, Engine, Phase};
use crate::core::model::event::Refusal;
use crate::core::model::identity::Identity;
use crate::core::policy::project::destination;
use crate::core::policy::shared_row::News;

impl Engine {
    /// A task's events, one line each, as [`crate::core::model::event`] describes them.
    pub fn handle_track(&mut self, lines: String, now: u64) {
        self.handle_call(Call::Track(lines), now);
    }

    /// The page names the user.
    pub fn handle_identify(&mut self, user: String, now: u64) {
        self.handle_call(Call::Identify(user), now);
    }

    /// The page forgets the user; `anonymous` is the next anonymous id.
    pub fn handle_reset(&mut self, anonymous: String, now: u64) {
        self.handle_call(Call::Reset(anonymous), now);
    }

    /// A call of `flush`; answered by [`Effect::Answer`] with the same `id`.
    pub fn handle_flush(&mut self, id: u32, now: u64) {
        self.handle_call(Call::Flush(id), now);
    }

    /// The key to use from now on.
    pub fn handle_key(&mut self, api_key: String, now: u64) {
        if self.options.api_key != api_key {
            self.options.api_key = api_key;
            self.to = destination(&self.options);
            self.projects.replace(&self.options);
            self.pacing.note_destination(self.to, now);
            // No reply to the new key tells what became of events that went under the old one.
            self.marks.lift();
            self.marks.forget_departed();
            self.apply_marks();
        }
        self.advance(now);
    }

    /// The browser says whether it has a network.
    pub fn handle_online(&mut self, online: bool, now: u64) {
        let back = online && !self.online;
        self.online = online;
        if back {
            self.note(News::Online, now);
        }
        self.advance(now);
    }

    pub(super) fn handle_call(&mut self, call: Call, now: u64) {
        match &mut self.phase {
            Phase::Opening { held, .. } => held.push(call),
            Phase::Open => {
                self.perform(call, now);
                self.advance(now);
            }
            // A page's own last words come after ours, from its own handler of the same event.
            Phase::Away => {
                self.perform(call, now);
                self.leave(now);
            }
            Phase::Closed => match call {
                Call::Flush(_) | Call::OptOut(_) | Call::OptIn => self.perform(call, now),
                _ => self.notify_refused(Refusal::Closed),
            },
        }
    }

    pub(super) fn perform(&mut self, call: Call, now: u64) {
        match call {
            Call::Track(_) if self.opted_out => self.notify_refused(Refusal::OptedOut),
            Call::Track(lines) => self.accept(&lines, now),
            Call::Identify(user) => self.set_identity(Identity { user: Some(user), ..self.identity.clone() }),
            Call::Reset(anonymous) => self.set_identity(Identity { anonymous, user: None }),
            Call::Flush(id) => self.begin_flush(id, now),
            Call::OptOut(anonymous) => self.forget(anonymous),
            Call::OptIn => self.remember(now),
        }
    }

    pub(super) fn set_identity(&mut self, identity: Identity) {
        self.user_id = identity.user_id();
        self.identity = identity;
        self.store_identity();
    }
}
