//! What is stored and outlives its cause: another project's events, a wiped localStorage, clocks that were set, pauses.

use anyhow::Result;
use collector::Faults;
use e2e::{Scene, Tracked, in_each_browser};
use serde_json::{Value, json};

in_each_browser!(
    a_page_never_sends_what_was_tracked_for_another_project,
    what_was_tracked_under_a_previous_key_is_sent_with_the_new_one,
    an_opt_out_and_the_visitor_s_name_survive_a_wiped_local_storage,
    events_tracked_in_the_task_of_the_opt_out_are_counted_as_dropped,
    what_the_page_was_on_landing_is_told_when_consent_comes,
    a_wait_after_sleep_is_as_long_as_the_server_asked,
    events_tracked_while_the_clock_was_two_months_behind_are_delivered,
    a_wait_stored_by_a_clock_that_was_a_year_ahead_ends_in_time,
    a_repaired_endpoint_is_tried_by_flush_and_by_the_next_page,
);

async fn a_page_never_sends_what_was_tracked_for_another_project(scene: &mut Scene) -> Result<()> {
    scene.stop_collector().await;
    scene.visit("module.html").await?;
    scene
        .run::<()>("await appizer.init(options); appizer.identify('u1'); steps(0, 5); await appizer.flush();")
        .await?;
    scene.leave("location.href = 'blank.html'").await?;
    scene.start_collector().await?;
    scene.visit("module.html").await?;
    let seen: Value = scene
        .run(
            "window.paused = hear('paused');
            await appizer.init({ ...options, apiKey: 'another' });
            appizer.track('theirs');
            // A second look for what other pages left comes a second after the first.
            await new Promise((resolve) => setTimeout(resolve, 2500));
            await appizer.flush();
            const { accepted, queued } = await appizer.stats();
            return { accepted, queued, paused: paused.length };",
        )
        .await?;
    assert_eq!(seen, json!({ "accepted": 1, "queued": 1, "paused": 1 }));
    scene.leave("location.href = 'blank.html'").await?;
    scene.visit("module.html").await?;
    scene.run::<()>("await appizer.init(options); appizer.track('ours again');").await?;
    scene.distinct(7).await?;
    let arrivals = scene.settled().await?;
    assert_eq!((arrivals.events.len(), arrivals.repeats()), (7, 0), "{arrivals}");
    assert!(arrivals.events.iter().all(|event| event.user_id == "u1"), "{:?}", arrivals.events);
    Ok(())
}

async fn what_was_tracked_under_a_previous_key_is_sent_with_the_new_one(scene: &mut Scene) -> Result<()> {
    scene.visit("module.html").await?;
    scene
        .run::<()>(
            "await appizer.init({ ...options, apiKey: 'old_key' });
            appizer.identify('u1');
            appizer.register({ plan: 'pro' });
            steps(0, 5);
            await appizer.flush();",
        )
        .await?;
    scene.leave("location.href = 'blank.html'").await?;
    scene.visit("module.html").await?;
    scene.run::<()>("await appizer.init({ ...options, previousApiKeys: ['old_key'] }); steps(5, 6);").await?;
    scene.distinct(7).await?;
    let arrivals = scene.settled().await?;
    let steps: Vec<_> = arrivals.events.iter().filter(|event| event.step().is_some()).collect();
    assert!(steps.iter().all(|event| event.user_id == "u1" && event.property("plan") == "pro"), "{steps:?}");
    Ok(())
}

async fn an_opt_out_and_the_visitor_s_name_survive_a_wiped_local_storage(scene: &mut Scene) -> Result<()> {
    scene.visit("module.html").await?;
    scene
        .run::<()>(
            "await appizer.init(options);
            appizer.track('anonymous');
            appizer.identify('u1');
            await appizer.flush();
            localStorage.clear();
            appizer.track('in the same page');
            await appizer.flush();
            localStorage.clear();",
        )
        .await?;
    scene.visit("module.html").await?;
    scene
        .run::<()>("await appizer.init(options); appizer.track('in the next page'); await appizer.flush();")
        .await?;
    let arrivals = scene.distinct(4).await?;
    let named = |name: &str| arrivals.named(name).map(|event| event.user_id.clone());
    assert_eq!((named("in the same page")?, named("in the next page")?), ("u1".into(), "u1".into()));
    assert_eq!(arrivals.named("identify")?.property("$anonymous_id"), &json!(named("anonymous")?));

    let seen: Value = scene
        .run(
            "appizer.optOut();
            localStorage.clear();
            const same = [appizer.track('no'), appizer.hasOptedOut()];
            await new Promise((resolve) => setTimeout(resolve, 100));
            localStorage.clear();
            return same;",
        )
        .await?;
    assert_eq!(seen, json!([null, true]));
    scene.visit("module.html").await?;
    let seen: Value = scene
        .run(
            "window.dropped = hear('dropped');
            const early = appizer.track('early');
            await appizer.init(options);
            const late = appizer.track('late');
            await appizer.flush();
            return { early: typeof early, late, out: appizer.hasOptedOut(), dropped: dropped.map(({ reason, count }) => [reason, count]) };",
        )
        .await?;
    assert_eq!(seen, json!({ "early": "string", "late": null, "out": true, "dropped": [["opt_out", 1]] }));
    scene.run::<()>("appizer.optIn(); appizer.track('welcome back'); await appizer.flush();").await?;
    scene.distinct(5).await?;
    scene.visit("module.html").await?;
    scene
        .run::<()>("await appizer.init(options); appizer.track('once more'); await appizer.flush();")
        .await?;
    assert_eq!(scene.distinct(6).await?.events.len(), 6);
    Ok(())
}

async fn events_tracked_in_the_task_of_the_opt_out_are_counted_as_dropped(scene: &mut Scene) -> Result<()> {
    scene.visit("module.html").await?;
    let seen: Value = scene
        .run(
            "const dropped = hear('dropped');
            await appizer.init({ ...options, flushInterval: 3600000 });
            const id = appizer.track('regretted');
            appizer.optOut();
            const { accepted, queued, dropped: counted } = await appizer.stats();
            return { taken: typeof id, accepted, queued, counted: counted.opt_out, told: dropped.map(({ reason, count }) => [reason, count]) };",
        )
        .await?;
    let expected =
        json!({ "taken": "string", "accepted": 1, "queued": 0, "counted": 1, "told": [["opt_out", 1]] });
    assert_eq!(seen, expected);
    Ok(())
}

async fn what_the_page_was_on_landing_is_told_when_consent_comes(scene: &mut Scene) -> Result<()> {
    scene.visit("module.html?utm_source=news").await?;
    scene
        .run::<()>(
            "await appizer.init({ ...options, consent: 'pending', pageViews: true });
            history.pushState(null, '', '/routed');
            await new Promise((resolve) => setTimeout(resolve, 200));
            appizer.optIn();
            await appizer.flush();",
        )
        .await?;
    let arrivals = scene.arrivals("both views", |arrivals| arrivals.events.len() >= 3).await?;
    let views: Vec<_> = arrivals.events.iter().filter(|event| event.event_name == "page_view").collect();
    let paths: Vec<_> = views.iter().map(|event| event.property("path")).collect();
    assert_eq!(paths, ["/module.html", "/routed"]);
    assert!(views.iter().all(|event| event.property("utm_source") == "news"), "{views:?}");
    Ok(())
}

async fn a_wait_after_sleep_is_as_long_as_the_server_asked(scene: &mut Scene) -> Result<()> {
    scene.visit("module.html").await?;
    let fault = Faults { retry_after: Some("2".into()), ..Faults::status(503) };
    scene.set_faults(Some(fault.times(1)))?;
    let ahead: i64 = scene
        .run(
            "await appizer.init(options);
            // The device slept for eight hours, and the page's own clock stood still.
            const { now } = Date;
            Date.now = () => now() + 8 * 3600000;
            const retry = new Promise((resolve) => appizer.on('retry', resolve));
            steps(0, 5);
            await retry;
            return (await appizer.stats()).until - Date.now();",
        )
        .await?;
    assert!((0..=4_000).contains(&ahead), "{ahead}");
    scene.distinct(5).await?;
    Ok(())
}

async fn events_tracked_while_the_clock_was_two_months_behind_are_delivered(scene: &mut Scene) -> Result<()> {
    scene.stop_collector().await;
    scene.visit("module.html").await?;
    let behind = "const { now } = Date; Date.now = () => now() - 60 * 86400000;";
    scene
        .run::<()>(&format!("{behind} await appizer.init(options); steps(0, 20); await appizer.flush();"))
        .await?;
    scene.leave("location.href = 'blank.html'").await?;
    scene.start_collector().await?;
    scene.visit("module.html").await?;
    scene
        .run::<()>("window.dropped = hear('dropped'); await appizer.init(options); await appizer.flush();")
        .await?;
    scene.distinct(20).await?;
    let dropped: Vec<Value> = scene.run("return dropped").await?;
    assert!(dropped.is_empty(), "{dropped:?}");
    Ok(())
}

async fn a_wait_stored_by_a_clock_that_was_a_year_ahead_ends_in_time(scene: &mut Scene) -> Result<()> {
    let fault = Faults { retry_after: Some("5".into()), ..Faults::status(503) };
    scene.set_faults(Some(fault.times(1)))?;
    scene.visit("module.html").await?;
    scene
        .run::<()>(
            "const { now } = Date; Date.now = () => now() + 365 * 86400000;
            const retry = new Promise((resolve) => appizer.on('retry', resolve));
            await appizer.init(options);
            steps(0, 5);
            await retry;
            await appizer.stats();",
        )
        .await?;
    scene.leave("location.href = 'blank.html'").await?;
    scene.visit("module.html").await?;
    let ahead: i64 = scene
        .run("await appizer.init(options); steps(5, 6); await appizer.flush(); return ((await appizer.stats()).until ?? Date.now()) - Date.now();")
        .await?;
    assert!(ahead <= 60_000, "{ahead}");
    scene.distinct(6).await?;
    Ok(())
}

async fn a_repaired_endpoint_is_tried_by_flush_and_by_the_next_page(scene: &mut Scene) -> Result<()> {
    scene.set_faults(Some(Faults::status(404)))?;
    scene.visit("module.html").await?;
    let reason: String = scene
        .run(
            "const paused = new Promise((resolve) => appizer.on('paused', resolve));
            await appizer.init(options);
            steps(0, 5);
            return (await paused).reason;",
        )
        .await?;
    assert_eq!(reason, "not_found");
    scene.set_faults(None)?;
    let delivered: u64 = scene.run("return (await appizer.flush()).delivered").await?;
    assert_eq!(delivered, 5);

    scene.set_faults(Some(Faults::status(401)))?;
    scene.run::<()>("steps(5, 10); await appizer.flush();").await?;
    scene.leave("location.href = 'blank.html'").await?;
    scene.visit("module.html").await?;
    // Still broken: the reason is known, and told again.
    let (reason, error): (String, Value) = scene
        .run(
            "const paused = new Promise((resolve) => appizer.on('paused', resolve));
            await appizer.init(options);
            const { reason } = await paused;
            return [reason, (await appizer.stats()).lastError];",
        )
        .await?;
    assert_eq!((reason.as_str(), &error["status"]), ("forbidden", &json!(401)));
    scene.leave("location.href = 'blank.html'").await?;
    scene.set_faults(None)?;
    scene.visit("module.html").await?;
    scene.run::<()>("await appizer.init(options);").await?;
    scene.distinct(10).await?;
    Ok(())
}
