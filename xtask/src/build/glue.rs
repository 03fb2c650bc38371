//! wasm-bindgen's glue, unmodified, as a function that makes an instance of the module. A trap leaves an instance that nobody
//! may call any more, and the glue has room for one: so the whole file is evaluated once for each instance.

use std::path::PathBuf;

use anyhow::Result;

use crate::{paths, process};

/// The JavaScript that the crate imports.
pub const IMPORTED: &[&str] = &["src/js/browser/store.js", "src/js/browser/transport.js"];

/// The script: its default export makes an instance with the `WebAssembly` that it is given.
pub fn script() -> PathBuf {
    paths::intermediate().join("glue.js")
}

pub fn write() -> Result<()> {
    let mut esbuild = process::command(paths::npm_program("esbuild"));
    esbuild.arg(paths::root().join("src/js/core/glue.js"));
    esbuild.arg(format!("--alias:appizer-bindings={}", paths::wasm_pack().join("appizer.js").display()));
    esbuild.args([
        "--bundle",
        "--target=es2020",
        "--log-level=warning",
        "--format=iife",
        "--global-name=glue",
    ]);
    // wasm-bindgen names a script once for each function that it imports from it.
    esbuild.arg("--log-override:duplicate-object-key=silent");
    esbuild.args(["--banner:js=export default function (WebAssembly) {", "--footer:js=return glue;\n}"]);
    esbuild.arg(format!("--outfile={}", script().display()));
    process::run(&mut esbuild)
}
