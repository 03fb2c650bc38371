//! The demo page's own promises: the trial, the countdown, the counts and the banner. The servers are those of `cargo xtask
//! demo` without the command, which `demo.rs` tries.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use collector::{Collector, Pages, Settings};
use e2e::{Browser, Engine, Process, free_port, until};
use serde_json::json;

const KEY: &str = "demo_key";

/// The page, its collector on the port before, and room for a relay on the two ports after.
struct Demo {
    browser: Browser,
    collector: Option<Collector>,
    settings: Settings,
    pages: Pages,
}

impl Demo {
    async fn open() -> Result<Self> {
        let (settings, collector, pages) = until("four free ports in a row", async || serve().await).await?;
        let browser = Browser::start(Engine::Chromium).await?;
        let demo = Self { browser, collector: Some(collector), settings, pages };
        demo.visit("/").await?;
        Ok(demo)
    }

    /// Opens the page and waits until it knows its collector.
    async fn visit(&self, path: &str) -> Result<()> {
        self.browser.visit(&self.pages.url(path)).await?;
        self.until("!$('#faults').disabled").await
    }

    /// Waits until an expression is true in the page; `$` finds an element.
    async fn until(&self, expression: &str) -> Result<()> {
        let script =
            format!("const $ = (find) => document.querySelector(find); return Boolean({expression})");
        let came =
            until(expression, async || Ok(self.browser.run::<bool>(&script).await?.then_some(()))).await;
        match came {
            Ok(()) => Ok(()),
            Err(error) => Err(error.context(self.text("body").await.unwrap_or_default())),
        }
    }

    async fn click(&self, element: &str) -> Result<()> {
        self.browser.run(&format!("document.querySelector({element:?}).click()")).await
    }

    /// Sets the collector's switch, and waits until the collector has it.
    async fn switch(&self, state: &str) -> Result<()> {
        self.click(&format!("input[value='{state}']")).await?;
        let (collector, healthy) =
            (self.collector.as_ref().context("the collector is away")?, state == "none");
        until("the switch", async || Ok((collector.faults().is_none() == healthy).then_some(()))).await?;
        self.until(&format!("$('#log').textContent.includes({:?})", spoken(state))).await
    }

    async fn resize(&self, width: u32) -> Result<()> {
        let screen = json!({ "width": width, "height": 844, "deviceScaleFactor": 1, "mobile": false });
        self.browser.devtools("Emulation.setDeviceMetricsOverride", screen).await?;
        Ok(())
    }

    async fn text(&self, element: &str) -> Result<String> {
        self.browser.run(&format!("return document.querySelector({element:?}).innerText")).await
    }

    /// Waits until `done` steps of the trial are done and step `lit` is lit, or none.
    async fn until_trial(&self, done: usize, lit: Option<usize>) -> Result<()> {
        let lit = lit.map_or_else(String::new, |step| step.to_string());
        self.until(&format!(
            "[...$('#trial').children].every((step, index) => step.classList.contains('done') === index < {done})
             && [...$('#trial').children].flatMap((step, index) => step.ariaCurrent ? [index + 1] : []).join() === '{lit}'"
        ))
        .await
        .with_context(|| format!("expected {done} steps done and step {lit:?} lit"))
    }

    /// Waits until both sides show this count.
    async fn until_both_count(&self, count: usize) -> Result<()> {
        self.until(&format!("$('#delivered').value === '{count}' && $('#collected').value === '{count}'"))
            .await
    }
}

fn spoken(state: &str) -> &'static str {
    match state {
        "none" => "Healthy: ",
        "down" => "Down: ",
        "429" => "429: ",
        _ => "500: ",
    }
}

/// Starts collector and pages, unless another program has one of their ports.
async fn serve() -> Result<Option<(Settings, Collector, Pages)>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let port = free_port()?.min(u16::MAX - 3);
    let settings = Settings { port, ..Settings::in_memory(KEY) };
    let mounts = vec![("/".to_owned(), root.join("www")), ("/pkg".to_owned(), root.join("pkg"))];
    let Ok(collector) = Collector::start(settings.clone()).await else { return Ok(None) };
    let Ok(pages) = Pages::start(port + 1, mounts).await else { return Ok(None) };
    Ok(Some((settings, collector, pages)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_trial_lights_each_step_when_it_is_to_be_done_and_begins_anew_after_the_last() -> Result<()> {
    let demo = Demo::open().await?;
    demo.until_trial(0, Some(1)).await?;
    // Step 2 before step 1 is none.
    demo.click("#track-one").await?;
    demo.until_both_count(1).await?;
    demo.until_trial(0, Some(1)).await?;

    for _ in 0..2 {
        demo.switch("down").await?;
        demo.until_trial(1, Some(2)).await?;
        demo.click("#track-many").await?;
        demo.until_trial(2, Some(3)).await?;
        demo.visit("/").await?;
        demo.until_trial(3, Some(4)).await?;
        demo.switch("none").await?;
        demo.click("#flush").await?;
        demo.until_trial(4, None).await?;
        assert_eq!(demo.text("#verdict").await?, "All 250 arrived.");
    }
    demo.until_both_count(501).await?;
    demo.until("$('#account').textContent.endsWith('lost 0')").await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_429_and_a_500_the_page_counts_down_and_flush_now_tries_at_once() -> Result<()> {
    let demo = Demo::open().await?;
    demo.switch("429").await?;
    demo.click("#track-one").await?;
    let counts_down = |status: &str| {
        format!(
            "$('#state').dataset.kind === 'backoff' && $('#state p').textContent.startsWith('The collector answered {status}. Next try in ')
             && getComputedStyle($('.countdown')).visibility === 'visible'"
        )
    };
    demo.until(&counts_down("429")).await?;
    demo.switch("500").await?;
    // Each try makes the next wait longer, until it is too long for the batch to go by itself below.
    // One try at a time: the tracker has a limit of requests, too.
    until("a wait of more than 10 s", async || {
        demo.click("#flush").await?;
        demo.until("$('#answer').textContent.includes(' wait')").await?;
        let left = "return Number(/answered 500. Next try in (.*) s/.exec(document.querySelector('#state p').textContent)?.[1])";
        Ok((demo.browser.run::<Option<f64>>(left).await? > Some(10.0)).then_some(()))
    })
    .await?;
    demo.switch("none").await?;
    demo.until(&counts_down("500")).await?;
    demo.click("#flush").await?;
    demo.until_both_count(1).await?;
    demo.until(
        "$('#state').dataset.kind === 'idle' && $('#answer').textContent === '1 delivered, none wait.'",
    )
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_is_away_moves_nothing_on_the_page() -> Result<()> {
    type Boxes = HashMap<String, (f64, f64, f64, f64)>;
    let boxes = "
        const places = [...document.querySelectorAll('main, section, h2, #faults, #trial li, button, #log, .strip, table')];
        const box = ({ x, y, width, height }) => [x, y + scrollY, width, height];
        return Object.fromEntries(places.map((place, index) =>
            [`${index} ${place.tagName} ${place.id || place.textContent.slice(0, 20)}`, box(place.getBoundingClientRect())]))";
    let mut demo = Demo::open().await?;
    for width in [1280, 390] {
        demo.resize(width).await?;
        demo.visit("/").await?;
        demo.until("$('#check').textContent").await?;
        let before: Boxes = demo.browser.run(boxes).await?;
        demo.collector.take().context("the collector is away")?.stop().await;
        demo.until("!$('#no-collector').hidden && $('#faults').disabled").await?;
        let after: Boxes = demo.browser.run(boxes).await?;
        for (place, there) in &before {
            ensure!(
                after.get(place) == Some(there),
                "{width}: {place} was at {there:?}, is at {:?}",
                after.get(place)
            );
        }
        let overflow: bool =
            demo.browser.run("return document.documentElement.scrollWidth > innerWidth").await?;
        ensure!(!overflow, "{width}: the page is wider than its window");
        demo.collector = Some(Collector::start(demo.settings.clone()).await?);
        demo.until("$('#no-collector').hidden && !$('#faults').disabled").await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn held_and_delivered_count_the_same_run_until_start_over_begins_another() -> Result<()> {
    let mut demo = Demo::open().await?;
    demo.click("#track-many").await?;
    demo.until_both_count(250).await?;
    demo.click("#start-over").await?;
    demo.until_both_count(0).await?;
    demo.click("#track-faulty").await?;
    demo.until_both_count(4).await?;
    let account =
        "$('#account').textContent.startsWith('tracked 4 = delivered 4 + waiting 0, refused 1, lost 0')";
    demo.until(account).await?;
    demo.visit("/").await?;
    demo.until_both_count(4).await?;
    demo.until("$('#check').dataset.ok === 'true' && $('#check').textContent.startsWith('✓')").await?;

    // Another browser has tracked nothing: what the collector holds by now is of another run.
    demo.browser = Browser::start(Engine::Chromium).await?;
    demo.visit("/").await?;
    demo.until_both_count(0).await?;
    demo.click("#track-one").await?;
    demo.until_both_count(1).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_relay_the_page_shows_what_its_spool_holds_until_the_collector_is_back() -> Result<()> {
    let demo = Demo::open().await?;
    let folder = tempfile::tempdir()?;
    let port = demo.settings.port;
    let relay = Process::start(Path::new(env!("CARGO_BIN_EXE_relay-demo")), folder.path(), |relay| {
        relay.args(["--api-key", KEY, "--collector", &format!("http://127.0.0.1:{port}")]);
        relay.args(["--relay-port", &(port + 2).to_string(), "--control-port", &(port + 3).to_string()]);
    })?;
    demo.visit("/?relay").await?;
    demo.until("!$('#relay').hidden && $('#relay-life').textContent === 'alive'")
        .await
        .with_context(|| relay.log().unwrap_or_default())?;
    demo.switch("down").await?;
    demo.click("#track-many").await?;
    demo.until("$('#delivered').value === '250' && $('#relay-spool').textContent === '250'").await?;
    demo.switch("none").await?;
    demo.until("$('#relay-spool').textContent === '0'").await?;
    demo.until_both_count(250).await?;

    demo.resize(390).await?;
    let bottom = "(find) => $(find).getBoundingClientRect().bottom";
    demo.until(&format!(
        "$('#relay').clientWidth > 300 && ['main', '#relay-title', '#relay-spool', '#relay-kill', '#log'].map({bottom})
            .every((here, index, all) => index === 0 || all[index - 1] < here)"
    ))
    .await
}
