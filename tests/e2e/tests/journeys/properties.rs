//! What every event has beside its own properties.

use anyhow::Result;
use e2e::{Scene, Tracked, in_each_browser};
use serde_json::{Value, json};

in_each_browser!(
    registered_properties_go_with_every_event_of_all_tabs_and_visits,
    no_property_comes_twice_and_an_events_own_win,
    a_timed_event_says_how_long_it_took,
    campaign_and_referrer_are_kept_as_first_and_last_touch,
);

async fn registered_properties_go_with_every_event_of_all_tabs_and_visits(scene: &mut Scene) -> Result<()> {
    let first = scene.browser.tab().await?;
    scene.visit("module.html").await?;
    scene
        .run::<()>(
            "appizer.track('early');
            appizer.register({ plan: 'free', beta: true });
            await appizer.init(options);
            appizer.track('first');",
        )
        .await?;
    let second = scene.browser.open_tab().await?;
    scene.visit("module.html").await?;
    scene
        .run::<()>(
            "appizer.track('second');
            await appizer.init(options);
            appizer.registerOnce({ plan: 'none', found: 'yes' });
            appizer.register({ plan: 'pro' });
            appizer.unregister('beta');
            const broken = { get plan() { throw new Error('mine') } };
            for (const bad of ['nothing', undefined, broken, { big: 1n }, { text: 'a'.repeat(9000) }]) {
                appizer.register(bad);
                appizer.registerOnce(bad);
            }
            appizer.identify('u1', 'nothing');
            appizer.identify('u1', broken);
            if (appizer.page('broken', broken) !== null) throw new Error('a view of nothing');
            await appizer.flush();",
        )
        .await?;
    scene.browser.switch_to(&first).await?;
    scene.run::<()>("appizer.track('third', { plan: 'own' }); appizer.track('fourth');").await?;
    scene.run::<()>("appizer.reset(); appizer.track('fifth'); await appizer.flush();").await?;
    scene.browser.switch_to(&second).await?;
    scene.run::<()>("appizer.track('sixth')").await?;
    let arrivals = scene.distinct(7).await?;

    for (name, plan, beta, found) in [
        ("early", Value::Null, Value::Null, Value::Null),
        ("first", json!("free"), json!(true), Value::Null),
        ("second", json!("free"), json!(true), Value::Null),
        ("third", json!("own"), Value::Null, json!("yes")),
        ("fourth", json!("pro"), Value::Null, json!("yes")),
        ("fifth", Value::Null, Value::Null, Value::Null),
        ("sixth", Value::Null, Value::Null, Value::Null),
    ] {
        let event = arrivals.named(name)?;
        let seen = ["plan", "beta", "found"].map(|property| event.property(property).clone());
        assert_eq!(seen, [plan, beta, found], "{name}");
    }
    Ok(())
}

async fn no_property_comes_twice_and_an_events_own_win(scene: &mut Scene) -> Result<()> {
    scene.visit("module.html").await?;
    let bodies: Vec<String> = scene
        .run(
            "const bodies = [];
            const real = window.fetch;
            window.fetch = (url, init) => (bodies.push(init?.body ?? ''), real(url, init));
            await appizer.init({ ...options, denyProperties: ['email'] });
            appizer.register({ plan: 'free', email: 'a@example.com', ['__proto__']: 1 });
            appizer.track('own', { plan: 'own', $session_id: 's', $event_id: 'e', $time: 't', email: 'b@example.com' });
            appizer.track('json', { toJSON: () => ({ plan: 'made' }) });
            appizer.track('plain', { constructor: 'c', toString: 's' });
            await appizer.flush();
            return bodies;",
        )
        .await?;
    let arrivals = scene.distinct(3).await?;
    let body = bodies.concat();
    for name in ["$event_id", "$time", "$session_id", "plan"] {
        assert_eq!(body.matches(&format!("\"{name}\":")).count(), 3, "{name} once an event: {body}");
    }
    assert!(!body.contains("example.com"), "{body}");
    let own = arrivals.named("own")?;
    assert_eq!((own.property("plan"), own.property("$session_id")), (&json!("own"), &json!("s")));
    assert!(
        own.property("$event_id") != &json!("e") && own.property("$time") != &json!("t"),
        "the tracker's"
    );
    assert_eq!(arrivals.named("json")?.property("plan"), &json!("made"));
    assert_eq!(arrivals.named("plain")?.property("constructor"), &json!("c"));
    Ok(())
}

async fn a_timed_event_says_how_long_it_took(scene: &mut Scene) -> Result<()> {
    scene.visit("module.html").await?;
    scene
        .run::<()>(
            "appizer.timeEvent('upload');
            await appizer.init(options);
            appizer.track('other');
            await new Promise((resolve) => setTimeout(resolve, 50));
            appizer.track('upload', { size: 5 });
            appizer.track('upload again');
            appizer.timeEvent('own');
            appizer.track('own', { $duration_ms: -1 });",
        )
        .await?;
    let arrivals = scene.distinct(4).await?;
    let upload = arrivals.named("upload")?;
    assert!(upload.property("$duration_ms").as_u64().is_some_and(|ms| ms >= 49), "{upload:?}");
    assert_eq!(upload.property("size"), 5);
    assert_eq!(arrivals.named("other")?.property("$duration_ms"), &Value::Null);
    assert_eq!(arrivals.named("upload again")?.property("$duration_ms"), &Value::Null);
    assert_eq!(arrivals.named("own")?.property("$duration_ms"), -1);
    Ok(())
}

async fn campaign_and_referrer_are_kept_as_first_and_last_touch(scene: &mut Scene) -> Result<()> {
    scene.visit("module.html?utm_source=news&utm_campaign=spring&gclid=g1").await?;
    scene.run::<()>("await appizer.init(options); appizer.track('landed'); await appizer.flush();").await?;
    // From a page of the site itself: nothing new.
    scene.leave("location.href = 'blank.html'").await?;
    scene.visit("module.html").await?;
    scene.run::<()>("await appizer.init(options); appizer.track('later'); await appizer.flush();").await?;
    // From elsewhere.
    scene.browser.visit(&scene.url("blank.html").replace("127.0.0.1", "localhost")).await?;
    let page = scene.url("module.html?utm_source=shop");
    scene.browser.begin(&format!("location.href = '{page}'")).await?;
    scene.loaded().await?;
    scene.run::<()>("await appizer.init(options); appizer.track('again'); await appizer.flush();").await?;
    scene.visit("module.html?utm_source=ignored").await?;
    scene.run::<()>("await appizer.init({ ...options, campaign: false }); appizer.track('off');").await?;
    let arrivals = scene.distinct(4).await?;

    let names =
        ["utm_source", "utm_campaign", "gclid", "$referring_domain", "$initial_utm_source", "$initial_gclid"];
    for (event, expected) in [
        ("landed", json!(["news", "spring", "g1", null, "news", "g1"])),
        ("later", json!(["news", "spring", "g1", null, "news", "g1"])),
        ("again", json!(["shop", null, null, "localhost", "news", "g1"])),
        ("off", json!(["shop", null, null, "localhost", "news", "g1"])),
    ] {
        let event = arrivals.named(event)?;
        assert_eq!(json!(names.map(|name| event.property(name))), expected, "{}", event.event_name);
    }
    Ok(())
}
