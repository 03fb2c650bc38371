//! Bundlers: each takes the default entry without a plugin, and leaves no file to host but its own.

use anyhow::{Context, Result, ensure};
use e2e::{Engine, free_port};

use crate::{Project, Stage, Workshop};

const FIXTURE: &str = "tests/packaging/projects/bundled";

/// How often a bundle holds the module's text, known by a part of its instructions: they begin with one letter many times.
fn copies(project: &Project, bundle: &str) -> Result<usize> {
    let package = project.read("node_modules/@appizer/tracker/index.js")?;
    let longest = package.split('"').max_by_key(|part| part.len()).unwrap_or_default();
    let middle = longest.len() / 2;
    let part = longest.get(middle..middle + 200).context("the package holds no module's text")?;
    Ok(project.read(bundle)?.matches(part).count())
}

fn check_bundle(project: &Project, folder: &str, bundle: &str) -> Result<()> {
    let files = project.files(folder)?;
    ensure!(!files.iter().any(|name| name.ends_with(".wasm")), "a module to host: {files:?}");
    let copies = copies(project, bundle)?;
    ensure!(copies == 1, "the bundle holds the module {copies} times");
    Ok(())
}

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
        "--failAfterWarnings",
    ];
    stage.project.run("rollup", &arguments)?;
    check_bundle(&stage.project, "dist", "dist/main.js")?;
    stage.visit_files(Engine::Chromium, "", "/").await
}

/// esbuild, and with it a program that both imports and requires the package: one tracker, not two.
pub async fn esbuild(workshop: &Workshop) -> Result<String> {
    let mut said = String::new();
    for entry in ["main.js", "mixed.js"] {
        let stage = Stage::set(workshop, &format!("esbuild-{entry}"), FIXTURE).await?;
        stage.project.run("esbuild", &[entry, "--bundle", "--minify", "--outfile=dist/main.js"])?;
        check_bundle(&stage.project, "dist", "dist/main.js")?;
        said = stage.visit_files(Engine::Chromium, "", "/").await?;
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
        check_bundle(&stage.project, "dist", "dist/main.js")?;
        said = stage.visit_files(Engine::Chromium, "", "/").await?;
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
    let files = stage.project.files("dist/assets")?;
    ensure!(files.len() == 1, "more than one file: {files:?}");
    check_bundle(&stage.project, "dist", &format!("dist/assets/{}", files[0]))?;
    stage.visit_files(Engine::Chromium, "dist", "/").await
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
