//! Leaving and coming back: the page is hidden, goes away, returns, or wants no more of the tracker.

use super::adoption::Adoption;
use super::effect::Effect;
use super::state::{Engine, Phase};
use crate::core::model::account::Account;
use crate::core::model::mark::Mark;
use crate::core::queue::Queue;

impl Engine {
    /// Where the last reply was a success from, as another page may have noted since; the shell tells it before
    /// [`Engine::handle_exit`], where it can read it.
    pub fn handle_link(&mut self, good: Option<u32>) {
        self.good_link = good;
    }

    /// The page cannot be seen any more. It may be gone in a moment, or live on for hours.
    pub fn handle_hidden(&mut self, now: u64) {
        if let Phase::Open = self.phase {
            self.send_at_exit(now);
            self.keep_elsewhere();
        }
    }

    /// The page goes away: hidden for good, frozen or into the back/forward cache.
    pub fn handle_exit(&mut self, now: u64) {
        self.end_insurance();
        let held = match &mut self.phase {
            Phase::Opening { held, .. } => std::mem::take(held),
            Phase::Open => Vec::new(),
            Phase::Away | Phase::Closed => return,
        };
        self.phase = Phase::Away;
        for call in held {
            self.perform(call, now);
        }
        self.leave(now);
    }

    /// The page is back from the back/forward cache or a freeze. Others may have adopted its segments, so it
    /// starts anew under the name `owner`.
    pub fn handle_return(&mut self, owner: String, now: u64) {
        if let Phase::Away = self.phase {
            self.queue = Queue::new(owner);
            self.account = Account::default();
            self.adoption = Adoption::default();
            self.marks.note_return();
            self.round = 0;
            self.insists = true;
            self.requests.clear();
            self.writes.clear();
            self.open(now);
        }
    }

    /// Another page has taken this one for dead and adopted its segments: it starts anew under the name `owner`.
    pub fn handle_usurped(&mut self, owner: String, now: u64) {
        if let Phase::Open = self.phase {
            self.phase = Phase::Away;
            self.keep_elsewhere();
            self.effects.push(Effect::Leave { mark: None });
            self.handle_return(owner, now);
        }
    }

    /// The page wants no more of the tracker. What is left is sent by the next page.
    pub fn handle_close(&mut self, now: u64) {
        self.handle_exit(now);
        self.phase = Phase::Closed;
    }

    /// The last words: what may outlive the page is sent, a mark names it, and the store is let go of.
    pub(super) fn leave(&mut self, now: u64) {
        self.send_at_exit(now);
        let departing = self.departing_requests();
        // In a crowd a success says little about the next request, and a beacon to the endpoint itself brings no key.
        let needs_key = !self.options.api_key.is_empty();
        let authorised = self.fetch_outlives || self.options.beacon_url.is_some() || !needs_key;
        let trusted = self.good_link == Some(self.to)
            && !self.pacing.shared().is_crowded()
            && authorised
            && self.online
            && !self.awaits_doubtful_reply(now)
            && self.may_store();
        let tab = self.tab.as_deref().unwrap_or("");
        let mark = Mark::new(self.to, self.wall(now), tab, &departing).filter(|_| trusted);
        self.marks.note_departure(departing, mark.clone());
        self.abort_what_cannot_outlive();
        self.keep_elsewhere();
        self.effects.push(Effect::Leave { mark });
        self.answer_all(now);
        self.settle_flush_calls(now);
    }
}
