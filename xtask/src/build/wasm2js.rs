//! The module as JavaScript, for pages that forbid WebAssembly: binaryen's wasm2js, and around its output a function, so that
//! each tracker has an instance of its own.

use std::path::PathBuf;

use anyhow::{Result, ensure};

use super::{read_text, wasm};
use crate::{paths, process};

/// The script: its default export makes an instance's exports of its imports.
pub fn script() -> PathBuf {
    paths::intermediate().join("module-as-js.js")
}

pub fn write() -> Result<()> {
    let converted = paths::intermediate().join("wasm2js.js");
    let mut wasm2js = process::command(paths::npm_program("wasm2js"));
    wasm2js
        .arg(wasm::optimised_module())
        .args(["-Oz", "--enable-bulk-memory-opt", "--output"])
        .arg(&converted);
    process::run(&mut wasm2js)?;
    super::write(&converted, with_room_to_grow(read_text(&converted)?)?)?;

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

/// Pairs of generated text in wasm2js's output and its replacement. The generated `memory.grow` copies the whole memory to a
/// buffer of exactly the new size, mostly for 64 KiB. The replacement allocates half as much again as capacity and counts the
/// pages in use.
const GROWTH: [(&str, &str); 3] = [
    ("return buffer.byteLength >> 16;", "return pages;"),
    ("function __wasm_memory_grow(", "var pages = buffer.byteLength >> 16;\n function __wasm_memory_grow("),
    (
        "var newBuffer = new ArrayBuffer(newPages << 16);",
        "pages = newPages;\n   if (newPages << 16 <= buffer.byteLength) return oldPages;\n   \
         var newBuffer = new ArrayBuffer(newPages + (newPages >> 1) << 16);",
    ),
];

fn with_room_to_grow(mut script: String) -> Result<String> {
    for (generated, ours) in GROWTH {
        ensure!(
            script.matches(generated).count() == 1,
            "wasm2js does not write {generated:?} once: xtask/src/build/wasm2js.rs replaces it"
        );
        script = script.replace(generated, ours);
    }
    Ok(script)
}
