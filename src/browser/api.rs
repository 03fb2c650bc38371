//! What WebAssembly exports to the package's JavaScript facade: few calls, each with much in it.

use crate::browser::driver::Driver;
use crate::browser::environment;
use crate::browser::options;
use crate::core::dead_letter::Disposal;
use crate::core::engine::Engine;
use js_sys::Function;
use std::rc::Rc;
use wasm_bindgen::prelude::*;

/// A running tracker.
#[derive(Clone)]
#[wasm_bindgen]
pub struct Core {
    driver: Rc<Driver>,
}

#[wasm_bindgen]
impl Core {
    /// Checks the options and starts. `listener` is called with every notice, first with `opened`.
    ///
    /// # Errors
    /// Throws an `AppizerError` that names the option at fault.
    #[wasm_bindgen(constructor)]
    pub fn new(
        given: &JsValue,
        anonymous: Option<String>,
        listener: Function,
    ) -> Result<Core, js_sys::Error> {
        let options = options::read(given)?;
        let anonymous = anonymous.unwrap_or_else(environment::unique_name);
        Ok(Self { driver: Driver::start(options, anonymous, listener) })
    }

    /// A task's events, one line each.
    pub fn track(&self, lines: String) {
        self.driver.input(|engine, now| engine.handle_track(lines, now));
    }

    /// Names the user from now on.
    pub fn identify(&self, user: String) {
        self.driver.input(|engine, now| engine.handle_identify(user, now));
    }

    /// Forgets the user; `anonymous` is the next anonymous id.
    pub fn reset(&self, anonymous: String) {
        self.driver.input(|engine, now| engine.handle_reset(anonymous, now));
    }

    /// Gives up what is queued and stored, and takes nothing until `optIn`; `anonymous` is the next anonymous id.
    #[wasm_bindgen(js_name = optOut)]
    pub fn opt_out(&self, anonymous: String) {
        self.driver.input(|engine, now| engine.handle_opt_out(anonymous, now));
    }

    /// Takes events again.
    #[wasm_bindgen(js_name = optIn)]
    pub fn opt_in(&self) {
        self.driver.input(Engine::handle_opt_in);
    }

    /// Replaces the key.
    #[wasm_bindgen(js_name = useKey)]
    pub fn use_key(&self, api_key: String) {
        self.driver.input(|engine, now| engine.handle_key(api_key, now));
    }

    /// Sends what is queued; calls `settle` with a `FlushResult`.
    pub fn flush(&self, settle: Function) {
        self.driver.flush(settle);
    }

    /// Calls `settle` with `Stats`.
    pub fn stats(&self, settle: Function) {
        self.driver.stats(settle);
    }

    /// Calls `settle` with the dead letters.
    #[wasm_bindgen(js_name = deadLetters)]
    pub fn dead_letters(&self, settle: Function) {
        self.driver.letters(settle);
    }

    /// Sends the dead letters again, with their ids, or forgets them; calls `settle` with their number.
    #[wasm_bindgen(js_name = disposeOfLetters)]
    pub fn dispose_of_letters(&self, settle: Function, resend: bool) {
        let disposal = if resend { Disposal::Resend } else { Disposal::Discard };
        self.driver.dispose_of_letters(disposal, settle);
    }

    /// Stops for good.
    pub fn close(&self) {
        self.driver.close();
    }
}
