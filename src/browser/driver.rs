//! Carries out the engine's effects, one after another. The engine is never borrowed while the page's own code
//! runs: a listener may call the tracker.

mod hearing;

use crate::browser::environment;
use crate::browser::lifecycle::{self, Lifecycle};
use crate::browser::store::{self, Answer, MakeStore, Store};
use crate::browser::transport::{self, Transport};
use crate::core::engine::effect::{Effect, Request, Write};
use crate::core::engine::notice::{Answer as Answered, Question};
use crate::core::engine::{Engine, Setup};
use crate::core::model::dead_letter::Disposal;
use crate::core::model::members::Member;
use crate::core::model::text;
use crate::core::model::time::Clocks;
use crate::core::policy::entry::Entry;
use crate::core::policy::limits;
use crate::core::policy::options::Options;
use crate::core::policy::project::Projects;
use crate::core::policy::shared_row::{Granted, Share};
use crate::core::rows::{self, Operations};
use gloo_timers::callback::Timeout;
use js_sys::Function;
use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use std::cell::{OnceCell, RefCell};
use wasm_bindgen::prelude::*;

/// One tracker's engine, and what it works with.
pub struct Driver {
    instance: String,
    listener: Function,
    make_store: MakeStore,
    links: OnceCell<Links>,
    state: RefCell<State>,
}

struct State {
    engine: Engine,
    store: Option<Store>,
    /// Counts the openings of the store, so that no answer of one is taken for another's.
    openings: u32,
    /// The page whose records are being read.
    loading: String,
    /// What the store said as it was opened.
    entry: Option<Entry>,
    timer: Option<(u64, Timeout)>,
    /// What the page asks of the shared row, and what was granted.
    sharing: Vec<(Share, Option<Granted>)>,
    /// Who waits for an answer.
    calls: Vec<(u32, Function)>,
    last_call: u32,
}

/// What a tracker has to do with JavaScript; there from its start.
struct Links {
    answer: Answer,
    transport: Transport,
    lifecycle: Lifecycle,
}

impl State {
    /// Tells the engine both clocks; returns the page's own.
    fn read_clocks(&mut self) -> u64 {
        let Clocks { now, wall } = environment::clocks();
        self.engine.handle_clock(wall, now);
        now
    }
}

impl Driver {
    /// Starts a tracker. `listener` is called with every notice.
    pub fn start(
        options: Options,
        anonymous: String,
        listener: Function,
        make_store: MakeStore,
    ) -> &'static Self {
        let instance = options.instance.clone();
        let clocks = environment::clocks();
        let owner = Projects::new(&options).owner(&environment::unique_name());
        let setup = Setup {
            options,
            owner,
            anonymous,
            ua: environment::user_agent(),
            wall: clocks.wall,
            seed: environment::seed(),
            online: environment::is_online(),
            good_link: None,
            tab: store::tab_name(),
            opted_out: has_opted_out(&instance),
            opted_in: has_opted_in(&instance),
            fetch_outlives: transport::can_outlive(),
            can_insure: transport::can_insure(),
        };
        let state = State {
            engine: Engine::new(setup, clocks.now),
            store: None,
            openings: 0,
            loading: String::new(),
            entry: None,
            timer: None,
            sharing: Vec::new(),
            calls: Vec::new(),
            last_call: 0,
        };
        let driver: &'static Self = Box::leak(Box::new(Self {
            instance,
            listener,
            make_store,
            links: OnceCell::new(),
            state: RefCell::new(state),
        }));
        driver.links.get_or_init(|| {
            let answer = Closure::new(|kind, id, text, failure| driver.answer(kind, id, text, failure));
            Links { transport: transport::make(&answer), lifecycle: lifecycle::watch(&answer), answer }
        });
        driver.read_link();
        driver.drain();
        driver
    }

    /// Gives the engine an input and does what follows from it.
    pub fn input(&'static self, input: impl FnOnce(&mut Engine, u64)) {
        let mut state = self.state.borrow_mut();
        let now = state.read_clocks();
        input(&mut state.engine, now);
        drop(state);
        self.drain();
    }

    /// Begins a flush; `settle` is called with its result.
    pub fn flush(&'static self, settle: Function) {
        let call = self.note_call(settle);
        self.input(|engine, now| engine.handle_flush(call, now));
    }

    /// Calls `settle` with the queue's account over all pages that share it.
    pub fn stats(&'static self, settle: Function) {
        self.ask(Question::Stats, settle);
    }

    /// Calls `settle` with the dead letters; none where there is no store.
    pub fn letters(&'static self, settle: Function) {
        self.ask(Question::DeadLetters, settle);
    }

    /// Sends all dead letters again or forgets them, and calls `settle` with their number.
    pub fn dispose_of_letters(&'static self, disposal: Disposal, settle: Function) {
        self.ask(Question::Dispose(disposal), settle);
    }

    /// Stops for good.
    pub fn close(&'static self) {
        self.read_link();
        self.input(Engine::handle_close);
        if let Some(links) = self.links.get() {
            links.lifecycle.stop();
        }
    }

    /// Tells the engine where the last reply to any page was a success from, where that can be read.
    fn read_link(&self) {
        let engine = &mut self.state.borrow_mut().engine;
        if let Some(row) = store::find(&good_link_name(&self.instance, engine.destination())) {
            engine.handle_link(text::read_decimal(&row).map(|to| to as u32));
        }
    }

    fn drain(&'static self) {
        let Some(links) = self.links.get() else { return };
        loop {
            let effect = self.state.borrow_mut().engine.poll_effect();
            let Some(effect) = effect else { break };
            self.perform(effect, links);
        }
        self.set_timer();
    }

    fn perform(&'static self, effect: Effect, links: &Links) {
        let mut state = self.state.borrow_mut();
        let opening = state.openings;
        let State { engine, store, .. } = &mut *state;
        match effect {
            Effect::Notify(notice) => {
                drop(state);
                let _ = self.listener.call1(&JsValue::UNDEFINED, &to_js(&notice.members()));
            }
            Effect::Answer { call, answer } => {
                let leases = store.as_ref().is_some_and(Store::leases);
                drop(state);
                self.settle(call, &answer_to_js(answer, leases));
            }
            Effect::Ask { call, question } => {
                let (kind, name) = match question {
                    Question::Stats => (store::STATS, rows::ACCOUNTS),
                    Question::DeadLetters => (store::LETTERS, rows::DEAD_LETTERS),
                    Question::Dispose(Disposal::Resend) => (store::RESEND, rows::DEAD_LETTERS),
                    Question::Dispose(Disposal::Discard) => (store::DISCARD, rows::DEAD_LETTERS),
                };
                if let Some(store) = store {
                    store.read(kind, call, name, "", "\u{ffff}", 0);
                }
            }
            Effect::Open { owner, .. } => {
                state.openings += 1;
                let opening = state.openings;
                let make = || (self.make_store)(&self.instance, &owner, limits::LEASE_RENEWAL, &links.answer);
                state.store.get_or_insert_with(make).open(opening);
            }
            Effect::Write(Write { id, operations, letters }) => {
                let letters = if letters { limits::MAX_DEAD_LETTERS as u32 } else { 0 };
                if let Some(store) = store {
                    store.commit(id, operations.as_str(), letters);
                } else {
                    drop(state);
                    self.hear(store::WRITTEN, id, None, Some("the store is closed".into()));
                }
            }
            Effect::FindOrphans => {
                if let Some(store) = store {
                    store.adopt(opening);
                }
            }
            Effect::Load { owner, after } => {
                let lower = after.map_or_else(|| text::joined(&[&owner, "/"]), |after| after.as_str().into());
                // "0" is the character after "/": the range is all keys that begin with the owner and a slash.
                let upper = text::joined(&[&owner, "0"]);
                state.loading = owner;
                let limit = limits::LOAD_SEGMENTS as u32;
                if let Some(store) = &state.store {
                    store.read(store::LOADED, opening, rows::SEGMENTS, &lower, &upper, limit);
                }
            }
            Effect::Share(share) => {
                let (id, to) = (share.id, share.to);
                state.sharing.push((share, None));
                if let Some(store) = &state.store {
                    store.update(store::SHARE, store::SHARED, id, rows::SHARED, &rows::pacing_key(to));
                } else {
                    drop(state);
                    self.hear(store::SHARED, id, None, Some(String::new()));
                }
            }
            // What all pages know of the endpoint is nobody's, and leases keep pages apart.
            Effect::Forget => match store {
                Some(store) => store.clear(Operations::of_opt_out().as_str()),
                None => store::forget_all(&self.instance),
            },
            // The visitor has opted out, perhaps in another tab, a moment ago.
            Effect::Send(_) if has_opted_out(&self.instance) => {
                engine.handle_opt_out(environment::unique_name(), environment::clocks().now);
            }
            Effect::Send(Request { id, body, keepalive, at_exit }) => {
                let Options { endpoint, api_key, beacon_url, .. } = engine.options();
                let beacon_url = beacon_url.as_deref();
                links.transport.send(id, endpoint, api_key, &body, keepalive, at_exit, beacon_url);
            }
            Effect::Insure { body } => {
                let Options { endpoint, api_key, .. } = engine.options();
                links.transport.insure(endpoint, api_key, body.as_deref());
            }
            Effect::Abort { request } => links.transport.abort(request),
            Effect::KeepElsewhere { unstored } => {
                let left = text::joined(&["left:", engine.owner()]);
                store::keep(&name(&self.instance, &left), unstored.as_str());
            }
            Effect::Leave { mark } => {
                let owner = engine.owner();
                let operations = mark.map(|mark| Operations::of_mark(owner, &mark)).unwrap_or_default();
                match store.take() {
                    Some(store) => store.leave(operations.as_str()),
                    // The store is closed; what is kept here goes over what it holds.
                    None if operations.is_empty() => {}
                    None => {
                        let left = text::joined(&["left-mark:", owner]);
                        store::keep(&name(&self.instance, &left), operations.as_str());
                    }
                }
                state.openings += 1;
            }
            Effect::RememberLink { good } => {
                let mut row = String::new();
                if let Some(good) = good {
                    text::push_decimal(&mut row, good.into());
                }
                store::keep(&good_link_name(&self.instance, engine.destination()), &row);
            }
        }
    }

    fn ask(&'static self, question: Question, settle: Function) {
        let call = self.note_call(settle);
        self.input(|engine, now| engine.handle_question(call, question, now));
    }

    fn note_call(&self, settle: Function) -> u32 {
        let mut state = self.state.borrow_mut();
        state.last_call += 1;
        let call = state.last_call;
        state.calls.push((call, settle));
        call
    }

    fn settle(&self, call: u32, answer: &JsValue) {
        let mut state = self.state.borrow_mut();
        if let Some(place) = state.calls.iter().position(|(id, _)| *id == call) {
            let (_, settle) = state.calls.swap_remove(place);
            drop(state);
            let _ = settle.call1(&JsValue::UNDEFINED, answer);
        }
    }

    fn set_timer(&'static self) {
        let mut state = self.state.borrow_mut();
        let next = state.engine.next_timeout();
        if state.timer.as_ref().map(|(at, _)| *at) != next {
            state.timer = next.map(|at| {
                let ms = at.saturating_sub(environment::clocks().now).min(i32::MAX as u64) as u32;
                let timeout = Timeout::new(ms, || {
                    let timer = self.state.borrow_mut().timer.take();
                    timer.map(|(_, timeout)| timeout.forget());
                    self.input(Engine::handle_timeout);
                });
                (at, timeout)
            });
        }
    }
}

/// A value as plain JavaScript data.
pub fn to_js(value: &impl Serialize) -> JsValue {
    value.serialize(&Serializer::json_compatible()).unwrap_or_default()
}

fn answer_to_js(answer: Answered, leases: bool) -> JsValue {
    match answer {
        Answered::Flush(result) => to_js(&result.members()),
        Answered::Stats(stats) => to_js(&stats.members(leases)),
        Answered::DeadLetters(letters) => {
            let letters = letters.into_iter().map(|letter| Member::Object(letter.members()));
            to_js(&Member::List(letters.collect()))
        }
        Answered::Count(count) => (count as u32).into(),
    }
}

/// Each destination has a name of its own: what one project's pages know of their link is not another's to overwrite.
fn good_link_name(instance: &str, destination: u32) -> String {
    let mut of = String::from("good_link.");
    text::push_decimal(&mut of, destination.into());
    name(instance, &of)
}

/// Whether the visitor has opted out.
fn has_opted_out(instance: &str) -> bool {
    store::find(&name(instance, "opt_out")).is_some_and(|text| text == "1")
}

/// Whether the visitor has opted in.
fn has_opted_in(instance: &str) -> bool {
    store::find(&name(instance, "opt_in")).is_some_and(|text| text == "1")
}

/// The name of what `localStorage` keeps for the queue.
fn name(instance: &str, of: &str) -> String {
    text::joined(&["appizer:", instance, ":", of])
}
