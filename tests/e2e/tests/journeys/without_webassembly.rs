//! The entry without WebAssembly, on pages whose policy forbids it: the same core, with the same promises.

use anyhow::Result;
use e2e::chaos::{Run, Warmth};
use e2e::{Engine, Entry, Scene, without_webassembly};
use serde_json::json;

use crate::answers::flush_sends_at_once_and_the_account_adds_up;
use crate::bursts::events_of_one_task_arrive_complete_and_in_order;
use crate::leaving::{
    a_page_left_after_a_good_reply_loses_none_and_repeats_none,
    a_page_left_before_webassembly_is_ready_loses_none, a_page_left_while_the_collector_is_down_loses_none,
    a_tab_closed_right_after_its_events_loses_none,
};
use crate::old_browsers::{
    a_refused_event_becomes_a_dead_letter_that_can_be_sent_again,
    after_429_the_tracker_waits_as_long_as_the_server_asks,
};
use crate::starting::the_script_tag_tracks_what_came_before_it;
use crate::tabs::two_tabs_send_each_its_own_events_and_leave_nothing;
use crate::trouble::{
    a_collector_that_was_down_gets_everything, after_429_500_and_cut_connections_everything_arrives,
};

without_webassembly!(Chromium in_chromium:
    under_the_strictest_policy_the_core_runs,
    in_a_burst_the_memory_grows_a_few_times,
    events_of_one_task_arrive_complete_and_in_order,
    flush_sends_at_once_and_the_account_adds_up,
    the_script_tag_tracks_what_came_before_it,
    a_page_left_after_a_good_reply_loses_none_and_repeats_none,
    a_page_left_before_webassembly_is_ready_loses_none,
    a_page_left_while_the_collector_is_down_loses_none,
    a_tab_closed_right_after_its_events_loses_none,
    a_collector_that_was_down_gets_everything,
    after_429_500_and_cut_connections_everything_arrives,
    after_429_the_tracker_waits_as_long_as_the_server_asks,
    a_refused_event_becomes_a_dead_letter_that_can_be_sent_again,
    two_tabs_send_each_its_own_events_and_leave_nothing,
);

/// Makes the tests of another engine: a selection of the journeys.
macro_rules! selection {
    ($engine:ident $test:ident) => {
        mod $test {
            use super::*;

            without_webassembly!($engine $test:
                under_the_strictest_policy_the_core_runs,
                flush_sends_at_once_and_the_account_adds_up,
                a_page_left_after_a_good_reply_loses_none_and_repeats_none,
                a_page_left_while_the_collector_is_down_loses_none,
                after_429_the_tracker_waits_as_long_as_the_server_asks,
                a_refused_event_becomes_a_dead_letter_that_can_be_sent_again,
                two_tabs_send_each_its_own_events_and_leave_nothing,
            );
        }
    };
}

selection!(Firefox in_firefox);
selection!(WebKit in_webkit);

async fn under_the_strictest_policy_the_core_runs(scene: &mut Scene) -> Result<()> {
    scene.visit("strict.html").await?;
    let arrivals = scene.distinct(151).await?;
    let report = arrivals.named("report")?.properties.clone().unwrap_or_default();
    assert_eq!(report["fallbacks"], json!([]), "{report:?}");
    assert_eq!((&report["storage"], &report["delivered"]), (&json!("indexeddb"), &json!(150)), "{report:?}");
    assert_eq!(report["warnings"], json!([]), "{report:?}");
    assert_eq!(arrivals.steps(), Vec::from_iter(0..150));
    assert_eq!(arrivals.repeats(), 0, "{arrivals}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_that_is_killed_loses_none() -> Result<()> {
    for engine in Engine::ALL {
        hold("kill-300", engine).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_tabs_of_an_endpoint_that_was_down_lose_none() -> Result<()> {
    hold("three-tabs", Engine::Chromium).await
}

/// Plays a case of violence.
async fn hold(case: &str, engine: Engine) -> Result<()> {
    for warmth in Warmth::ALL {
        Run { entry: Entry::Js(engine), ..Run::named(case, engine, warmth)? }.hold().await?;
    }
    Ok(())
}

/// The memory of wasm2js copies all of its contents when it grows.
async fn in_a_burst_the_memory_grows_a_few_times(scene: &mut Scene) -> Result<()> {
    scene.visit("module.html").await?;
    let buffers: u64 = scene
        .run(
            "await appizer.init(options);
            const Native = globalThis.ArrayBuffer;
            let buffers = 0;
            globalThis.ArrayBuffer = class extends Native {
              constructor(...given) {
                super(...given);
                buffers += 1;
              }
            };
            steps(0, 5000);
            await appizer.flush();
            return buffers;",
        )
        .await?;
    assert!((1..15).contains(&buffers), "{buffers} buffers for 5,000 events");
    let arrivals = scene.distinct(5_000).await?;
    assert_eq!(arrivals.repeats(), 0, "{arrivals}");
    Ok(())
}
