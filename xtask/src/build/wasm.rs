//! The WebAssembly module: compiled by wasm-pack, then optimised by whichever passes leave the least to load.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use toml_edit::{Array, DocumentMut, value};

use super::{bundle, embed, glue, optimised_module, read, read_text, snip, write};
use crate::setup::rust;
use crate::{paths, process};

/// Tried each time, for which of them wins changes with the code.
const CANDIDATES: &[&[&str]] = &[
    &["-Oz", "--always-inline-max-function-size=4"],
    &["--flatten", "--rereloop", "-Oz", "-Oz", "--always-inline-max-function-size=4"],
    &["--flatten", "--rereloop", "-O2", "-Oz", "-Oz", "--always-inline-max-function-size=3"],
];

/// An offset may be added to an address by the access itself as long as no sum of the two ends in the first KiB: that is the end of
/// the stack, which nothing reaches but what is about to overflow it. 280 bytes of brotli.
const ASSUMED: &str = "--low-memory-unused";

/// What rustc's output uses. Named, because the section that lists it is stripped with the symbols.
const FEATURES: &[&str] = &[
    "--enable-bulk-memory",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// Of the module's stack. The linker's own choice is 1 MiB, which every page would have for itself, and behind which addresses
/// take four bytes of code each in place of three. Nothing here is recursive; below the stack there is no memory, so that
/// an overflow is a trap, and a trap a new instance.
const STACK_BYTES: u32 = 64 << 10;

/// Sections that a browser does not need, and of which Safari 16.0 to 16.3 refuses the last.
const STRIPPED: &[&str] = &["--strip-debug", "--strip-producers", "--strip-target-features"];

/// The profile is cargo's `release`, but given by name: that is how wasm-pack comes to take its own settings
/// from `profile.custom` in Cargo.toml, where the default address of the module is left out. The package
/// carries the module inside, and a bundler would look for a file at that address.
///
/// The standard library is compiled anew, for size, and without a word in its panics. The compiler is the pinned stable
/// one, with what it has not declared stable unlocked: `RUSTC_BOOTSTRAP`. With `stock` it takes the library as it comes.
pub fn compile(stock: bool) -> Result<()> {
    let manifest = write_cdylib_manifest()?;
    let mut wasm_pack = process::command("wasm-pack");
    wasm_pack.args(["--log-level", "warn", "build", "--mode", "no-install", "--target", "web"]);
    wasm_pack.args(["--profile", "release", "--no-pack", "--no-typescript", "--no-gitignore"]);
    wasm_pack.args(["--out-name", "appizer", "--out-dir"]).arg(paths::wasm_pack());
    wasm_pack.arg(manifest).args(["--", "--no-default-features"]);
    let mut rust_flags = format!(
        "--remap-path-prefix={}=src -Clink-arg=-zstack-size={STACK_BYTES}",
        cargo_home().join("registry/src").display()
    );
    let mut target = "target/cdylib-stock";
    if !stock {
        wasm_pack.env("RUSTC_BOOTSTRAP", "1");
        wasm_pack.args(["-Zbuild-std=std,panic_abort", "-Zbuild-std-features=optimize_for_size"]);
        rust_flags
            .push_str(" -Zunstable-options -Cpanic=immediate-abort -Zlocation-detail=none -Zfmt-debug=none -Zmir-opt-level=1");
        target = "target/cdylib";
    }
    wasm_pack.envs(rust::pinned_toolchain().map(|name| ("RUSTUP_TOOLCHAIN", name)));
    wasm_pack.env("CARGO_TARGET_DIR", paths::root().join(target)).env("RUSTFLAGS", rust_flags);
    // The section that tells wasm-bindgen what the compiler used goes with the symbols; wasm-opt strips both later.
    wasm_pack.env("CARGO_PROFILE_RELEASE_STRIP", "none");
    process::run(&mut wasm_pack)
}

/// The paths of dependencies stand in their panic messages: without this machine's own part they are shorter, and
/// the same on every machine.
fn cargo_home() -> PathBuf {
    env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| env::home_dir().map(|home| home.join(".cargo")))
        .unwrap_or_default()
}

/// The crate once more, as a `cdylib` alone, in a folder of its own: cargo optimises across crates (LTO) only
/// where no `rlib` is asked for beside it, and the tests need the `rlib`. It saves an eighth of the module.
fn write_cdylib_manifest() -> Result<PathBuf> {
    let root = paths::root();
    let manifest = read_text(&root.join("Cargo.toml"))?;
    let folder = paths::intermediate().join("cdylib");
    fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
    write(&folder.join("Cargo.toml"), as_cdylib(&manifest, &root.join("src/lib.rs"))?)?;
    write(&folder.join("Cargo.lock"), read(&root.join("Cargo.lock"))?)?;
    // wasm-bindgen looks for the JavaScript that the crate imports beside the manifest.
    for imported in glue::IMPORTED {
        let copy = folder.join(imported);
        fs::create_dir_all(copy.with_file_name(""))
            .with_context(|| format!("creating a folder for {imported}"))?;
        write(&copy, read(&root.join(imported))?)?;
    }
    Ok(folder)
}

fn as_cdylib(manifest: &str, library: &Path) -> Result<String> {
    let mut manifest: DocumentMut = manifest.parse().context("reading Cargo.toml")?;
    manifest["lib"]["crate-type"] = value(Array::from_iter(["cdylib"]));
    manifest["lib"]["path"] = value(library.display().to_string());
    manifest["package"].as_table_mut().context("Cargo.toml has no [package]")?.remove("readme");
    manifest["workspace"]["members"] = value(Array::new());
    Ok(manifest.to_string())
}

/// Tries every candidate, keeps the one that weighs least as the package carries it, and hands it back.
pub fn optimise(glue: &str) -> Result<Vec<u8>> {
    let directory = paths::intermediate();
    fs::create_dir_all(&directory).with_context(|| format!("creating {}", directory.display()))?;
    write(&snipped_module(), snip::snip(&read(&compiled_module())?, glue)?)?;
    let mut best: Option<(usize, Vec<u8>)> = None;
    for passes in CANDIDATES {
        let module = optimise_with(passes, &directory)?;
        let weight = embed::weight(&module)?;
        println!("   {weight:>6} of brotli, {:>6} raw: {}", module.len(), passes.join(" "));
        if best.as_ref().is_none_or(|(least, _)| weight < *least) {
            best = Some((weight, module));
        }
    }
    let (_, module) = best.context("no passes of wasm-opt to try")?;
    Ok(module)
}

/// Whether what stands in `target/package` comes from this very output of wasm-pack.
pub fn is_optimised() -> Result<bool> {
    let outputs = [optimised_module(), embed::module_script(), bundle::glue()];
    let complete = outputs.iter().all(|output| output.is_file());
    Ok(complete && fs::read_to_string(stamp()).is_ok_and(|stamp| fingerprint().is_ok_and(|now| now == stamp)))
}

pub fn remember_optimised() -> Result<()> {
    write(&stamp(), fingerprint()?)
}

fn optimise_with(passes: &[&str], directory: &Path) -> Result<Vec<u8>> {
    let output = directory.join("candidate.wasm");
    let mut wasm_opt = process::command(paths::npm_program("wasm-opt"));
    wasm_opt.arg(snipped_module()).arg("--output").arg(&output);
    process::run(wasm_opt.args(FEATURES).arg(ASSUMED).args(passes).args(STRIPPED))?;
    let module = read(&output)?;
    fs::remove_file(&output).with_context(|| format!("removing {}", output.display()))?;
    Ok(module)
}

/// The module's functions, the largest first: optimised as the smallest candidate, but with their names.
pub fn functions() -> Result<Vec<(String, usize)>> {
    let output = paths::intermediate().join("named.wasm");
    let mut wasm_opt = process::command(paths::npm_program("wasm-opt"));
    wasm_opt.arg(snipped_module()).arg("--output").arg(&output).args(FEATURES);
    process::run(wasm_opt.args(["-Oz", "--debuginfo"]))?;
    let mut functions = snip::functions(&read(&output)?)?;
    functions.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
    Ok(functions)
}

fn compiled_module() -> PathBuf {
    paths::wasm_pack().join("appizer_bg.wasm")
}

fn snipped_module() -> PathBuf {
    paths::intermediate().join("snipped.wasm")
}

fn stamp() -> PathBuf {
    paths::intermediate().join("optimised.stamp")
}

/// Of all that decides the result: the module and its glue, this program, the tool's version and what it is told.
fn fingerprint() -> Result<String> {
    let tools = read(&paths::npm().join("package-lock.json"))?;
    let mut hash = Sha256::new();
    hash.update(read(&compiled_module())?);
    hash.update(glue::read_glue()?);
    hash.update(read(&env::current_exe().context("finding this program")?)?);
    hash.update(tools);
    hash.update(format!("{CANDIDATES:?} {ASSUMED:?} {FEATURES:?} {STRIPPED:?}"));
    Ok(STANDARD.encode(hash.finalize()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifest_of_the_package_differs_in_its_kind_of_library_alone() {
        let given = "[package]\nname = \"x\"\nreadme = \"README.md\"\n[lib]\ncrate-type = [\"cdylib\", \"rlib\"]\n\
                     [workspace]\nmembers = [\".\", \"xtask\"]\n[profile.release]\nlto = true\n";
        let cdylib = as_cdylib(given, Path::new("/r/src/lib.rs")).unwrap();
        assert!(cdylib.contains("crate-type = [\"cdylib\"]\npath = \"/r/src/lib.rs\""), "{cdylib}");
        assert!(cdylib.contains("lto = true") && !cdylib.contains("xtask") && !cdylib.contains("README"));
    }
}
