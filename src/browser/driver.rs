//! Carries out the engine's effects, one after another. The engine is never borrowed across an `await` or
//! while the page's own code runs: a listener may call the tracker.

use crate::browser::claims::Claims;
use crate::browser::environment::{self, describe};
use crate::browser::left;
use crate::browser::lifecycle::Lifecycle;
use crate::browser::lock::Locks;
use crate::browser::marks;
use crate::browser::store::Store;
use crate::browser::transport;
use crate::core::account::Account;
use crate::core::dead_letter::{DeadLetter, Disposal};
use crate::core::effect::{Effect, Request, Write};
use crate::core::engine::{Engine, Orphan, Setup, StoreFailure};
use crate::core::exit::Mark;
use crate::core::identity::Identity;
use crate::core::notice::Stats;
use crate::core::options::Options;
use crate::core::segment::SegmentKey;
use crate::core::shared::Share;
use gloo_timers::callback::Timeout;
use js_sys::Function;
use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::AbortController;

/// One tracker's engine, and what it works with.
pub struct Driver {
    engine: RefCell<Engine>,
    instance: String,
    listener: Function,
    store: RefCell<Option<Rc<Store>>>,
    claims: Claims,
    /// Counts the page's departures, so that a store which opens after one is closed again.
    departures: Cell<u32>,
    timer: RefCell<Option<(u64, Timeout)>>,
    aborts: RefCell<Vec<(u32, AbortController)>>,
    insurance: RefCell<Option<AbortController>>,
    flush_calls: RefCell<Vec<(u32, Function)>>,
    last_flush_call: Cell<u32>,
    lifecycle: RefCell<Option<Lifecycle>>,
}

impl Driver {
    /// Starts a tracker. `listener` is called with every notice.
    pub fn start(options: Options, anonymous: String, listener: Function) -> Rc<Self> {
        let instance = options.instance.clone();
        let setup = Setup {
            options,
            owner: environment::unique_name(),
            anonymous,
            ua: environment::user_agent(),
            seed: environment::seed(),
            online: environment::is_online(),
            good_link: marks::good_link(&instance),
            opted_out: marks::has_opted_out(&instance),
            fetch_outlives: transport::fetch_can_outlive_the_page(),
            can_insure: transport::can_insure(),
        };
        let driver = Rc::new(Self {
            engine: RefCell::new(Engine::new(setup, environment::now())),
            claims: Claims::new(instance.clone()),
            instance,
            listener,
            store: RefCell::default(),
            departures: Cell::default(),
            timer: RefCell::default(),
            aborts: RefCell::default(),
            insurance: RefCell::default(),
            flush_calls: RefCell::default(),
            last_flush_call: Cell::default(),
            lifecycle: RefCell::default(),
        });
        driver.lifecycle.replace(Some(Lifecycle::listen(Rc::downgrade(&driver))));
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
        let call = self.last_flush_call.get() + 1;
        self.last_flush_call.set(call);
        self.flush_calls.borrow_mut().push((call, settle));
        self.input(|engine, now| engine.handle_flush(call, now));
    }

    /// The queue's account over all pages that share it.
    pub async fn stats(&self) -> Stats {
        let store = self.store.borrow().clone();
        let accounts = match store {
            Some(store) => store.accounts().await.unwrap_or_default(),
            None => Vec::new(),
        };
        let engine = self.engine.borrow();
        let others = accounts.into_iter().filter(|(owner, _)| owner != engine.owner());
        let others: Vec<Account> = others.map(|(_, account)| account).collect();
        let mut stats = engine.stats(&others, environment::now());
        if !Locks::available() {
            stats.fallbacks.push("leases");
        }
        stats
    }

    /// The dead letters; none where there is no store.
    pub async fn letters(&self) -> Vec<DeadLetter> {
        let store = self.store.borrow().clone();
        match store {
            Some(store) => store.letters().await.unwrap_or_default(),
            None => Vec::new(),
        }
    }

    /// Sends all dead letters again or forgets them, and returns their number.
    pub async fn dispose_of_letters(self: Rc<Self>, disposal: Disposal) -> usize {
        let letters = self.letters().await;
        let count = letters.len();
        self.input(|engine, now| engine.handle_letters(letters, disposal, now));
        count
    }

    /// Where the last reply to any page was a success from; `None` where that cannot be read.
    pub fn good_link(&self) -> Option<Option<u32>> {
        environment::local_storage().map(|_| marks::good_link(&self.instance))
    }

    /// Stops for good.
    pub fn close(self: &Rc<Self>) {
        self.input(Engine::handle_close);
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
            Effect::Open { owner, identity } => self.open(owner, identity),
            Effect::Write(write) => self.write(&write),
            Effect::FindOrphans => self.find_orphans(),
            Effect::Load { owner, after } => self.load(owner, after),
            Effect::Share(share) => self.share(share),
            Effect::Forget => self.forget(),
            Effect::Send(request) => self.send(&request),
            Effect::Insure { body } => {
                if let Some(given) = self.insurance.take() {
                    given.abort();
                }
                let options = self.engine.borrow().options().clone();
                self.insurance.replace(body.and_then(|body| transport::insure(&body, &options)));
            }
            Effect::Abort { request } => {
                if let Some(abort) = self.take_abort(request) {
                    abort.abort();
                }
            }
            Effect::KeepElsewhere { unstored } => {
                left::keep(&self.instance, self.engine.borrow().owner(), &unstored);
            }
            Effect::Leave { mark } => {
                let owner = self.engine.borrow().owner().to_string();
                self.keep_mark(&owner, mark);
                self.departures.set(self.departures.get() + 1);
                let store = self.store.take();
                self.claims.release(store.as_deref());
                if let Some(store) = store {
                    store.close();
                }
            }
            Effect::RememberLink { good } => marks::remember_link(&self.instance, good),
            Effect::Notify(notice) => drop(self.listener.call1(&JsValue::UNDEFINED, &to_js(&notice))),
            Effect::SettleFlush { call, result } => {
                let mut calls = self.flush_calls.borrow_mut();
                if let Some(place) = calls.iter().position(|(id, _)| *id == call) {
                    let (_, settle) = calls.swap_remove(place);
                    drop(calls);
                    let _ = settle.call1(&JsValue::UNDEFINED, &to_js(&result));
                }
            }
        }
    }

    fn keep_mark(&self, owner: &str, mark: Option<Mark>) {
        if let Some(mark) = mark {
            marks::keep(&self.instance, owner, &mark);
            if let Some(store) = &*self.store.borrow() {
                // Where it fails there is the other mark, and without both a repeat.
                let _ = store.keep_mark(owner, &mark);
            }
        }
    }

    fn open(self: &Rc<Self>, owner: String, identity: Identity) {
        let (driver, departures) = (self.clone(), self.departures.get());
        spawn_local(async move {
            driver.claims.take_own_lock(&owner).await;
            let opened = Store::open(&driver.instance, identity).await;
            let stale = driver.departures.get() != departures;
            match opened {
                Ok((store, _)) if stale => store.close(),
                Ok((store, identity)) => {
                    let renewed = Rc::downgrade(&driver);
                    let renew = move || {
                        if let Some(driver) = renewed.upgrade() {
                            driver.renew_claims();
                        }
                    };
                    driver.claims.take_own_lease(&store, &owner, renew).await;
                    driver.store.replace(Some(Rc::new(store)));
                    driver.input(|engine, now| engine.handle_opened(identity, now));
                }
                // After its time the engine takes nothing more: what is left stays for the next page.
                Err(_) if stale || !driver.engine.borrow().is_opening() => {}
                Err(message) => {
                    let (names, left) = left::find(&driver.instance);
                    left::forget(&names);
                    driver.input(|engine, now| engine.handle_open_failed(message, left, now));
                }
            }
        });
    }

    fn renew_claims(self: &Rc<Self>) {
        let (driver, store) = (self.clone(), self.store.borrow().clone());
        spawn_local(async move {
            let Some(store) = store else { return };
            let me = driver.engine.borrow().owner().to_string();
            if driver.claims.renew(&store, &me).await {
                driver.input(|engine, now| engine.handle_usurped(environment::unique_name(), now));
            }
        });
    }

    fn write(self: &Rc<Self>, write: &Write) {
        let (driver, id) = (self.clone(), write.id);
        let writing = self.store.borrow().as_ref().map(|store| store.write(write));
        let settled_marks = write.settled_marks.clone();
        spawn_local(async move {
            let failure = match writing {
                Some(writing) => writing.await.err(),
                None => Some("the store is closed".into()),
            };
            settled_marks.iter().for_each(|owner| marks::forget(&driver.instance, owner));
            driver.input(|engine, now| engine.handle_written(id, failure.map(StoreFailure::Closed), now));
        });
    }

    fn find_orphans(self: &Rc<Self>) {
        let (driver, store) = (self.clone(), self.store.borrow().clone());
        let departures = self.departures.get();
        spawn_local(async move {
            let Some(store) = store else { return };
            let here = || driver.departures.get() == departures;
            let me = driver.engine.borrow().owner().to_string();
            let mut taken = Vec::new();
            for owner in store.owners().await.unwrap_or_default() {
                // Once the page has left, its own name is as free as any, and must stay so.
                if here() && !driver.claims.holds(&owner) && driver.claims.take(&store, &owner, &me).await {
                    taken.push(owner);
                }
            }
            // Read only now: what is claimed nobody else changes.
            let accounts = store.accounts().await.unwrap_or_default();
            let stored = store.marks().await.unwrap_or_default();
            let orphans = taken.into_iter().map(|owner| {
                let account = accounts.iter().find(|(of, _)| *of == owner).map(|(_, account)| *account);
                let stored = stored.iter().filter(|(of, _)| *of == owner).map(|(_, mark)| mark.clone());
                let marks = stored.chain(marks::find(&driver.instance, &owner)).collect();
                Orphan { owner, account: account.unwrap_or_default(), marks }
            });
            let orphans: Vec<_> = orphans.collect();
            if here() {
                driver.input(|engine, now| engine.handle_orphans(orphans, now));
            }
        });
    }

    fn load(self: &Rc<Self>, owner: String, after: Option<SegmentKey>) {
        let (driver, store) = (self.clone(), self.store.borrow().clone());
        spawn_local(async move {
            let Some(store) = store else { return };
            match store.load(&owner, after).await {
                Ok(records) => driver.input(|engine, now| engine.handle_loaded(&owner, records, now)),
                Err(_) => driver.input(|engine, _| engine.handle_load_failed(&owner)),
            }
        });
    }

    fn forget(&self) {
        marks::forget_all(&self.instance);
        if let Some(store) = &*self.store.borrow() {
            // Where it fails, there is nothing more that could be done.
            let _ = store.forget();
        }
    }

    fn share(self: &Rc<Self>, share: Share) {
        let (driver, store) = (self.clone(), self.store.borrow().clone());
        spawn_local(async move {
            let granted = match store {
                Some(store) => store.share(&share).await.ok(),
                None => None,
            };
            driver.input(|engine, now| engine.handle_shared(share.id, granted, now));
        });
    }

    fn send(self: &Rc<Self>, request: &Request) {
        let (driver, id) = (self.clone(), request.id);
        let mut sent = transport::send(request, self.engine.borrow().options());
        if let Some(abort) = sent.abort.take() {
            self.aborts.borrow_mut().push((id, abort));
        }
        spawn_local(async move {
            let response = sent.response().await;
            driver.take_abort(id);
            if let Some(response) = response {
                driver.input(|engine, now| engine.handle_response(id, response, now));
            }
        });
    }

    fn take_abort(&self, request: u32) -> Option<AbortController> {
        let mut aborts = self.aborts.borrow_mut();
        let place = aborts.iter().position(|(id, _)| *id == request)?;
        Some(aborts.swap_remove(place).1)
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
