//! The package's scripts, each from its entry in `src/js`: ES modules, the same for `require`, and a classic script
//! for a script tag.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use appizer_tracker::core::policy::limits as policy;
use appizer_tracker::core::rows;

use super::{embed, glue, source_map, wasm2js};
use crate::{paths, process};

/// One script of the package.
struct Script {
    entry: &'static str,
    /// By esbuild's name.
    format: &'static str,
    output: &'static str,
    module: Module,
    core: Core,
}

/// Where the module comes from.
#[derive(Clone, Copy)]
enum Module {
    /// From the text inside.
    Embedded,
    /// From what the page gives.
    Given,
    /// Nowhere: the core is JavaScript.
    AsJs,
}

/// Where the core is.
#[derive(Clone, Copy)]
enum Core {
    /// In a chunk, which is imported once the page has had its turn.
    Chunk(&'static str),
    /// In the same file.
    Inline,
}

use Core::{Chunk, Inline};
use Module::{AsJs, Embedded, Given};

const SCRIPTS: &[Script] = &[
    script("entry/index.js", "esm", "index.js", Embedded, Chunk("core.js")),
    script("core/core.js", "esm", "core.js", Embedded, Inline),
    script("entry/index.js", "cjs", "index.cjs", Embedded, Inline),
    script("entry/index.js", "esm", "static.js", Embedded, Inline),
    script("entry/script.js", "iife", "appizer.js", Embedded, Inline),
    script("entry/stub.js", "iife", "stub.js", Given, Inline),
    script("entry/slim.js", "esm", "slim.js", Given, Chunk("core-slim.js")),
    script("core/core.js", "esm", "core-slim.js", Given, Inline),
    script("entry/slim.js", "cjs", "slim.cjs", Given, Inline),
    script("entry/index.js", "esm", "js.js", AsJs, Chunk("core-js.js")),
    script("core/core.js", "esm", "core-js.js", AsJs, Inline),
    script("entry/index.js", "cjs", "js.cjs", AsJs, Inline),
    script("entry/script.js", "iife", "appizer-js.js", AsJs, Inline),
    script("entry/auto.js", "esm", "auto.js", Given, Inline),
    script("entry/auto.js", "cjs", "auto.cjs", Given, Inline),
    script("entry/server.js", "esm", "server.js", Given, Inline),
    script("entry/server.js", "cjs", "server.cjs", Given, Inline),
];

const fn script(
    entry: &'static str,
    format: &'static str,
    output: &'static str,
    module: Module,
    core: Core,
) -> Script {
    Script { entry, format, output, module, core }
}

/// Global names that the scripts use and a page may hide: a `const crypto` or a `class Map` of a classic script is in the way
/// of every other script, modules included. Members of `globalThis` they do not hide.
const GLOBALS: &str = "AbortController Array Blob Boolean DataView Date Document Element Error EventTarget \
    FinalizationRegistry HTMLAnchorElement HTMLFormElement IDBKeyRange JSON Map Math Number Object PerformanceEventTiming \
    PerformanceObserver Promise Set String TextDecoder TextEncoder URL Uint8Array WeakMap WebAssembly addEventListener \
    clearInterval clearTimeout console encodeURIComponent fetch fetchLater history indexedDB innerHeight isFinite isNaN \
    localStorage navigator performance queueMicrotask removeEventListener requestAnimationFrame scrollY sessionStorage \
    setInterval setTimeout";

/// Writes all scripts; with a `stock` standard library those that do not hold the core as JavaScript.
pub fn write(stock: bool) -> Result<()> {
    SCRIPTS.iter().filter(|script| !stock || !matches!(script.module, AsJs)).try_for_each(|script| {
        bundle(script)?;
        shrink(&paths::package().join(script.output), script.format)?;
        source_map::tidy(&paths::package().join(format!("{}.map", script.output)))
    })
}

/// esbuild's scripts once more, 8 % smaller in brotli. Not those for `require`: they name their exports to Node's lexer in code
/// that is never reached.
fn shrink(script: &Path, format: &str) -> Result<()> {
    if format == "cjs" {
        return Ok(());
    }
    let map = script.with_extension("js.map");
    let name = map.file_name().context("a map without a name")?.display();
    let options = format!("content='{}',includeSources,url='{name}'", map.display());
    process::run(terser(format).arg(script).args(["--source-map", &options]).arg("--output").arg(script))
}

fn terser(format: &str) -> Command {
    let mut terser = process::command(paths::npm_program("terser"));
    terser.args([
        "--ecma",
        "2020",
        "--compress",
        "passes=3,keep_fargs=false,unsafe_arrows",
        "--mangle",
        "--toplevel",
    ]);
    terser.args((format == "esm").then_some("--module"));
    terser
}

fn bundle(Script { entry, format, output, module, core }: &Script) -> Result<()> {
    let mut esbuild = process::command(paths::npm_program("esbuild"));
    esbuild.arg(source(entry));
    esbuild.args(["--bundle", "--minify", "--log-level=warning", "--sourcemap"]);
    esbuild.arg(format!("--target={}", syntax(format))).arg(format!("--format={format}"));
    esbuild.arg(format!("--outfile={}", paths::package().join(output).display()));
    esbuild.arg(format!("--alias:appizer-chunk={}", source(core.source()).display()));
    esbuild.arg(format!("--alias:appizer-glue={}", glue::script().display()));
    esbuild.arg(format!("--alias:appizer-module={}", source(module.source()).display()));
    esbuild.arg(format!("--alias:appizer-module-text={}", embed::module_script().display()));
    esbuild.arg(format!("--alias:appizer-module-as-js={}", wasm2js::script().display()));
    esbuild.arg(format!("--alias:web-vitals={}", paths::npm().join("node_modules/web-vitals").display()));
    // wasm-bindgen names a script once for each function that it imports from it.
    esbuild.arg("--log-override:duplicate-object-key=silent");
    if let Chunk(chunk) = core {
        esbuild.args([format!("--define:APPIZER_CHUNK=\"./{chunk}\""), format!("--external:./{chunk}")]);
    }
    process::run(esbuild.args(policy_defines()).args(global_defines()))
}

/// Returns the syntax level of a script of that format. Bundlers that take the files for `require` may be old: webpack 4
/// cannot parse `?.`.
fn syntax(format: &str) -> &'static str {
    if format == "cjs" { "es2019" } else { "es2020" }
}

fn source(name: &str) -> PathBuf {
    paths::root().join("src/js").join(name)
}

impl Core {
    fn source(self) -> &'static str {
        match self {
            Chunk(_) => "start/load-chunk.js",
            Inline => "start/load-inline.js",
        }
    }
}

impl Module {
    fn source(self) -> &'static str {
        match self {
            Embedded => "core/embedded.js",
            Given => "core/given.js",
            AsJs => "core/as-js.js",
        }
    }
}

fn global_defines() -> impl Iterator<Item = String> {
    GLOBALS.split_whitespace().map(|name| format!("--define:{name}=globalThis.{name}"))
}

/// The facade works before the WebAssembly is ready, so it needs a few of the core's constants on its own side:
/// they take the place of these names in its source.
pub fn policy_defines() -> Vec<String> {
    let numbers = [
        ("DEFAULT_FLUSH_INTERVAL", policy::DEFAULT_FLUSH_INTERVAL),
        ("DIRECT_BACKOFF", policy::DIRECT_BACKOFF),
        ("EXIT_SHARE_BYTES", policy::EXIT_SHARE_BYTES as u64),
        ("LONGEST_SLEEP", policy::LONGEST_SLEEP),
        ("LONGEST_WAIT", policy::LONGEST_WAIT),
        ("MAX_BATCH_BYTES", policy::MAX_BATCH_BYTES as u64),
        ("MAX_BATCH_EVENTS", policy::MAX_BATCH_EVENTS as u64),
        ("MAX_CAMPAIGN_LENGTH", policy::MAX_CAMPAIGN_LENGTH as u64),
        ("MAX_EVENT_BYTES", policy::MAX_EVENT_BYTES as u64),
        ("MAX_HELD_EVENTS", policy::MAX_HELD_EVENTS as u64),
        ("MAX_REGISTERED_LENGTH", policy::MAX_REGISTERED_LENGTH as u64),
        ("MAX_RESTARTS", policy::MAX_RESTARTS.into()),
        ("MAX_RETRY_AFTER", policy::MAX_RETRY_AFTER),
        ("MAX_SEGMENT_EVENTS", policy::MAX_SEGMENT_EVENTS as u64),
        ("MAX_SESSION_TIMEOUT", policy::MAX_SESSION_TIMEOUT),
        ("REQUESTS_PER_MINUTE", policy::REQUESTS_PER_MINUTE.into()),
        ("REQUEST_TIMEOUT", policy::REQUEST_TIMEOUT),
        ("SESSION_TIMEOUT", policy::SESSION_TIMEOUT),
        ("TITLE_DELAY", policy::TITLE_DELAY.into()),
    ];
    let endpoint = format!("--define:POLICY_DEFAULT_ENDPOINT={:?}", policy::DEFAULT_ENDPOINT);
    let separator = format!("--define:APPIZER_SEPARATOR=\"\\u{:04x}\"", u32::from(rows::SEPARATOR));
    let version = format!("--define:APPIZER_VERSION={:?}", env!("CARGO_PKG_VERSION"));
    numbers
        .map(|(name, number)| format!("--define:POLICY_{name}={number}"))
        .into_iter()
        .chain([endpoint, separator, version])
        .collect()
}
