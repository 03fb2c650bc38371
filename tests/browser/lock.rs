//! Web Locks as the sign of a living page.

use appizer_tracker::browser::environment::unique_name;
use appizer_tracker::browser::lock::Locks;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
async fn a_held_lock_is_nobody_elses_until_it_is_let_go() {
    let instance = unique_name();
    let (first, second) = (Locks::default(), Locks::default());
    assert!(Locks::available());
    assert!(first.take(&instance, "p").await && first.holds("p"));
    assert!(!second.take(&instance, "p").await && !second.holds("p"));
    assert!(second.take(&instance, "q").await);
    first.release();
    // The browser hands a lock back in a task of its own.
    while !second.take(&instance, "p").await {}
    assert!(!first.holds("p") && second.holds("p"));
}
