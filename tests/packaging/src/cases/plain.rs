//! Pages without a build.

use anyhow::{Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use e2e::{Browser, Engine, until};
use sha2::{Digest, Sha384};

use crate::{Stage, Workshop};

/// A script tag, with the integrity that the package's own readme shows.
pub async fn script_tag(workshop: &Workshop, engine: Engine) -> Result<String> {
    let stage = Stage::set(workshop, &format!("script-{engine:?}"), "www/examples/html").await?;
    let script = std::fs::read(stage.project.package().join("appizer.js"))?;
    let integrity = format!("sha384-{}", STANDARD.encode(Sha384::digest(script)));
    let readme = stage.project.read("node_modules/@appizer/tracker/README.md")?;
    ensure!(readme.contains(&integrity), "the readme shows another integrity than {integrity}");
    let page = stage.project.read("index.html")?;
    let attributes = format!("<script integrity=\"{integrity}\" crossorigin=\"anonymous\" async");
    std::fs::write(stage.project.folder().join("index.html"), page.replace("<script async", &attributes))?;
    stage.visit_files(engine, "", "/").await
}

/// The module, imported by the page itself.
pub async fn module(workshop: &Workshop, engine: Engine) -> Result<String> {
    let stage = Stage::set(workshop, &format!("module-{engine:?}"), "www/examples/html").await?;
    stage.visit_files(engine, "", "/module.html").await
}

/// The slim module, given its WebAssembly in each way there is.
pub async fn slim(workshop: &Workshop, engine: Engine) -> Result<String> {
    const WAYS: [&str; 5] = [
        "'node_modules/@appizer/tracker/appizer_bg.wasm'",
        "new URL('node_modules/@appizer/tracker/appizer_bg.wasm', location.href)",
        "fetch('node_modules/@appizer/tracker/appizer_bg.wasm')",
        "await fetch('node_modules/@appizer/tracker/appizer_bg.wasm')",
        "await WebAssembly.compileStreaming(fetch('node_modules/@appizer/tracker/appizer_bg.wasm'))",
    ];
    for (number, way) in WAYS.iter().enumerate() {
        let stage = Stage::set(workshop, &format!("slim-{number}"), "www/examples/html").await?;
        let page = stage.project.read("module.html")?.replace("tracker/index.js", "tracker/slim.js");
        let page = page.replace("init({ apiKey", &format!("init({{ wasm: {way}, apiKey"));
        std::fs::write(stage.project.folder().join("module.html"), page)?;
        stage.visit_files(engine, "", "/module.html").await?;
    }
    Ok("by address, URL, response, its promise, module: 2 events each, console quiet".into())
}

/// The slim module without its WebAssembly, with a wrong address, and from a server that does not know its type.
pub async fn slim_in_trouble(workshop: &Workshop) -> Result<String> {
    let stage = Stage::set(workshop, "slim-trouble", "tests/packaging/projects/slim").await?;
    let pages = stage.serve("").await?;
    let browser = Browser::start(Engine::Chromium).await?;
    browser.visit(&pages.url("/")).await?;
    until("the page to be ready", async || {
        let ready: bool = browser.run("return window.ready === true").await?;
        Ok(ready.then_some(()))
    })
    .await?;
    let refusals: Vec<String> = browser.run("return refusals").await?;
    ensure!(refusals == ["AppizerError invalid_option wasm"; 6], "refused: {refusals:?}");
    browser.run::<()>("document.querySelector('button').click()").await?;
    stage.await_events(&browser, 2).await?;
    let fallbacks: Vec<Vec<String>> = browser.run("return fallbacks").await?;
    ensure!(fallbacks == [vec!["no_webassembly", "direct"], vec![]], "fallbacks: {fallbacks:?}");
    // The browser tells of the address that leads nowhere; the package tells of it and of the other version.
    let complaints = browser.complaints().await?;
    let count = |text: &str| complaints.iter().filter(|complaint| complaint.contains(text)).count();
    ensure!(
        complaints.len() == 3 && count("missing.wasm") == 2 && count("of version 9") == 1,
        "{complaints:?}"
    );
    Ok(format!("{} unusable values refused, then 2 events", refusals.len()))
}
