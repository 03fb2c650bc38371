//! Requests to the endpoint: `fetch`, and `sendBeacon` where a page leaves and `fetch` cannot outlive it.

use crate::browser::environment::{self, describe, navigator, property, set};
use crate::core::effect::Request;
use crate::core::options::Options;
use crate::core::pacing;
use crate::core::verdict::Response;
use js_sys::{Array, Date, Function, JSON, Object, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, RequestInit};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch)]
    fn fetch(url: &str, init: &RequestInit) -> Result<Promise, JsValue>;
}

/// Whether the browser can be given a request for the case that the page dies.
pub fn can_insure() -> bool {
    property(&js_sys::global(), "fetchLater").is_some()
}

/// Gives the browser such a request, until the returned controller takes it back.
pub fn insure(body: &str, options: &Options) -> Option<AbortController> {
    let later: Function = property(&js_sys::global(), "fetchLater")?.dyn_into().ok()?;
    let (init, abort) = prepare(body, options);
    // Over its quota, or forbidden by a policy: then there is no insurance.
    later.call2(&JsValue::UNDEFINED, &options.endpoint.as_str().into(), &init).ok()?;
    abort
}

/// A request on its way, or why there is none.
pub struct Sent {
    /// Gives the request up.
    pub abort: Option<AbortController>,
    answer: Result<Promise, String>,
}

/// Sends a request at once, within the call: there may be no later.
pub fn send(request: &Request, options: &Options) -> Sent {
    if request.at_exit && !fetch_can_outlive_the_page() {
        return send_beacon(request, options);
    }
    let (init, abort) = prepare(&request.body, options);
    set(&init, "keepalive", request.keepalive);
    match fetch(&options.endpoint, &init) {
        Err(_) if request.at_exit => send_beacon(request, options),
        answer => Sent { abort, answer: answer.map_err(|thrown| describe(&thrown)) },
    }
}

fn prepare(body: &str, options: &Options) -> (RequestInit, Option<AbortController>) {
    let init = RequestInit::new();
    init.set_method("POST");
    init.set_body(&body.into());
    let headers = Object::new();
    set(&headers, "Authorization", ["Bearer ", &options.api_key].concat());
    set(&headers, "Content-Type", "application/json");
    init.set_headers(&headers);
    let abort = AbortController::new().ok();
    init.set_signal(abort.as_ref().map(AbortController::signal).as_ref());
    (init, abort)
}

impl Sent {
    /// What the endpoint answered. The body is always read to its end: a browser would go on counting an
    /// unread one against what may outlive the page.
    pub async fn response(self) -> Option<Response> {
        let failed = |message| Some(Response { message, ..Response::default() });
        let answer = match self.answer {
            Ok(answer) => answer,
            Err(message) if message.is_empty() => return None,
            Err(message) => return failed(message),
        };
        match read(answer).await {
            Ok(response) => Some(response),
            Err(thrown) => failed(describe(&thrown)),
        }
    }
}

async fn read(answer: Promise) -> Result<Response, JsValue> {
    let response: web_sys::Response = JsFuture::from(answer).await?.unchecked_into();
    let text = JsFuture::from(response.text()?).await?.as_string().unwrap_or_default();
    let body = JSON::parse(&text).unwrap_or_default();
    let retry_after = response.headers().get("Retry-After").ok().flatten();
    let retry_after = retry_after.and_then(|text| {
        let date = Date::parse(&text);
        pacing::retry_after(&text, (!date.is_nan()).then_some(date as u64), environment::now())
    });
    let failed =
        property(&body, "failed_indices").map(|places| Array::from(&places).to_vec()).unwrap_or_default();
    Ok(Response {
        status: response.status(),
        success: property(&body, "success").and_then(|success| success.as_bool()),
        processed_count: property(&body, "processed_count")
            .and_then(|count| count.as_f64())
            .map(|n| n as u64),
        failed: failed.iter().filter_map(|place| place.as_f64()).map(|place| place as usize).collect(),
        retry_after,
        message: property(&body, "message").and_then(|message| message.as_string()).unwrap_or_default(),
    })
}

/// A beacon cannot carry the key as a header; it has no answer either, so its events stay queued. `text/plain`
/// needs no preflight, for which there may be no time.
fn send_beacon(request: &Request, options: &Options) -> Sent {
    let url = options.beacon_url.clone().unwrap_or_else(|| {
        let joint = if options.endpoint.contains('?') { "&" } else { "?" };
        let key = String::from(js_sys::encode_uri_component(&options.api_key));
        [&options.endpoint, joint, "access_token=", &key].concat()
    });
    let taken = navigator().is_some_and(|navigator| navigator.send_beacon(&url, &request.body) == Ok(true));
    let answer = if taken { String::new() } else { "the browser took no beacon".into() };
    Sent { abort: None, answer: Err(answer) }
}

/// Whether a request may outlive its page and carry the key.
pub fn fetch_can_outlive_the_page() -> bool {
    let request = property(&js_sys::global(), "Request").and_then(|class| class.dyn_into::<Function>().ok());
    let prototype = request.and_then(|class| property(&class, "prototype"));
    prototype.is_some_and(|prototype| js_sys::Reflect::has(&prototype, &"keepalive".into()) == Ok(true))
}
