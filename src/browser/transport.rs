//! Requests: `fetch`, `sendBeacon` where `fetch` cannot outlive the page, and `fetchLater` as insurance.

use crate::browser::environment;
use crate::browser::lifecycle::is_hidden;
use crate::browser::scope::{property, scope, set};
use crate::core::policy::pacing::retry_after;
use crate::core::policy::verdict::Response as Reply;
use gloo_timers::callback::Timeout;
use js_sys::{Array, Date, Function, JSON, Object, Promise};
use std::cell::RefCell;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{AbortController, RequestInit, Response};

#[wasm_bindgen]
extern "C" {
    /// A page may have wrapped it: it may throw, and return anything.
    #[wasm_bindgen(catch, js_name = fetch)]
    fn fetch(url: &str, init: &RequestInit) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_name = fetchLater)]
    fn fetch_later(url: &str, init: &RequestInit) -> Result<JsValue, JsValue>;

    /// The body of a response: any JSON.
    type Body;
    #[wasm_bindgen(method, getter)]
    fn success(this: &Body) -> JsValue;
    #[wasm_bindgen(method, getter)]
    fn processed_count(this: &Body) -> JsValue;
    #[wasm_bindgen(method, getter)]
    fn failed_indices(this: &Body) -> JsValue;
    #[wasm_bindgen(method, getter)]
    fn message(this: &Body) -> JsValue;
}

/// Of a page that closes itself Chromium fails what outlives it a moment before the page hears that it goes: a failure of a
/// hidden page's request is told this much later, in milliseconds, when the page is gone if it goes.
const DOUBT: u32 = 100;

/// The requests of one tracker.
#[derive(Default)]
pub struct Transport {
    underway: RefCell<Vec<(u32, AbortController)>>,
    insurance: RefCell<Option<AbortController>>,
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
    /// Sends at once, within the call: there may be no later. `answer` hears of the reply, but of a beacon's, which has none.
    pub fn send(&'static self, outgoing: &Outgoing<'_>, answer: impl FnOnce(Reply) + 'static) {
        let Outgoing { id, keepalive, at_exit, .. } = *outgoing;
        let reply = self.begin(outgoing);
        // A page that is left hears of that while it is still seen: what it sends then fails for a reason.
        let is_left = at_exit && !is_hidden();
        spawn_local(async move {
            let outcome = match reply {
                Ok(None) => return self.forget(id),
                Ok(Some(reply)) => JsFuture::from(Promise::resolve(&reply)).await,
                Err(error) => Err(error),
            };
            let failed = outcome.is_err();
            let reply = match outcome {
                Ok(response) => read(&response.unchecked_into()).await,
                Err(error) => Reply::failed(message_of(&error)),
            };
            let tell = move || {
                self.forget(id);
                answer(reply);
            };
            if failed && keepalive && !is_left && is_hidden() {
                Timeout::new(DOUBT, tell).forget();
            } else {
                tell();
            }
        });
    }

    /// Gives a request up.
    pub fn abort(&self, id: u32) {
        if let Some((_, abort)) = self.underway.borrow().iter().find(|(of, _)| *of == id) {
            abort.abort();
        }
    }

    /// Has `body` sent if the page dies, in place of one given before. Over its quota, or where a policy forbids it, there is no
    /// insurance.
    pub fn insure(&self, endpoint: &str, api_key: &str, body: Option<&str>) {
        if let Some(before) = self.insurance.take() {
            before.abort();
        }
        if let (Some(body), Ok(abort)) = (body, AbortController::new()) {
            let _ = fetch_later(endpoint, &request(api_key, body, &abort));
            self.insurance.replace(Some(abort));
        }
    }

    /// Begins a request; `None` for a beacon.
    fn begin(&self, outgoing: &Outgoing<'_>) -> Result<Option<JsValue>, JsValue> {
        let Outgoing { id, endpoint, api_key, body, keepalive, at_exit, beacon_url } = *outgoing;
        if !at_exit || environment::can_outlive() {
            let abort = AbortController::new()?;
            let init = request(api_key, body, &abort);
            set(&init, "keepalive", keepalive);
            self.underway.borrow_mut().push((id, abort));
            match fetch(endpoint, &init) {
                Err(_) if at_exit => {}
                reply => return reply.map(Some),
            }
        }
        let url = beacon_url.map_or_else(|| with_key(endpoint, api_key), String::from);
        // `text/plain` needs no preflight, for which there may be no time.
        match scope().navigator().send_beacon_with_opt_str(&url, Some(body)) {
            Ok(true) => Ok(None),
            _ => Err("the browser took no beacon".into()),
        }
    }

    fn forget(&self, id: u32) {
        self.underway.borrow_mut().retain(|(of, _)| *of != id);
    }
}

/// Returns true if the browser can be given a request for the case that the page dies.
pub fn can_insure() -> bool {
    property(&scope(), "fetchLater").is_some_and(|fetch_later| fetch_later.is_instance_of::<Function>())
}

fn request(api_key: &str, body: &str, abort: &AbortController) -> RequestInit {
    let headers = Object::new();
    set(&headers, "Authorization", ["Bearer ", api_key].concat());
    set(&headers, "Content-Type", "application/json");
    let init = RequestInit::new();
    init.set_method("POST");
    init.set_headers(&headers);
    init.set_body(&body.into());
    init.set_signal(Some(&abort.signal()));
    init
}

/// Reads a response to its end: a browser would go on counting an unread one against what may outlive the page. A body that cannot
/// be read, because the page's own wrapper of `fetch` has read it, say, makes the answer not the endpoint's; its status tells
/// what it tells.
async fn read(response: &Response) -> Reply {
    let header = response.headers().get("Retry-After").ok().flatten().unwrap_or_default();
    let date = Date::parse(&header);
    let date = (!date.is_nan()).then_some(date as u64);
    let mut reply = Reply {
        status: response.status(),
        retry_after: retry_after(&header, date, environment::clocks().wall),
        ..Reply::default()
    };
    let text = match response.text() {
        Ok(text) => JsFuture::from(text).await,
        Err(error) => Err(error),
    };
    let body = text.and_then(|text| JSON::parse(&text.as_string().unwrap_or_default()));
    match body {
        Ok(body) if body.is_object() => read_body(body.unchecked_ref(), &mut reply),
        Ok(_) => {}
        Err(error) => reply.message = ["the answer cannot be read: ", &message_of(&error)].concat(),
    }
    reply
}

/// Reads the members of a body; one of another type counts as absent.
fn read_body(body: &Body, reply: &mut Reply) {
    let whole = |number: f64| (number >= 0.0 && number.fract() == 0.0).then_some(number as u64);
    reply.success = body.success().as_bool();
    // A count that is none tells no number of events: none of them is known to have been taken.
    reply.processed_count = body.processed_count().as_f64().map(|count| whole(count).unwrap_or(0));
    let failed = body.failed_indices();
    if Array::is_array(&failed) {
        let failed = Array::from(&failed);
        reply.failed = failed.iter().filter_map(|place| Some(whole(place.as_f64()?)? as usize)).collect();
    }
    reply.message = body.message().as_string().unwrap_or_default();
}

/// Returns an error's message; the error as text where it has none.
pub fn message_of(error: &JsValue) -> String {
    let message = property(error, "message").and_then(|message| message.as_string());
    message.or_else(|| error.as_string()).unwrap_or_default()
}

/// A beacon cannot carry the key as a header (RFC 6750, 2.3).
fn with_key(endpoint: &str, api_key: &str) -> String {
    let separator = if endpoint.contains('?') { "&" } else { "?" };
    let key = String::from(js_sys::encode_uri_component(api_key));
    [endpoint, separator, "access_token=", &key].concat()
}
