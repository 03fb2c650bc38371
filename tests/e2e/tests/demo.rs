//! README's first command, as a newcomer runs it, with a relay beside. A file of its own: it builds the package anew, which the
//! journeys must not see happen.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use e2e::{Browser, Engine, Process, find, free_port, until, until_within};

const TRACKED: u64 = 250;

/// A build takes minutes on a slow machine.
const BUILD: Duration = Duration::from_secs(600);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_command_serves_a_page_whose_250_events_are_all_in_the_collector_and_a_relay() -> Result<()>
{
    let folder = tempfile::tempdir()?;
    let port = free_port()?.min(u16::MAX - 3);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let demo = Process::start(&find(&["cargo"])?, folder.path(), |command| {
        command.args(["xtask", "demo", "--relay", "--port", &port.to_string()]).current_dir(root);
    })?;
    let page = format!("http://127.0.0.1:{}/", port + 1);
    for sign in ["build: package", "demo: collector", &page] {
        until_within(BUILD, sign, async || Ok(demo.log()?.contains(sign).then_some(())))
            .await
            .with_context(|| demo.log().unwrap_or_default())?;
    }

    let browser = Browser::start(Engine::Chromium).await?;
    // The collector keeps what former runs of the demo sent.
    let held = "const summary = await fetch(`http://127.0.0.1:${location.port - 1}/v1/summary`);
                return (await summary.json()).distinct_event_ids";
    until("the page and its collector", async || {
        browser.visit(&page).await?;
        browser.run::<u64>(held).await.map(Some)
    })
    .await?;
    let before: u64 = browser.run(held).await?;
    browser.run::<()>("document.querySelector('#track-many').click()").await?;
    until("all events to be in the collector", async || {
        let now: u64 = browser.run(held).await?;
        Ok((now == before + TRACKED).then_some(()))
    })
    .await?;
    let account: String = browser.run("return document.querySelector('#account').textContent").await?;
    assert!(account.contains("lost 0"), "{account}");

    browser.visit(&format!("{page}?relay")).await?;
    until("the relay's panel", async || {
        let life =
            "return [...document.querySelectorAll('#relay-life, #relay-spool')].map((it) => it.textContent)";
        let shown: Vec<String> = browser.run(life).await?;
        Ok((shown == ["alive", "0"]).then_some(()))
    })
    .await?;
    Ok(())
}
