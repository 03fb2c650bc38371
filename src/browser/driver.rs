//! Carries out the engine's effects, one after another. The engine is never borrowed while the page's own code
//! runs: a listener may call the tracker.

use crate::browser::environment;
use crate::browser::lifecycle::{self, Lifecycle};
use crate::browser::store::{self, Answer, Store};
use crate::browser::transport::{self, Transport};
use crate::core::dead_letter::{DeadLetter, Disposal};
use crate::core::effect::{Effect, Request};
use crate::core::engine::{Engine, Setup, StoreFailure};
use crate::core::exit::Mark;
use crate::core::options::Options;
use crate::core::rows::{self, Operations};
use crate::core::segment::SegmentKey;
use crate::core::shared::{self, Granted, Share};
use crate::core::verdict::Response;
use crate::core::{policy, text};
use gloo_timers::callback::Timeout;
use js_sys::Function;
use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use std::cell::{Cell, OnceCell, RefCell};
use wasm_bindgen::prelude::*;

/// One tracker's engine, and what it works with.
pub struct Driver {
    engine: RefCell<Engine>,
    instance: String,
    listener: Function,
    store: RefCell<Option<Store>>,
    links: OnceCell<Links>,
    /// Counts the openings of the store, so that no answer of one is taken for another's.
    openings: Cell<u32>,
    /// The page whose records are being read.
    loading: RefCell<String>,
    timer: RefCell<Option<(u64, Timeout)>>,
    /// What the page asks of the shared row, and what was granted.
    sharing: RefCell<Vec<(Share, Option<Granted>)>>,
    /// Who waits for an answer.
    calls: RefCell<Vec<(u32, Function)>>,
    last_call: Cell<u32>,
}

/// What a tracker has to do with JavaScript; there from its start.
struct Links {
    answer: Answer,
    transport: Transport,
    lifecycle: Lifecycle,
}

impl Driver {
    /// Starts a tracker. `listener` is called with every notice.
    pub fn start(options: Options, anonymous: String, listener: Function) -> &'static Self {
        let instance = options.instance.clone();
        let setup = Setup {
            options,
            owner: environment::unique_name(),
            anonymous,
            ua: environment::user_agent(),
            seed: environment::seed(),
            online: environment::is_online(),
            good_link: good_link(&instance).flatten(),
            tab: store::tab_name(),
            opted_out: has_opted_out(&instance),
            fetch_outlives: transport::can_outlive(),
            can_insure: transport::can_insure(),
        };
        let driver: &'static Self = Box::leak(Box::new(Self {
            engine: RefCell::new(Engine::new(setup, environment::now())),
            instance,
            listener,
            store: RefCell::default(),
            links: OnceCell::new(),
            openings: Cell::default(),
            loading: RefCell::default(),
            timer: RefCell::default(),
            sharing: RefCell::default(),
            calls: RefCell::default(),
            last_call: Cell::default(),
        }));
        driver.links.get_or_init(|| {
            let answer = Closure::new(|kind, id, text, failure| driver.answer(kind, id, text, failure));
            Links { transport: transport::make(&answer), lifecycle: lifecycle::watch(&answer), answer }
        });
        driver.drain();
        driver
    }

    /// Gives the engine an input and does what follows from it.
    pub fn input(&'static self, input: impl FnOnce(&mut Engine, u64)) {
        input(&mut self.engine.borrow_mut(), environment::now());
        self.drain();
    }

    /// Begins a flush; `settle` is called with its result.
    pub fn flush(&'static self, settle: Function) {
        let call = self.note_call(settle);
        self.input(|engine, now| engine.handle_flush(call, now));
    }

    /// Calls `settle` with the queue's account over all pages that share it.
    pub fn stats(&'static self, settle: Function) {
        self.ask(store::STATS, rows::ACCOUNTS, settle);
    }

    /// Calls `settle` with the dead letters; none where there is no store.
    pub fn letters(&'static self, settle: Function) {
        self.ask(store::LETTERS, rows::DEAD_LETTERS, settle);
    }

    /// Sends all dead letters again or forgets them, and calls `settle` with their number.
    pub fn dispose_of_letters(&'static self, disposal: Disposal, settle: Function) {
        let kind = if disposal == Disposal::Resend { store::RESEND } else { store::DISCARD };
        self.ask(kind, rows::DEAD_LETTERS, settle);
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
        if let Some(good) = good_link(&self.instance) {
            self.engine.borrow_mut().handle_link(good);
        }
    }

    fn drain(&'static self) {
        loop {
            let effect = self.engine.borrow_mut().poll_effect();
            let Some(effect) = effect else { break };
            self.perform(effect);
        }
        self.set_timer();
    }

    fn perform(&'static self, effect: Effect) {
        match effect {
            Effect::Open { owner, identity } => {
                let opening = self.next_opening();
                let mut store = self.store.borrow_mut();
                if store.is_none()
                    && let Some(links) = self.links.get()
                {
                    *store = Some(store::make(&self.instance, &owner, policy::LEASE_RENEWAL, &links.answer));
                }
                if let Some(store) = &*store {
                    store.open(opening, &rows::identity_row(&identity));
                }
            }
            Effect::Write(write) => {
                let letters = if write.letters { policy::MAX_DEAD_LETTERS as u32 } else { 0 };
                let written =
                    self.with_store(|store| store.commit(write.id, write.operations.as_str(), letters));
                if written.is_none() {
                    self.hear(store::WRITTEN, write.id, None, Some("the store is closed".into()));
                }
            }
            Effect::FindOrphans => drop(self.with_store(|store| store.adopt(self.openings.get()))),
            Effect::Load { owner, after } => self.load(owner, after),
            Effect::Share(share) => {
                let id = share.id;
                self.sharing.borrow_mut().push((share, None));
                let asked = self.with_store(|store| {
                    store.update(store::SHARE, store::SHARED, id, rows::SHARED, rows::PACING);
                });
                if asked.is_none() {
                    self.hear(store::SHARED, id, None, Some(String::new()));
                }
            }
            Effect::Forget => self.forget(),
            Effect::Send(request) => self.send(&request),
            Effect::Insure { body } => {
                let engine = self.engine.borrow();
                let Options { endpoint, api_key, .. } = engine.options();
                self.with_transport(|transport| transport.insure(endpoint, api_key, body.as_deref()));
            }
            Effect::Abort { request } => self.with_transport(|transport| transport.abort(request)),
            Effect::KeepElsewhere { unstored } => {
                let left =
                    text::joined(&["appizer:", &self.instance, ":left:", self.engine.borrow().owner()]);
                store::keep(&left, unstored.as_str());
            }
            Effect::Leave { mark } => self.leave(mark),
            Effect::RememberLink { good } => {
                let mut row = String::new();
                good.into_iter().for_each(|good| text::push_decimal(&mut row, good.into()));
                store::keep(&name(&self.instance, GOOD_LINK), &row);
            }
            Effect::Notify(notice) => {
                drop(self.listener.call1(&JsValue::UNDEFINED, &to_js(&notice.members())))
            }
            Effect::SettleFlush { call, result } => self.settle(call, &to_js(&result.members())),
        }
    }

    /// What JavaScript tells; what it returns is for the two that are asked in the midst of a transaction.
    fn answer(
        &'static self,
        kind: u32,
        id: u32,
        text: Option<String>,
        failure: Option<String>,
    ) -> Option<String> {
        match kind {
            store::LEASE => {
                let engine = self.engine.borrow();
                return rows::take_lease(text.as_deref(), engine.owner(), environment::now());
            }
            store::SHARE => {
                let mut sharing = self.sharing.borrow_mut();
                let (share, answer) = sharing.iter_mut().find(|(share, _)| share.id == id)?;
                let (row, granted) = shared::update(text.as_deref(), share);
                *answer = Some(granted);
                return row;
            }
            store::LIFE => self.read_link(),
            _ => {}
        }
        self.hear(kind, id, text, failure);
        None
    }

    /// What the store tells, what became of requests, and what becomes of the page.
    fn hear(&'static self, kind: u32, id: u32, text: Option<String>, failure: Option<String>) {
        let refused = text.is_none();
        let text = text.unwrap_or_default();
        let now = environment::now();
        let mut engine = self.engine.borrow_mut();
        let mut answer = None;
        match kind {
            store::WRITTEN => engine.handle_written(id, failure.as_deref().map(read_failure), now),
            store::STATS => {
                let others = rows::accounts_without(&text, engine.owner());
                let leases = self.store.borrow().as_ref().is_some_and(Store::leases);
                answer = Some(to_js(&engine.stats(&others, now).members(leases)));
            }
            store::LETTERS => {
                let letters = rows::letters(&text).into_iter().map(DeadLetter::members);
                answer = Some(to_js(&letters.collect::<Vec<_>>()));
            }
            store::RESEND | store::DISCARD => {
                let letters = rows::letters(&text);
                let disposal = if kind == store::RESEND { Disposal::Resend } else { Disposal::Discard };
                answer = Some((letters.len() as u32).into());
                engine.handle_letters(letters, disposal, now);
            }
            store::SHARED => {
                let mut sharing = self.sharing.borrow_mut();
                if let Some(place) = sharing.iter().position(|(share, _)| share.id == id) {
                    let (_, granted) = sharing.swap_remove(place);
                    engine.handle_shared(id, granted.filter(|_| failure.is_none()), now);
                }
            }
            store::RESPONSE => {
                let response =
                    if refused { failure.map(Response::failed) } else { Some(Response::read(&text, now)) };
                if let Some(response) = response {
                    engine.handle_response(id, response, now);
                }
            }
            store::LIFE => lifecycle::tell(&mut engine, &text, now),
            _ if id != self.openings.get() => {}
            store::CLOSED => engine.handle_store_closed(now),
            store::OPENED => match failure {
                None => {
                    let identity = rows::read_identity(&text).unwrap_or_else(|| engine.identity().clone());
                    engine.handle_opened(identity, now);
                }
                Some(failure) => {
                    // After its time the engine takes nothing more: what is left stays for the next page.
                    let left =
                        if engine.is_opening() { store::take_left(&self.instance) } else { String::new() };
                    engine.handle_open_failed(message(&failure), rows::records_in(&left), now);
                }
            },
            store::ORPHANS => engine.handle_orphans(rows::orphans(&text), now),
            store::LOADED => {
                let owner = self.loading.take();
                if refused {
                    engine.handle_load_failed(&owner);
                } else {
                    engine.handle_loaded(&owner, rows::records(&text), now);
                }
            }
            _ => engine.handle_usurped(environment::unique_name(), now),
        }
        drop(engine);
        self.drain();
        if let Some(answer) = answer {
            self.settle(id, &answer);
        }
    }

    fn leave(&self, mark: Option<Mark>) {
        let owner = self.engine.borrow().owner().to_string();
        let operations = mark.map(|mark| Operations::of_mark(&owner, &mark)).unwrap_or_default();
        self.next_opening();
        match self.store.take() {
            Some(store) => store.leave(operations.as_str()),
            // The store is closed; what is kept here goes over what it holds.
            None if operations.as_str().is_empty() => {}
            None => store::keep(
                &text::joined(&["appizer:", &self.instance, ":left-mark:", &owner]),
                operations.as_str(),
            ),
        }
    }

    /// The visitor opts out. What all pages know of the endpoint is nobody's, and leases keep pages apart.
    fn forget(&self) {
        let cleared = self.with_store(|store| store.clear(rows::OF_THE_VISITOR));
        if cleared.is_none() {
            store::forget_all(&self.instance);
        }
    }

    fn next_opening(&self) -> u32 {
        let opening = self.openings.get() + 1;
        self.openings.set(opening);
        opening
    }

    fn load(&self, owner: String, after: Option<SegmentKey>) {
        let lower = after.map_or_else(|| text::joined(&[&owner, "/"]), |after| after.as_str().into());
        // "0" is the character after "/": the range is all keys that begin with the owner and a slash.
        let upper = text::joined(&[&owner, "0"]);
        self.loading.replace(owner);
        let (id, limit) = (self.openings.get(), policy::LOAD_SEGMENTS as u32);
        self.with_store(|store| store.read(store::LOADED, id, rows::SEGMENTS, &lower, &upper, limit));
    }

    fn send(&self, request: &Request) {
        // Perhaps in another tab, a moment ago.
        if has_opted_out(&self.instance) {
            let anonymous = environment::unique_name();
            return self.engine.borrow_mut().handle_opt_out(anonymous, environment::now());
        }
        let engine = self.engine.borrow();
        let Options { endpoint, api_key, beacon_url, .. } = engine.options();
        let Request { id, body, keepalive, at_exit } = request;
        self.with_transport(|transport| {
            transport.send(*id, endpoint, api_key, body, *keepalive, *at_exit, beacon_url.as_deref());
        });
    }

    /// Reads all rows of a store for a call of the page's.
    fn ask(&'static self, kind: u32, store: &str, settle: Function) {
        let call = self.note_call(settle);
        let asked = self.with_store(|opened| opened.read(kind, call, store, "", "\u{ffff}", 0));
        if asked.is_none() {
            self.hear(kind, call, None, None);
        }
    }

    fn note_call(&self, settle: Function) -> u32 {
        let call = self.last_call.get() + 1;
        self.last_call.set(call);
        self.calls.borrow_mut().push((call, settle));
        call
    }

    fn settle(&self, call: u32, answer: &JsValue) {
        let mut calls = self.calls.borrow_mut();
        if let Some(place) = calls.iter().position(|(id, _)| *id == call) {
            let (_, settle) = calls.swap_remove(place);
            drop(calls);
            let _ = settle.call1(&JsValue::UNDEFINED, answer);
        }
    }

    /// There is a store while the page is there, though it may be closed, or not open yet.
    fn with_store(&self, act: impl FnOnce(&Store)) -> Option<()> {
        self.store.borrow().as_ref().map(act)
    }

    fn with_transport(&self, act: impl FnOnce(&Transport)) {
        if let Some(links) = self.links.get() {
            act(&links.transport);
        }
    }

    fn set_timer(&'static self) {
        let next = self.engine.borrow().next_timeout();
        let mut timer = self.timer.borrow_mut();
        if timer.as_ref().map(|(at, _)| *at) != next {
            *timer = next.map(|at| {
                let ms = at.saturating_sub(environment::now()).min(i32::MAX as u64) as u32;
                let timeout = Timeout::new(ms, || {
                    self.timer.replace(None).map(|(_, timeout)| timeout.forget());
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

/// The message of an error that `store.js` tells as its name and its message.
fn message(failure: &str) -> String {
    rows::fields(failure).last().unwrap_or_default().into()
}

fn read_failure(failure: &str) -> StoreFailure {
    if failure.starts_with("QuotaExceededError") {
        StoreFailure::Quota
    } else {
        StoreFailure::Closed(message(failure))
    }
}

const GOOD_LINK: &str = "good_link";

fn good_link(instance: &str) -> Option<Option<u32>> {
    store::find(&name(instance, GOOD_LINK)).map(|text| text::read_decimal(&text).map(|to| to as u32))
}

/// Whether the visitor has opted out.
fn has_opted_out(instance: &str) -> bool {
    store::find(&name(instance, "opt_out")).is_some_and(|text| !text.is_empty())
}

/// The name of what `localStorage` keeps for the queue.
fn name(instance: &str, of: &str) -> String {
    text::joined(&["appizer:", instance, ":", of])
}
