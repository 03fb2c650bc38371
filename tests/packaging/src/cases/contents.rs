//! The tarball itself.

use std::fs;

use anyhow::{Context, Result, ensure};
use wasmparser::{Validator, WasmFeatures};

use crate::{Stage, Workshop, repository};

/// The files of the tarball are those of `tests/packaging/contents.txt`, no more and no less.
pub async fn listed(workshop: &Workshop) -> Result<String> {
    let stage = empty(workshop, "contents").await?;
    let package = stage.project.package();
    let mut found: Vec<String> = fs::read_dir(&package)?
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect::<Result<_>>()?;
    found.sort_unstable();
    let expected = fs::read_to_string(repository().join("tests/packaging/contents.txt"))?;
    let expected: Vec<&str> = expected.lines().collect();
    ensure!(found == expected, "the package holds {found:?} instead of {expected:?}");
    let kilobytes = fs::metadata(workshop.tarball())?.len() / 1000;
    Ok(format!("{} files, {kilobytes} kB", found.len()))
}

/// No script looks for a file beside it, each has a complete source map, slim does not carry the module, and knows the one
/// beside it.
pub async fn scripts(workshop: &Workshop) -> Result<String> {
    let stage = empty(workshop, "scripts").await?;
    let mut count = 0;
    for name in stage.project.files("node_modules/@appizer/tracker")? {
        if !(name.ends_with(".js") || name.ends_with(".cjs")) {
            continue;
        }
        let text = stage.project.read(&format!("node_modules/@appizer/tracker/{name}"))?;
        ensure!(!text.contains("import.meta"), "{name} looks for a file beside it");
        ensure!(text.contains(&format!("//# sourceMappingURL={name}.map")), "{name} names no source map");
        let map = stage.project.read(&format!("node_modules/@appizer/tracker/{name}.map"))?;
        let map: serde_json::Value = serde_json::from_str(&map).with_context(|| format!("{name}.map"))?;
        let sources = map["sources"].as_array().context("a map without sources")?;
        let has_content =
            |place: usize| map["sourcesContent"][place].as_str().is_some_and(|it| !it.is_empty());
        let missing = sources.iter().enumerate().filter(|(place, _)| !has_content(*place));
        let missing = Vec::from_iter(missing.map(|(_, source)| source));
        ensure!(missing.is_empty(), "{name}.map names sources without their content: {missing:?}");
        let known = |path: &str| {
            ["src/", "target/", "node_modules/web-vitals/"].iter().any(|of| path.starts_with(of))
        };
        let strange: Vec<_> = sources.iter().filter(|source| !source.as_str().is_some_and(known)).collect();
        ensure!(strange.is_empty(), "{name}.map names files that nobody else has: {strange:?}");
        if name.starts_with("slim") {
            ensure!(text.len() < 60_000, "{name} is {} bytes: the module is inside", text.len());
            ensure!(!text.contains("DecompressionStream"), "{name} inflates a module");
        }
        count += 1;
    }
    let module = fs::read(stage.project.package().join("appizer_bg.wasm"))?;
    let tag = tag(&module).context("no name in the module is tagged")?;
    for name in ["index.js", "slim.js", "slim.cjs"] {
        let text = stage.project.read(&format!("node_modules/@appizer/tracker/{name}"))?;
        ensure!(text.contains(&tag), "{name} goes with another module than that of {tag}");
    }
    Ok(format!("{count} scripts self-contained, with source maps"))
}

/// The name by which the module knows its glue: of another version's it knows none.
fn tag(module: &[u8]) -> Option<String> {
    let is_tag = |name: &[u8]| name.starts_with(b"a_") && name[2..].iter().all(u8::is_ascii_hexdigit);
    module
        .windows("a_012345".len())
        .find(|name| is_tag(name))
        .map(|name| String::from_utf8_lossy(name).into())
}

/// Each script is of the syntax level that is promised, and the promised browsers have all that scripts and module need.
pub async fn browsers(workshop: &Workshop) -> Result<String> {
    let stage = Stage::set(workshop, "browsers", "tests/packaging/projects/compatibility").await?;
    let module = fs::read(stage.project.package().join("appizer_bg.wasm"))?;
    let needed = needed_features(&module)?;
    let said = stage.project.node(&[&["check.mjs"], &*needed].concat())?;
    Ok(said.trim().to_owned())
}

/// Extensions of WebAssembly 1.0, by the name that MDN's compatibility data has for them.
const EXTENSIONS: &[(&str, WasmFeatures)] = &[
    ("bulk-memory-operations", WasmFeatures::BULK_MEMORY),
    ("exception-handling", WasmFeatures::EXCEPTIONS),
    ("extended-constant-expressions", WasmFeatures::EXTENDED_CONST),
    ("fixed-width-SIMD", WasmFeatures::SIMD),
    ("multi-value", WasmFeatures::MULTI_VALUE),
    ("non-trapping-float-to-int-conversions", WasmFeatures::SATURATING_FLOAT_TO_INT),
    ("reference-types", WasmFeatures::REFERENCE_TYPES),
    ("sign-extension-operations", WasmFeatures::SIGN_EXTENSION),
    ("tail-calls", WasmFeatures::TAIL_CALL),
];

/// Returns the extensions without which the module is invalid.
fn needed_features(module: &[u8]) -> Result<Vec<&'static str>> {
    let is_valid = |features| Validator::new_with_features(features).validate_all(module).is_ok();
    let all = EXTENSIONS.iter().fold(WasmFeatures::WASM1, |all, (_, feature)| all | *feature);
    ensure!(is_valid(all), "the module needs an extension that is not in the list");
    Ok(EXTENSIONS.iter().filter(|(_, feature)| !is_valid(all - *feature)).map(|(name, _)| *name).collect())
}

/// publint, by its strictest reading.
pub async fn publint(workshop: &Workshop) -> Result<String> {
    let stage = empty(workshop, "publint").await?;
    let tarball = workshop.tarball().display().to_string();
    let said = stage.project.run("publint", &["run", &tarball, "--strict"])?;
    ensure!(said.contains("All good!"), "it says: {said}");
    Ok("all good".into())
}

/// "Are the types wrong?", of the entries that are modules: the script and the `.wasm` are files to host.
pub async fn types(workshop: &Workshop) -> Result<String> {
    let stage = empty(workshop, "attw").await?;
    let tarball = workshop.tarball().display().to_string();
    let said = stage.project.run(
        "attw",
        &[&tarball, "--exclude-entrypoints", "./script", "./script-js", "./appizer_bg.wasm", "--no-emoji", "--no-color"],
    )?;
    ensure!(said.contains("No problems found"), "it says: {said}");
    Ok("no problems found".into())
}

/// A program that imports and one that requires, by Node's rules and by a bundler's, library declarations checked.
pub async fn typescript(workshop: &Workshop) -> Result<String> {
    let stage = Stage::set(workshop, "typescript", "tests/packaging/projects/typescript").await?;
    stage.project.run("tsc", &["--project", "."])?;
    let bundler = ["--project", ".", "--module", "esnext", "--moduleResolution", "bundler"];
    fs::remove_file(stage.project.folder().join("requires.cts"))?;
    stage.project.run("tsc", &bundler)?;
    Ok("imported and required, no errors".into())
}

async fn empty(workshop: &Workshop, name: &str) -> Result<Stage> {
    Stage::set(workshop, name, "www/examples/vite").await
}
