//! Pages that go away with events on their hands. None may be missing. A page that had a good reply before leaves a
//! mark, and nothing is repeated; without one the next visit may send an event again whose reply nobody saw, and
//! then with the same id.

use anyhow::Result;
use e2e::{Arrivals, Engine, Scene, in_each_browser, until};

in_each_browser!(
    a_page_left_after_a_good_reply_loses_none_and_repeats_none,
    a_page_left_in_the_task_of_its_events_loses_none,
    a_tab_closed_right_after_its_events_loses_none,
    a_tab_that_closes_itself_in_the_task_of_its_events_delivers_what_the_engine_keeps,
    a_page_left_while_the_collector_is_down_loses_none,
    a_page_left_before_webassembly_is_ready_loses_none,
    a_page_left_before_webassembly_is_ready_while_the_collector_is_down_loses_none,
    a_page_come_back_to_goes_on,
);

pub(crate) async fn a_page_left_after_a_good_reply_loses_none_and_repeats_none(
    scene: &mut Scene,
) -> Result<()> {
    scene.visit("module.html").await?;
    scene.run::<()>("await appizer.init(options); steps(0, 10); await appizer.flush();").await?;
    scene.leave("steps(10, 250); location.href = 'blank.html';").await?;
    scene.visit("module.html").await?;
    scene.run::<()>("await appizer.init(options); steps(250, 251); await appizer.flush();").await?;
    scene.distinct(251).await?;
    let arrivals = scene.settled().await?;
    assert_complete(&arrivals, 251);
    assert_eq!(arrivals.repeats(), 0, "{arrivals}");
    let (queued, handed_over): (u64, u64) = scene
        .run("const { queued, handedOver } = await appizer.stats(); return [queued, handedOver]")
        .await?;
    assert!(queued == 0 && handed_over > 0, "{queued} queued, {handed_over} handed over");
    Ok(())
}

async fn a_page_left_in_the_task_of_its_events_loses_none(scene: &mut Scene) -> Result<()> {
    scene.visit("module.html").await?;
    scene.run::<()>("await appizer.init(options)").await?;
    scene.leave("steps(0, 250); location.href = 'blank.html';").await?;
    assert_complete(&next_visit(scene, 250).await?, 250);
    Ok(())
}

pub(crate) async fn a_tab_closed_right_after_its_events_loses_none(scene: &mut Scene) -> Result<()> {
    let first = scene.browser.tab().await?;
    scene.visit("blank.html").await?;
    scene.browser.open_tab().await?;
    scene.visit("module.html").await?;
    scene.run::<()>("await appizer.init(options)").await?;
    scene.run::<()>("steps(0, 250)").await?;
    scene.browser.close_tab(&first).await?;
    assert_complete(&next_visit(scene, 250).await?, 250);
    Ok(())
}

async fn a_tab_that_closes_itself_in_the_task_of_its_events_delivers_what_the_engine_keeps(
    scene: &mut Scene,
) -> Result<()> {
    let first = scene.browser.tab().await?;
    scene.visit("blank.html").await?;
    // Only a tab that a page has opened may be closed by a page.
    scene.run::<()>("open('module.html')").await?;
    let second = until("the tab to open", async || {
        Ok(scene.browser.tabs().await?.into_iter().find(|tab| *tab != first))
    })
    .await?;
    scene.browser.switch_to(&second).await?;
    until("the page to be loaded", async || {
        let loaded: bool = scene.run("return 'steps' in window").await?;
        Ok(loaded.then_some(()))
    })
    .await?;
    scene.run::<()>("await appizer.init(options)").await?;
    scene.browser.begin("steps(0, 250); close();").await?;
    until(
        "the tab to be closed",
        async || Ok((!scene.browser.tabs().await?.contains(&second)).then_some(())),
    )
    .await?;
    scene.browser.switch_to(&first).await?;
    if scene.engine != Engine::WebKit {
        assert_complete(&next_visit(scene, 250).await?, 250);
        return Ok(());
    }
    // WebKit sometimes takes the tab away with its transaction and with what it had just put into localStorage
    // (one run of eight). What was given to the browser has arrived all the same.
    let arrivals = next_visit(scene, 100).await?;
    println!("{} of 250 events are missing", 250 - arrivals.steps().len());
    Ok(())
}

pub(crate) async fn a_page_left_while_the_collector_is_down_loses_none(scene: &mut Scene) -> Result<()> {
    scene.visit("module.html").await?;
    scene.run::<()>("await appizer.init(options)").await?;
    scene.stop_collector().await;
    scene.run::<()>("steps(0, 250); await new Promise((resolve) => appizer.on('retry', resolve));").await?;
    scene.leave("location.href = 'blank.html'").await?;
    scene.start_collector().await?;
    let arrivals = next_visit(scene, 250).await?;
    assert_complete(&arrivals, 250);
    assert_eq!(arrivals.repeats(), 0, "nothing can have been sent before: {arrivals}");
    Ok(())
}

pub(crate) async fn a_page_left_before_webassembly_is_ready_loses_none(scene: &mut Scene) -> Result<()> {
    scene.visit("leaves-early.html").await?;
    scene.blank().await?;
    assert_complete(&next_visit(scene, 20).await?, 20);
    Ok(())
}

async fn a_page_left_before_webassembly_is_ready_while_the_collector_is_down_loses_none(
    scene: &mut Scene,
) -> Result<()> {
    scene.stop_collector().await;
    scene.visit("leaves-early.html").await?;
    scene.blank().await?;
    scene.start_collector().await?;
    let arrivals = next_visit(scene, 20).await?;
    assert_complete(&arrivals, 20);
    assert_eq!(arrivals.repeats(), 0, "nothing can have been sent before: {arrivals}");
    Ok(())
}

async fn a_page_come_back_to_goes_on(scene: &mut Scene) -> Result<()> {
    scene.visit("module.html").await?;
    leave_come_back_and_go_on(scene).await
}

/// Leaves the page that is loaded with events on its hands, comes back to it, and tracks on.
pub(crate) async fn leave_come_back_and_go_on(scene: &Scene) -> Result<()> {
    // Events wait for an hour: what arrives, arrives because of the page's life.
    let start = "await appizer.init({ ...options, flushInterval: 3600000 });";
    let watch = "addEventListener('pageshow', (event) => (window.restored = event.persisted));";
    scene.run::<()>(&format!("{start} {watch}")).await?;
    scene.leave("steps(0, 10); location.href = 'blank.html';").await?;
    scene.browser.back().await?;
    let restored: bool = scene.run("return window.restored ?? false").await?;
    // Firefox keeps no page in its back/forward cache that holds a Web Lock, though it lets go in `pagehide`.
    assert!(restored || scene.engine == Engine::Firefox, "the page was not kept for the way back");
    let again = if restored { "" } else { start };
    scene.run::<()>(&format!("{again} steps(10, 20); await appizer.flush();")).await?;
    scene.distinct(20).await?;
    assert_complete(&scene.settled().await?, 20);
    Ok(())
}

/// Comes to the site again, waits until `count` of the numbered events have arrived, and tracks until nothing is queued: it is
/// the next reply that settles what was handed over.
async fn next_visit(scene: &Scene, count: usize) -> Result<Arrivals> {
    scene.visit("module.html").await?;
    scene.run::<()>("await appizer.init(options)").await?;
    scene.arrivals(&format!("{count} steps"), |arrivals| arrivals.steps().len() >= count).await?;
    until("nothing to be queued any more", async || {
        let track =
            "appizer.track('next_visit'); await appizer.flush(); return (await appizer.stats()).queued";
        let queued: u64 = scene.run(track).await?;
        Ok((queued == 0).then_some(()))
    })
    .await?;
    scene.servers.arrivals()
}

/// Every number came, and under one id only.
pub(crate) fn assert_complete(arrivals: &Arrivals, count: u64) {
    let mut steps = arrivals.steps();
    steps.sort_unstable();
    assert_eq!(steps, Vec::from_iter(0..count), "{arrivals}");
    if arrivals.repeats() > 0 {
        println!("{} events came again with the same id", arrivals.repeats());
    }
}
