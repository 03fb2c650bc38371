//! The part of the matrix that every run of the tests plays.

use anyhow::Result;
use e2e::Engine;
use packaging::cases::{bundlers, contents, plain, recipes, relayed, runners, server};
use packaging::{Stage, Workshop};

/// Makes a test of each case, in a workshop of its own.
macro_rules! tests {
    ($($name:ident: $case:path $(, $engine:expr)?;)+) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() -> Result<()> {
            println!("{}", $case(&Workshop::open()? $(, $engine)?).await?);
            Ok(())
        }
    )+};
}

tests! {
    the_tarball_holds_what_it_should: contents::listed;
    the_scripts_are_self_contained_and_have_source_maps: contents::scripts;
    the_promised_browsers_have_what_the_scripts_need: contents::browsers;
    publint_finds_nothing: contents::publint;
    the_types_are_not_wrong: contents::types;
    typescript_takes_the_installed_package: contents::typescript;
    node_imports_a_quiet_stand_in: server::import;
    node_requires_a_quiet_stand_in: server::require;
    servers_get_the_stand_in_and_pages_the_tracker: server::conditions;
    the_script_tag_with_the_readmes_integrity_brings_its_events: plain::script_tag, Engine::Chromium;
    the_module_brings_its_events: plain::module, Engine::Chromium;
    slim_survives_what_can_be_wrong_with_its_module: plain::slim_in_trouble;
    jest_with_jsdom_runs_the_tracker_quietly: runners::jest;
    a_bundle_of_webpack_4_brings_its_events: bundlers::webpack_4;
    a_bundle_of_esbuild_brings_its_events: bundlers::esbuild;
    a_build_of_vite_brings_its_events: bundlers::vite_build;
    the_recipe_for_react_brings_each_view_once: recipes::react;
    the_relay_of_the_example_brings_the_events_of_a_page_without_a_key: relayed::relay;
}

/// What the other tests rest on: a page that does too much, or that the console complains of, is noticed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_tracks_twice_or_complains_is_a_failure() -> Result<()> {
    let workshop = Workshop::open()?;
    for (name, script, expected) in [
        ("twice", "track('page_view', {});", "came instead of"),
        ("warning", "console.warn('a warning');", "a warning"),
        ("missing", "fetch('/missing');", "404"),
    ] {
        let stage = Stage::set(&workshop, name, "www/examples/html").await?;
        let page = stage.project.folder().join("module.html");
        let text = std::fs::read_to_string(&page)?
            .replace("track('page_view'", &format!("{script} track('page_view'"));
        std::fs::write(&page, text)?;
        let error = stage.visit_files(Engine::Chromium, "", "/module.html").await.unwrap_err();
        assert!(format!("{error:#}").contains(expected), "{error:#}");
    }
    Ok(())
}
