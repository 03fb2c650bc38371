//! Parts of the Rust toolchain, and tools that cargo builds.

use std::fs;

use anyhow::{Context, Result};

use crate::{paths, process};

const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// The compiler of the published module. Pinned: what it is told is unstable, and means another thing from version to version.
pub const PINNED: &str = "1.95.0";

const SOURCE: &str = "rust-src";

/// The first wasm-pack that takes `--profile`.
const OLDEST_WASM_PACK: Version = [0, 14, 0];

type Version = [u32; 3];

pub fn find_target() -> Result<Option<String>> {
    let installed = process::capture(process::command("rustup").args(["target", "list", "--installed"]))?;
    Ok(installed.lines().any(|line| line.trim() == WASM_TARGET).then(|| WASM_TARGET.into()))
}

pub fn install_target() -> Result<()> {
    process::run(process::command("rustup").args(["target", "add", WASM_TARGET]))
}

/// A component, whose name here goes without the host that rustup adds.
pub fn find_component(name: &str) -> Result<Option<String>> {
    Ok(components(None)?.lines().any(|line| line.starts_with(name)).then(|| name.into()))
}

pub fn install_component(name: &str) -> Result<()> {
    process::run(process::command("rustup").args(["component", "add", name]))
}

/// The pinned compiler by rustup's name; none where it is the one at work anyway.
pub fn pinned_toolchain() -> Option<&'static str> {
    let said = process::capture(process::command("rustc").arg("--version")).unwrap_or_default();
    (parse_version(&said) != parse_version(PINNED)).then_some(PINNED)
}

/// The pinned compiler with the source of its standard library.
pub fn find_pinned() -> Option<String> {
    let installed = components(pinned_toolchain()).ok()?;
    let has = |component: &str| installed.lines().any(|line| line == component);
    (has(SOURCE) && has("rust-std-wasm32-unknown-unknown")).then(|| format!("Rust {PINNED} with its source"))
}

pub fn install_pinned() -> Result<()> {
    let Some(name) = pinned_toolchain() else {
        install_target()?;
        return install_component(SOURCE);
    };
    let mut rustup = process::command("rustup");
    rustup.args(["toolchain", "install", name, "--profile", "minimal", "--no-self-update"]);
    process::run(rustup.args(["--component", SOURCE, "--target", WASM_TARGET]))
}

pub fn find_wasm_pack() -> Option<String> {
    let (text, version) = installed("wasm-pack")?;
    (version >= OLDEST_WASM_PACK).then_some(text)
}

/// Only the crate's own version will do: the two speak an unstable format to each other.
pub fn find_wasm_bindgen() -> Result<Option<String>> {
    let wanted =
        parse_version(&locked_wasm_bindgen()?).context("no version of wasm-bindgen in Cargo.lock")?;
    Ok(installed("wasm-bindgen").and_then(|(text, version)| (version == wanted).then_some(text)))
}

pub fn install_wasm_bindgen() -> Result<()> {
    install_tool("wasm-bindgen-cli", &["--version", &locked_wasm_bindgen()?])
}

pub fn find_geckodriver() -> Option<String> {
    installed("geckodriver").map(|(text, _)| text)
}

/// Compiles a tool in a directory that outlives an interruption, so that the next try resumes.
pub fn install_tool(name: &str, options: &[&str]) -> Result<()> {
    let mut install = process::cargo();
    install.env("CARGO_TARGET_DIR", paths::tools().join("build"));
    process::run(install.args(["install", name]).args(options))
}

/// What is installed of a toolchain, a line each; of the one at work where none is named.
fn components(toolchain: Option<&str>) -> Result<String> {
    let mut rustup = process::command("rustup");
    rustup.args(["component", "list", "--installed"]);
    process::capture(rustup.args(toolchain.into_iter().flat_map(|name| ["--toolchain", name])))
}

/// What a tool says of itself, its first line, and the version in it.
fn installed(program: &str) -> Option<(String, Version)> {
    let path = process::find(program)?;
    let said = process::capture(process::command(path).arg("--version")).ok()?;
    let line = said.lines().next()?.trim();
    Some((line.to_owned(), parse_version(line)?))
}

fn locked_wasm_bindgen() -> Result<String> {
    let path = paths::root().join("Cargo.lock");
    let lock = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    locked_version(&lock, "wasm-bindgen").context("Cargo.lock does not list wasm-bindgen")
}

fn locked_version(lock: &str, name: &str) -> Option<String> {
    let mut lines = lock.lines();
    lines.find(|line| *line == format!("name = \"{name}\""))?;
    Some(lines.next()?.strip_prefix("version = \"")?.strip_suffix('"')?.to_owned())
}

/// The first word of `text` that is three numbers with dots between.
fn parse_version(text: &str) -> Option<Version> {
    text.split_whitespace().find_map(|word| {
        let numbers: Vec<u32> = word.split('.').map(str::parse).collect::<Result<_, _>>().ok()?;
        numbers.try_into().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_found_in_what_a_tool_says() {
        assert_eq!(parse_version("wasm-bindgen 0.2.130"), Some([0, 2, 130]));
        assert_eq!(parse_version("geckodriver 0.37.1 (a1b2c3 2026-01-02)"), Some([0, 37, 1]));
        assert_eq!(parse_version("wasm-pack"), None);
    }

    #[test]
    fn a_newer_tool_is_new_enough() {
        assert!([0, 15, 1] >= OLDEST_WASM_PACK);
        assert!([1, 0, 0] >= OLDEST_WASM_PACK);
        assert!([0, 13, 1] < OLDEST_WASM_PACK);
    }

    #[test]
    fn the_lock_names_the_version_of_the_exact_package() {
        let lock = "[[package]]\nname = \"wasm-bindgen-futures\"\nversion = \"0.4.80\"\n\n\
                    [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\n";
        assert_eq!(locked_version(lock, "wasm-bindgen").as_deref(), Some("0.2.130"));
        assert_eq!(locked_version(lock, "js-sys"), None);
    }
}
