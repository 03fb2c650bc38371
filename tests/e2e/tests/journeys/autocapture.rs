//! What a page tells by itself.

use anyhow::Result;
use e2e::{Engine, Scene, Tracked, in_each_browser};
use serde_json::json;

in_each_browser!(
    clicks_links_downloads_forms_and_errors_are_tracked_and_nothing_that_was_typed,
    core_web_vitals_of_a_page_that_was_left_arrive,
);

async fn clicks_links_downloads_forms_and_errors_are_tracked_and_nothing_that_was_typed(
    scene: &mut Scene,
) -> Result<()> {
    scene.visit("auto.html").await?;
    scene.loaded().await?;
    scene
        .run::<()>(
            "document.querySelector('#named b').click();
            for (const id of ['outbound', 'inbound', 'download', 'mail', 'ignored']) document.getElementById(id).click();
            document.querySelector('form button').click();
            fail();
            await new Promise((resolve) => setTimeout(resolve, 20));
            stop();
            document.getElementById('outbound').click();
            appizer.track('end');
            await appizer.flush();",
        )
        .await?;
    let arrivals = scene.arrivals("the end", |arrivals| arrivals.named("end").is_ok()).await?;
    let seen: Vec<_> = arrivals
        .events
        .iter()
        .filter(|event| !["web_vital", "end"].contains(&event.event_name.as_str()))
        .map(|event| {
            let mut properties = event.properties.clone().unwrap_or_default();
            properties.retain(|name, _| {
                !name.starts_with('$') && !["line", "column", "stack", "source"].contains(&name.as_str())
            });
            json!([event.event_name, properties])
        })
        .collect();
    let expected = [
        json!(["signup", { "plan_name": "pro", "seats": 5, "trial": true, "code": "007" }]),
        json!(["outbound_click", { "url": "https://elsewhere.example/page?q=1", "host": "elsewhere.example" }]),
        json!(["file_download", { "url": scene.url("files/report.PDF?token=1"), "name": "report.PDF", "extension": "pdf" }]),
        json!(["form_submit", { "form_id": "login", "action": scene.url("login"), "method": "post", "fields": ["email", "id"] }]),
    ];
    assert_eq!(seen[..4], expected);
    for error in [
        json!(["error", { "kind": "rejection", "name": "TypeError", "message": "not a function" }]),
        json!(["error", { "kind": "uncaught", "name": "RangeError", "message": "too far" }]),
    ] {
        assert!(seen.contains(&error), "{error}: {seen:#?}");
    }
    assert_eq!(seen.len(), 6, "each error once: {seen:#?}");
    let everything =
        json!(arrivals.events.iter().map(|event| &event.properties).collect::<Vec<_>>()).to_string();
    for typed in ["a@example.com", "hunter2", "t0ken", "private", "secret", "clobbers"] {
        assert!(!everything.contains(typed), "{typed}: {everything}");
    }
    Ok(())
}

async fn core_web_vitals_of_a_page_that_was_left_arrive(scene: &mut Scene) -> Result<()> {
    scene.visit("auto.html").await?;
    scene.loaded().await?;
    // What was never painted has no vitals; and a page left while its database is made may block it for the next one.
    scene
        .run::<()>(
            "await ready;
            await new Promise((resolve) => {
                new PerformanceObserver((list) => list.getEntriesByName('first-contentful-paint').length && resolve())
                    .observe({ type: 'paint', buffered: true });
            });",
        )
        .await?;
    scene.leave("location.href = 'blank.html'").await?;
    // Some are only known once the page is on its way: they go with the next visit.
    scene.visit("module.html").await?;
    scene.run::<()>("await appizer.init(options)").await?;
    let vital = |metric: &'static str| {
        move |arrivals: &e2e::Arrivals| arrivals.events.iter().any(|event| event.property("metric") == metric)
    };
    // Each engine measures what it can.
    let metrics: &[&'static str] = match scene.engine {
        Engine::Chromium => &["TTFB", "FCP", "LCP", "CLS"],
        Engine::Firefox => &["TTFB", "FCP", "LCP"],
        Engine::WebKit => &["TTFB", "FCP"],
    };
    for metric in metrics {
        let arrivals = scene.arrivals(metric, vital(metric)).await?;
        let event = arrivals.events.iter().find(|event| event.property("metric") == *metric);
        assert!(
            event.is_some_and(
                |event| event.property("value").is_number() && event.property("rating").is_string()
            )
        );
    }
    Ok(())
}
