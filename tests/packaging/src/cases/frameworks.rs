//! React and Next.js: a page view for each view, once, though strict mode runs effects twice and the server renders
//! the page as well.

use anyhow::{Context, Result, ensure};
use e2e::{Engine, free_port};

use super::bundlers::serve_vite;
use crate::{Stage, Workshop};

/// React in development, where strict mode is at work.
pub async fn react_dev(workshop: &Workshop) -> Result<String> {
    let stage = Stage::set(workshop, "react-dev", "www/examples/react").await?;
    serve_vite(&stage, async |url| stage.visit_views(Engine::Chromium, url).await).await
}

/// React as it is published.
pub async fn react_build(workshop: &Workshop) -> Result<String> {
    let stage = Stage::set(workshop, "react-build", "www/examples/react").await?;
    stage.project.run("vite", &["build"])?;
    stage.visit_views_of_files("dist").await
}

/// Next.js's development server: strict mode on a page from the server.
pub async fn next_dev(workshop: &Workshop, bundler: &str) -> Result<String> {
    let stage = Stage::set(workshop, &format!("next-dev{bundler}"), "www/examples/next").await?;
    serve_next(&stage, &["dev", bundler]).await
}

/// Next.js as it is published, by either of its bundlers.
pub async fn next_build(workshop: &Workshop, bundler: &str) -> Result<String> {
    let stage = Stage::set(workshop, &format!("next-build{bundler}"), "www/examples/next").await?;
    let log = stage.project.run("next", &["build", bundler])?;
    for word in ["warn", "Warn", "⚠", "rror"] {
        ensure!(!log.contains(word), "Next complains:\n{log}");
    }
    serve_next(&stage, &["start"]).await
}

async fn serve_next(stage: &Stage, arguments: &[&str]) -> Result<String> {
    visit_next(stage, arguments, async |url| stage.visit_views(Engine::Chromium, url).await).await
}

/// Has Next.js serve the stage's project for as long as `visit` takes, which must leave no complaint in its log.
pub(super) async fn visit_next(
    stage: &Stage,
    arguments: &[&str],
    visit: impl AsyncFnOnce(&str) -> Result<String>,
) -> Result<String> {
    let port = free_port()?.to_string();
    let arguments = [arguments, &["--hostname", "127.0.0.1", "--port", &port]].concat();
    let server = stage.project.start("next", &arguments)?;
    let url = stage.listening(port.parse()?, &server).await?;
    let seen = visit(&url).await;
    let log = server.log()?;
    let seen = seen.with_context(|| log.clone())?;
    let complaints: Vec<&str> = log.lines().filter(|line| is_complaint(line)).collect();
    ensure!(complaints.is_empty(), "Next complains: {complaints:?}\n{log}");
    Ok(seen)
}

/// What Next finds wrong with the project; that the machine is slow, as a busy one is, says nothing about that.
fn is_complaint(line: &str) -> bool {
    ["⚠", "⨯", "rror"].iter().any(|sign| line.contains(sign)) && !line.contains("Slow filesystem detected")
}
