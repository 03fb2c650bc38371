//! What pages leave for each other in `localStorage`, and what becomes of it.

use crate::network::{Network, hide_indexed_db, options, show_indexed_db, sleep, text};
use crate::page::stored_rows;
use crate::tracker::Tracker;
use appizer_tracker::browser::environment::unique_name;
use appizer_tracker::browser::local_storage::LocalStorage;
use appizer_tracker::core::model::segment::{Record, SegmentKey};
use appizer_tracker::core::rows::{MARKS, Operations, SEGMENTS, SEPARATOR};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;

/// A record of one event with the owner's name as its id, as a page leaves it that dies before its store has confirmed it.
fn left_record(owner: &str) -> Operations {
    Operations::of_records(&[Record {
        key: SegmentKey::new(owner, 0),
        at: js_sys::Date::now() as u64,
        old_since: None,
        ids: owner.into(),
        events: format!("{{\"event_name\":\"{owner}\"}}"),
    }])
}

fn names_sent(network: &Network) -> Vec<String> {
    network.events().iter().map(|event| text(event, &["event_name"])).collect()
}

async fn until(holds: impl AsyncFn() -> bool) {
    while !holds().await {
        JsFuture::from(sleep(5)).await.unwrap();
    }
}

fn dispatch(event: &str) {
    let event = web_sys::Event::new(event).unwrap();
    js_sys::global().unchecked_into::<web_sys::EventTarget>().dispatch_event(&event).unwrap();
}

#[wasm_bindgen_test]
fn names_in_local_storage_are_found_by_their_beginning() {
    let (ours, theirs) = (LocalStorage::new(&unique_name()), LocalStorage::new(&unique_name()));
    ours.keep("left:p", "1");
    ours.keep("link.7", "good");
    theirs.keep("left:q", "1");
    assert_eq!(ours.names("left:"), ["p"]);
    ours.keep("left:p", "");
    assert!(ours.names("left:").is_empty());
    assert_eq!(ours.find("left:p").as_deref(), Some(""));
}

#[wasm_bindgen_test]
fn local_storage_that_is_forgotten_keeps_the_visitor_s_word_and_that_the_database_is_to_be_cleared() {
    let local = LocalStorage::new(&unique_name());
    local.keep("opt_out", "1");
    local.keep("left:q", "1");
    local.forget();
    assert!(local.has_opted_out() && local.is_to_forget());
    assert_eq!(local.find("left:q").as_deref(), Some(""));
    local.note_forgotten();
    assert_eq!(local.names(""), ["opt_out"]);
}

#[wasm_bindgen_test]
async fn records_left_in_local_storage_are_sent_by_the_next_page_and_kept_nowhere_afterwards() {
    let network = Network::take();
    let instance = unique_name();
    let local = LocalStorage::new(&instance);
    local.keep("left:gone", left_record("gone").as_str());
    let tracker = Tracker::start(&options(&instance, &[]));
    tracker.heard("delivered").await;
    assert_eq!(names_sent(&network), ["gone"]);
    assert!(local.names("left:").is_empty());
    until(async || stored_rows(&instance, SEGMENTS).await.is_empty()).await;
    tracker.core.close();
}

#[wasm_bindgen_test]
async fn what_was_left_and_cannot_be_read_is_passed_over() {
    let network = Network::take();
    let instance = unique_name();
    let local = LocalStorage::new(&instance);
    let unknown = ["unheard_of", "k", "1x"].join(&SEPARATOR.to_string());
    local.keep("left:broken", "{broken");
    local.keep("left:newer", &unknown);
    local.keep("left:sound", left_record("sound").as_str());
    let tracker = Tracker::start(&options(&instance, &[]));
    tracker.heard("delivered").await;
    assert_eq!(names_sent(&network), ["sound"]);
    assert_eq!(local.find("left:broken").as_deref(), Some("{broken"));
    assert_eq!(local.find("left:newer"), Some(unknown));
    tracker.core.close();
}

#[wasm_bindgen_test]
async fn without_a_database_what_pages_left_is_sent_and_kept_nowhere_afterwards() {
    let network = Network::take();
    let instance = unique_name();
    let local = LocalStorage::new(&instance);
    local.keep("left:gone", left_record("gone").as_str());
    hide_indexed_db();
    let tracker = Tracker::start(&options(&instance, &[]));
    tracker.heard("degraded").await;
    show_indexed_db();
    tracker.heard("delivered").await;
    assert_eq!(names_sent(&network), ["gone"]);
    until(async || local.names("left:").is_empty()).await;
    tracker.core.close();
}

#[wasm_bindgen_test]
async fn a_mark_is_in_both_stores_until_another_page_adopts_it_and_settles_it_by_its_first_success() {
    let network = Network::take();
    let instance = unique_name();
    let local = LocalStorage::new(&instance);
    let first = Tracker::start(&options(&instance, &[]));
    first.track(1);
    first.flush().await;
    first.track(4);
    dispatch("pagehide");
    first.core.close();
    assert_eq!(network.events().len(), 5);
    let [owner] = &local.names("left-mark:")[..] else { panic!("a page has left") };
    until(async || stored_rows(&instance, MARKS).await.first() == Some(owner)).await;
    let second = Tracker::start(&options(&instance, &[]));
    until(async || local.names("left-mark:").is_empty()).await;
    second.track(1);
    second.flush().await;
    until(async || stored_rows(&instance, MARKS).await.is_empty()).await;
    let stats = second.stats().await;
    assert_eq!((text(&stats, &["handedOver"]), text(&stats, &["queued"])), ("4".into(), "0".into()));
    assert_eq!(network.events().len(), 6, "nothing is sent twice");
    second.core.close();
}

#[wasm_bindgen_test]
async fn what_is_tracked_after_an_opt_in_outlives_its_page() {
    let network = Network::take();
    let instance = unique_name();
    let local = LocalStorage::new(&instance);
    let first = Tracker::start(&options(&instance, &[]));
    first.track(1);
    first.core.opt_out(unique_name());
    until(async || !local.is_to_forget()).await;
    first.core.opt_in();
    network.answer(0);
    first.track(5);
    first.flush().await;
    first.core.close();
    let second = Tracker::start(&options(&instance, &[]));
    assert_eq!(text(&second.heard("delivered").await, &["count"]), "5");
    second.core.close();
}
