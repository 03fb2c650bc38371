//! Event tracking that loses nothing: events are queued in the browser's IndexedDB and delivered to Appizer's
//! batch endpoint.
//!
//! - [`core`] decides. It is a deterministic state machine that builds and is tested natively.
//! - `browser` does what the core decided, in WebAssembly alone, by small scripts of `src/js` that call the
//!   browser.
//!
//! The npm package puts a small synchronous facade (`src/js`) before it; a plain
//! `wasm-pack build --target web` gives a module with the same functions.

pub mod core;

#[cfg(target_family = "wasm")]
pub mod browser;
