//! The WebAssembly module: compiled by wasm-pack, optimised by wasm-opt.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use toml_edit::{Array, DocumentMut, value};
use wasmparser::{KnownCustom, Name, Parser, Payload, TypeRef};

use super::{glue, read, read_text, write};
use crate::setup::rust;
use crate::{paths, process};

/// Size of the module's stack. The linker's own choice is 1 MiB, which every page would have for itself. Nothing here is
/// recursive; below the stack there is no memory, so that an overflow is a trap, and a trap a new instance.
const STACK_BYTES: u32 = 64 << 10;

/// What a browser does not need, and of which Safari 16.0 to 16.3 refuses the last.
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
        // WebAssembly 1.0, which wasm2js supports, with `memory.copy`: every browser in README supports it, and it copies texts
        // faster than a loop. Later features do not make the module smaller.
        rust_flags.push_str(" -Ctarget-cpu=mvp -Ctarget-feature=+bulk-memory");
        rust_flags
            .push_str(" -Zunstable-options -Cpanic=immediate-abort -Zlocation-detail=none -Zfmt-debug=none");
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

/// Has wasm-opt make the module smaller, and strips what no browser needs.
pub fn optimise() -> Result<()> {
    let mut wasm_opt = process::command(paths::npm_program("wasm-opt"));
    wasm_opt.arg(compiled_module()).arg("--output").arg(optimised_module());
    process::run(wasm_opt.arg("-Oz").args(STRIPPED))
}

/// The module's functions, the largest first: optimised alike, but with their names.
pub fn functions() -> Result<Vec<(String, usize)>> {
    let output = paths::intermediate().join("named.wasm");
    let mut wasm_opt = process::command(paths::npm_program("wasm-opt"));
    wasm_opt.arg(compiled_module()).arg("--output").arg(&output);
    process::run(wasm_opt.args(["-Oz", "--debuginfo"]))?;
    let mut functions = named_functions(&read(&output)?)?;
    functions.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
    Ok(functions)
}

/// The module as the package carries it.
pub fn optimised_module() -> PathBuf {
    paths::intermediate().join("appizer_bg.wasm")
}

fn compiled_module() -> PathBuf {
    paths::wasm_pack().join("appizer_bg.wasm")
}

/// Each function's name, as its name section has it, and the size of its body.
fn named_functions(module: &[u8]) -> Result<Vec<(String, usize)>> {
    let (mut bodies, mut names, mut imported) = (Vec::new(), BTreeMap::new(), 0);
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    imported += usize::from(matches!(import?.ty, TypeRef::Func(_)));
                }
            }
            Payload::CodeSectionEntry(body) => bodies.push(body.as_bytes().len()),
            Payload::CustomSection(section) => {
                if let KnownCustom::Name(sections) = section.as_known() {
                    for section in sections {
                        if let Name::Function(functions) = section? {
                            for function in functions {
                                let function = function?;
                                names.insert(function.index as usize, function.name.to_owned());
                            }
                        }
                    }
                }
            }
            _ => {}
        }
    }
    let name = |place: usize| names.get(&(imported + place)).cloned().unwrap_or_else(|| "?".into());
    Ok(bodies.into_iter().enumerate().map(|(place, bytes)| (name(place), bytes)).collect())
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
