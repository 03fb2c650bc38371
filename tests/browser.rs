//! The shell in a real browser: `wasm-pack test --headless --chrome --firefox`.
#![cfg(all(target_family = "wasm", feature = "standalone"))]
#![allow(clippy::unwrap_used, reason = "a test that meets the unexpected has failed")]

#[path = "browser/inbox.rs"]
mod inbox;
#[path = "browser/left.rs"]
mod left;
#[path = "browser/network.rs"]
mod network;
#[path = "browser/page.rs"]
mod page;
#[path = "store/sentences.rs"]
mod sentences;
#[path = "browser/store.rs"]
mod store;
#[path = "browser/tracker.rs"]
mod tracker;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
