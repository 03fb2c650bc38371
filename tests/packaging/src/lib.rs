//! The package as its users get it: packed by `npm pack`, installed into fresh projects outside this repository, built
//! by their tools, and opened in real browsers, where each has to bring its events to the collector.
//!
//! Two levels: `tests/quick.rs` is a step of `cargo xtask test`; the program of this crate (`cargo xtask packaging`)
//! plays every case and writes the table of `docs/packaging.md`.

pub mod cases;
mod project;
mod stage;
pub mod table;
mod versions;
mod workshop;

pub use project::Project;
pub use stage::Stage;
pub use versions::Versions;
pub use workshop::Workshop;

use std::path::{Path, PathBuf};

/// Where this repository lies.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
