//! A tracker's core as its page sees it: few calls, each with much in it.

use crate::browser::driver::Driver;
use crate::browser::store::MakeStore;
use crate::core::engine::Engine;
use crate::core::model::dead_letter::Disposal;
use crate::core::policy::options::Options;
use js_sys::Function;

/// A running tracker. It lives as long as its instance of WebAssembly: that of the package has one of its own for each.
#[derive(Clone, Copy)]
pub struct Core {
    driver: &'static Driver,
}

impl Core {
    /// Starts. `listener` is called with every notice, first with `opened`.
    pub fn new(options: Options, anonymous: String, listener: Function, make_store: MakeStore) -> Self {
        Self { driver: Driver::start(options, anonymous, listener, make_store) }
    }

    /// A task's events, one line each.
    pub fn track(self, lines: String) {
        self.driver.input(|engine, now| engine.handle_track(lines, now));
    }

    /// Names the user from now on.
    pub fn identify(self, user: String) {
        self.driver.input(|engine, now| engine.handle_identify(user, now));
    }

    /// Forgets the user; `anonymous` is the next anonymous id.
    pub fn reset(self, anonymous: String) {
        self.driver.input(|engine, now| engine.handle_reset(anonymous, now));
    }

    /// Gives up what is queued and stored, and takes nothing until `opt_in`; `anonymous` is the next anonymous id.
    pub fn opt_out(self, anonymous: String) {
        self.driver.input(|engine, now| engine.handle_opt_out(anonymous, now));
    }

    /// Takes events again.
    pub fn opt_in(self) {
        self.driver.input(Engine::handle_opt_in);
    }

    /// Replaces the key.
    pub fn use_key(self, api_key: String) {
        self.driver.input(|engine, now| engine.handle_key(api_key, now));
    }

    /// Sends what is queued; calls `settle` with a `FlushResult`.
    pub fn flush(self, settle: Function) {
        self.driver.flush(settle);
    }

    /// Calls `settle` with `Stats`.
    pub fn stats(self, settle: Function) {
        self.driver.stats(settle);
    }

    /// Calls `settle` with the dead letters.
    pub fn dead_letters(self, settle: Function) {
        self.driver.letters(settle);
    }

    /// Sends the dead letters again, with their ids, or forgets them; calls `settle` with their number.
    pub fn dispose_of_letters(self, settle: Function, resend: bool) {
        let disposal = if resend { Disposal::Resend } else { Disposal::Discard };
        self.driver.dispose_of_letters(disposal, settle);
    }

    /// Stops for good.
    pub fn close(self) {
        self.driver.close();
    }
}
