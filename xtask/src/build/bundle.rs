//! The package's scripts, each from its entry in `src/js`: ES modules, the same for `require`, and a classic script
//! for a script tag.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use appizer_tracker::core::policy;

use super::{embed, private, source_map};
use crate::{paths, process};

/// One script: its entry, its format by esbuild's name, itself, and where its WebAssembly comes from.
type Script = (&'static str, &'static str, &'static str, Module);

#[derive(Clone, Copy)]
enum Module {
    /// From the text inside.
    Embedded,
    /// From what the page gives.
    Given,
}

const SCRIPTS: &[Script] = &[
    ("index.js", "esm", "index.js", Module::Embedded),
    ("index.js", "cjs", "index.cjs", Module::Embedded),
    ("script.js", "iife", "appizer.js", Module::Embedded),
    ("auto.js", "esm", "auto.js", Module::Given),
    ("auto.js", "cjs", "auto.cjs", Module::Given),
    ("slim.js", "esm", "slim.js", Module::Given),
    ("slim.js", "cjs", "slim.cjs", Module::Given),
    ("server.js", "esm", "server.js", Module::Given),
    ("server.js", "cjs", "server.cjs", Module::Given),
];

pub fn write() -> Result<()> {
    private::check()?;
    SCRIPTS.iter().try_for_each(|(entry, format, output, module)| {
        bundle(entry, format, output, *module)?;
        shrink(&paths::package().join(output), format)?;
        source_map::tidy(&paths::package().join(format!("{output}.map")))
    })
}

/// wasm-bindgen's glue as it is bundled.
pub fn glue() -> PathBuf {
    paths::intermediate().join("glue.js")
}

/// The facade without glue, module and what reads it: what stands before the page's own work.
pub fn facade() -> Result<Vec<u8>> {
    let mut esbuild = process::command(paths::npm_program("esbuild"));
    esbuild.args(["src/js/index.js", "--bundle", "--minify", "--target=es2020", "--log-level=warning"]);
    esbuild.args(["--format=esm", "--external:appizer-glue", "--external:appizer-module"]);
    esbuild.args(policy_defines()).arg(private::mangling());
    let bundled = paths::intermediate().join("facade.js");
    super::write(&bundled, process::capture(&mut esbuild)?)?;
    Ok(process::capture(terser("esm").arg(&bundled))?.into_bytes())
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

fn bundle(entry: &str, format: &str, output: &str, module: Module) -> Result<()> {
    let mut esbuild = process::command(paths::npm_program("esbuild"));
    esbuild.arg(source(entry));
    esbuild.args(["--bundle", "--minify", "--log-level=warning", "--sourcemap"]);
    esbuild.arg(format!("--target={}", syntax(format))).arg(format!("--format={format}"));
    esbuild.arg(format!("--outfile={}", paths::package().join(output).display()));
    esbuild.arg(format!("--alias:appizer-glue={}", glue().display()));
    esbuild.arg(format!("--alias:appizer-module={}", source(module.source()).display()));
    esbuild.arg(format!("--alias:appizer-module-text={}", embed::module_script().display()));
    esbuild.arg(format!("--alias:web-vitals={}", paths::npm().join("node_modules/web-vitals").display()));
    esbuild.args(policy_defines()).arg(private::mangling());
    process::run(&mut esbuild)
}

/// Returns the syntax level of a script of that format. Bundlers that take the files for `require` may be old: webpack 4
/// cannot parse `?.`.
fn syntax(format: &str) -> &'static str {
    if format == "cjs" { "es2019" } else { "es2020" }
}

fn source(name: &str) -> PathBuf {
    paths::root().join("src/js").join(name)
}

impl Module {
    fn source(self) -> &'static str {
        match self {
            Module::Embedded => "embedded.js",
            Module::Given => "given.js",
        }
    }
}

/// The facade works before the WebAssembly is ready, so it needs a few of the core's numbers on its own side:
/// they take the place of these names in its source.
pub fn policy_defines() -> Vec<String> {
    let numbers = [
        ("ADOPT_SOON", policy::ADOPT_SOON),
        ("DEFAULT_FLUSH_INTERVAL", policy::DEFAULT_FLUSH_INTERVAL),
        ("DOUBTFUL_REPLY", policy::DOUBTFUL_REPLY),
        ("EXIT_SHARE_BYTES", policy::EXIT_SHARE_BYTES as u64),
        ("LEASE", policy::LEASE),
        ("LEASE_RENEWAL", policy::LEASE_RENEWAL.into()),
        ("LONGEST_SLEEP", policy::LONGEST_SLEEP),
        ("MAX_BATCH_BYTES", policy::MAX_BATCH_BYTES as u64),
        ("MAX_BATCH_EVENTS", policy::MAX_BATCH_EVENTS as u64),
        ("MAX_CAMPAIGN_LENGTH", policy::MAX_CAMPAIGN_LENGTH as u64),
        ("MAX_DEAD_LETTERS", policy::MAX_DEAD_LETTERS as u64),
        ("MAX_EVENT_BYTES", policy::MAX_EVENT_BYTES as u64),
        ("MAX_HELD_EVENTS", policy::MAX_HELD_EVENTS as u64),
        ("MAX_REGISTERED_LENGTH", policy::MAX_REGISTERED_LENGTH as u64),
        ("MAX_RESTARTS", policy::MAX_RESTARTS.into()),
        ("MAX_RETRY_AFTER", policy::MAX_RETRY_AFTER),
        ("MAX_SEGMENT_EVENTS", policy::MAX_SEGMENT_EVENTS as u64),
        ("MAX_SESSION_TIMEOUT", policy::MAX_SESSION_TIMEOUT),
        ("OPEN_TIMEOUT", policy::OPEN_TIMEOUT),
        ("PAUSE", policy::PAUSE),
        ("PLAIN_BACKOFF", policy::PLAIN_BACKOFF),
        ("REOPEN_INTERVAL", policy::REOPEN_INTERVAL),
        ("REQUEST_TIMEOUT", policy::REQUEST_TIMEOUT),
        ("SESSION_TIMEOUT", policy::SESSION_TIMEOUT),
        ("TITLE_DELAY", policy::TITLE_DELAY.into()),
    ];
    let endpoint = format!("--define:POLICY_DEFAULT_ENDPOINT={:?}", policy::DEFAULT_ENDPOINT);
    numbers
        .map(|(name, number)| format!("--define:POLICY_{name}={number}"))
        .into_iter()
        .chain([endpoint])
        .collect()
}
