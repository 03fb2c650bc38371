//! Without a core: a policy forbids WebAssembly, the browser lacks it, it does not compile, or its chunk does not load.

use crate::leaving::{assert_complete, leave_come_back_and_go_on};
use anyhow::Result;
use collector::Faults;
use e2e::{Engine, Scene, in_each_browser, until};
use serde::Deserialize;
use serde_json::json;

in_each_browser!(
    under_a_policy_without_webassembly_events_arrive,
    without_webassembly_events_arrive_in_order_and_the_page_is_told,
    with_a_module_that_does_not_compile_events_arrive_and_wrong_options_are_told,
    a_core_chunk_that_does_not_load_is_asked_for_again,
    without_the_core_chunk_events_arrive_and_the_page_is_told,
    what_a_page_without_a_core_leaves_the_next_one_with_it_delivers_and_counts,
    what_a_page_without_a_core_gives_to_the_browser_the_next_one_with_it_does_not_repeat,
    a_page_without_a_core_left_while_the_collector_is_down_loses_none,
    a_refused_batch_of_a_page_without_a_core_is_for_the_next_core_to_decide_on,
    a_page_without_a_core_obeys_the_wait_that_one_with_it_was_asked_for,
    a_page_without_a_core_whose_visitor_opts_out_leaves_nothing,
    a_page_without_a_core_come_back_to_goes_on,
    what_is_left_beyond_the_room_for_it_is_counted_as_dropped,
);

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stats {
    accepted: u64,
    delivered: u64,
    handed_over: u64,
    queued: u64,
    uncertain: u64,
    storage: String,
    fallbacks: Vec<String>,
}

const MISSING: &str = "no-core.html?missing";

async fn under_a_policy_without_webassembly_events_arrive(scene: &mut Scene) -> Result<()> {
    scene.visit("strict.html").await?;
    let arrivals = scene.distinct(151).await?;
    let report = arrivals.named("report")?.properties.clone().unwrap_or_default();
    assert_eq!(report["fallbacks"], json!(["no_webassembly", "direct"]), "{report:?}");
    assert_eq!((&report["storage"], &report["delivered"]), (&json!("memory"), &json!(150)), "{report:?}");
    let warnings = report["warnings"].to_string();
    assert_eq!(warnings.matches("Events still go").count(), 1, "{warnings}");
    assert!(warnings.contains("Add 'wasm-unsafe-eval' to script-src"), "{warnings}");
    assert_eq!(arrivals.steps(), Vec::from_iter(0..150));
    assert_eq!(arrivals.repeats(), 0, "{arrivals}");
    Ok(())
}

async fn without_webassembly_events_arrive_in_order_and_the_page_is_told(scene: &mut Scene) -> Result<()> {
    load(scene, MISSING).await?;
    let ids: Vec<String> = scene
        .run(
            "window.degraded = hear('degraded');
            const before = steps(0, 50);
            await appizer.init(options);
            const after = steps(50, 250);
            appizer.identify('user_1');
            appizer.track('named');
            return [...before, ...after];",
        )
        .await?;
    scene.distinct(252).await?;
    let arrivals = scene.settled().await?;
    let sent: Vec<&str> = arrivals.ids().into_iter().take(250).collect();
    assert_eq!(sent, ids);
    assert_eq!(arrivals.named("named")?.user_id, "user_1");
    assert_ne!(arrivals.named("step")?.user_id, "user_1");
    assert!(arrivals.batches().iter().all(|batch| batch.len() <= 100), "{arrivals}");
    assert_eq!(arrivals.repeats(), 0, "{arrivals}");
    let stats = stats(scene).await?;
    assert_eq!(stats.fallbacks, ["no_webassembly", "direct"]);
    assert_eq!((stats.accepted, stats.delivered, stats.queued), (252, 252, 0), "{stats:?}");
    assert_eq!(stats.storage, "memory");
    let told: Vec<String> = scene.run("return degraded.map((notice) => notice.fallback)").await?;
    assert_eq!(told, ["no_webassembly"]);
    Ok(())
}

async fn with_a_module_that_does_not_compile_events_arrive_and_wrong_options_are_told(
    scene: &mut Scene,
) -> Result<()> {
    load(scene, "no-core.html?broken").await?;
    let wrong: String = scene
        .run("return appizer.init({ ...options, apiKey: 'a key' }).catch((error) => error.option)")
        .await?;
    assert_eq!(wrong, "apiKey");
    scene.run::<()>("await appizer.init(options); steps(0, 10);").await?;
    assert_complete(&scene.distinct(10).await?, 10);
    assert_eq!(stats(scene).await?.fallbacks, ["no_webassembly", "direct"]);
    Ok(())
}

async fn a_core_chunk_that_does_not_load_is_asked_for_again(scene: &mut Scene) -> Result<()> {
    load(scene, "no-core.html?late-core").await?;
    scene.run::<()>("steps(0, 10); await appizer.init(options); steps(10, 20);").await?;
    let arrivals = scene.distinct(20).await?;
    assert_complete(&arrivals, 20);
    assert_eq!(arrivals.repeats(), 0, "{arrivals}");
    // Firefox remembers a failure for the life of the page.
    let expected: &[&str] = if scene.engine == Engine::Firefox { &["no_core", "direct"] } else { &[] };
    assert_eq!(stats(scene).await?.fallbacks, expected);
    Ok(())
}

async fn without_the_core_chunk_events_arrive_and_the_page_is_told(scene: &mut Scene) -> Result<()> {
    load(scene, "no-core.html?without-core").await?;
    // Each time that the network is back the chunk is asked for at once.
    let told: Vec<String> = scene
        .run(
            "const degraded = hear('degraded');
            steps(0, 10);
            const online = setInterval(() => dispatchEvent(new Event('online')), 50);
            await appizer.init(options);
            clearInterval(online);
            return degraded.map((notice) => notice.fallback);",
        )
        .await?;
    assert_eq!(told, ["no_core"]);
    assert_complete(&scene.distinct(10).await?, 10);
    assert_eq!(stats(scene).await?.fallbacks, ["no_core", "direct"]);
    Ok(())
}

async fn what_a_page_without_a_core_leaves_the_next_one_with_it_delivers_and_counts(
    scene: &mut Scene,
) -> Result<()> {
    visit_to_send_at_exit(scene).await?;
    scene.leave("steps(0, 250); location.href = 'blank.html';").await?;
    visit(scene, "module.html").await?;
    scene.distinct(250).await?;
    assert_complete(&scene.settled().await?, 250);
    let stats = stats(scene).await?;
    assert_eq!((stats.accepted, stats.queued), (250, 0), "{stats:?}");
    Ok(())
}

async fn what_a_page_without_a_core_gives_to_the_browser_the_next_one_with_it_does_not_repeat(
    scene: &mut Scene,
) -> Result<()> {
    visit(scene, "module.html").await?;
    scene.run::<()>("steps(0, 10); await appizer.flush();").await?;
    scene.leave("location.href = 'blank.html'").await?;
    visit_to_send_at_exit(scene).await?;
    scene.leave("steps(10, 50); location.href = 'blank.html';").await?;
    visit(scene, "module.html").await?;
    // It is the next reply that settles what it takes over.
    until("what was left to be taken over", async || Ok((stats(scene).await?.accepted == 50).then_some(())))
        .await?;
    scene.run::<()>("steps(50, 51); await appizer.flush();").await?;
    scene.distinct(51).await?;
    let arrivals = scene.settled().await?;
    assert_complete(&arrivals, 51);
    assert_eq!(arrivals.repeats(), 0, "{arrivals}");
    let stats = stats(scene).await?;
    assert_eq!((stats.handed_over, stats.delivered, stats.accepted), (40, 11, 51), "{stats:?}");
    Ok(())
}

async fn a_page_without_a_core_left_while_the_collector_is_down_loses_none(scene: &mut Scene) -> Result<()> {
    visit(scene, MISSING).await?;
    scene.stop_collector().await;
    scene.run::<()>("steps(0, 50); await new Promise((resolve) => appizer.on('retry', resolve));").await?;
    let waiting: String = scene.run("return (await appizer.flush()).waiting").await?;
    assert_eq!(waiting, "backoff");
    scene.leave("steps(50, 100); location.href = 'blank.html';").await?;
    scene.start_collector().await?;
    visit(scene, "module.html").await?;
    scene.distinct(100).await?;
    let arrivals = scene.settled().await?;
    assert_complete(&arrivals, 100);
    assert_eq!(arrivals.repeats(), 0, "{arrivals}");
    Ok(())
}

async fn a_refused_batch_of_a_page_without_a_core_is_for_the_next_core_to_decide_on(
    scene: &mut Scene,
) -> Result<()> {
    visit(scene, MISSING).await?;
    scene.set_faults(Some(Faults::status(422).times(1)))?;
    let waiting: String = scene
        .run(
            "steps(0, 10);
            await appizer.flush();
            steps(10, 20);
            await appizer.flush();
            return (await appizer.stats()).waiting;",
        )
        .await?;
    assert_eq!(waiting, "core");
    assert_eq!(scene.distinct(10).await?.steps(), Vec::from_iter(10..20));
    scene.leave("location.href = 'blank.html'").await?;
    visit(scene, "module.html").await?;
    scene.distinct(20).await?;
    assert_complete(&scene.settled().await?, 20);
    let stats = stats(scene).await?;
    assert_eq!((stats.accepted, stats.delivered, stats.uncertain), (10, 10, 0), "{stats:?}");
    Ok(())
}

async fn a_page_without_a_core_obeys_the_wait_that_one_with_it_was_asked_for(
    scene: &mut Scene,
) -> Result<()> {
    visit(scene, "module.html").await?;
    let fault = Faults { retry_after: Some("60".into()), ..Faults::status(503) };
    scene.set_faults(Some(fault.times(1)))?;
    scene.run::<()>("steps(0, 10); await new Promise((resolve) => appizer.on('retry', resolve));").await?;
    scene.leave("location.href = 'blank.html'").await?;
    visit(scene, MISSING).await?;
    scene.leave("steps(10, 20); location.href = 'blank.html';").await?;
    load(scene, MISSING).await?;
    let left: bool =
        scene.run("return Object.keys(localStorage).some((name) => name.includes(':left:'))").await?;
    assert!(left);
    assert_eq!(scene.settled().await?.ids(), [""; 0]);
    Ok(())
}

async fn a_page_without_a_core_whose_visitor_opts_out_leaves_nothing(scene: &mut Scene) -> Result<()> {
    visit(scene, MISSING).await?;
    scene.stop_collector().await;
    scene.run::<()>("steps(0, 10); await new Promise((resolve) => appizer.on('retry', resolve));").await?;
    let (id, dropped): (Option<String>, u64) = scene
        .run(
            "const dropped = hear('dropped');
            appizer.optOut();
            const id = appizer.track('late');
            await appizer.flush();
            return [id, dropped[0]?.count];",
        )
        .await?;
    assert_eq!((id, dropped), (None, 10));
    scene.leave("location.href = 'blank.html'").await?;
    scene.start_collector().await?;
    visit(scene, "module.html").await?;
    let (stored, out): (Vec<String>, bool) = scene
        .run("return [Object.keys(localStorage).filter((name) => name.includes('left')), appizer.hasOptedOut()]")
        .await?;
    assert_eq!((stored, out), (Vec::new(), true));
    assert_eq!(scene.settled().await?.ids(), [""; 0]);
    Ok(())
}

async fn a_page_without_a_core_come_back_to_goes_on(scene: &mut Scene) -> Result<()> {
    load(scene, MISSING).await?;
    leave_come_back_and_go_on(scene).await
}

async fn what_is_left_beyond_the_room_for_it_is_counted_as_dropped(scene: &mut Scene) -> Result<()> {
    visit(scene, MISSING).await?;
    scene.stop_collector().await;
    let (dropped, left): (u64, u64) = scene
        .run(
            "appizer.track('first');
            await new Promise((resolve) => appizer.on('retry', resolve));
            for (let n = 0; n < 100; n++) appizer.track('large', { text: 'x'.repeat(4000) });
            const dropped = hear('dropped');
            await appizer.flush();
            dispatchEvent(new Event('pagehide'));
            const places = Object.keys(localStorage).filter((name) => name.includes(':left:'));
            const left = places.reduce((sum, name) => sum + localStorage[name].length, 0);
            return [dropped.reduce((sum, { reason, count }) => sum + (reason === 'quota' && count), 0), left];",
        )
        .await?;
    assert!((30..50).contains(&dropped) && left <= 256 * 1024, "{dropped} dropped, {left} bytes left");
    scene.start_collector().await?;
    Ok(())
}

async fn visit_to_send_at_exit(scene: &Scene) -> Result<()> {
    load(scene, MISSING).await?;
    scene.run::<()>("await appizer.init({ ...options, flushInterval: 3600000 })").await
}

async fn visit(scene: &Scene, page: &str) -> Result<()> {
    load(scene, page).await?;
    scene.run::<()>("await appizer.init(options)").await
}

/// Every engine's driver has a mind of its own of when a page is loaded.
async fn load(scene: &Scene, page: &str) -> Result<()> {
    scene.visit(page).await?;
    scene.loaded().await
}

async fn stats(scene: &Scene) -> Result<Stats> {
    scene.run("return appizer.stats()").await
}
