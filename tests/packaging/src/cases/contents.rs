//! The tarball itself.

use std::fs;

use anyhow::{Context, Result, ensure};
use wasmparser::{Validator, WasmFeatures};

use crate::{Project, Stage, Workshop, repository};

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

/// Scripts that load their core from a chunk, and the chunk. All others are one file.
const CHUNKS: &[(&str, &str)] =
    &[("index.js", "./core.js"), ("slim.js", "./core-slim.js"), ("js.js", "./core-js.js")];

/// No script looks for a file beside it but for its chunk, each has a complete source map, and slim does not carry the module.
/// Scripts and module are of one version.
pub async fn scripts(workshop: &Workshop) -> Result<String> {
    let stage = empty(workshop, "scripts").await?;
    let module = fs::metadata(stage.project.package().join("appizer_bg.wasm"))?.len();
    let mut count = 0;
    for name in stage.project.files("node_modules/@appizer/tracker")? {
        if !(name.ends_with(".js") || name.ends_with(".cjs")) {
            continue;
        }
        let text = stage.project.read(&format!("node_modules/@appizer/tracker/{name}"))?;
        ensure!(!text.contains("import.meta"), "{name} looks for a file beside it");
        let chunk = CHUNKS.iter().find(|(script, _)| *script == name).map(|(_, chunk)| *chunk);
        let imported = imports(&text);
        ensure!(imported == Vec::from_iter(chunk), "{name} imports {imported:?} instead of {chunk:?}");
        ensure!(text.contains(&format!("//# sourceMappingURL={name}.map")), "{name} names no source map");
        check_map(&name, &stage.project.read(&format!("node_modules/@appizer/tracker/{name}.map"))?)?;
        let is_slim = name.starts_with("slim") || name.starts_with("core-slim");
        ensure!(
            !is_slim || (text.len() as u64) < module,
            "{name} is {} bytes: the module is inside",
            text.len()
        );
        count += 1;
    }
    check_version(&stage.project)?;
    Ok(format!("{count} scripts with source maps, {} of them with a chunk", CHUNKS.len()))
}

/// Returns the addresses that a minified script gives to `import()`.
fn imports(script: &str) -> Vec<&str> {
    let calls = script.split("import(").skip(1);
    calls.map(|rest| rest.split(['"', '\'', '`']).nth(1).unwrap_or_default()).collect()
}

/// Scripts with a core, or with the facade that loads one, compare their version with the module's.
fn check_version(project: &Project) -> Result<()> {
    let manifest = project.read("node_modules/@appizer/tracker/package.json")?;
    let manifest: serde_json::Value = serde_json::from_str(&manifest)?;
    let version = manifest["version"].as_str().context("a package without a version")?;
    let module = fs::read(project.package().join("appizer_bg.wasm"))?;
    let of_version = module.windows(version.len()).any(|part| part == version.as_bytes());
    ensure!(of_version, "the module is not of version {version}");
    for name in ["index.js", "index.cjs", "core.js", "static.js", "slim.js", "core-slim.js", "slim.cjs"] {
        let text = project.read(&format!("node_modules/@appizer/tracker/{name}"))?;
        ensure!(text.contains(version), "{name} does not check for version {version}");
    }
    Ok(())
}

fn check_map(name: &str, map: &str) -> Result<()> {
    let map: serde_json::Value = serde_json::from_str(map).with_context(|| format!("{name}.map"))?;
    let sources = map["sources"].as_array().context("a map without sources")?;
    let has_content = |place: usize| map["sourcesContent"][place].as_str().is_some_and(|it| !it.is_empty());
    let missing = sources.iter().enumerate().filter(|(place, _)| !has_content(*place));
    let missing = Vec::from_iter(missing.map(|(_, source)| source));
    ensure!(missing.is_empty(), "{name}.map names sources without their content: {missing:?}");
    let known =
        |path: &str| ["src/", "target/", "node_modules/web-vitals/"].iter().any(|of| path.starts_with(of));
    let strange: Vec<_> = sources.iter().filter(|source| !source.as_str().is_some_and(known)).collect();
    ensure!(strange.is_empty(), "{name}.map names files that nobody else has: {strange:?}");
    Ok(())
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
        &[
            &tarball,
            "--exclude-entrypoints",
            "./script",
            "./script-js",
            "./appizer_bg.wasm",
            "--no-emoji",
            "--no-color",
        ],
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
