//! Effects: each is carried out once, and none is decided on again.

use super::{Driver, GOOD_LINK, link_name, to_js};
use crate::browser::environment;
use crate::browser::inbox::Inbox;
use crate::browser::store::Store;
use crate::browser::transport::Outgoing;
use crate::core::engine::effect::{Effect, Request, Write};
use crate::core::engine::notice::{Answer, Notice, Question};
use crate::core::model::dead_letter::Disposal;
use crate::core::model::mark::Mark;
use crate::core::model::members::Member;
use crate::core::model::segment::SegmentKey;
use crate::core::model::text::push_decimal;
use crate::core::policy::limits;
use crate::core::policy::options::Options;
use crate::core::policy::shared_row::Share;
use crate::core::rows::{self, Operations};
use wasm_bindgen::prelude::*;

impl Driver {
    pub(super) fn perform(&'static self, effect: Effect) {
        match effect {
            Effect::Notify(notice) => self.notify(notice),
            Effect::Answer { call, answer } => self.answer(call, answer),
            Effect::Open { owner, .. } => self.open_store(&owner),
            Effect::Write(write) => self.write(&write),
            Effect::FindOrphans => self.with_store(Store::adopt),
            Effect::Load { owner, after } => self.load(owner, after.as_ref()),
            Effect::Share(share) => self.share(share),
            Effect::Ask { call, question } => self.ask_store(call, question),
            Effect::Forget => self.forget(),
            Effect::Send(request) => self.send(&request),
            Effect::Insure { body } => self.insure(body.as_deref()),
            Effect::Abort { request } => self.transport.abort(request),
            Effect::KeepElsewhere { unstored } => self.keep_left(&unstored),
            Effect::Leave { mark } => self.leave(mark),
            Effect::RememberLink { good, until } => self.remember_link(good, until),
        }
    }

    fn notify(&self, notice: Notice) {
        let _ = self.listener.call1(&JsValue::UNDEFINED, &to_js(&notice.members()));
    }

    fn answer(&self, call: u32, answer: Answer) {
        let answer = match answer {
            Answer::Flush(result) => to_js(&result.members()),
            Answer::Stats(stats) => {
                let leases = self.store().is_some_and(|store| store.leases());
                to_js(&stats.members(leases))
            }
            Answer::DeadLetters(letters) => {
                let letters = letters.into_iter().map(|letter| Member::Object(letter.members()));
                to_js(&Member::List(letters.collect()))
            }
            Answer::Count(count) => (count as u32).into(),
        };
        let mut state = self.state.borrow_mut();
        if let Some(place) = state.calls.iter().position(|(id, _)| *id == call) {
            let (_, settle) = state.calls.swap_remove(place);
            drop(state);
            let _ = settle.call1(&JsValue::UNDEFINED, &answer);
        }
    }

    fn open_store(&'static self, owner: &str) {
        let mut state = self.state.borrow_mut();
        state.openings += 1;
        let opening = state.openings;
        let make = || (self.make_store)(&self.instance, owner, limits::LEASE_RENEWAL, Inbox::new(self));
        let store = state.store.get_or_insert_with(make).clone();
        drop(state);
        store.open(opening, self.local.is_to_forget());
    }

    fn write(&self, Write { id, operations, letters }: &Write) {
        let letters = if *letters { limits::MAX_DEAD_LETTERS as u32 } else { 0 };
        self.with_store(|store| store.commit(*id, operations.as_str(), letters));
    }

    fn load(&self, owner: String, after: Option<&SegmentKey>) {
        let lower = after.map_or_else(|| [&owner, "/"].concat(), |after| after.as_str().into());
        // "0" is the character after "/": the range is all keys that begin with the owner and a slash.
        let upper = [&owner, "0"].concat();
        let mut state = self.state.borrow_mut();
        state.loading = owner;
        let opening = state.openings;
        drop(state);
        self.with_store(|store| store.load(opening, &lower, &upper, limits::LOAD_SEGMENTS as u32));
    }

    fn share(&self, share: Share) {
        let (id, key) = (share.id, rows::pacing_key(share.to));
        self.state.borrow_mut().sharing.push((share, None));
        self.with_store(|store| store.share(id, &key));
    }

    fn ask_store(&self, call: u32, question: Question) {
        self.with_store(|store| match question {
            Question::Stats => store.read_accounts(call),
            Question::DeadLetters => store.read_letters(call),
            Question::Dispose(disposal) => store.take_letters(call, disposal == Disposal::Resend),
        });
    }

    /// Shared rows and leases stay: they hold nothing about the visitor, and leases keep pages apart.
    fn forget(&self) {
        self.local.forget();
        self.with_store(|store| store.clear(Operations::of_opt_out().as_str()));
    }

    fn send(&'static self, Request { id, body, keepalive, at_exit }: &Request) {
        // The visitor has opted out, perhaps in another tab, a moment ago.
        if self.local.has_opted_out() {
            let now = environment::clocks().now;
            return self.ask(|state| state.engine.handle_opt_out(environment::unique_name(), now));
        }
        let state = self.state.borrow();
        let Options { endpoint, api_key, beacon_url, .. } = state.engine.options().clone();
        drop(state);
        let (id, keepalive, at_exit) = (*id, *keepalive, *at_exit);
        let beacon_url = beacon_url.as_deref();
        let outgoing =
            Outgoing { id, endpoint: &endpoint, api_key: &api_key, body, keepalive, at_exit, beacon_url };
        self.transport.send(&outgoing, move |reply| {
            self.input(|engine, now| engine.handle_response(id, reply, now));
        });
    }

    fn insure(&self, body: Option<&str>) {
        let state = self.state.borrow();
        let Options { endpoint, api_key, .. } = state.engine.options();
        self.transport.insure(endpoint, api_key, body);
    }

    fn keep_left(&self, unstored: &Operations) {
        let name = ["left:", self.state.borrow().engine.owner()].concat();
        self.local.keep(&name, unstored.as_str());
    }

    fn leave(&self, mark: Option<Mark>) {
        let mut state = self.state.borrow_mut();
        state.openings += 1;
        let store = state.store.take();
        let owner = state.engine.owner().to_owned();
        drop(state);
        let operations = mark.map(|mark| Operations::of_mark(&owner, &mark)).unwrap_or_default();
        if !operations.is_empty() {
            self.local.keep(&["left-mark:", &owner].concat(), operations.as_str());
        }
        if let Some(store) = store {
            store.leave(operations.as_str());
        }
    }

    /// The text is `good`, or `wait` and until when, for `src/js/start/direct.js`, too.
    fn remember_link(&self, good: Option<u32>, until: u64) {
        let destination = self.state.borrow().engine.destination();
        let mut text = String::new();
        if good == Some(destination) {
            text.push_str(GOOD_LINK);
        } else if until > 0 {
            text.push_str("wait ");
            push_decimal(&mut text, until);
        }
        self.local.keep(&link_name(destination), &text);
    }

    /// The store; a copy of the handle, so that the state is not borrowed while the store works.
    pub(super) fn store(&self) -> Option<Store> {
        self.state.borrow().store.clone()
    }

    pub(super) fn with_store(&self, act: impl FnOnce(&Store)) {
        if let Some(store) = self.store() {
            act(&store);
        }
    }
}
