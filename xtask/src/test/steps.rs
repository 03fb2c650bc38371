//! The steps of `cargo xtask test`: what each needs and runs.

use std::process::Command;

use anyhow::{Context, Result};

use super::examples;
use crate::setup::{self, Need, Package, python};
use crate::{build, paths, process};

pub struct Step {
    pub name: &'static str,
    pub title: &'static str,
    pub needs: &'static [&'static [Need]],
    /// The step without whose success this one has nothing to work on.
    pub after: Option<&'static str>,
    /// Whether the runner counts tests; then it must count at least one.
    pub has_tests: bool,
    pub action: Action,
}

pub enum Action {
    Commands(fn() -> Result<Vec<Command>>),
    Build,
    Size,
}

/// The API documentation's examples run in the native tests: JavaScript, Python and cURL.
const EXAMPLES: &[Need] = &[
    Need::Debian(Package::Curl),
    Need::Debian(Package::Pip),
    Need::Debian(Package::Python),
    Need::PythonRequests,
    Need::Node,
];

const WASM_TESTS: &[Need] = &[Need::WasmTarget, Need::WasmPack, Need::WasmBindgen];

const CHROMIUM: &[Need] = &[Need::Debian(Package::Chromium), Need::Debian(Package::ChromiumDriver)];

const FIREFOX: &[Need] = &[Need::Debian(Package::FirefoxEsr), Need::Geckodriver];

const WEBKIT: &[Need] =
    &[Need::Debian(Package::WebkitDriver), Need::Debian(Package::Xauth), Need::Debian(Package::Xvfb)];

/// The three engines with their drivers.
pub const BROWSERS: &[&[Need]] = &[CHROMIUM, FIREFOX, WEBKIT];

/// Quick checks first; then what needs nothing built, then what does.
pub const ALL: &[Step] = &[
    Step {
        name: "fmt",
        title: "rustfmt",
        needs: &[&[Need::Rustfmt]],
        after: None,
        has_tests: false,
        action: Action::Commands(format),
    },
    Step {
        name: "clippy",
        title: "warnings denied, on the host and for WebAssembly",
        needs: &[&[Need::Clippy, Need::WasmTarget]],
        after: None,
        has_tests: false,
        action: Action::Commands(clippy),
    },
    Step {
        name: "native",
        title: "core, collector and xtask on the host",
        needs: &[EXAMPLES],
        after: None,
        has_tests: true,
        action: Action::Commands(native),
    },
    Step {
        name: "relay",
        title: "the relay, on SQLite and on PostgreSQL",
        needs: &[&[Need::Debian(Package::Postgresql)]],
        after: None,
        has_tests: true,
        action: Action::Commands(relay),
    },
    Step {
        name: "js",
        title: "the facade's rules, in Node",
        needs: &[&[Need::Node, Need::NpmPackages]],
        after: None,
        has_tests: true,
        action: Action::Commands(js),
    },
    Step {
        name: "build",
        title: "the npm package",
        needs: &[setup::BUILD],
        after: None,
        has_tests: false,
        action: Action::Build,
    },
    Step {
        name: "size",
        title: "the package against its gates",
        needs: &[setup::BUILD],
        after: Some("build"),
        has_tests: false,
        action: Action::Size,
    },
    Step {
        name: "types",
        title: "tsc over the declarations of the package and of a plain build, and the examples of README and guide",
        needs: &[&[Need::Node, Need::NpmPackages], WASM_TESTS],
        after: Some("build"),
        has_tests: false,
        action: Action::Commands(types),
    },
    Step {
        name: "chromium",
        title: "browser tests of the crate",
        needs: &[WASM_TESTS, CHROMIUM],
        after: None,
        has_tests: true,
        action: Action::Commands(chromium),
    },
    Step {
        name: "firefox",
        title: "browser tests of the crate",
        needs: &[WASM_TESTS, FIREFOX],
        after: None,
        has_tests: true,
        action: Action::Commands(firefox),
    },
    Step {
        name: "webkit",
        title: "browser tests of the crate",
        needs: &[WASM_TESTS, WEBKIT],
        after: None,
        has_tests: true,
        action: Action::Commands(webkit),
    },
    Step {
        name: "e2e",
        title: "the built package in real pages, against the collector",
        needs: BROWSERS,
        after: Some("build"),
        has_tests: true,
        action: Action::Commands(e2e),
    },
    Step {
        name: "old",
        title: "the built package in the oldest supported browsers",
        // Today's Chromium brings libraries that its old versions want.
        needs: &[CHROMIUM, &[Need::Node, Need::OldBrowsers]],
        after: Some("build"),
        has_tests: true,
        action: Action::Commands(old),
    },
    Step {
        name: "packaging",
        title: "the packed package in fresh projects, the quick part of the matrix",
        needs: &[CHROMIUM, &[Need::Node, Need::PackagingTools, Need::Debian(Package::Nginx)]],
        after: Some("build"),
        has_tests: true,
        action: Action::Commands(packaging),
    },
];

pub fn names() -> Vec<&'static str> {
    ALL.iter().map(|step| step.name).collect()
}

fn format() -> Result<Vec<Command>> {
    Ok(vec![cargo(&["fmt", "--all", "--check"])])
}

/// The package is built without default features, so both ways must be clean for WebAssembly.
fn clippy() -> Result<Vec<Command>> {
    let wasm =
        ["clippy", "--package", "appizer-tracker", "--target", "wasm32-unknown-unknown", "--all-targets"];
    let mut commands = vec![cargo(&["clippy", "--workspace", "--all-targets"]), cargo(&wasm), cargo(&wasm)];
    commands[2].arg("--no-default-features");
    for command in &mut commands {
        command.args(["--", "--deny", "warnings"]);
    }
    Ok(commands)
}

fn native() -> Result<Vec<Command>> {
    // The first three have steps of their own, because they need more. `fuzz` depends on `relay`, whose choice
    // of reqwest's TLS features must not reach the collector's tests.
    let elsewhere = ["e2e", "packaging", "relay", "fuzz"].map(|package| ["--exclude", package]);
    let mut test = cargo(&["test", "--workspace", "--no-fail-fast"]);
    test.args(elsewhere.as_flattened());
    test.env("PYTHONPATH", python::search_path());
    Ok(vec![test])
}

/// Its tests start the PostgreSQL they need by themselves.
fn relay() -> Result<Vec<Command>> {
    Ok(vec![cargo(&["test", "--package", "relay", "--package", "fuzz", "--no-fail-fast"])])
}

fn types() -> Result<Vec<Command>> {
    examples::write()?;
    let check = |project| {
        let mut tsc = process::command(paths::npm_program("tsc"));
        tsc.args(["--project", project]);
        tsc
    };
    let package = [check("tests/types"), check("tests/types/guide.json")];
    Ok(package.into_iter().chain([plain_build(), check("tests/types/plain.json")]).collect())
}

/// What a user gets who has wasm-pack alone, but for the optimisation.
fn plain_build() -> Command {
    let mut wasm_pack = process::command("wasm-pack");
    wasm_pack.args(["--log-level", "warn", "build", "--mode", "no-install", "--dev", "--target", "web"]);
    wasm_pack.args(["--no-pack", "--no-gitignore", "--out-dir", "target/plain"]);
    wasm_pack
}

/// Bundled like the package, for the numbers that the facade gets from the core.
fn js() -> Result<Vec<Command>> {
    let bundled = paths::root().join("target/js-tests");
    let sources = paths::root().join("tests/js");
    let mut esbuild = process::command(paths::npm_program("esbuild"));
    for entry in std::fs::read_dir(&sources).context("reading tests/js")? {
        esbuild.arg(entry.context("reading tests/js")?.path());
    }
    esbuild.args(["--bundle", "--platform=node", "--format=esm", "--out-extension:.js=.mjs"]);
    esbuild.arg("--log-level=warning").arg(format!("--outdir={}", bundled.display()));
    esbuild.args(build::policy_defines());
    let mut node = process::command("node");
    node.args(["--test", "--test-reporter=tap"]).arg(bundled);
    Ok(vec![esbuild, node])
}

fn chromium() -> Result<Vec<Command>> {
    Ok(vec![wasm_pack_test(process::command("wasm-pack"), "chrome", "chromedriver")?])
}

fn firefox() -> Result<Vec<Command>> {
    Ok(vec![wasm_pack_test(process::command("wasm-pack"), "firefox", "geckodriver")?])
}

/// wasm-bindgen's runner knows WebKit's driver by the name of Safari's, whose protocol it speaks.
fn webkit() -> Result<Vec<Command>> {
    let mut xvfb = xvfb();
    xvfb.arg("wasm-pack");
    let mut test = wasm_pack_test(xvfb, "safari", "safaridriver")?;
    allow_container(&mut test);
    Ok(vec![test])
}

fn e2e() -> Result<Vec<Command>> {
    let mut test = xvfb();
    test.arg(process::cargo().get_program()).args(["test", "--package", "e2e", "--no-fail-fast"]);
    test.args(["--", "--skip", OLD]);
    for (name, program) in DRIVERS {
        test.env(name.to_uppercase(), driver(program)?);
    }
    allow_container(&mut test);
    Ok(vec![process::build_relay(), test])
}

/// What the names of the tests in old browsers begin with: `tests/e2e/tests/journeys/old_browsers.rs`.
const OLD: &str = "old_browsers::";

fn old() -> Result<Vec<Command>> {
    Ok(vec![cargo(&["test", "--package", "e2e", "--test", "journeys", "--no-fail-fast", OLD])])
}

fn packaging() -> Result<Vec<Command>> {
    Ok(vec![process::build_relay(), cargo(&["test", "--package", "packaging", "--no-fail-fast"])])
}

/// Each driver by the name that wasm-pack's option and, in capitals, the runner's variable have for it.
const DRIVERS: [(&str, &str); 3] = [
    ("chromedriver", "chromedriver"),
    ("geckodriver", "geckodriver"),
    ("safaridriver", setup::WEBKIT_DRIVER),
];

fn wasm_pack_test(mut wasm_pack: Command, browser: &str, driver_option: &str) -> Result<Command> {
    let program =
        DRIVERS.iter().find(|(name, _)| *name == driver_option).map_or(driver_option, |(_, program)| program);
    wasm_pack.args(["test", "--mode", "no-install", "--headless", &format!("--{browser}")]);
    wasm_pack.arg(format!("--{driver_option}")).arg(driver(program)?);
    // Seconds for one test binary: a busy two-core machine has needed minutes to start a browser.
    wasm_pack.env("WASM_BINDGEN_TEST_TIMEOUT", "300");
    Ok(wasm_pack)
}

fn driver(program: &str) -> Result<std::path::PathBuf> {
    process::find(program).with_context(|| format!("{program} is not on PATH"))
}

/// WebKit has no headless mode of its own.
fn xvfb() -> Command {
    let mut xvfb = process::command("xvfb-run");
    xvfb.arg("--auto-servernum");
    xvfb
}

/// WebKit's sandbox asks for user namespaces, which root in a container does not have. The pages are ours.
fn allow_container(command: &mut Command) {
    command.env("WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS", "1");
}

fn cargo(arguments: &[&str]) -> Command {
    let mut cargo = process::cargo();
    cargo.args(arguments);
    cargo
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_comes_after_the_one_it_needs() {
        for (place, step) in ALL.iter().enumerate() {
            if let Some(needed) = step.after {
                assert!(
                    ALL[..place].iter().any(|earlier| earlier.name == needed),
                    "{} needs {needed}",
                    step.name
                );
            }
        }
    }

    #[test]
    fn setup_covers_every_step() {
        for need in ALL.iter().flat_map(|step| step.needs).flat_map(|needs| needs.iter()) {
            assert!(setup::ALL.contains(need), "{need:?}");
        }
    }
}
