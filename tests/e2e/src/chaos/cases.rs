//! The cases.

use std::time::Duration;

use anyhow::{Result, ensure};
use collector::{DropPoint, Faults};

use super::case::{Case, Warmth};
use super::run::Run;
use crate::browser::Tab;
use crate::engine::Engine;
use crate::scene::Scene;
use crate::wait::until;

/// Every case there is, in the order of the table.
pub const CASES: &[Case] = &[
    Case::in_the_page("leave-50", 50, "the page is left in the task of its events", |scene, run| {
        Box::pin(leave(scene, run))
    }),
    Case::in_the_page("leave-250", 250, "the page is left in the task of its events", |scene, run| {
        Box::pin(leave(scene, run))
    }),
    Case::in_the_page("leave-slow", 250, "the same over a network that takes 80 ms", |scene, run| {
        Box::pin(leave_over_a_slow_network(scene, run))
    }),
    Case::in_the_page("leave-early", 20, "the page is left before WebAssembly runs", |scene, run| {
        Box::pin(leave_early(scene, run))
    }),
    Case::in_the_page(
        "close-itself",
        250,
        "the tab closes itself in the task of its events",
        |scene, run| Box::pin(close_itself(scene, run)),
    )
    .because(&[(&[Engine::WebKit], TAKEN_AWAY), (&[Engine::Firefox], LIVES_ON)]),
    Case::in_the_page("close-after", 250, "the tab is closed right after its events", |scene, run| {
        Box::pin(close_after(scene, run))
    })
    .because(&[(&[Engine::Firefox], LIVES_ON)]),
    Case::quit("quit", 50, "the browser is quit by its driver right after the events", |scene, run| {
        Box::pin(track(scene, run))
    })
    .not_in(&[(Engine::WebKit, KEEPS_NOTHING)]),
    Case::killed("kill-0", "the browser is killed (SIGKILL) 0 ms after the events", 0, 0),
    Case::killed("kill-50", "… 50 ms after", 50, 0),
    Case::killed("kill-100", "… 100 ms after", 100, 0),
    Case::killed("kill-300", "… 300 ms after", 300, 0),
    Case::killed("kill-500", "… 500 ms after", 500, 0),
    Case::killed("kill-waiting", "… 500 ms after, while the events wait for their interval", 500, 10_000),
    Case::in_the_page("crash", 50, "the page's process crashes right after the events", |scene, run| {
        Box::pin(crash(scene, run))
    })
    .unseen()
    .not_in(&[(Engine::Firefox, NO_CRASH), (Engine::WebKit, NO_CRASH)]),
    Case::in_the_page(
        "down",
        250,
        "the collector is down, which the page sees before it is left",
        |scene, run| Box::pin(leave_while_down(scene, run)),
    ),
    Case::in_the_page(
        "down-unseen",
        250,
        "the collector goes down unseen, and the page is left in the task of its events",
        |scene, run| Box::pin(leave_unaware(scene, run)),
    )
    .because(&[(&Engine::ALL, BELIEVED)]),
    Case::in_the_page("status-500", 250, "the collector answers 500, then the page is left", |scene, run| {
        Box::pin(leave_after_failure(scene, run, Faults::status(500)))
    }),
    Case::in_the_page(
        "status-429",
        250,
        "the collector answers 429 with `Retry-After: 1`, then the page is left",
        |scene, run| {
            let limited = Faults { retry_after: Some("1".into()), ..Faults::status(429) };
            Box::pin(leave_after_failure(scene, run, limited))
        },
    ),
    Case::in_the_page(
        "hang",
        250,
        "the collector takes a request and never answers, and the page is left",
        |scene, run| Box::pin(leave_hanging(scene, run, Duration::ZERO)),
    )
    .because(&[(&Engine::ALL, BELIEVED)]),
    Case::in_the_page("hang-late", 250, "… and the page is left six seconds later", |scene, run| {
        Box::pin(leave_hanging(scene, run, Duration::from_secs(6)))
    })
    .unseen(),
    Case::in_the_page(
        "cut",
        250,
        "the collector stores and cuts every answer, then the page is left",
        |scene, run| Box::pin(leave_cut(scene, run)),
    )
    .unseen(),
    Case::in_the_page(
        "three-tabs",
        150,
        "three tabs with 50 events each while the collector is down, then it is back",
        |scene, run| Box::pin(three_tabs(scene, run)),
    ),
    // Where leaving takes long, an ordinary request begins before it. It is too large to outlive its page: the collector may get it
    // whole, and the page no reply.
    Case::in_the_page("big", 20, "the page is left in the task of 20 events of 30 KB", |scene, run| {
        Box::pin(leave_with_big_events(scene, run))
    })
    .unseen(),
    Case::in_the_page(
        "no-storage",
        50,
        "every storage is refused, and the page is left in the task of its events",
        |scene, run| Box::pin(leave_without_storage(scene, run)),
    ),
    Case::in_the_page(
        "quota",
        250,
        "the page has 50 KB of its own outliving it, and is left in the task of its events",
        |scene, run| Box::pin(leave_with_quota_spent(scene, run)),
    )
    .because(&[(&[Engine::Chromium], NO_ROOM)]),
];

const KEEPS_NOTHING: &str =
    "an automation session leaves no storage on disk, and without a driver nothing quits it but a signal";

const NO_ROOM: &str = "The browser: Chromium refuses what is over its room some milliseconds later. A page that is gone by then never \
    hears of it, and what it gave to the browser is marked and settled by the next success.";

const NO_CRASH: &str = "its driver has no way to crash a page";

const TAKEN_AWAY: &str = "The browser: WebKit ends a tab that closes itself together with the transaction of its last task and with \
    what that put into localStorage. Where the mark is gone its events come again, where the record is gone those are missing \
    that had not been given to the browser.";

const LIVES_ON: &str = "The engine, by decision (docs/decisions/0003-marks.md): Firefox drops what a page sends as the browser quits, \
    and keeps its mark, so that a mark counts there only for a page that knows the browser to have lived on. After a closed tab no \
    page does.";

const BELIEVED: &str = "The engine, by decision (docs/decisions/0003-marks.md): the page's last reply was good, so what it gave to the \
    browser is marked, and the next success counts it as handed over. Nobody can tell that the endpoint took nothing \
    just then. It is at most what outlives one page, 32 KiB, for a page whose last reply before the failure was good; a page that \
    has seen the failure, or waits for a reply for five seconds, marks nothing.";

async fn leave(scene: &mut Scene, run: &Run) -> Result<()> {
    open(scene, run, "module.html").await?;
    leave_with(scene, &steps(run)).await
}

async fn leave_over_a_slow_network(scene: &mut Scene, run: &Run) -> Result<()> {
    scene.set_faults(Some(Faults { delay_ms: Some(80), ..Faults::default() }))?;
    leave(scene, run).await
}

async fn leave_early(scene: &mut Scene, run: &Run) -> Result<()> {
    if run.warmth == Warmth::Warm {
        open(scene, run, "module.html").await?;
    }
    scene.visit("leaves-early.html").await?;
    scene.blank().await
}

async fn close_itself(scene: &mut Scene, run: &Run) -> Result<()> {
    let first = scene.browser.tab().await?;
    scene.visit("blank.html").await?;
    // Only a tab that a page has opened may be closed by a page.
    scene.run::<()>("open('blank.html')").await?;
    let second = until("the tab to open", async || {
        Ok(scene.browser.tabs().await?.into_iter().find(|tab| *tab != first))
    })
    .await?;
    scene.browser.switch_to(&second).await?;
    open(scene, run, "module.html").await?;
    scene.browser.begin(&format!("{}; close();", steps(run))).await?;
    let gone = async || Ok((!scene.browser.tabs().await?.contains(&second)).then_some(()));
    until("the tab to be closed", gone).await?;
    scene.browser.switch_to(&first).await
}

async fn close_after(scene: &mut Scene, run: &Run) -> Result<()> {
    let first = open_in_a_second_tab(scene, run).await?;
    scene.run::<()>(&steps(run)).await?;
    scene.browser.close_tab(&first).await
}

async fn track(scene: &mut Scene, run: &Run) -> Result<()> {
    open(scene, run, "module.html").await?;
    scene.run::<()>(&steps(run)).await
}

async fn crash(scene: &mut Scene, run: &Run) -> Result<()> {
    let first = open_in_a_second_tab(scene, run).await?;
    scene.run::<()>(&steps(run)).await?;
    scene.browser.crash_page().await;
    scene.browser.switch_to(&first).await
}

async fn leave_while_down(scene: &mut Scene, run: &Run) -> Result<()> {
    open(scene, run, "module.html").await?;
    scene.stop_collector().await;
    track_and_see_a_failure(scene, run).await?;
    leave_with(scene, "").await
}

async fn leave_unaware(scene: &mut Scene, run: &Run) -> Result<()> {
    open(scene, run, "module.html").await?;
    scene.stop_collector().await;
    leave_with(scene, &steps(run)).await
}

async fn leave_after_failure(scene: &mut Scene, run: &Run, faults: Faults) -> Result<()> {
    open(scene, run, "module.html").await?;
    scene.set_faults(Some(faults))?;
    track_and_see_a_failure(scene, run).await?;
    leave_with(scene, "").await
}

async fn leave_hanging(scene: &mut Scene, run: &Run, after: Duration) -> Result<()> {
    open(scene, run, "module.html").await?;
    scene.set_faults(Some(Faults { hang: true, ..Faults::default() }))?;
    scene.run::<()>(&steps(run)).await?;
    scene
        .arrivals("a request to hang", |arrivals| {
            arrivals.requests.iter().any(|request| request.fault.is_some())
        })
        .await?;
    tokio::time::sleep(after).await;
    leave_with(scene, "").await
}

async fn leave_cut(scene: &mut Scene, run: &Run) -> Result<()> {
    open(scene, run, "module.html").await?;
    scene.set_faults(Some(Faults::drop(DropPoint::After)))?;
    track_and_see_a_failure(scene, run).await?;
    leave_with(scene, "").await
}

async fn three_tabs(scene: &mut Scene, run: &Run) -> Result<()> {
    let mut tabs: Vec<Tab> = vec![scene.browser.tab().await?];
    open(scene, run, "module.html").await?;
    while tabs.len() < 3 {
        tabs.push(scene.browser.open_tab().await?);
        open(scene, run, "module.html").await?;
    }
    scene.stop_collector().await;
    let share = run.case.events / 3;
    for (tab, first) in tabs.iter().zip((0..).step_by(share as usize)) {
        scene.browser.switch_to(tab).await?;
        scene.run::<()>(&format!("steps({first}, {})", first + share)).await?;
    }
    scene.start_collector().await?;
    scene.browser.open_tab().await?;
    Ok(())
}

async fn leave_with_big_events(scene: &mut Scene, run: &Run) -> Result<()> {
    open(scene, run, "module.html").await?;
    let track = format!(
        "for (let n = 0; n < {}; n++) appizer.track('step', {{ n, text: 'x'.repeat(30_000) }})",
        run.case.events
    );
    leave_with(scene, &track).await
}

async fn leave_without_storage(scene: &mut Scene, run: &Run) -> Result<()> {
    open(scene, run, "module.html?refuse-storage").await?;
    leave_with(scene, &steps(run)).await
}

async fn leave_with_quota_spent(scene: &mut Scene, run: &Run) -> Result<()> {
    open(scene, run, "module.html").await?;
    let spend = "fetch('/hang', { method: 'POST', keepalive: true, body: 'x'.repeat(50_000) })";
    leave_with(scene, &format!("{spend}; {}", steps(run))).await
}

/// Loads a page and starts its tracker; warm, with a reply.
async fn open(scene: &Scene, run: &Run, page: &str) -> Result<()> {
    scene.visit(page).await?;
    scene.loaded().await?;
    scene.run::<()>("await appizer.init(options)").await?;
    if run.warmth == Warmth::Warm {
        let delivered: u64 =
            scene.run("appizer.track('warm'); return (await appizer.flush()).delivered").await?;
        ensure!(delivered > 0, "the page was to have a good reply, and had none");
    }
    Ok(())
}

/// The same in a second tab. The first, which shows a page without a tracker, is returned.
async fn open_in_a_second_tab(scene: &Scene, run: &Run) -> Result<Tab> {
    let first = scene.browser.tab().await?;
    scene.visit("blank.html").await?;
    scene.browser.open_tab().await?;
    open(scene, run, "module.html").await?;
    Ok(first)
}

fn steps(run: &Run) -> String {
    format!("steps(0, {})", run.case.events)
}

async fn track_and_see_a_failure(scene: &Scene, run: &Run) -> Result<()> {
    scene.run(&format!("{}; await new Promise((resolve) => appizer.on('retry', resolve))", steps(run))).await
}

/// Leaves the page in the task of `script`.
async fn leave_with(scene: &Scene, script: &str) -> Result<()> {
    scene.leave(&format!("{script}; location.href = 'blank.html'")).await
}
