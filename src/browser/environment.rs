//! What the browser's global scope offers: the door to `src/js/environment.js`.

use crate::core::model::time::Clocks;
use js_sys::{Date, Object, Reflect};
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/src/js/environment.js")]
extern "C" {
    #[wasm_bindgen(js_name = steadyNow)]
    fn steady_now() -> f64;
    #[wasm_bindgen(js_name = seed)]
    fn random_seed() -> f64;
    #[wasm_bindgen(js_name = isOnline)]
    fn online() -> u32;
    /// Empty where the browser has none.
    #[wasm_bindgen(js_name = userAgent)]
    pub fn user_agent() -> String;
    /// A name that no other page has: 96 random bits.
    #[wasm_bindgen(js_name = uniqueName)]
    pub fn unique_name() -> String;
}

/// Reads both clocks.
pub fn clocks() -> Clocks {
    Clocks { now: steady_now() as u64, wall: Date::now() as u64 }
}

/// Whether the browser says it has a network; where it says nothing, it has.
pub fn is_online() -> bool {
    online() != 0
}

/// A seed for jitter.
pub fn seed() -> u64 {
    random_seed() as u64
}

/// A property that is there and neither `undefined` nor `null`.
pub fn property(object: &JsValue, name: &str) -> Option<JsValue> {
    let value = Reflect::get(object, &name.into()).ok()?;
    (!value.is_undefined() && !value.is_null()).then_some(value)
}

/// Sets a property of a plain object of ours, which cannot fail.
pub fn set(object: &Object, name: &str, value: impl Into<JsValue>) {
    let _ = Reflect::set(object, &name.into(), &value.into());
}
