//! The recipes of `docs/guide/recipes.md`, each in a small project: a page view for each route, once, and one click.

use anyhow::{Context, Result};
use e2e::{Browser, Engine, free_port};
use sha2::{Digest, Sha256};

use super::bundlers::serve_vite;
use super::frameworks::visit_next;
use crate::{Stage, Workshop};

/// Where the projects lie.
pub const PROJECTS: &str = "tests/packaging/projects/recipes";

async fn set(workshop: &Workshop, project: &str) -> Result<Stage> {
    Stage::set(workshop, &format!("recipe-{project}"), &format!("{PROJECTS}/{project}")).await
}

/// Opens an app by its address in Chromium.
async fn visit(stage: &Stage, url: &str) -> Result<String> {
    stage.visit_routes(&Browser::start(Engine::Chromium).await?, url).await
}

/// Has a tool build a project into a folder of files, and opens that.
async fn build(workshop: &Workshop, project: &str, tool: &str, folder: &str) -> Result<String> {
    let stage = set(workshop, project).await?;
    stage.project.run(tool, &["build"])?;
    let pages = stage.serve(folder).await?;
    visit(&stage, &pages.url("/")).await
}

/// React, built by Vite.
pub async fn react(workshop: &Workshop) -> Result<String> {
    build(workshop, "react", "vite", "dist").await
}

/// Next.js, built and started.
pub async fn next(workshop: &Workshop) -> Result<String> {
    let stage = set(workshop, "next").await?;
    stage.project.run("next", &["build"])?;
    visit_next(&stage, &["start"], async |url| visit(&stage, url).await).await
}

/// Vue with its router, built by Vite.
pub async fn vue_build(workshop: &Workshop) -> Result<String> {
    build(workshop, "vue", "vite", "dist").await
}

/// Vue on Vite's development server.
pub async fn vue_dev(workshop: &Workshop) -> Result<String> {
    let stage = Stage::set(workshop, "recipe-vue-dev", &format!("{PROJECTS}/vue")).await?;
    serve_vite(&stage, async |url| visit(&stage, url).await).await
}

/// SvelteKit, prerendered.
pub async fn sveltekit(workshop: &Workshop) -> Result<String> {
    build(workshop, "sveltekit", "vite", "build").await
}

/// Nuxt, rendered on its server.
pub async fn nuxt(workshop: &Workshop) -> Result<String> {
    let stage = set(workshop, "nuxt").await?;
    stage.project.run("nuxt", &["build"])?;
    let port = free_port()?;
    let arguments = ["preview", "--port", &port.to_string()];
    let server = stage.project.start("nuxt", &arguments)?;
    let url = stage.listening(port, &server).await?;
    visit(&stage, &url).await.with_context(|| server.log().unwrap_or_default())
}

/// Astro, whose link loads another page.
pub async fn astro(workshop: &Workshop) -> Result<String> {
    build(workshop, "astro", "astro", "dist").await
}

/// Angular with its router.
pub async fn angular(workshop: &Workshop) -> Result<String> {
    build(workshop, "angular", "ng", "dist").await
}

/// A page of a Chromium extension, bundled by esbuild.
pub async fn extension(workshop: &Workshop) -> Result<String> {
    let stage = set(workshop, "extension").await?;
    stage.project.run("esbuild", &["popup.js", "--bundle", "--outfile=dist/popup.js"])?;
    let folder = stage.project.folder();
    let endpoint = format!("http://{}", stage.collector.address());
    let manifest = stage.project.read("manifest.json")?.replace("https://api.appizer.com", &endpoint);
    std::fs::write(folder.join("manifest.json"), manifest)?;
    let browser = Browser::start_with_extension(folder).await?;
    let url = format!("chrome-extension://{}/popup.html", id_of(folder)?);
    stage.visit_in(&browser, Engine::Chromium, &url).await
}

/// Returns the id that Chromium gives an unpacked extension: the first half of its path's hash, with letters from `a`
/// as digits.
fn id_of(folder: &std::path::Path) -> Result<String> {
    let path = folder.canonicalize()?;
    let hash = Sha256::digest(path.as_os_str().as_encoded_bytes());
    let digits = hash.iter().take(16).flat_map(|byte| [byte >> 4, byte & 15]);
    Ok(digits.map(|digit| char::from(b'a' + digit)).collect())
}
