//! What is seen, how long and how far.

use anyhow::Result;
use collector::StoredEvent;
use e2e::{Arrivals, Engine, Scene, Tracked, in_each_browser};
use serde_json::json;

in_each_browser!(
    each_route_counts_once_with_the_navigation_api,
    each_route_counts_once_with_history_alone,
    a_page_come_back_to_counts_once_more,
    a_page_in_a_frame_counts_for_itself,
    a_prerendered_page_counts_when_it_is_shown,
    a_page_view_by_hand_has_what_the_page_is,
    a_script_before_the_title_waits_for_it,
    a_script_that_the_page_has_twice_views_it_once,
);

async fn each_route_counts_once_with_the_navigation_api(scene: &mut Scene) -> Result<()> {
    each_route_counts_once(scene, "app.html?a=1").await
}

async fn each_route_counts_once_with_history_alone(scene: &mut Scene) -> Result<()> {
    each_route_counts_once(scene, "app.html?no-navigation").await
}

async fn each_route_counts_once(scene: &mut Scene, page: &str) -> Result<()> {
    scene.visit(page).await?;
    views(scene, 1).await?;
    let again = "history.replaceState({ state: 1 }, '', location.href); location.hash = 'anchor';";
    scene.run::<()>(&format!("{again} scrollTo(0, 1000); await route('/list?page=1', 'List');")).await?;
    views(scene, 2).await?;
    scene.run::<()>("await route('/item', 'Item'); await route('/item', 'Item', 'replaceState');").await?;
    views(scene, 3).await?;
    scene.run::<()>("history.back(); document.title = 'List again';").await?;
    views(scene, 4).await?;
    scene.run::<()>("location.hash = '#/route';").await?;
    let arrivals = views(scene, 5).await?;
    scene.run::<()>("await appizer.flush()").await?;

    let seen: Vec<_> = of(&arrivals, "page_view")
        .iter()
        .map(|event| json!([path(event), event.property("title")]))
        .collect();
    let expected = [
        json!(["/app.html", "Home"]),
        json!(["/list", "List"]),
        json!(["/item", "Item"]),
        json!(["/list", "List again"]),
        json!(["/list", "List again"]),
    ];
    assert_eq!(seen, expected);
    let views = of(&arrivals, "page_view");
    assert_eq!(views[1].property("url"), &json!(scene.url("list?page=1")));
    assert!(views[1].property("referrer").as_str().is_some_and(|referrer| referrer.contains("app.html")));

    let arrivals =
        scene.arrivals("four pages left", |arrivals| of(arrivals, "page_leave").len() >= 4).await?;
    let leaves = of(&arrivals, "page_leave");
    let paths: Vec<_> = leaves.iter().map(|event| path(event)).collect();
    assert_eq!(paths, ["/app.html", "/list", "/item", "/list"]);
    assert!(leaves.iter().all(|event| event.property("$engaged_ms").is_u64()), "{leaves:?}");
    let depth = leaves[0].property("$scroll_depth").as_u64();
    assert!(depth.is_some_and(|depth| (25..100).contains(&depth)), "{depth:?} of 4,000 pixels after 1,000");
    assert_eq!(arrivals.repeats(), 0, "{arrivals}");
    Ok(())
}

async fn a_page_come_back_to_counts_once_more(scene: &mut Scene) -> Result<()> {
    scene.visit("app.html?secret=1&strip").await?;
    views(scene, 1).await?;
    scene.leave("location.href = 'blank.html'").await?;
    scene.arrivals("the page to be left", |arrivals| !of(arrivals, "page_leave").is_empty()).await?;
    scene.browser.back().await?;
    let arrivals = views(scene, 2).await?;
    let events = of(&arrivals, "page_view");
    assert_eq!(events.len(), 2, "{arrivals}");
    assert_eq!(events[1].property("url"), &json!(scene.url("app.html")), "without its query string");
    assert!(
        !json!(events.iter().map(|event| &event.properties).collect::<Vec<_>>())
            .to_string()
            .contains("secret")
    );
    Ok(())
}

async fn a_page_in_a_frame_counts_for_itself(scene: &mut Scene) -> Result<()> {
    scene.visit("framing.html").await?;
    let arrivals = views(scene, 2).await?;
    let mut paths: Vec<_> = of(&arrivals, "page_view").iter().map(|event| path(event).to_string()).collect();
    paths.sort();
    assert_eq!(paths, ["/app.html", "/framing.html"]);
    scene
        .run::<()>("await document.querySelector('iframe').contentWindow.route('/inside', 'Inside')")
        .await?;
    let arrivals = views(scene, 3).await?;
    assert_eq!(path(of(&arrivals, "page_view")[2]), "/inside");
    Ok(())
}

/// Only Chromium prerenders. In the others the same journey is an ordinary visit.
async fn a_prerendered_page_counts_when_it_is_shown(scene: &mut Scene) -> Result<()> {
    scene.visit("prerendering.html").await?;
    if scene.engine == Engine::Chromium {
        scene.asked_for("/pkg/index.js").await?;
        assert_eq!(scene.arrivals("nothing", |_| true).await?.requests.len(), 0, "nothing is sent before");
    }
    scene.browser.begin("document.querySelector('a').click()").await?;
    let arrivals = views(scene, 1).await?;
    let (activated, shown): (f64, String) = scene
        .run(
            "const { activationStart = 0 } = performance.getEntriesByType('navigation')[0];
            return [activationStart, new Date(performance.timeOrigin + activationStart).toISOString()];",
        )
        .await?;
    assert_eq!(activated > 0.0, scene.engine == Engine::Chromium, "it was prerendered");
    let view = of(&arrivals, "page_view")[0];
    assert_eq!(path(view), "/app.html");
    assert!(view.property("$time").as_str() >= Some(shown.as_str()), "shown at {shown}: {view:?}");
    scene.run::<()>("appizer.track('shown'); await appizer.flush();").await?;
    let arrivals = scene.distinct(2).await?;
    assert_eq!(of(&arrivals, "page_view").len(), 1, "{arrivals}");
    Ok(())
}

async fn a_page_view_by_hand_has_what_the_page_is(scene: &mut Scene) -> Result<()> {
    scene.visit("module.html?secret=1").await?;
    scene
        .run::<()>(
            "appizer.page('Early', { n: 1 });
            await appizer.init({ ...options, stripQuery: true });
            appizer.page();
            appizer.page('Prices', { title: 'Own', n: 3 });",
        )
        .await?;
    let arrivals = scene.distinct(3).await?;
    let seen: Vec<_> = of(&arrivals, "page_view")
        .iter()
        .map(|event| json!(["name", "title", "n", "url"].map(|name| event.property(name))))
        .collect();
    let url = scene.url("module.html");
    let title = "The module, loaded and not started";
    assert_eq!(
        seen,
        [json!(["Early", title, 1, url]), json!([null, title, null, url]), json!(["Prices", "Own", 3, url])]
    );
    Ok(())
}

async fn a_script_before_the_title_waits_for_it(scene: &mut Scene) -> Result<()> {
    scene.visit("head-script.html").await?;
    let arrivals = views(scene, 1).await?;
    let view = of(&arrivals, "page_view")[0];
    assert_eq!(view.property("title"), "The title comes after the script");
    assert!(view.property("path").is_null() && view.property("referrer").is_null(), "{view:?}");
    Ok(())
}

/// Its own tag, and a tag manager's.
async fn a_script_that_the_page_has_twice_views_it_once(scene: &mut Scene) -> Result<()> {
    scene.visit("script-twice.html").await?;
    views(scene, 1).await?;
    scene.run::<()>("appizer.track('last')").await?;
    scene.arrivals("the last event", |arrivals| !of(arrivals, "last").is_empty()).await?;
    assert_eq!(of(&scene.settled().await?, "page_view").len(), 1);
    Ok(())
}

/// Waits for so many page views.
async fn views(scene: &Scene, count: usize) -> Result<Arrivals> {
    scene.arrivals(&format!("{count} page views"), |arrivals| of(arrivals, "page_view").len() >= count).await
}

fn of<'a>(arrivals: &'a Arrivals, name: &str) -> Vec<&'a StoredEvent> {
    arrivals.events.iter().filter(|event| event.event_name == name).collect()
}

fn path(event: &StoredEvent) -> &str {
    event.property("path").as_str().unwrap_or_default()
}
