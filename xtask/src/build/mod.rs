//! From the crate to the npm package in `pkg/`: wasm-pack, wasm-opt, one text that holds the module, esbuild.

mod align;
mod bundle;
mod embed;
mod glue;
pub mod integrity;
mod names;
mod package;
mod private;
mod rewrite;
mod size;
mod snip;
mod source_map;
mod streams;
mod wasm;

pub use bundle::policy_defines;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use clap::Args;

use crate::{paths, progress};

// No group: the commands that build, too, flatten it into options of their own.
#[derive(Args, Default)]
#[group(skip)]
pub struct Options {
    /// Takes the standard library as it comes, instead of compiling it for size
    #[arg(long)]
    stock: bool,
    /// Looks for letters that make the text of the module lighter, for as long as it finds any: hours
    #[arg(long)]
    letters: bool,
}

/// Leaves a complete package in `pkg/` and prints what it weighs. Needs `setup::BUILD`.
pub fn run(options: &Options) -> Result<()> {
    progress::step("build: wasm-pack", || wasm::compile(options.stock))?;
    progress::step("build: wasm-opt and embedding", || {
        if wasm::is_optimised()? {
            println!("   the module is the one optimised before");
            return Ok(());
        }
        let glue = glue::read_glue()?;
        let (module, glue) = names::shorten(&align::align(&wasm::optimise(&glue)?)?, &glue)?;
        write(&optimised_module(), &module)?;
        embed::write_module(&module)?;
        write(&bundle::glue(), glue)?;
        wasm::remember_optimised()
    })?;
    progress::step("build: package", || {
        package::clear()?;
        bundle::write()?;
        package::complete()
    })?;
    size::report()?;
    if options.letters {
        progress::step("build: letters", || embed::look_for_letters(&read(&optimised_module())?))?;
    }
    Ok(())
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

/// The optimised module, which the package holds as text.
fn optimised_module() -> std::path::PathBuf {
    paths::intermediate().join("appizer_bg.wasm")
}
