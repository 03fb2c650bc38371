//! The module as JavaScript, for pages that forbid WebAssembly: binaryen's wasm2js, and around its output a function, so that
//! each tracker has an instance of its own.

use std::path::PathBuf;

use anyhow::Result;

use super::wasm;
use crate::{paths, process};

/// The script: its default export makes an instance's exports of its imports.
pub fn script() -> PathBuf {
    paths::intermediate().join("module-as-js.js")
}

pub fn write() -> Result<()> {
    let converted = paths::intermediate().join("wasm2js.js");
    let mut wasm2js = process::command(paths::npm_program("wasm2js"));
    wasm2js.arg(wasm::optimised_module()).args(["-Oz", "--output"]).arg(&converted);
    process::run(&mut wasm2js)?;

    let mut esbuild = process::command(paths::npm_program("esbuild"));
    esbuild.arg(&converted).args(["--bundle", "--target=es2020", "--log-level=warning"]);
    esbuild.args(["--format=iife", "--global-name=instance", "--external:./*"]);
    // What it imports is asked for by `require`, and taken from what the function is given.
    esbuild.args([
        "--banner:js=export default function (imports) {\nconst require = (name) => imports[name];",
        "--footer:js=return instance;\n}",
    ]);
    esbuild.arg(format!("--outfile={}", script().display()));
    process::run(&mut esbuild)
}
