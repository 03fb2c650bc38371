//! The package's two scripts: an ES module for bundlers and `import`, a classic script for a script tag.

use std::path::{Path, PathBuf};

use anyhow::Result;
use appizer_tracker::core::policy;

use super::embed;
use crate::{paths, process};

pub fn write() -> Result<()> {
    bundle("src/js/index.js", "esm", &paths::package().join("index.js"))?;
    bundle("src/js/script.js", "iife", &paths::package().join("appizer.js"))
}

/// wasm-bindgen's glue as it is bundled.
pub fn glue() -> PathBuf {
    paths::intermediate().join("glue.js")
}

/// The facade without glue and module: what stands before the page's own work.
pub fn facade() -> Result<Vec<u8>> {
    let mut esbuild = process::command(paths::npm_program("esbuild"));
    esbuild.args(["src/js/index.js", "--bundle", "--minify", "--target=es2020", "--log-level=warning"]);
    esbuild.args(["--format=esm", "--external:appizer-glue", "--external:appizer-module"]);
    esbuild.args(policy_defines());
    Ok(process::capture(&mut esbuild)?.into_bytes())
}

fn bundle(entry: &str, format: &str, output: &Path) -> Result<()> {
    let mut esbuild = process::command(paths::npm_program("esbuild"));
    esbuild.args([entry, "--bundle", "--minify", "--target=es2020", "--log-level=warning"]);
    esbuild.arg(format!("--format={format}"));
    esbuild.arg(format!("--outfile={}", output.display()));
    esbuild.arg(format!("--alias:appizer-glue={}", glue().display()));
    esbuild.arg(format!("--alias:appizer-module={}", embed::module_script().display()));
    esbuild.args(policy_defines());
    process::run(&mut esbuild)
}

/// The facade works before the WebAssembly is ready, so it needs a few of the core's numbers on its own side:
/// they take the place of these names in its source.
fn policy_defines() -> [String; 5] {
    [
        format!("--define:POLICY_DEFAULT_ENDPOINT={:?}", policy::DEFAULT_ENDPOINT),
        format!("--define:POLICY_EXIT_SHARE_BYTES={}", policy::EXIT_SHARE_BYTES),
        format!("--define:POLICY_MAX_EVENT_BYTES={}", policy::MAX_EVENT_BYTES),
        format!("--define:POLICY_MAX_HELD_EVENTS={}", policy::MAX_HELD_EVENTS),
        format!("--define:POLICY_MAX_SEGMENT_EVENTS={}", policy::MAX_SEGMENT_EVENTS),
    ]
}
