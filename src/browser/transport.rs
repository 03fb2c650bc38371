//! Requests: `fetch`, `sendBeacon` where `fetch` cannot outlive the page, and `fetchLater` as insurance.

use crate::browser::environment;
use crate::browser::lifecycle::is_hidden;
use crate::browser::scope::{property, scope};
use crate::core::policy::pacing::retry_after;
use crate::core::policy::verdict::Response;
use gloo_timers::callback::Timeout;
use js_sys::{Function, Promise};
use std::cell::RefCell;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};

#[wasm_bindgen(module = "/src/js/browser/transport.js")]
extern "C" {
    /// A page may have wrapped `fetch`: it may throw, and return anything.
    #[wasm_bindgen(catch)]
    fn post(endpoint: &str, api_key: &str, body: &str, keepalive: bool) -> Result<Flight, JsValue>;

    #[wasm_bindgen(catch)]
    fn insure(endpoint: &str, api_key: &str, body: &str) -> Result<Function, JsValue>;

    /// Returns true if a request may outlive its page and carry the key.
    #[wasm_bindgen(js_name = canOutlive)]
    pub fn can_outlive() -> bool;
}

#[wasm_bindgen]
extern "C" {
    type Flight;
    #[wasm_bindgen(method, getter)]
    fn reply(this: &Flight) -> Promise;
    #[wasm_bindgen(method)]
    fn abort(this: &Flight);

    type Reply;
    #[wasm_bindgen(method, getter)]
    fn status(this: &Reply) -> u16;
    #[wasm_bindgen(method, getter, js_name = retryAfter)]
    fn retry_after(this: &Reply) -> String;
    #[wasm_bindgen(method, getter, js_name = retryAt)]
    fn retry_at(this: &Reply) -> f64;
    #[wasm_bindgen(method, getter)]
    fn success(this: &Reply) -> Option<bool>;
    #[wasm_bindgen(method, getter)]
    fn count(this: &Reply) -> Option<f64>;
    #[wasm_bindgen(method, getter)]
    fn failed(this: &Reply) -> Vec<u32>;
    #[wasm_bindgen(method, getter)]
    fn relay(this: &Reply) -> bool;
    #[wasm_bindgen(method, getter)]
    fn message(this: &Reply) -> String;
}

/// Of a page that closes itself Chromium fails what outlives it a moment before the page hears that it goes: a failure of a
/// hidden page's request is told this much later, in milliseconds, when the page is gone if it goes.
const DOUBT: u32 = 100;

/// Returns true if the browser can be given a request for the case that the page dies.
pub fn can_insure() -> bool {
    property(&scope(), "fetchLater").is_some_and(|value| value.is_function())
}

/// The requests of one tracker.
#[derive(Default)]
pub struct Transport {
    underway: RefCell<Vec<(u32, Flight)>>,
    end_insurance: RefCell<Option<Function>>,
}

/// A request as the engine wants it, and where to.
pub struct Outgoing<'a> {
    pub id: u32,
    pub endpoint: &'a str,
    /// Empty for none.
    pub api_key: &'a str,
    pub body: &'a str,
    pub keepalive: bool,
    pub at_exit: bool,
    pub beacon_url: Option<&'a str>,
}

impl Transport {
    /// Sends at once, within the call: there may be no later. `answer` hears of the response, but of a beacon's, which has none.
    pub fn send(&'static self, outgoing: &Outgoing<'_>, answer: impl FnOnce(Response) + 'static) {
        let Outgoing { id, keepalive, at_exit, .. } = *outgoing;
        let begun = self.begin(outgoing);
        // A page that is left hears of that while it is still seen: what it sends then fails for a reason.
        let is_doubtful = keepalive && (!at_exit || is_hidden());
        spawn_local(async move {
            let reply = match begun {
                Ok(Some(reply)) => JsFuture::from(reply).await,
                Ok(None) => return,
                Err(error) => Err(error),
            };
            let is_doubtful = is_doubtful && reply.is_err() && is_hidden();
            let response = match reply {
                Ok(reply) => read(reply.unchecked_ref()),
                Err(error) => Response::failed(message_of(&error)),
            };
            let tell = move || {
                self.underway.borrow_mut().retain(|(of, _)| *of != id);
                answer(response);
            };
            if is_doubtful {
                Timeout::new(DOUBT, tell).forget();
            } else {
                tell();
            }
        });
    }

    /// Gives a request up.
    pub fn abort(&self, id: u32) {
        if let Some((_, flight)) = self.underway.borrow().iter().find(|(of, _)| *of == id) {
            flight.abort();
        }
    }

    /// Has `body` sent if the page dies, in place of one given before. Where the browser refuses, there is no insurance.
    pub fn insure(&self, endpoint: &str, api_key: &str, body: Option<&str>) {
        if let Some(end) = self.end_insurance.take() {
            let _ = end.call0(&JsValue::UNDEFINED);
        }
        if let Some(body) = body {
            self.end_insurance.replace(insure(endpoint, api_key, body).ok());
        }
    }

    /// Begins a request; `None` for a beacon, which has no reply.
    fn begin(&self, outgoing: &Outgoing<'_>) -> Result<Option<Promise>, JsValue> {
        let Outgoing { id, endpoint, api_key, body, keepalive, at_exit, beacon_url } = *outgoing;
        if !at_exit || can_outlive() {
            match post(endpoint, api_key, body, keepalive) {
                Err(_) if at_exit => {}
                Err(error) => return Err(error),
                Ok(flight) => {
                    let reply = flight.reply();
                    self.underway.borrow_mut().push((id, flight));
                    return Ok(Some(reply));
                }
            }
        }
        let url = beacon_url.map_or_else(|| with_key(endpoint, api_key), String::from);
        // `text/plain` needs no preflight, for which there may be no time.
        match scope().navigator().send_beacon_with_opt_str(&url, Some(body)) {
            Ok(true) => Ok(None),
            _ => Err("the browser took no beacon".into()),
        }
    }
}

fn read(reply: &Reply) -> Response {
    let at = reply.retry_at();
    let at = (!at.is_nan()).then_some(at as u64);
    Response {
        status: reply.status(),
        success: reply.success(),
        processed_count: reply.count().map(|count| count as u64),
        failed: reply.failed().into_iter().map(|place| place as usize).collect(),
        retry_after: retry_after(&reply.retry_after(), at, environment::clocks().wall),
        relay: reply.relay(),
        message: reply.message(),
    }
}

/// Returns an error's message; the error as text where it has none.
pub fn message_of(error: &JsValue) -> String {
    let message = property(error, "message").and_then(|message| message.as_string());
    message.or_else(|| error.as_string()).unwrap_or_default()
}

/// Puts the key into the address of a beacon, which cannot carry it as a header (RFC 6750, 2.3).
fn with_key(endpoint: &str, api_key: &str) -> String {
    if api_key.is_empty() {
        return endpoint.into();
    }
    let separator = if endpoint.contains('?') { "&" } else { "?" };
    let key = String::from(js_sys::encode_uri_component(api_key));
    [endpoint, separator, "access_token=", &key].concat()
}
