//! A running tracker as JavaScript sees it: few calls, each with much in it. The package's facade makes an instance of
//! WebAssembly, and one [`Core`] in it, for every tracker.

use crate::browser::driver::Driver;
use crate::browser::scope::set;
use crate::browser::store::{self, MakeStore};
use crate::core::engine::Engine;
use crate::core::engine::notice::Question;
use crate::core::model::dead_letter::Disposal;
use crate::core::policy::options::{self, OptionError, Options};
use js_sys::{Function, Object};
use wasm_bindgen::prelude::*;

/// A running tracker.
#[wasm_bindgen(skip_typescript)]
#[derive(Clone, Copy)]
pub struct Core {
    driver: &'static Driver,
}

impl Core {
    /// Starts a tracker.
    pub fn start(options: Options, anonymous: String, listener: Function, make_store: MakeStore) -> Self {
        Self { driver: Driver::start(options, anonymous, listener, make_store) }
    }
}

#[wasm_bindgen]
impl Core {
    /// Checks the options, as [`options::given`] reads them, and starts. `listener` is called with every notice, first with
    /// `opened`; `make_store` is `makeStore` of `src/js/browser/store.js`.
    ///
    /// # Errors
    /// The option at fault and what it may be, as [`options::OptionError`].
    #[wasm_bindgen(constructor)]
    pub fn new(
        given: &str,
        anonymous: String,
        listener: Function,
        make_store: Function,
    ) -> Result<Self, JsValue> {
        let options = Options::read(options::given(given)).map_err(|OptionError { option, allowed }| {
            let fault = Object::new();
            set(&fault, "option", option);
            set(&fault, "allowed", allowed);
            fault
        })?;
        Ok(Self::start(options, anonymous, listener, store::maker(make_store)))
    }

    /// Takes a task's events, one line each.
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

    /// Gives up what is queued and stored, and takes nothing until `opt_in`; `anonymous` is the next anonymous id.
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

    /// Calls `settle` with `Stats`, over all pages that share the queue.
    pub fn stats(&self, settle: Function) {
        self.driver.question(Question::Stats, settle);
    }

    /// Calls `settle` with the dead letters; none where there is no store.
    #[wasm_bindgen(js_name = deadLetters)]
    pub fn dead_letters(&self, settle: Function) {
        self.driver.question(Question::DeadLetters, settle);
    }

    /// Sends the dead letters again, with their ids, or discards them; calls `settle` with their number.
    #[wasm_bindgen(js_name = disposeOfLetters)]
    pub fn dispose_of_letters(&self, settle: Function, resend: bool) {
        let disposal = if resend { Disposal::Resend } else { Disposal::Discard };
        self.driver.question(Question::Dispose(disposal), settle);
    }

    /// Stops for good.
    pub fn close(&self) {
        self.driver.close();
    }
}

/// Returns the version of the package that the module is of.
#[wasm_bindgen(js_name = moduleVersion, skip_typescript)]
pub fn module_version() -> String {
    env!("CARGO_PKG_VERSION").into()
}
