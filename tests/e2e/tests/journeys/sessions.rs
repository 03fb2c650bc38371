//! Which events belong to one visit.

use anyhow::Result;
use e2e::{Scene, Tracked, in_each_browser};

in_each_browser!(
    a_session_is_that_of_all_tabs_and_ends_after_half_an_hour_without_events,
    a_session_is_not_ended_by_a_clock_that_is_set,
    a_batch_ends_with_a_session_where_that_costs_no_request,
);

async fn a_session_is_that_of_all_tabs_and_ends_after_half_an_hour_without_events(
    scene: &mut Scene,
) -> Result<()> {
    let first = scene.browser.tab().await?;
    scene.visit("module.html").await?;
    scene.run::<()>("await appizer.init(options); appizer.track('first');").await?;
    let second = scene.browser.open_tab().await?;
    scene.visit("module.html").await?;
    // The last event of any tab was 31 minutes ago.
    scene
        .run::<()>(
            "appizer.track('second');
            await appizer.init(options);
            await appizer.flush();
            const name = Object.keys(localStorage).find((name) => name.startsWith('appizer:default:session.'));
            const [id, last] = localStorage.getItem(name).split(' ');
            localStorage.setItem(name, `${id} ${last - 31 * 60 * 1000}`);
            appizer.track('third');
            await appizer.flush();",
        )
        .await?;
    scene.browser.switch_to(&first).await?;
    scene.run::<()>("appizer.track('fourth'); appizer.reset(); appizer.track('fifth');").await?;
    scene.run::<()>("await appizer.flush()").await?;
    scene.browser.switch_to(&second).await?;
    scene.run::<()>("appizer.track('sixth')").await?;
    let arrivals = scene.distinct(6).await?;

    let session = |name| arrivals.named(name).map(|event| event.property("$session_id"));
    assert!(session("first")?.is_string());
    assert_eq!(session("first")?, session("second")?, "two tabs, one visit");
    assert_ne!(session("second")?, session("third")?, "half an hour was over");
    assert_eq!(session("third")?, session("fourth")?, "for the other tab, too");
    assert_ne!(session("fourth")?, session("fifth")?, "reset ends it");
    assert_eq!(session("fifth")?, session("sixth")?);
    Ok(())
}

async fn a_session_is_not_ended_by_a_clock_that_is_set(scene: &mut Scene) -> Result<()> {
    scene.visit("module.html").await?;
    scene
        .run::<()>(
            "const now = Date.now.bind(Date);
            const hour = 60 * 60 * 1000;
            const set = (by) => (Date.now = () => now() + by);
            await appizer.init(options);
            for (const [name, by] of [['right', 0], ['behind', -48 * hour], ['far ahead', 10000 * hour], ['back', 0], ['an hour on', hour]]) {
                set(by);
                appizer.track(name);
                await null;
            }
            set(0);
            await appizer.flush();",
        )
        .await?;
    let arrivals = scene.distinct(5).await?;
    let session = |name| arrivals.named(name).map(|event| event.property("$session_id"));
    for name in ["behind", "far ahead", "back"] {
        assert_eq!(session(name)?, session("right")?, "{name}");
    }
    assert_ne!(session("an hour on")?, session("right")?, "a device may have slept for that long");
    Ok(())
}

async fn a_batch_ends_with_a_session_where_that_costs_no_request(scene: &mut Scene) -> Result<()> {
    scene.visit("module.html").await?;
    scene
        .run::<()>(
            "await appizer.init({ ...options, flushInterval: 3600000 });
            for (let n = 0; n < 60; n++) appizer.track('of one session');
            await new Promise((resolve) => setTimeout(resolve));
            appizer.reset();
            for (let n = 0; n < 90; n++) appizer.track('of the next');
            await appizer.flush();",
        )
        .await?;
    let sizes: Vec<_> = scene.distinct(150).await?.batches().iter().map(Vec::len).collect();
    assert_eq!(sizes, [60, 90]);
    Ok(())
}
