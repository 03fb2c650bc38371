//! The oldest supported versions of Chromium: what a page needs most, and what depends most on the browser's version.
//!
//! A step of its own runs these tests: `cargo xtask test --only old`.

use anyhow::Result;
use collector::Faults;
use e2e::{Scene, in_old_chromium, until};
use serde::Deserialize;

use crate::answers::flush_sends_at_once_and_the_account_adds_up;
use crate::bursts::events_of_one_task_arrive_complete_and_in_order;
use crate::leaving::{
    a_page_left_after_a_good_reply_loses_none_and_repeats_none,
    a_page_left_before_webassembly_is_ready_loses_none, a_page_left_while_the_collector_is_down_loses_none,
    a_tab_closed_right_after_its_events_loses_none,
};
use crate::restarts::{
    a_page_left_while_an_instance_is_made_loses_none, after_a_trap_everything_arrives_under_one_id,
};
use crate::starting::{a_dedicated_worker_tracks, the_script_tag_tracks_what_came_before_it};

in_old_chromium!(
    the_core_runs_in_every_entry,
    events_of_one_task_arrive_complete_and_in_order,
    flush_sends_at_once_and_the_account_adds_up,
    the_script_tag_tracks_what_came_before_it,
    a_dedicated_worker_tracks,
    a_page_left_after_a_good_reply_loses_none_and_repeats_none,
    a_page_left_before_webassembly_is_ready_loses_none,
    a_page_left_while_the_collector_is_down_loses_none,
    a_tab_closed_right_after_its_events_loses_none,
    after_a_trap_everything_arrives_under_one_id,
    a_page_left_while_an_instance_is_made_loses_none,
    after_429_the_tracker_waits_as_long_as_the_server_asks,
    a_refused_event_becomes_a_dead_letter_that_can_be_sent_again,
);

#[derive(Debug, Deserialize)]
struct Stats {
    storage: String,
    fallbacks: Vec<String>,
}

async fn the_core_runs_in_every_entry(scene: &mut Scene) -> Result<()> {
    scene.visit("module.html").await?;
    for (entry, more) in [("index", ""), ("slim", "wasm: '/pkg/appizer_bg.wasm'")] {
        let stats: Stats = scene
            .run(&format!(
                "const {{ createTracker }} = await import('/pkg/{entry}.js');
                const tracker = createTracker({{ ...options, instance: '{entry}', {more} }});
                tracker.track('from {entry}');
                await tracker.flush();
                return tracker.stats();"
            ))
            .await?;
        assert_core_runs(&stats, entry);
    }
    scene.visit("script-tag.html").await?;
    until("the script to be there", async || {
        Ok(scene.run::<bool>("return 'flush' in appizer").await?.then_some(()))
    })
    .await?;
    let stats: Stats = scene.run("await appizer.flush(); return appizer.stats();").await?;
    assert_core_runs(&stats, "script");
    let arrivals = scene.distinct(3).await?;
    for name in ["from index", "from slim", "before_load"] {
        arrivals.named(name)?;
    }
    Ok(())
}

fn assert_core_runs(stats: &Stats, entry: &str) {
    assert!(stats.storage == "indexeddb" && stats.fallbacks.is_empty(), "{entry}: {stats:?}");
}

pub(crate) async fn after_429_the_tracker_waits_as_long_as_the_server_asks(scene: &mut Scene) -> Result<()> {
    scene.visit("module.html").await?;
    scene.set_faults(Some(Faults { retry_after: Some("2".into()), ..Faults::status(429) }.times(1)))?;
    let (status, delay): (u16, u64) = scene
        .run(
            "await appizer.init(options);
            const retry = new Promise((resolve) => appizer.on('retry', resolve));
            steps(0, 50);
            const { status, delay } = await retry;
            return [status, delay];",
        )
        .await?;
    assert!(status == 429 && delay >= 2_000, "after status {status} the tracker waits {delay} ms");
    scene.distinct(50).await?;
    let arrivals = scene.settled().await?;
    assert_eq!(arrivals.steps(), Vec::from_iter(0..50), "{arrivals}");
    assert_eq!(arrivals.repeats(), 0, "{arrivals}");
    Ok(())
}

pub(crate) async fn a_refused_event_becomes_a_dead_letter_that_can_be_sent_again(
    scene: &mut Scene,
) -> Result<()> {
    scene.visit("module.html").await?;
    scene.set_faults(Some(Faults::status(422).times(1)))?;
    let (letters, resent): (Vec<u64>, u64) = scene
        .run(
            "await appizer.init(options);
            const rejected = new Promise((resolve) => appizer.on('rejected', resolve));
            steps(0, 1);
            await rejected;
            steps(1, 10);
            await appizer.flush();
            const letters = await appizer.deadLetters();
            return [letters.map(({ event }) => event.properties.n), await appizer.resendDeadLetters()];",
        )
        .await?;
    assert_eq!((letters, resent), (vec![0], 1));
    scene.distinct(10).await?;
    let mut steps = scene.settled().await?.steps();
    steps.sort_unstable();
    assert_eq!(steps, Vec::from_iter(0..10));
    Ok(())
}
