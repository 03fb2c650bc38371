//! Clocks, chance, and what the browser says of itself.

use crate::browser::scope::{property, scope};
use crate::core::model::time::Clocks;
use js_sys::{Date, Math};
use std::cell::Cell;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    // Either may be something that the page has put in its place.
    #[wasm_bindgen(catch, js_namespace = performance)]
    fn now() -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_namespace = crypto, js_name = getRandomValues)]
    fn get_random_values(bytes: &mut [u8]) -> Result<JsValue, JsValue>;
}

thread_local! {
    /// The wall clock at zero of the page's own clock, and the latest time that was told.
    static STARTED: Cell<Option<f64>> = const { Cell::new(None) };
    static LATEST: Cell<f64> = const { Cell::new(0.0) };
}

/// Reads both clocks. The page's own never runs backwards, whatever becomes of the system's clock; it starts as the wall clock
/// stands, and may stand still while the device sleeps.
pub fn clocks() -> Clocks {
    let wall = Date::now();
    let now = match now().ok().and_then(|ticks| ticks.as_f64()) {
        Some(ticks) => {
            let started = STARTED.get().unwrap_or(wall - ticks);
            STARTED.set(Some(started));
            started + ticks
        }
        None => LATEST.get().max(wall),
    };
    LATEST.set(now);
    Clocks { now: now as u64, wall: wall as u64 }
}

/// Returns a seed for jitter.
pub fn seed() -> u64 {
    (Math::random() * 2_f64.powi(53)) as u64
}

/// Returns a name that no other page has: 96 random bits as 16 letters of base64url.
pub fn unique_name() -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    let mut bytes = [0; 16];
    if get_random_values(&mut bytes).is_err() {
        bytes = bytes.map(|_| (Math::random() * 256.0) as u8);
    }
    bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 64)])).collect()
}

/// Returns the user agent; empty where the browser has none.
pub fn user_agent() -> String {
    scope().navigator().user_agent().unwrap_or_default()
}

/// Returns false if the browser says that it has no network.
pub fn is_online() -> bool {
    property(&scope().navigator(), "onLine") != Some(JsValue::FALSE)
}
