//! The shell: carries out the core's effects in a browser, and decides nothing. It runs in pages and in
//! workers alike, so nothing here takes a `window` for granted.
//!
//! Public for this crate's own browser tests. The package's facade calls `exports`; a plain build has `standalone` on top.

mod driver;
pub mod environment;
pub mod exports;
pub mod inbox;
mod lifecycle;
pub mod local_storage;
pub mod scope;
#[cfg(feature = "standalone")]
pub mod standalone;
pub mod store;
mod transport;

/// 1,929 bytes of brotli less than std's own; it serves one thread, which is all there is here.
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();
