//! Without WebAssembly: a policy forbids it, the browser lacks it, it does not compile, or it traps.

use crate::leaving::{assert_complete, leave_come_back_and_go_on};
use anyhow::Result;
use e2e::{Scene, in_each_browser, until};
use serde::Deserialize;
use serde_json::json;

in_each_browser!(
    under_a_policy_without_webassembly_events_arrive,
    without_webassembly_events_arrive_in_order_and_the_page_is_told,
    with_a_module_that_does_not_compile_events_arrive,
    what_a_page_without_webassembly_leaves_the_next_one_with_it_delivers,
    what_a_page_with_webassembly_leaves_the_next_one_without_it_delivers,
    a_page_without_webassembly_that_had_a_good_reply_repeats_none,
    what_one_kind_of_page_hands_over_the_other_does_not_repeat,
    a_page_without_webassembly_left_while_the_collector_is_down_loses_none,
    without_webassembly_a_collector_that_is_down_costs_nothing,
    without_webassembly_a_refused_batch_becomes_dead_letters,
    a_page_without_webassembly_come_back_to_goes_on,
    after_a_trap_everything_arrives_under_one_id,
    what_traps_again_and_again_goes_on_without_webassembly,
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

async fn under_a_policy_without_webassembly_events_arrive(scene: &mut Scene) -> Result<()> {
    scene.visit("strict.html").await?;
    let arrivals = scene.distinct(151).await?;
    let report = arrivals.named("report")?.properties.clone().unwrap_or_default();
    assert_eq!(report["fallbacks"], json!(["no_webassembly"]), "{report:?}");
    assert_eq!((&report["storage"], &report["delivered"]), (&json!("indexeddb"), &json!(150)), "{report:?}");
    assert_eq!(arrivals.steps(), Vec::from_iter(0..150));
    assert_eq!(arrivals.repeats(), 0, "{arrivals}");
    Ok(())
}

async fn without_webassembly_events_arrive_in_order_and_the_page_is_told(scene: &mut Scene) -> Result<()> {
    load(scene, "no-wasm.html?missing").await?;
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
    scene.distinct(251).await?;
    let arrivals = scene.arrivals("the event of a user", |arrivals| arrivals.named("named").is_ok()).await?;
    let steps: Vec<&str> = arrivals.ids().into_iter().take(250).collect();
    assert_eq!(steps, ids);
    assert_eq!(arrivals.named("named")?.user_id, "user_1");
    assert!(arrivals.batches().iter().all(|batch| batch.len() <= 100), "{arrivals}");
    scene.settled().await?;
    let stats = stats(scene).await?;
    assert_eq!(stats.fallbacks, ["no_webassembly"]);
    assert_eq!(
        (stats.accepted, stats.delivered, stats.storage.as_str()),
        (stats.delivered, stats.accepted, "indexeddb")
    );
    let told: Vec<String> = scene.run("return degraded.map((notice) => notice.fallback)").await?;
    assert_eq!(told, ["no_webassembly"]);
    Ok(())
}

async fn with_a_module_that_does_not_compile_events_arrive(scene: &mut Scene) -> Result<()> {
    load(scene, "no-wasm.html?broken").await?;
    let wrong: String = scene
        .run("return appizer.init({ ...options, apiKey: 'a key' }).catch((error) => error.option)")
        .await?;
    assert_eq!(wrong, "apiKey");
    scene.run::<()>("await appizer.init(options); steps(0, 10);").await?;
    assert_complete(&scene.distinct(10).await?, 10);
    assert_eq!(stats(scene).await?.fallbacks, ["no_webassembly"]);
    Ok(())
}

async fn what_a_page_without_webassembly_leaves_the_next_one_with_it_delivers(
    scene: &mut Scene,
) -> Result<()> {
    load(scene, "no-wasm.html?missing").await?;
    scene.run::<()>("await appizer.init(options)").await?;
    scene.leave("steps(0, 250); location.href = 'blank.html';").await?;
    visit(scene, "module.html").await?;
    scene.distinct(250).await?;
    assert_complete(&scene.settled().await?, 250);
    let stats = stats(scene).await?;
    assert_eq!((stats.accepted, stats.queued), (250, 0), "{stats:?}");
    Ok(())
}

async fn what_a_page_with_webassembly_leaves_the_next_one_without_it_delivers(
    scene: &mut Scene,
) -> Result<()> {
    visit(scene, "module.html").await?;
    scene.stop_collector().await;
    scene.run::<()>("steps(0, 250); await new Promise((resolve) => appizer.on('retry', resolve));").await?;
    scene.leave("location.href = 'blank.html'").await?;
    scene.start_collector().await?;
    visit(scene, "no-wasm.html?missing").await?;
    scene.distinct(250).await?;
    let arrivals = scene.settled().await?;
    assert_complete(&arrivals, 250);
    assert_eq!(arrivals.repeats(), 0, "{arrivals}");
    let stats = stats(scene).await?;
    assert_eq!((stats.accepted, stats.delivered, stats.queued), (250, 250, 0), "{stats:?}");
    Ok(())
}

async fn a_page_without_webassembly_that_had_a_good_reply_repeats_none(scene: &mut Scene) -> Result<()> {
    visit(scene, "no-wasm.html?missing").await?;
    scene.run::<()>("steps(0, 10); await appizer.flush();").await?;
    scene.leave("steps(10, 250); location.href = 'blank.html';").await?;
    visit(scene, "no-wasm.html?missing").await?;
    scene.run::<()>("steps(250, 251); await appizer.flush();").await?;
    scene.distinct(251).await?;
    let arrivals = scene.settled().await?;
    assert_complete(&arrivals, 251);
    assert_eq!(arrivals.repeats(), 0, "{arrivals}");
    let stats = stats(scene).await?;
    assert!(stats.handed_over > 0 && stats.accepted == stats.delivered + stats.handed_over, "{stats:?}");
    Ok(())
}

async fn what_one_kind_of_page_hands_over_the_other_does_not_repeat(scene: &mut Scene) -> Result<()> {
    visit(scene, "no-wasm.html?missing").await?;
    scene.run::<()>("steps(0, 10); await appizer.flush();").await?;
    scene.leave("steps(10, 50); location.href = 'blank.html';").await?;
    visit(scene, "module.html").await?;
    scene.run::<()>("steps(50, 60); await appizer.flush();").await?;
    scene.leave("steps(60, 100); location.href = 'blank.html';").await?;
    visit(scene, "no-wasm.html?missing").await?;
    // It is the next reply that settles what it takes over.
    until("what was left to be taken over", async || Ok((stats(scene).await?.accepted == 100).then_some(())))
        .await?;
    scene.run::<()>("steps(100, 101); await appizer.flush();").await?;
    scene.distinct(101).await?;
    let arrivals = scene.settled().await?;
    assert_complete(&arrivals, 101);
    assert_eq!(arrivals.repeats(), 0, "{arrivals}");
    Ok(())
}

async fn a_page_without_webassembly_left_while_the_collector_is_down_loses_none(
    scene: &mut Scene,
) -> Result<()> {
    visit(scene, "no-wasm.html?missing").await?;
    scene.run::<()>("steps(0, 10); await appizer.flush();").await?;
    scene.stop_collector().await;
    scene.run::<()>("steps(10, 50); await new Promise((resolve) => appizer.on('retry', resolve));").await?;
    scene.leave("steps(50, 100); location.href = 'blank.html';").await?;
    scene.start_collector().await?;
    visit(scene, "no-wasm.html?missing").await?;
    scene.distinct(100).await?;
    assert_complete(&scene.settled().await?, 100);
    Ok(())
}

async fn without_webassembly_a_collector_that_is_down_costs_nothing(scene: &mut Scene) -> Result<()> {
    visit(scene, "no-wasm.html?missing").await?;
    scene.stop_collector().await;
    let waiting: String = scene.run("steps(0, 250); return (await appizer.flush()).waiting").await?;
    assert_eq!(waiting, "backoff");
    scene.start_collector().await?;
    let arrivals = scene.distinct(250).await?;
    assert_eq!(arrivals.steps(), Vec::from_iter(0..250), "{arrivals}");
    assert_eq!(scene.settled().await?.repeats(), 0, "{arrivals}");
    Ok(())
}

async fn without_webassembly_a_refused_batch_becomes_dead_letters(scene: &mut Scene) -> Result<()> {
    visit(scene, "no-wasm.html?missing").await?;
    scene.set_faults(Some(collector::Faults::status(422).times(1)))?;
    let codes: Vec<String> = scene
        .run(
            "const rejected = hear('rejected');
            steps(0, 10);
            await appizer.flush();
            steps(10, 20);
            return rejected.map((notice) => notice.code);",
        )
        .await?;
    assert_eq!(codes, ["uncertain"]);
    scene.distinct(10).await?;
    scene.settled().await?;
    let stats = stats(scene).await?;
    assert_eq!((stats.accepted, stats.delivered, stats.uncertain), (20, 10, 10), "{stats:?}");
    scene.leave("location.href = 'blank.html'").await?;
    visit(scene, "module.html").await?;
    until("the letters to be resent", async || {
        let resent: u64 = scene.run("return appizer.resendDeadLetters()").await?;
        Ok((resent == 10).then_some(()))
    })
    .await?;
    scene.distinct(20).await?;
    assert_complete(&scene.settled().await?, 20);
    Ok(())
}

async fn a_page_without_webassembly_come_back_to_goes_on(scene: &mut Scene) -> Result<()> {
    load(scene, "no-wasm.html?missing").await?;
    leave_come_back_and_go_on(scene).await
}

pub(crate) async fn after_a_trap_everything_arrives_under_one_id(scene: &mut Scene) -> Result<()> {
    load(scene, "no-wasm.html?traps").await?;
    // Ten wait in the store of the instance that dies, ten are what it dies of, ten come while there is none.
    scene
        .run::<()>(
            "window.degraded = hear('degraded');
            window.errors = [];
            addEventListener('error', (event) => errors.push(event.message));
            await appizer.init({ ...options, flushInterval: 3600000 });
            steps(0, 10);
            await new Promise((resolve) => setTimeout(resolve));
            trap();
            const trapped = new Promise((resolve) => appizer.on('degraded', resolve));
            steps(10, 20);
            await trapped;
            steps(20, 30);
            await appizer.flush();",
        )
        .await?;
    scene.distinct(30).await?;
    let arrivals = scene.settled().await?;
    assert_complete(&arrivals, 30);
    assert_eq!(arrivals.repeats(), 0, "{arrivals}");
    let (told, errors): (Vec<String>, Vec<String>) =
        scene.run("return [degraded.map((notice) => notice.fallback), errors]").await?;
    assert_eq!((told, errors), (vec!["restarted".into()], Vec::new()));
    let stats = stats(scene).await?;
    assert_eq!(stats.fallbacks, ["restarted"]);
    assert_eq!((stats.accepted, stats.delivered), (30, 30), "{stats:?}");
    // A page that never gives it a call dies of its own timers and events.
    scene.run::<()>("trap(); dispatchEvent(new Event('online'));").await?;
    let instances: u64 = scene.run("await appizer.flush(); return count()").await?;
    assert_eq!(instances, 3);
    Ok(())
}

async fn what_traps_again_and_again_goes_on_without_webassembly(scene: &mut Scene) -> Result<()> {
    load(scene, "no-wasm.html?traps").await?;
    let told: Vec<String> = scene
        .run(
            "const degraded = hear('degraded');
            await appizer.init(options);
            for (let time = 0; time < 4; time++) {
                trap();
                const trapped = new Promise((resolve) => appizer.on('degraded', resolve));
                steps(time * 10, time * 10 + 10);
                await trapped;
                await appizer.flush();
            }
            steps(40, 50);
            return degraded.map((notice) => notice.fallback);",
        )
        .await?;
    assert_eq!(told, ["restarted", "restarted", "restarted", "restarted", "no_webassembly"]);
    scene.distinct(50).await?;
    assert_complete(&scene.settled().await?, 50);
    Ok(())
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
