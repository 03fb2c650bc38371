//! Records kept in localStorage by a page that leaves.

use appizer_tracker::browser::environment::{local_storage, unique_name};
use appizer_tracker::browser::left;
use appizer_tracker::core::segment::{Record, SegmentKey};
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
fn what_is_left_is_found_by_its_own_queue_alone_until_it_is_forgotten() {
    let (instance, other) = (unique_name(), unique_name());
    let record =
        Record { key: SegmentKey::new("p", 3), at: 7, ids: "e1".into(), events: "{\"a\":\"\\n\"}".into() };
    left::keep(&instance, "p", std::slice::from_ref(&record));
    assert!(left::find(&other).1.is_empty());
    let (names, records) = left::find(&instance);
    assert_eq!(records, [record]);
    left::forget(&names);
    assert!(left::find(&instance).1.is_empty());
}

#[wasm_bindgen_test]
fn what_cannot_be_read_is_passed_over() {
    let instance = unique_name();
    let storage = local_storage().unwrap();
    storage.set_item(&["appizer:", &instance, ":left:x"].concat(), "{broken").unwrap();
    storage.set_item(&["appizer:", &instance, ":left:y"].concat(), "[1,null,{\"key\":7}]").unwrap();
    assert!(left::find(&instance).1.is_empty());
}
