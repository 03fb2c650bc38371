//! A whole tracker with a real store and a network of the test's own.

use crate::network::{
    Network, hide_indexed_db, hide_locks, options, show_indexed_db, show_locks, sleep, text, warnings,
};
use crate::page::stored_rows;
use appizer_tracker::browser::environment::unique_name;
use appizer_tracker::browser::exports::Core;
use appizer_tracker::browser::{standalone, store};
use appizer_tracker::core::rows::SEGMENTS;
use js_sys::{Array, Function, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;

/// A core and the notices it gave.
pub struct Tracker {
    pub core: Core,
    notices: Array,
}

impl Tracker {
    pub fn start(options: &JsValue) -> Self {
        let notices = Array::new();
        let heard = notices.clone();
        let listener = Closure::<dyn FnMut(JsValue)>::new(move |notice| {
            heard.push(&notice);
        });
        let listener: Function = listener.into_js_value().unchecked_into();
        let options = standalone::options::read(options).unwrap();
        Self { core: Core::start(options, unique_name(), listener, Box::new(store::make)), notices }
    }

    pub fn track(&self, count: usize) {
        let lines: Vec<_> =
            (0..count).map(|n| format!("e{n}\t2026-01-01T00:00:00.000Z\t\"click\"\t{{\"n\":{n}}}")).collect();
        self.core.track(lines.join("\n"));
    }

    pub async fn flush(&self) -> JsValue {
        self.answer(Core::flush).await
    }

    pub async fn stats(&self) -> JsValue {
        self.answer(Core::stats).await
    }

    async fn answer(&self, ask: impl Fn(&Core, Function)) -> JsValue {
        JsFuture::from(Promise::new(&mut |resolve, _| ask(&self.core, resolve))).await.unwrap()
    }

    pub async fn heard(&self, kind: &str) -> JsValue {
        loop {
            if let Some(notice) = self.notices.iter().find(|notice| text(notice, &["type"]) == kind) {
                return notice;
            }
            JsFuture::from(sleep(5)).await.unwrap();
        }
    }
}

#[wasm_bindgen_test]
async fn two_hundred_and_fifty_events_go_in_three_requests_with_key_and_user_agent() {
    let network = Network::take();
    let tracker = Tracker::start(&options(&unique_name(), &[]));
    tracker.track(250);
    let result = tracker.flush().await;
    assert_eq!((text(&result, &["delivered"]), text(&result, &["queued"])), ("250".into(), "0".into()));
    let requests = network.requests();
    assert_eq!(requests.len(), 3);
    assert!(requests.iter().all(|request| text(request, &["key"]) == "Bearer test_key"));
    let events = network.events();
    assert!(events.iter().enumerate().all(|(n, event)| text(event, &["properties", "n"]) == n.to_string()));
    let agent = text(&js_sys::global(), &["navigator", "userAgent"]);
    assert!(events.iter().all(|event| text(event, &["ua"]) == agent));
    assert_eq!(text(&tracker.heard("delivered").await, &["count"]), "100");
}

#[wasm_bindgen_test]
async fn a_failed_request_is_told_and_sent_again() {
    let network = Network::take();
    network.answer(503);
    let tracker = Tracker::start(&options(&unique_name(), &[]));
    tracker.track(3);
    let result = tracker.flush().await;
    assert_eq!((text(&result, &["waiting"]), text(&result, &["queued"])), ("backoff".into(), "3".into()));
    let retry = tracker.heard("retry").await;
    assert_eq!((text(&retry, &["status"]), text(&retry, &["message"])), ("503".into(), "told".into()));
    tracker.heard("delivered").await;
    let bodies: Vec<_> = network.requests().iter().map(|request| text(request, &["body"])).collect();
    assert_eq!(bodies[0], bodies[1]);
}

#[wasm_bindgen_test]
async fn what_a_closed_tracker_left_is_sent_by_the_next_one() {
    let network = Network::take();
    let instance = unique_name();
    network.answer(0);
    let first = Tracker::start(&options(&instance, &[]));
    first.track(5);
    first.flush().await;
    first.core.close();
    let second = Tracker::start(&options(&instance, &[]));
    assert_eq!(text(&second.heard("delivered").await, &["count"]), "5");
    let stats = second.stats().await;
    assert_eq!((text(&stats, &["accepted"]), text(&stats, &["delivered"])), ("5".into(), "5".into()));
    assert_eq!(text(&stats, &["storage"]), "indexeddb");
}

#[wasm_bindgen_test]
async fn a_delivered_event_is_gone_from_the_store() {
    let _network = Network::take();
    let instance = unique_name();
    let tracker = Tracker::start(&options(&instance, &[]));
    tracker.track(150);
    tracker.flush().await;
    tracker.core.close();
    assert!(stored_rows(&instance, SEGMENTS).await.is_empty());
}

#[wasm_bindgen_test]
async fn two_trackers_on_one_queue_send_each_event_once() {
    let network = Network::take();
    let instance = unique_name();
    let (first, second) =
        (Tracker::start(&options(&instance, &[])), Tracker::start(&options(&instance, &[])));
    first.track(120);
    second.track(30);
    first.flush().await;
    second.flush().await;
    assert_eq!(network.events().len(), 150);
    let stats = second.stats().await;
    assert_eq!((text(&stats, &["accepted"]), text(&stats, &["queued"])), ("150".into(), "0".into()));
}

#[wasm_bindgen_test]
async fn dead_letters_that_two_trackers_send_again_at_once_are_sent_again_once() {
    let network = Network::take();
    let instance = unique_name();
    let (first, second) =
        (Tracker::start(&options(&instance, &[])), Tracker::start(&options(&instance, &[])));
    second.heard("opened").await;
    network.answer(400);
    first.track(1);
    assert_eq!(text(&first.flush().await, &["rejected"]), "1");
    let [mine, theirs] = [&first, &second]
        .map(|tracker| Promise::new(&mut |settle, _| tracker.core.dispose_of_letters(settle, true)));
    let counts = JsFuture::from(Promise::all(&Array::of2(&mine, &theirs))).await.unwrap();
    assert_eq!(Array::from(&counts).iter().filter_map(|count| count.as_f64()).sum::<f64>(), 1.0);
    first.flush().await;
    second.flush().await;
    assert_eq!(network.events().len(), 2);
    let stats = second.stats().await;
    assert_eq!((text(&stats, &["accepted"]), text(&stats, &["queued"])), ("2".into(), "0".into()));
}

#[wasm_bindgen_test]
async fn without_web_locks_leases_say_whose_events_they_are() {
    let network = Network::take();
    hide_locks();
    let instance = unique_name();
    let (first, second) =
        (Tracker::start(&options(&instance, &[])), Tracker::start(&options(&instance, &[])));
    first.track(5);
    second.track(3);
    assert_eq!(text(&second.flush().await, &["delivered"]), "3");
    assert_eq!(text(&second.stats().await, &["fallbacks"]), "[\"leases\"]");
    // A failure before would have held up the second page too: pages share their backoff.
    network.answer(0);
    first.core.close();
    let third = Tracker::start(&options(&instance, &[]));
    assert_eq!(text(&third.heard("delivered").await, &["count"]), "5");
    show_locks();
}

#[wasm_bindgen_test]
fn an_option_at_fault_is_a_typed_error_that_names_it() {
    let refused = |name: &str, value: JsValue| {
        let error: JsValue = standalone::options::read(&options("x", &[(name, value)])).unwrap_err().into();
        (
            text(&error, &["name"]),
            text(&error, &["code"]),
            text(&error, &["option"]),
            text(&error, &["message"]),
        )
    };
    let (name, code, option, message) = refused("batchSize", 101.into());
    assert_eq!(
        (name.as_str(), code.as_str(), option.as_str()),
        ("AppizerError", "invalid_option", "batchSize")
    );
    assert_eq!(
        message,
        "option \"batchSize\" is 101; allowed: a whole number from 1 to 100, the endpoint's limit"
    );
    assert!(!refused("apiKey", "my secret".into()).3.contains("secret"));
    let nothing = standalone::options::read(&JsValue::UNDEFINED).unwrap_err();
    assert_eq!(text(&nothing, &["code"]), "invalid_option");
}

#[wasm_bindgen_test]
fn a_module_without_the_facade_warns_once_for_each_cause() {
    let refuse = |name: JsValue, properties: JsValue| {
        assert_eq!(standalone::track(&name, &properties, &JsValue::UNDEFINED), None);
    };
    let told = warnings(&mut || {
        refuse("".into(), JsValue::UNDEFINED);
        refuse(7.into(), JsValue::UNDEFINED);
        refuse("click".into(), "no object".into());
    });
    let begin = |code: &str| ["appizer: an event was refused (", code, "): "].concat();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].starts_with(&begin("invalid_name")) && told[1].starts_with(&begin("invalid_properties")));
}

#[wasm_bindgen_test]
async fn without_indexed_db_the_queue_is_kept_in_memory_and_events_still_arrive() {
    let _network = Network::take();
    hide_indexed_db();
    let tracker = Tracker::start(&options(&unique_name(), &[]));
    let degraded = tracker.heard("degraded").await;
    show_indexed_db();
    tracker.track(2);
    let result = tracker.flush().await;
    assert_eq!(
        (text(&degraded, &["fallback"]), text(&result, &["delivered"])),
        ("memory_queue".into(), "2".into())
    );
    assert_eq!(text(&tracker.stats().await, &["storage"]), "memory");
}

#[wasm_bindgen_test]
async fn a_leaving_page_sends_with_keepalive_what_is_not_sent_yet() {
    let network = Network::take();
    let tracker = Tracker::start(&options(&unique_name(), &[]));
    tracker.heard("opened").await;
    tracker.track(4);
    let leave = web_sys::Event::new("pagehide").unwrap();
    js_sys::global().unchecked_into::<web_sys::EventTarget>().dispatch_event(&leave).unwrap();
    let requests = network.requests();
    assert_eq!((requests.len(), text(&requests[0], &["keepalive"])), (1, "true".into()));
    assert_eq!(text(&network.events()[3], &["properties", "$event_id"]), "e3");
}
