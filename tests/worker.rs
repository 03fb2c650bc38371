//! The tracker in a dedicated worker: no window, no document, no localStorage.
#![cfg(all(target_family = "wasm", feature = "standalone"))]
#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected has failed")]

#[path = "browser/network.rs"]
mod network;

use appizer_tracker::browser::{environment, standalone};
use js_sys::Reflect;
use network::Network;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

#[wasm_bindgen_test]
async fn the_plain_module_queues_and_delivers_in_a_worker() {
    let network = Network::take();
    assert!(
        Reflect::get(&js_sys::global(), &"localStorage".into()).unwrap().is_undefined(),
        "this is no worker"
    );
    let id = standalone::track(&"held".into(), &JsValue::UNDEFINED, &JsValue::UNDEFINED).unwrap();
    let options = network::options(&environment::unique_name(), &[]);
    JsFuture::from(standalone::init(options.clone())).await.unwrap();
    standalone::track(&"after".into(), &JsValue::UNDEFINED, &JsValue::UNDEFINED).unwrap();
    let result = JsFuture::from(standalone::flush()).await.unwrap();
    assert_eq!(Reflect::get(&result, &"delivered".into()).unwrap(), 2);
    let events = network.events();
    assert_eq!(network::text(&events[0], &["properties", "$event_id"]), id);
    assert_eq!(network::text(&events[1], &["event_name"]), "after");

    let again = JsFuture::from(standalone::init(options)).await.unwrap_err();
    assert_eq!(network::text(&again, &["code"]), "already_initialized");
    assert_eq!(standalone::track(&JsValue::from(7), &JsValue::UNDEFINED, &JsValue::UNDEFINED), None);
}
