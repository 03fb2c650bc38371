//! Carries out the engine's effects, one after another. The engine is never borrowed while the page's own code
//! runs: a listener may call the tracker.

use crate::browser::environment::{self, describe};
use crate::browser::lifecycle::Lifecycle;
use crate::browser::store::{self, Answer, Store};
use crate::browser::transport::{self, Transport};
use crate::core::dead_letter::Disposal;
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
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use wasm_bindgen::prelude::*;

/// One tracker's engine, and what it works with.
pub struct Driver {
    engine: RefCell<Engine>,
    instance: String,
    listener: Function,
    store: RefCell<Option<Store>>,
    answer: Answer,
    transport: Transport,
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
    lifecycle: RefCell<Option<Lifecycle>>,
}

impl Driver {
    /// Starts a tracker. `listener` is called with every notice.
    pub fn start(options: Options, anonymous: String, listener: Function) -> Rc<Self> {
        let instance = options.instance.clone();
        let driver = Rc::new_cyclic(|driver: &Weak<Self>| {
            let answer = answer(driver.clone());
            let transport = transport::make(&answer);
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
                fetch_outlives: transport.can_outlive(),
                can_insure: transport.can_insure(),
            };
            Self {
                engine: RefCell::new(Engine::new(setup, environment::now())),
                instance,
                listener,
                store: RefCell::default(),
                answer,
                transport,
                openings: Cell::default(),
                loading: RefCell::default(),
                timer: RefCell::default(),
                sharing: RefCell::default(),
                calls: RefCell::default(),
                last_call: Cell::default(),
                lifecycle: RefCell::new(Some(Lifecycle::listen(driver.clone()))),
            }
        });
        driver.drain();
        driver
    }

    /// Gives the engine an input and does what follows from it.
    pub fn input(self: &Rc<Self>, input: impl FnOnce(&mut Engine, u64)) {
        input(&mut self.engine.borrow_mut(), environment::now());
        self.drain();
    }

    /// Begins a flush; `settle` is called with its result.
    pub fn flush(self: &Rc<Self>, settle: Function) {
        let call = self.note_call(settle);
        self.input(|engine, now| engine.handle_flush(call, now));
    }

    /// Calls `settle` with the queue's account over all pages that share it.
    pub fn stats(self: &Rc<Self>, settle: Function) {
        self.ask(store::STATS, rows::ACCOUNTS, settle);
    }

    /// Calls `settle` with the dead letters; none where there is no store.
    pub fn letters(self: &Rc<Self>, settle: Function) {
        self.ask(store::LETTERS, rows::DEAD_LETTERS, settle);
    }

    /// Sends all dead letters again or forgets them, and calls `settle` with their number.
    pub fn dispose_of_letters(self: &Rc<Self>, disposal: Disposal, settle: Function) {
        let kind = if disposal == Disposal::Resend { store::RESEND } else { store::DISCARD };
        self.ask(kind, rows::DEAD_LETTERS, settle);
    }

    /// Where the last reply to any page was a success from; `None` where that cannot be read.
    pub fn good_link(&self) -> Option<Option<u32>> {
        good_link(&self.instance)
    }

    /// Stops for good.
    pub fn close(self: &Rc<Self>) {
        let good = self.good_link();
        self.input(|engine, now| {
            if let Some(good) = good {
                engine.handle_link(good);
            }
            engine.handle_close(now);
        });
        self.lifecycle.replace(None);
    }

    fn drain(self: &Rc<Self>) {
        loop {
            let effect = self.engine.borrow_mut().poll_effect();
            let Some(effect) = effect else { break };
            self.perform(effect);
        }
        self.set_timer();
    }

    fn perform(self: &Rc<Self>, effect: Effect) {
        match effect {
            Effect::Open { owner, identity } => {
                let opening = self.next_opening();
                let mut store = self.store.borrow_mut();
                let store = store.get_or_insert_with(|| {
                    store::make(&self.instance, &owner, policy::LEASE_RENEWAL, &self.answer)
                });
                store.open(opening, &rows::identity_row(&identity));
            }
            Effect::Write(write) => {
                let letters = if write.letters.is_empty() { 0 } else { policy::MAX_DEAD_LETTERS as u32 };
                let written = self.with_store(|store| {
                    store.commit(write.id, Operations::of_write(&write).as_str(), letters);
                });
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
                self.transport.insure(endpoint, api_key, body.as_deref());
            }
            Effect::Abort { request } => self.transport.abort(request),
            Effect::KeepElsewhere { unstored } => {
                let left = [&name(&self.instance, "left:"), self.engine.borrow().owner()].concat();
                store::keep(&left, Operations::of_records(&unstored).as_str());
            }
            Effect::Leave { mark } => self.leave(mark),
            Effect::RememberLink { good } => {
                let mut row = String::new();
                good.into_iter().for_each(|good| text::push_decimal(&mut row, good.into()));
                store::keep(&name(&self.instance, GOOD_LINK), &row);
            }
            Effect::Notify(notice) => drop(self.listener.call1(&JsValue::UNDEFINED, &to_js(&notice))),
            Effect::SettleFlush { call, result } => self.settle(call, &to_js(&result)),
        }
    }

    /// What the store tells, and what became of requests.
    fn hear(self: &Rc<Self>, kind: u32, id: u32, text: Option<String>, failure: Option<String>) {
        let current = id == self.openings.get();
        let refused = text.is_none();
        let text = text.unwrap_or_default();
        match kind {
            store::WRITTEN => self.input(|engine, now| {
                engine.handle_written(id, failure.as_deref().map(read_failure), now);
            }),
            store::STATS => {
                let stats = {
                    let engine = self.engine.borrow();
                    let others = rows::accounts_without(&text, engine.owner());
                    engine.stats(&others, environment::now())
                };
                let leases = self.store.borrow().as_ref().is_some_and(Store::leases);
                self.settle(id, &to_js(&stats.with_leases(leases)));
            }
            store::LETTERS => self.settle(id, &to_js(&rows::letters(&text))),
            store::RESEND | store::DISCARD => {
                let letters = rows::letters(&text);
                let disposal = if kind == store::RESEND { Disposal::Resend } else { Disposal::Discard };
                let count = letters.len() as u32;
                self.input(|engine, now| engine.handle_letters(letters, disposal, now));
                self.settle(id, &count.into());
            }
            store::SHARED => {
                let place = self.sharing.borrow().iter().position(|(share, _)| share.id == id);
                if let Some(place) = place {
                    let (_, granted) = self.sharing.borrow_mut().swap_remove(place);
                    let granted = granted.filter(|_| failure.is_none());
                    self.input(|engine, now| engine.handle_shared(id, granted, now));
                }
            }
            store::RESPONSE => {
                let response = if refused {
                    failure.map(Response::failed)
                } else {
                    Some(Response::read(&text, environment::now()))
                };
                if let Some(response) = response {
                    self.input(|engine, now| engine.handle_response(id, response, now));
                }
            }
            _ if !current => {}
            store::CLOSED => self.input(Engine::handle_store_closed),
            store::OPENED => match failure {
                None => {
                    let identity = rows::read_identity(&text);
                    self.input(|engine, now| {
                        engine.handle_opened(identity.unwrap_or_else(|| engine.identity().clone()), now);
                    });
                }
                // After its time the engine takes nothing more: what is left stays for the next page.
                Some(failure) => {
                    if self.engine.borrow().is_opening() {
                        let left = rows::records_in(&store::take_left(&self.instance));
                        self.input(|engine, now| engine.handle_open_failed(message(&failure), left, now));
                    } else {
                        self.input(|engine, now| {
                            engine.handle_open_failed(message(&failure), Vec::new(), now)
                        });
                    }
                }
            },
            store::ORPHANS => self.input(|engine, now| engine.handle_orphans(rows::orphans(&text), now)),
            store::LOADED => {
                let owner = self.loading.take();
                self.input(|engine, now| {
                    if refused {
                        engine.handle_load_failed(&owner);
                    } else {
                        engine.handle_loaded(&owner, rows::records(&text), now);
                    }
                });
            }
            _ => self.input(|engine, now| engine.handle_usurped(environment::unique_name(), now)),
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
            None => {
                store::keep(&[&name(&self.instance, "left-mark:"), &*owner].concat(), operations.as_str())
            }
        }
    }

    /// The visitor opts out. What all pages know of the endpoint is nobody's, and leases keep pages apart.
    fn forget(&self) {
        let stores =
            [rows::SEGMENTS, rows::ACCOUNTS, rows::IDENTITY, rows::MARKS, rows::DEAD_LETTERS].join(" ");
        let cleared = self.with_store(|store| store.clear(&stores));
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
        let lower = after.map_or_else(|| [&owner, "/"].concat(), |after| after.as_str().into());
        // "0" is the character after "/": the range is all keys that begin with the owner and a slash.
        let upper = [&owner, "0"].concat();
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
        self.transport.send(*id, endpoint, api_key, body, *keepalive, *at_exit, beacon_url.as_deref());
    }

    /// Reads all rows of a store for a call of the page's.
    fn ask(self: &Rc<Self>, kind: u32, store: &str, settle: Function) {
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

    fn set_timer(self: &Rc<Self>) {
        let next = self.engine.borrow().next_timeout();
        let mut timer = self.timer.borrow_mut();
        if timer.as_ref().map(|(at, _)| *at) != next {
            *timer = next.map(|at| {
                let driver = Rc::downgrade(self);
                let ms = at.saturating_sub(environment::now()).min(i32::MAX as u64) as u32;
                let timeout = Timeout::new(ms, move || {
                    if let Some(driver) = driver.upgrade() {
                        driver.timer.replace(None).map(|(_, timeout)| timeout.forget());
                        driver.input(Engine::handle_timeout);
                    }
                });
                (at, timeout)
            });
        }
    }
}

/// A value as plain JavaScript data.
pub fn to_js(value: &impl Serialize) -> JsValue {
    value.serialize(&Serializer::json_compatible()).unwrap_or_else(|error| describe(&error.into()).into())
}

fn answer(driver: Weak<Driver>) -> Answer {
    Closure::new(move |kind, id, text: Option<String>, failure| {
        let driver = driver.upgrade()?;
        match kind {
            store::LEASE => {
                let engine = driver.engine.borrow();
                return rows::take_lease(text.as_deref(), engine.owner(), environment::now());
            }
            store::SHARE => {
                let mut sharing = driver.sharing.borrow_mut();
                let (share, answer) = sharing.iter_mut().find(|(share, _)| share.id == id)?;
                let (row, granted) = shared::update(text.as_deref(), share);
                *answer = Some(granted);
                return row;
            }
            _ => {}
        }
        driver.hear(kind, id, text, failure);
        None
    })
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
    store::find(&name(instance, GOOD_LINK)).map(|text| text.parse::<u64>().ok().map(|to| to as u32))
}

/// Whether the visitor has opted out.
fn has_opted_out(instance: &str) -> bool {
    store::find(&name(instance, "opt_out")).is_some_and(|text| !text.is_empty())
}

/// The name of what `localStorage` keeps for the queue.
fn name(instance: &str, of: &str) -> String {
    ["appizer:", instance, ":", of].concat()
}
