//! From the crate to the npm package in `pkg/`: wasm-pack, wasm-opt, the module as text and as JavaScript, esbuild and terser.

mod bundle;
mod embed;
mod glue;
pub mod integrity;
mod package;
mod size;
mod source_map;
mod wasm;
mod wasm2js;

pub use bundle::policy_defines;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use clap::Args;

use crate::progress;

// No group: the commands that build, too, flatten it into options of their own.
#[derive(Args, Default)]
#[group(skip)]
pub struct Options {
    /// Takes the standard library as it comes, instead of compiling it for size; without the entry ./js, which needs another
    #[arg(long)]
    stock: bool,
}

/// Leaves a complete package in `pkg/` and prints what it weighs. Needs `setup::BUILD`.
pub fn run(options: &Options) -> Result<()> {
    progress::step("build: wasm-pack", || wasm::compile(options.stock))?;
    progress::step("build: wasm-opt, wasm2js, glue and text", || {
        wasm::optimise()?;
        glue::write()?;
        if !options.stock {
            wasm2js::write()?;
        }
        embed::write_module(&read(&wasm::optimised_module())?)
    })?;
    progress::step("build: package", || {
        package::clear()?;
        bundle::write(options.stock)?;
        package::complete()
    })?;
    size::report()
}

/// Builds, prints what the package weighs and what weighs most in it, and says whether every gate holds.
pub fn size() -> Result<bool> {
    run(&Options::default())?;
    size::check()
}

/// The three below name the file in their errors, as `std::fs` does not.
fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("reading {}", path.display()))
}

fn read_text(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))
}

fn write(path: &Path, contents: impl AsRef<[u8]>) -> Result<()> {
    fs::write(path, contents).with_context(|| format!("writing {}", path.display()))
}
