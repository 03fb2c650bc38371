//! The shell: carries out the core's effects in a browser, and decides nothing. It runs in pages and in
//! workers alike, so nothing here takes a `window` for granted.
//!
//! Public for this crate's own browser tests; the package's face is `exports`, and `standalone` without it.

pub mod api;
mod driver;
pub mod environment;
#[cfg(not(feature = "standalone"))]
pub mod exports;
mod lifecycle;
#[cfg(feature = "standalone")]
pub mod standalone;
pub mod store;
mod transport;

/// 1,929 bytes of brotli less than std's own; it serves one thread, which is all there is here.
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();
