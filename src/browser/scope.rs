//! The browser's global scope, of a page or of a worker. A worker has no `Window`, but the members that are used here are the
//! same.

use js_sys::{Object, Reflect};
use wasm_bindgen::prelude::*;
use web_sys::Window;

#[wasm_bindgen]
extern "C" {
    /// In a worker it is no `Window`: `document` and the storages are absent there.
    #[wasm_bindgen(thread_local_v2, js_name = globalThis)]
    static SCOPE: Window;
}

/// Returns the global scope.
pub fn scope() -> Window {
    SCOPE.with(Clone::clone)
}

/// Returns a property that is there and neither `undefined` nor `null`.
pub fn property(object: &JsValue, name: &str) -> Option<JsValue> {
    let value = Reflect::get(object, &name.into()).ok()?;
    (!value.is_undefined() && !value.is_null()).then_some(value)
}

/// Sets a property of a plain object of ours, which cannot fail.
pub fn set(object: &Object, name: &str, value: impl Into<JsValue>) {
    let _ = Reflect::set(object, &name.into(), &value.into());
}
