//! The door to `src/js/transport.js`, which calls `fetch`, `fetchLater` and `sendBeacon`.

use crate::browser::store::Answer;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/src/js/transport.js")]
extern "C" {
    /// Requests of one tracker.
    pub type Transport;

    /// What becomes of requests is told by `answer`, as [`crate::browser::store::RESPONSE`].
    #[wasm_bindgen(js_name = makeTransport)]
    pub fn make(answer: &Answer) -> Transport;

    /// Sends at once, within the call. At exit a beacon serves where `fetch` cannot outlive the page: to
    /// `beacon_url`, or to the endpoint with the key in its address.
    #[wasm_bindgen(method)]
    pub fn send(
        this: &Transport,
        id: u32,
        endpoint: &str,
        api_key: &str,
        body: &str,
        keepalive: bool,
        at_exit: bool,
        beacon_url: Option<&str>,
    );

    /// Gives a request up.
    #[wasm_bindgen(method)]
    pub fn abort(this: &Transport, id: u32);

    /// Has `body` sent if the page dies, in place of one given before.
    #[wasm_bindgen(method)]
    pub fn insure(this: &Transport, endpoint: &str, api_key: &str, body: Option<&str>);

    /// Whether a request may outlive its page and carry the key.
    #[wasm_bindgen(js_name = canOutlive)]
    pub fn can_outlive() -> bool;

    /// Whether the browser can be given a request for the case that the page dies.
    #[wasm_bindgen(js_name = canInsure)]
    pub fn can_insure() -> bool;
}
