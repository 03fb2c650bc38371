//! Plays every case and writes `docs/packaging.md`: `cargo xtask packaging`. Given a word, it plays those whose names hold
//! it, and writes nothing.

use std::process::ExitCode;

use anyhow::Result;
use e2e::Engine::{Chromium, Firefox, WebKit};
use packaging::cases::{bundlers, contents, examples, frameworks, plain, recipes, relayed, runners, server};
use packaging::table::Table;
use packaging::{Versions, Workshop};

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<ExitCode> {
    let mut table = Table::new(std::env::args().nth(1));
    let shop = Workshop::open()?;
    without_browser(&mut table, &shop).await;
    plain_pages(&mut table, &shop).await;
    bundled(&mut table, &shop).await;
    rendered(&mut table, &shop).await;
    recipes_of_the_guide(&mut table, &shop).await?;
    table.write()?;
    println!("\n{} failed", table.failures());
    Ok(if table.failures() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn without_browser(table: &mut Table, shop: &Workshop) {
    let version = Versions(shop);
    table.play("tarball: its files", version.node(), contents::listed(shop)).await;
    table.play("tarball: its scripts", version.node(), contents::scripts(shop)).await;
    table
        .play(
            "supported browsers",
            version.packages(&["@mdn/browser-compat-data", "acorn"]),
            contents::browsers(shop),
        )
        .await;
    table.play("publint", version.packages(&["publint"]), contents::publint(shop)).await;
    table
        .play("are the types wrong?", version.packages(&["@arethetypeswrong/cli"]), contents::types(shop))
        .await;
    table.play("TypeScript", version.packages(&["typescript"]), contents::typescript(shop)).await;
    table.play("Node.js, `import`", version.node(), server::import(shop)).await;
    table.play("Node.js, `require`", version.node(), server::require(shop)).await;
    table.play("conditions of `exports`", version.node(), server::conditions(shop)).await;
    table.play("Jest", version.packages(&["jest", "jest-environment-jsdom"]), runners::jest(shop)).await;
}

async fn plain_pages(table: &mut Table, shop: &Workshop) {
    let version = Versions(shop);
    for engine in [Chromium, Firefox, WebKit] {
        table
            .play("script tag with integrity", version.browser(engine).await, plain::script_tag(shop, engine))
            .await;
        table
            .play("`<script type=module>`", version.browser(engine).await, plain::module(shop, engine))
            .await;
    }
    let chromium = async || version.browser(Chromium).await;
    table.play("slim, without a bundler", chromium().await, plain::slim(shop, Chromium)).await;
    table.play("slim, its module missing or untyped", chromium().await, plain::slim_in_trouble(shop)).await;
    table.play("dedicated worker", chromium().await, examples::worker(shop)).await;
    table.play("service worker", chromium().await, examples::service_worker(shop)).await;
    table.play("proxy of one's own, and a beacon", version.nginx(), examples::proxy(shop)).await;
    table.play("relay behind nginx, no key in the page", version.nginx(), relayed::relay(shop)).await;
}

async fn bundled(table: &mut Table, shop: &Workshop) {
    let tool = |names: &[&str]| Versions(shop).packages(names);
    table.play("esbuild", tool(&["esbuild"]), bundlers::esbuild(shop)).await;
    table.play("Rollup", tool(&["rollup", "@rollup/plugin-node-resolve"]), bundlers::rollup(shop)).await;
    table.play("webpack", tool(&["webpack"]), bundlers::webpack(shop)).await;
    table.play("webpack 4", tool(&["webpack-4"]), bundlers::webpack_4(shop)).await;
    table.play("Vite, build", tool(&["vite"]), bundlers::vite_build(shop)).await;
    table.play("Vite, development server", tool(&["vite"]), bundlers::vite_dev(shop)).await;
    table.play("slim in Vite, both", tool(&["vite"]), bundlers::vite_slim(shop)).await;
}

async fn rendered(table: &mut Table, shop: &Workshop) {
    let tool = |names: &[&str]| Versions(shop).packages(names);
    table.play("React, strict mode, views", tool(&["react", "vite"]), frameworks::react_dev(shop)).await;
    table.play("React, build, views", tool(&["react", "vite"]), frameworks::react_build(shop)).await;
    for bundler in ["--webpack", "--turbopack"] {
        let name = |what: &str| format!("Next.js, {what}, {}, views", &bundler[2..]);
        let next = || tool(&["next", "react"]);
        table.play(&name("build and start"), next(), frameworks::next_build(shop, bundler)).await;
        table.play(&name("strict mode"), next(), frameworks::next_dev(shop, bundler)).await;
    }
}

/// Plays the recipes. Those of frameworks that `tests/packaging/npm` does not have are played in a workshop of their own.
async fn recipes_of_the_guide(table: &mut Table, shop: &Workshop) -> Result<()> {
    let tool = |names: &[&str]| Versions(shop).packages(names);
    table.play("recipe: React", tool(&["react", "vite"]), recipes::react(shop)).await;
    table.play("recipe: Next.js", tool(&["next", "react"]), recipes::next(shop)).await;
    table.play("recipe: browser extension", tool(&["esbuild"]), recipes::extension(shop)).await;
    let shop = &Workshop::of_frameworks()?;
    let tool = |names: &[&str]| Versions(shop).packages(names);
    let vue = || tool(&["vue", "vue-router", "vite"]);
    table.play("recipe: Vue, build", vue(), recipes::vue_build(shop)).await;
    table.play("recipe: Vue, development server", vue(), recipes::vue_dev(shop)).await;
    table.play("recipe: Nuxt", tool(&["nuxt", "vue"]), recipes::nuxt(shop)).await;
    table.play("recipe: SvelteKit", tool(&["@sveltejs/kit", "svelte"]), recipes::sveltekit(shop)).await;
    table.play("recipe: Angular", tool(&["@angular/core"]), recipes::angular(shop)).await;
    table.play("recipe: Astro", tool(&["astro"]), recipes::astro(shop)).await;
    Ok(())
}
