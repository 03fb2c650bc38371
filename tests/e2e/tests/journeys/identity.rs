//! Whose events they are.

use anyhow::Result;
use e2e::{Scene, Tracked, in_each_browser};

in_each_browser!(
    the_anonymous_id_outlives_the_page_and_ends_with_reset,
    an_identified_user_outlives_the_page_and_ends_with_reset,
    the_user_of_init_and_the_overrides_of_an_event_win,
    identify_links_user_and_anonymous_id_in_all_tabs,
    a_browser_that_keeps_nothing_knows_the_user_for_the_life_of_the_page,
);

async fn the_anonymous_id_outlives_the_page_and_ends_with_reset(scene: &mut Scene) -> Result<()> {
    scene.visit("module.html").await?;
    scene.run::<()>("await appizer.init(options); appizer.track('first'); await appizer.flush();").await?;
    scene.visit("module.html").await?;
    scene
        .run::<()>(
            "appizer.track('second');
            await appizer.init(options);
            appizer.reset();
            appizer.track('third');
            await appizer.flush();",
        )
        .await?;
    scene.visit("module.html").await?;
    scene.run::<()>("await appizer.init(options); appizer.track('fourth');").await?;
    let arrivals = scene.distinct(4).await?;

    let user = |name| arrivals.named(name).map(|event| event.user_id.as_str());
    assert!(!user("first")?.is_empty());
    assert_eq!(user("first")?, user("second")?, "the same visitor");
    assert_ne!(user("second")?, user("third")?, "another visitor");
    assert_eq!(user("third")?, user("fourth")?, "the other visitor again");
    Ok(())
}

async fn an_identified_user_outlives_the_page_and_ends_with_reset(scene: &mut Scene) -> Result<()> {
    scene.visit("module.html").await?;
    scene
        .run::<()>(
            "await appizer.init(options);
            appizer.track('before');
            appizer.identify('u1');
            appizer.track('after');
            await appizer.flush();",
        )
        .await?;
    scene.visit("module.html").await?;
    scene
        .run::<()>(
            "await appizer.init(options);
            appizer.track('next_visit');
            appizer.reset();
            appizer.track('forgotten');
            await appizer.flush();",
        )
        .await?;
    let arrivals = scene.distinct(4).await?;

    let user = |name| arrivals.named(name).map(|event| event.user_id.as_str());
    assert_ne!(user("before")?, "u1");
    assert_eq!((user("after")?, user("next_visit")?), ("u1", "u1"));
    assert_ne!(user("forgotten")?, "u1");
    assert_ne!(user("forgotten")?, user("before")?, "nothing connects the two");
    Ok(())
}

async fn the_user_of_init_and_the_overrides_of_an_event_win(scene: &mut Scene) -> Result<()> {
    scene.visit("module.html").await?;
    scene
        .run::<()>(
            "appizer.track('early');
            await appizer.init({ ...options, userId: 'known' });
            appizer.track('plain');
            appizer.track('other', {}, { userId: 'u2', ip: '192.0.2.7', ua: 'own', time: new Date(0) });",
        )
        .await?;
    let arrivals = scene.distinct(3).await?;

    assert_eq!(arrivals.named("early")?.user_id, "known");
    assert_eq!(arrivals.named("plain")?.user_id, "known");
    let other = arrivals.named("other")?;
    let of_other = (other.user_id.as_str(), other.ip.as_deref(), other.ua.as_deref());
    assert_eq!(of_other, ("u2", Some("192.0.2.7"), Some("own")));
    assert_eq!(other.property("$time"), "1970-01-01T00:00:00.000Z");
    Ok(())
}

async fn identify_links_user_and_anonymous_id_in_all_tabs(scene: &mut Scene) -> Result<()> {
    let first = scene.browser.tab().await?;
    scene.visit("module.html").await?;
    scene.run::<()>("await appizer.init(options); appizer.track('before');").await?;
    scene.browser.open_tab().await?;
    scene.visit("module.html").await?;
    scene
        .run::<()>(
            "await appizer.init(options);
            appizer.identify('u1', { plan: 'pro' });
            appizer.identify('u1');
            await appizer.flush();",
        )
        .await?;
    let second = scene.browser.tab().await?;
    scene.browser.switch_to(&first).await?;
    scene.run::<()>("appizer.track('elsewhere'); appizer.reset(); await appizer.flush();").await?;
    scene.browser.switch_to(&second).await?;
    scene.run::<()>("appizer.track('after reset'); await appizer.flush();").await?;
    scene.visit("module.html").await?;
    scene.run::<()>("appizer.track('next visit'); await appizer.init(options);").await?;
    scene.distinct(5).await?;
    let arrivals = scene.settled().await?;

    let user = |name| arrivals.named(name).map(|event| event.user_id.as_str());
    let identify = arrivals.named("identify")?;
    assert_eq!(arrivals.events.iter().filter(|event| event.event_name == "identify").count(), 1);
    assert_eq!((identify.user_id.as_str(), identify.property("plan").as_str()), ("u1", Some("pro")));
    assert_eq!(identify.property("$anonymous_id").as_str(), Some(user("before")?));
    assert_eq!(user("elsewhere")?, "u1", "the other tab knows it");
    assert!(!["u1", user("before")?].contains(&user("after reset")?), "reset holds in the other tab");
    assert_eq!(user("next visit")?, user("after reset")?);
    Ok(())
}

async fn a_browser_that_keeps_nothing_knows_the_user_for_the_life_of_the_page(
    scene: &mut Scene,
) -> Result<()> {
    scene.visit("no-local-storage.html").await?;
    scene
        .run::<()>(
            "appizer.track('before');
            appizer.register({ plan: 'pro' });
            await appizer.init(options);
            appizer.identify('u1');
            await appizer.flush();
            appizer.track('after');",
        )
        .await?;
    scene.distinct(3).await?;
    let arrivals = scene.settled().await?;
    let (before, after) = (arrivals.named("before")?, arrivals.named("after")?);
    assert_eq!(arrivals.named("identify")?.property("$anonymous_id").as_str(), Some(before.user_id.as_str()));
    assert_eq!((after.user_id.as_str(), after.property("plan").as_str()), ("u1", Some("pro")));
    assert_eq!(before.property("$session_id"), after.property("$session_id"));
    Ok(())
}
