//! What WebAssembly exports to the package's JavaScript facade, which makes an instance for every tracker.

use crate::browser::api::Core;
use crate::browser::store::Answer;
use crate::core::policy::options::{self, OptionError, Options};
use crate::core::rows::SEPARATOR;
use js_sys::Function;
use std::cell::Cell;
use wasm_bindgen::prelude::*;

thread_local! {
    static CORE: Cell<Option<Core>> = const { Cell::new(None) };
}

/// Checks the options, as [`options::given`] reads them, and starts; `listener` is called with every notice, first with
/// `opened`; `make_store` is `makeStore` of `src/js/store.js`. Returns the name of an option at fault and what it may be, with the separator of joined texts between.
#[wasm_bindgen]
pub fn start(given: &str, anonymous: String, listener: Function, make_store: Function) -> Option<String> {
    match Options::read(options::given(given)) {
        Ok(options) => {
            let make_store = Box::new(move |instance: &str, owner: &str, renewal: u32, answer: &Answer| {
                let arguments = [&instance.into(), &owner.into(), &renewal.into(), answer.as_ref()];
                let [instance, owner, renewal, answer] = arguments;
                let store = make_store.call4(&JsValue::UNDEFINED, instance, owner, renewal, answer);
                store.unwrap_or_default().unchecked_into()
            });
            CORE.set(Some(Core::new(options, anonymous, listener, make_store)));
            None
        }
        Err(OptionError { option, allowed }) => Some(option + SEPARATOR.encode_utf8(&mut [0]) + allowed),
    }
}

/// See [`Core::track`].
#[wasm_bindgen]
pub fn track(lines: String) {
    with_core(|core| core.track(lines));
}

/// See [`Core::identify`].
#[wasm_bindgen]
pub fn identify(user: String) {
    with_core(|core| core.identify(user));
}

/// See [`Core::reset`].
#[wasm_bindgen]
pub fn reset(anonymous: String) {
    with_core(|core| core.reset(anonymous));
}

/// See [`Core::opt_out`].
#[wasm_bindgen(js_name = optOut)]
pub fn opt_out(anonymous: String) {
    with_core(|core| core.opt_out(anonymous));
}

/// See [`Core::opt_in`].
#[wasm_bindgen(js_name = optIn)]
pub fn opt_in() {
    with_core(Core::opt_in);
}

/// See [`Core::use_key`].
#[wasm_bindgen(js_name = useKey)]
pub fn use_key(api_key: String) {
    with_core(|core| core.use_key(api_key));
}

/// See [`Core::flush`].
#[wasm_bindgen]
pub fn flush(settle: Function) {
    with_core(|core| core.flush(settle));
}

/// See [`Core::stats`].
#[wasm_bindgen]
pub fn stats(settle: Function) {
    with_core(|core| core.stats(settle));
}

/// See [`Core::dead_letters`].
#[wasm_bindgen(js_name = deadLetters)]
pub fn dead_letters(settle: Function) {
    with_core(|core| core.dead_letters(settle));
}

/// See [`Core::dispose_of_letters`].
#[wasm_bindgen(js_name = disposeOfLetters)]
pub fn dispose_of_letters(settle: Function, resend: bool) {
    with_core(|core| core.dispose_of_letters(settle, resend));
}

/// See [`Core::close`].
#[wasm_bindgen]
pub fn close() {
    with_core(Core::close);
}

fn with_core(act: impl FnOnce(Core)) {
    if let Some(core) = CORE.get() {
        act(core);
    }
}
