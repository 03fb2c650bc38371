//! What the browser's global scope offers, in a page or a worker; each thing may be missing.

use js_sys::{Date, Math, Object, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_name = performance)]
    static PERFORMANCE: Option<Performance>;
    #[wasm_bindgen(thread_local_v2, js_name = navigator)]
    static NAVIGATOR: Option<Navigator>;
    #[wasm_bindgen(thread_local_v2, js_name = crypto)]
    static CRYPTO: Option<Crypto>;

    type Performance;
    #[wasm_bindgen(method, getter, js_name = timeOrigin)]
    fn time_origin(this: &Performance) -> Option<f64>;
    #[wasm_bindgen(method)]
    fn now(this: &Performance) -> f64;

    type Crypto;
    #[wasm_bindgen(method, js_name = getRandomValues)]
    fn fill_random(this: &Crypto, bytes: &Uint8Array);

    /// `Navigator` of a page, `WorkerNavigator` of a worker.
    #[derive(Clone)]
    type Navigator;
    #[wasm_bindgen(method, getter, js_name = userAgent)]
    fn user_agent(this: &Navigator) -> Option<String>;
    #[wasm_bindgen(method, getter, js_name = onLine)]
    fn on_line(this: &Navigator) -> Option<bool>;
}

/// Milliseconds since 1970 that never run backwards within a page, whatever becomes of the system's clock.
pub fn now() -> u64 {
    let steady = PERFORMANCE.with(|performance| {
        performance.as_ref().and_then(|performance| Some(performance.time_origin()? + performance.now()))
    });
    steady.unwrap_or_else(Date::now) as u64
}

/// `None` outside browsers.
fn navigator() -> Option<Navigator> {
    NAVIGATOR.with(Clone::clone)
}

/// Empty where the browser has none.
pub fn user_agent() -> String {
    navigator().and_then(|navigator| navigator.user_agent()).unwrap_or_default()
}

/// Whether the browser says it has a network; where it says nothing, it has.
pub fn is_online() -> bool {
    navigator().and_then(|navigator| navigator.on_line()).unwrap_or(true)
}

/// A seed for jitter.
pub fn seed() -> u64 {
    (Math::random() * 2_f64.powi(53)) as u64
}

/// A name that no other page has: 96 random bits.
pub fn unique_name() -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    let bytes = Uint8Array::new_with_length(16);
    CRYPTO.with(|crypto| {
        if let Some(crypto) = crypto {
            crypto.fill_random(&bytes);
        }
    });
    bytes.to_vec().into_iter().map(|byte| char::from(LETTERS[usize::from(byte & 63)])).collect()
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

/// What a thrown or rejected value says of itself.
pub fn describe(thrown: &JsValue) -> String {
    let message = property(thrown, "message").and_then(|message| message.as_string());
    message.or_else(|| thrown.as_string()).unwrap_or_else(|| "unknown error".into())
}
