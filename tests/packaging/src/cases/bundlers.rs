//! Bundlers: each takes the default entry without a plugin, and leaves no file to host but its own.

use anyhow::{Context, Result, ensure};
use e2e::{Engine, free_port};

use crate::{Project, Stage, Workshop};

const FIXTURE: &str = "tests/packaging/projects/bundled";

/// Where a bundler puts the core: in a chunk of its own, which the page loads later, or beside the facade.
#[derive(Clone, Copy, PartialEq)]
enum Core {
    Later,
    Inside,
}

/// Returns how often a script holds the module's text, known by a part without quotes and code, which no bundler
/// writes in another way.
fn copies(project: &Project, script: &str) -> Result<usize> {
    let core = project.read("node_modules/@appizer/tracker/core.js")?;
    let is_plain = |letter: char| matches!(letter, ' '..='~') && !"\"\\'`$(){};,".contains(letter);
    let longest = core.split(|letter| !is_plain(letter)).max_by_key(|part| part.len()).unwrap_or_default();
    ensure!(longest.len() >= 200, "core.js holds no text of a module");
    Ok(project.read(script)?.matches(longest).count())
}

/// Checks that the scripts in a folder, of which the page loads those that `is_first` names, hold the module once, where the
/// core is expected to be; returns what the page loads first and later.
fn check_bundle(
    project: &Project,
    folder: &str,
    core: Core,
    is_first: impl Fn(&str) -> bool,
) -> Result<String> {
    let files = project.files(folder)?;
    ensure!(!files.iter().any(|name| name.ends_with(".wasm")), "a module to host: {files:?}");
    let (first, later): (Vec<_>, Vec<_>) =
        files.iter().filter(|name| name.ends_with(".js")).partition(|name| is_first(name));
    let weigh = |names: &[&String]| -> Result<(usize, usize)> {
        let mut sum = (0, 0);
        for name in names {
            let path = format!("{folder}/{name}");
            sum = (sum.0 + copies(project, &path)?, sum.1 + project.read(&path)?.len());
        }
        Ok(sum)
    };
    let ((inside, first_bytes), (outside, later_bytes)) = (weigh(&first)?, weigh(&later)?);
    let expected = if core == Core::Inside { (1, 0) } else { (0, 1) };
    ensure!(
        (inside, outside) == expected,
        "the module is {inside} times in {first:?}, {outside} in {later:?}"
    );
    ensure!(first.len() == 1, "the page loads {first:?} first");
    Ok(match core {
        Core::Inside => format!("one file of {} kB", first_bytes / 1000),
        Core::Later => format!("first {} kB, later {} kB", first_bytes / 1000, later_bytes / 1000),
    })
}

const IS_MAIN: fn(&str) -> bool = |name| name == "main.js";

/// Rollup, with nothing but the resolution of packages.
pub async fn rollup(workshop: &Workshop) -> Result<String> {
    let stage = Stage::set(workshop, "rollup", FIXTURE).await?;
    let arguments = [
        "main.js",
        "--file",
        "dist/main.js",
        "--format",
        "iife",
        "--plugin",
        "node-resolve",
        "--inlineDynamicImports",
        "--failAfterWarnings",
    ];
    stage.project.run("rollup", &arguments)?;
    let load = check_bundle(&stage.project, "dist", Core::Inside, IS_MAIN)?;
    Ok(stage.visit_files(Engine::Chromium, "", "/").await? + ", " + load.as_str())
}

/// esbuild, and with it a program that both imports and requires the package: one tracker, not two.
pub async fn esbuild(workshop: &Workshop) -> Result<String> {
    let mut said = String::new();
    for entry in ["main.js", "mixed.js"] {
        let stage = Stage::set(workshop, &format!("esbuild-{entry}"), FIXTURE).await?;
        stage.project.run("esbuild", &[entry, "--bundle", "--minify", "--outfile=dist/main.js"])?;
        let load = check_bundle(&stage.project, "dist", Core::Inside, IS_MAIN)?;
        said = stage.visit_files(Engine::Chromium, "", "/").await? + ", " + load.as_str();
    }
    Ok(said + ", also imported and required at once")
}

/// webpack, likewise.
pub async fn webpack(workshop: &Workshop) -> Result<String> {
    let mut said = String::new();
    for entry in ["main.js", "mixed.js"] {
        let stage = Stage::set(workshop, &format!("webpack-{entry}"), FIXTURE).await?;
        let entry = format!("./{entry}");
        let arguments =
            ["--mode", "production", "--no-performance", "--entry", &entry, "--output-path", "dist"];
        let log = stage.project.run("webpack-cli", &arguments)?;
        ensure!(!log.contains("WARNING") && !log.contains("ERROR"), "webpack complains:\n{log}");
        let load = check_bundle(&stage.project, "dist", Core::Later, IS_MAIN)?;
        said = stage.visit_files(Engine::Chromium, "", "/").await? + ", " + load.as_str();
    }
    Ok(said + ", also imported and required at once")
}

/// webpack 4, which knows neither `exports` nor the syntax of 2020: it takes `main`.
pub async fn webpack_4(workshop: &Workshop) -> Result<String> {
    let mut said = String::new();
    for entry in ["main.js", "mixed.js"] {
        let stage = Stage::set(workshop, &format!("webpack-4-{entry}"), FIXTURE).await?;
        stage.project.copy("tests/packaging/projects/webpack-4", str::to_owned)?;
        stage.project.node(&["build.cjs", entry])?;
        ensure!(!stage.project.files("dist")?.iter().any(|name| name.ends_with(".wasm")), "a module to host");
        said = stage.visit_files(Engine::Chromium, "", "/").await?;
    }
    Ok(said + ", also imported and required at once")
}

/// Vite's build of the example.
pub async fn vite_build(workshop: &Workshop) -> Result<String> {
    let stage = Stage::set(workshop, "vite-build", "www/examples/vite").await?;
    stage.project.run("vite", &["build"])?;
    let page = stage.project.read("dist/index.html")?;
    let load = check_bundle(&stage.project, "dist/assets", Core::Later, |name| page.contains(name))?;
    Ok(stage.visit_files(Engine::Chromium, "dist", "/").await? + ", " + load.as_str())
}

/// Vite's development server, which bundles dependencies beforehand.
pub async fn vite_dev(workshop: &Workshop) -> Result<String> {
    let stage = Stage::set(workshop, "vite-dev", "www/examples/vite").await?;
    serve_vite(&stage, async |url| stage.visit(Engine::Chromium, url).await).await
}

/// The slim entry in Vite, which copies the module and gives its address.
pub async fn vite_slim(workshop: &Workshop) -> Result<String> {
    let stage = Stage::set(workshop, "vite-slim", "www/examples/vite").await?;
    let main = stage.project.read("main.js")?;
    let main = main.replace("'@appizer/tracker'", "'@appizer/tracker/slim'");
    let main = main.replace("init({", "init({ wasm,");
    let main = format!("import wasm from '@appizer/tracker/appizer_bg.wasm?url';\n{main}");
    std::fs::write(stage.project.folder().join("main.js"), main)?;
    stage.project.run("vite", &["build"])?;
    let modules = stage.project.files("dist")?.iter().filter(|name| name.ends_with(".wasm")).count();
    ensure!(modules == 1, "{modules} modules to host instead of one");
    stage.visit_files(Engine::Chromium, "dist", "/").await?;
    serve_vite(&stage, async |url| stage.visit(Engine::Chromium, url).await).await
}

/// Has Vite's development server serve the stage's project for as long as `visit` takes.
pub(super) async fn serve_vite(
    stage: &Stage,
    visit: impl AsyncFnOnce(&str) -> Result<String>,
) -> Result<String> {
    let port = free_port()?;
    let arguments = ["--host", "127.0.0.1", "--strictPort", "--port", &port.to_string()];
    let server = stage.project.start("vite", &arguments)?;
    let url = stage.listening(port, &server).await?;
    visit(&url).await.with_context(|| server.log().unwrap_or_default())
}
