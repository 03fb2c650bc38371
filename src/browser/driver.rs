//! Runs one tracker: gives the engine what happened, and carries out its effects, one after another. The engine is never
//! borrowed while the page's own code runs: a listener may call the tracker.

mod effects;
mod hearing;

use crate::browser::environment;
use crate::browser::lifecycle::Lifecycle;
use crate::browser::local_storage::{self, LocalStorage};
use crate::browser::store::{MakeStore, Store};
use crate::browser::transport::{self, Transport};
use crate::core::engine::notice::Question;
use crate::core::engine::{Engine, Setup};
use crate::core::model::text;
use crate::core::model::time::Clocks;
use crate::core::policy::entry::Entry;
use crate::core::policy::options::Options;
use crate::core::policy::project::Projects;
use crate::core::policy::shared_row::{Granted, Share};
use gloo_timers::callback::Timeout;
use js_sys::Function;
use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use std::cell::{OnceCell, RefCell};
use wasm_bindgen::prelude::*;

/// A tracker's engine with its store, timers and transport. It lives as long as its WebAssembly instance.
pub struct Driver {
    instance: String,
    listener: Function,
    make_store: MakeStore,
    local: LocalStorage,
    transport: Transport,
    lifecycle: OnceCell<Lifecycle>,
    state: RefCell<State>,
}

/// The mutable state of a tracker.
pub struct State {
    pub engine: Engine,
    store: Option<Store>,
    /// Counts the openings of the store, so that no answer of one is taken for another's.
    pub openings: u32,
    /// The page whose records are being read.
    pub loading: String,
    /// The identity rows read when the store was opened.
    entry: Option<Entry>,
    timer: Option<(u64, Timeout)>,
    /// Requests to the shared row, with their grants.
    pub sharing: Vec<(Share, Option<Granted>)>,
    /// Calls of the page that wait for an answer.
    calls: Vec<(u32, Function)>,
    last_call: u32,
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
        let local = LocalStorage::new(&instance);
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
            tab: local_storage::tab_name(),
            opted_out: local.has_opted_out(),
            opted_in: local.has_opted_in(),
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
            local,
            transport: Transport::default(),
            lifecycle: OnceCell::new(),
            state: RefCell::new(state),
        }));
        driver.lifecycle.get_or_init(|| Lifecycle::watch(|event| driver.hear_life(event)));
        driver.read_link();
        driver.drain();
        driver
    }

    /// Gives the engine an input and does what follows from it.
    pub fn input(&'static self, input: impl FnOnce(&mut Engine, u64)) {
        self.hear(|state, now| input(&mut state.engine, now));
    }

    /// Changes the state by something that happened, and does what follows from it.
    pub fn hear(&'static self, tell: impl FnOnce(&mut State, u64)) {
        let mut state = self.state.borrow_mut();
        let now = state.read_clocks();
        tell(&mut state, now);
        drop(state);
        self.drain();
    }

    /// Answers a question from the state.
    pub fn ask<T>(&self, answer: impl FnOnce(&mut State) -> T) -> T {
        answer(&mut self.state.borrow_mut())
    }

    /// Begins a flush; `settle` is called with its result.
    pub fn flush(&'static self, settle: Function) {
        let call = self.note_call(settle);
        self.input(|engine, now| engine.handle_flush(call, now));
    }

    /// Asks a question; `settle` is called with the answer.
    pub fn question(&'static self, question: Question, settle: Function) {
        let call = self.note_call(settle);
        self.input(|engine, now| engine.handle_question(call, question, now));
    }

    /// Stops for good.
    pub fn close(&'static self) {
        self.read_link();
        self.input(Engine::handle_close);
        if let Some(lifecycle) = self.lifecycle.get() {
            lifecycle.stop();
        }
    }

    /// Tells the engine where the last reply to any page was a success from, where that can be read.
    fn read_link(&self) {
        let engine = &mut self.state.borrow_mut().engine;
        let destination = engine.destination();
        if let Some(text) = self.local.find(&link_name(destination)) {
            engine.handle_link((text == GOOD_LINK).then_some(destination));
        }
    }

    fn drain(&'static self) {
        loop {
            let effect = self.state.borrow_mut().engine.poll_effect();
            let Some(effect) = effect else { break };
            self.perform(effect);
        }
        self.set_timer();
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

    fn note_call(&self, settle: Function) -> u32 {
        let mut state = self.state.borrow_mut();
        state.last_call += 1;
        let call = state.last_call;
        state.calls.push((call, settle));
        call
    }
}

/// Returns a value as plain JavaScript data.
pub fn to_js(value: &impl Serialize) -> JsValue {
    value.serialize(&Serializer::json_compatible()).unwrap_or_default()
}

/// The value in `localStorage` while the last reply to any page was a success.
const GOOD_LINK: &str = "good";

/// Each destination has a name of its own: what one project's pages know of their link is not another's to overwrite.
fn link_name(destination: u32) -> String {
    let mut name = String::from("link.");
    text::push_decimal(&mut name, destination.into());
    name
}
