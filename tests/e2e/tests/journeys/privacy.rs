//! The visitor's word.

use anyhow::Result;
use e2e::{Scene, Tracked, in_each_browser};
use serde::Deserialize;
use serde_json::{Value, json};

in_each_browser!(
    an_opt_out_holds_at_once_in_all_tabs_and_on_later_visits_until_an_opt_in,
    a_page_in_the_back_forward_cache_keeps_to_an_opt_out,
    while_consent_is_pending_nothing_is_stored_or_sent,
    with_persistence_memory_nothing_is_stored,
    privacy_signals_are_respected_where_asked_for,
    bots_are_flagged_or_dropped_where_asked_for,
);

/// What is kept in the browser once all is forgotten that is to be: names in localStorage, and the number of records in the
/// queue's database.
const KEPT: &str = "
    const kept = async () => {
        while (Object.keys(localStorage).some((name) => name.endsWith(':forget'))) await new Promise((resolve) => setTimeout(resolve, 10));
        const databases = await indexedDB.databases();
        let records = 0;
        if (databases.some(({ name }) => name === 'appizer-default')) {
            const database = await new Promise((resolve) => (indexedDB.open('appizer-default').onsuccess = ({ target }) => resolve(target.result)));
            for (const store of ['segments', 'accounts', 'identity', 'dead_letters', 'marks']) {
                const all = database.transaction(store).objectStore(store).count();
                records += await new Promise((resolve) => (all.onsuccess = () => resolve(all.result)));
            }
            database.close();
        }
        return [Object.keys(localStorage), records];
    };";

async fn an_opt_out_holds_at_once_in_all_tabs_and_on_later_visits_until_an_opt_in(
    scene: &mut Scene,
) -> Result<()> {
    #[derive(Debug, Deserialize, PartialEq)]
    struct Seen {
        before: bool,
        id: Option<String>,
        after: bool,
        queued: u64,
        dropped: Vec<Value>,
    }
    // Or a page that is hidden would deliver what it has.
    scene.stop_collector().await;
    let first = scene.browser.tab().await?;
    scene.visit("module.html").await?;
    let wait = "await appizer.init({ ...options, flushInterval: 3600000 }); steps(0, 5);";
    scene.run::<()>(&format!("window.dropped = hear('dropped'); {wait}")).await?;
    let second = scene.browser.open_tab().await?;
    scene.visit("module.html").await?;
    let seen: Seen = scene
        .run(&format!(
            "const dropped = hear('dropped');
            appizer.identify('u1');
            appizer.register({{ plan: 'pro' }});
            {wait}
            const before = appizer.hasOptedOut();
            await appizer.stats();
            appizer.optOut();
            const id = appizer.track('no more');
            appizer.identify('u2');
            const after = appizer.hasOptedOut();
            const {{ queued }} = await appizer.stats();
            return {{ before, id, after, queued, dropped }};"
        ))
        .await?;
    let opt_out = |count| json!({ "type": "dropped", "reason": "opt_out", "count": count });
    assert_eq!(
        seen,
        Seen { before: false, id: None, after: true, queued: 0, dropped: vec![opt_out(6)] },
        "five steps and identify"
    );
    scene.browser.switch_to(&first).await?;
    let (id, dropped): (Option<String>, Vec<Value>) = scene
        .run("const id = appizer.track('no more'); await appizer.flush(); return [id, dropped];")
        .await?;
    assert_eq!((id, dropped), (None, vec![opt_out(5)]));
    scene.browser.close_tab(&second).await?;

    scene.visit("module.html").await?;
    let (id, kept): (Option<String>, (Vec<String>, u64)) = scene
        .run(&format!(
            "{KEPT} await appizer.init(options); const id = appizer.track('no more'); await appizer.flush(); return [id, await kept()];"
        ))
        .await?;
    // The record is the visitor's word.
    assert_eq!((id, kept), (None, (vec!["appizer:default:opt_out".to_string()], 1)));
    scene.start_collector().await?;
    scene.run::<()>("appizer.optIn(); appizer.track('again', { n: 1 }); await appizer.flush();").await?;
    scene.distinct(1).await?;
    let arrivals = scene.settled().await?;
    assert_eq!((arrivals.events.len(), arrivals.named("again")?.step()), (1, Some(1)), "{arrivals}");
    assert_eq!(arrivals.named("again")?.property("plan"), &Value::Null, "all was forgotten");
    assert_ne!(arrivals.named("again")?.user_id, "u1");
    Ok(())
}

async fn a_page_in_the_back_forward_cache_keeps_to_an_opt_out(scene: &mut Scene) -> Result<()> {
    scene.visit("module.html").await?;
    scene.run::<()>("await appizer.init({ ...options, flushInterval: 3600000 })").await?;
    scene.leave("location.href = 'blank.html'").await?;
    scene
        .run::<()>(
            "const { init, optOut } = await import('/pkg/index.js');
            await init({ apiKey: 'e2e_key', endpoint: '/nowhere' });
            optOut();",
        )
        .await?;
    scene.browser.back().await?;
    scene.loaded().await?;
    let id: Option<String> = scene
        .run("appizer.init({ ...options, flushInterval: 3600000 }); const id = appizer.track('no more'); await appizer.flush(); return id;")
        .await?;
    assert_eq!(id, None);
    scene.run::<()>("appizer.optIn(); appizer.track('again'); await appizer.flush();").await?;
    let arrivals = scene.distinct(1).await?;
    assert_eq!(arrivals.events.len(), 1, "{arrivals}");
    Ok(())
}

async fn while_consent_is_pending_nothing_is_stored_or_sent(scene: &mut Scene) -> Result<()> {
    #[derive(Debug, Deserialize)]
    struct Seen {
        ids: Vec<Option<String>>,
        kept: (Vec<String>, usize),
        waiting: String,
        queued: u64,
    }
    scene.visit("module.html").await?;
    let seen: Seen = scene
        .run(&format!(
            "{KEPT}
            const ids = [appizer.track('before init')];
            await appizer.init({{ ...options, consent: 'pending' }});
            appizer.register({{ plan: 'pro' }});
            ids.push(appizer.track('before consent'));
            const {{ queued, waiting }} = await appizer.flush();
            return {{ ids, kept: await kept(), queued, waiting }};"
        ))
        .await?;
    assert!(seen.ids.iter().all(Option::is_some), "{seen:?}");
    assert_eq!((seen.kept, seen.waiting.as_str(), seen.queued), ((vec![], 0), "consent", 2));
    assert_eq!(scene.arrivals("nothing", |_| true).await?.requests.len(), 0);

    scene.run::<()>("appizer.optIn(); appizer.track('after consent'); await appizer.flush();").await?;
    scene.distinct(3).await?;
    scene.visit("module.html").await?;
    scene
        .run::<()>("await appizer.init({ ...options, consent: 'pending' }); appizer.track('next visit');")
        .await?;
    let arrivals = scene.distinct(4).await?;
    let plan = |name| arrivals.named(name).map(|event| event.property("plan").clone());
    assert_eq!((plan("before init")?, plan("before consent")?), (Value::Null, json!("pro")));

    // Who says no is forgotten.
    let (kept, dropped): ((Vec<String>, usize), Vec<Value>) = scene
        .run(&format!(
            "{KEPT}
            const other = appizer.createTracker({{ ...options, instance: 'other', consent: 'pending' }});
            const dropped = [];
            other.on('dropped', ({{ reason, count }}) => dropped.push([reason, count]));
            other.track('never');
            other.optOut();
            other.track('never');
            const [names] = await kept();
            return [[names.filter((name) => name.includes('other')), 0], dropped];"
        ))
        .await?;
    assert_eq!((kept.0, dropped), (vec!["appizer:other:opt_out".to_string()], vec![json!(["opt_out", 1])]));
    assert_eq!(scene.settled().await?.events.len(), 4);
    Ok(())
}

async fn with_persistence_memory_nothing_is_stored(scene: &mut Scene) -> Result<()> {
    scene.visit("module.html?utm_source=news").await?;
    let (kept, storage): ((Vec<String>, u64), String) = scene
        .run(&format!(
            "{KEPT}
            await appizer.init({{ ...options, persistence: 'memory' }});
            appizer.register({{ plan: 'pro' }});
            appizer.identify('u1');
            appizer.track('kept in memory');
            await appizer.flush();
            const {{ storage }} = await appizer.stats();
            return [await kept(), storage];"
        ))
        .await?;
    assert_eq!((kept, storage.as_str()), ((vec![], 0), "memory"));
    let arrivals = scene.distinct(2).await?;
    let event = arrivals.named("kept in memory")?;
    assert_eq!((event.user_id.as_str(), event.property("plan")), ("u1", &json!("pro")));
    assert_eq!(event.property("utm_source"), "news");

    // Nor by a page that leaves before the core runs.
    scene.visit("leaves-early.html?memory").await?;
    scene.blank().await?;
    let kept: (Vec<String>, u64) = scene.run(&format!("{KEPT} return kept();")).await?;
    assert_eq!(kept, (vec![], 0));
    Ok(())
}

async fn privacy_signals_are_respected_where_asked_for(scene: &mut Scene) -> Result<()> {
    let signal =
        "Object.defineProperty(navigator, 'globalPrivacyControl', { value: true, configurable: true });
                  Object.defineProperty(navigator, 'doNotTrack', { value: '1', configurable: true });";
    scene.visit("module.html").await?;
    scene
        .run::<()>(&format!(
            "{signal} await appizer.init(options); appizer.track('not asked for'); await appizer.flush();"
        ))
        .await?;
    scene.visit("module.html").await?;
    let seen: Value = scene
        .run(&format!(
            "{signal}
            appizer.track('early');
            await appizer.init({{ ...options, respectPrivacySignals: true }});
            const seen = [appizer.track('no'), appizer.hasOptedOut()];
            appizer.optIn();
            appizer.track('own word');
            await appizer.flush();
            return [...seen, appizer.hasOptedOut()];"
        ))
        .await?;
    assert_eq!(seen, json!([null, true, false]));
    scene.distinct(2).await?;
    let arrivals = scene.settled().await?;
    assert_eq!(arrivals.events.len(), 2, "{arrivals}");
    arrivals.named("own word")?;
    Ok(())
}

async fn bots_are_flagged_or_dropped_where_asked_for(scene: &mut Scene) -> Result<()> {
    scene.visit("module.html").await?;
    // A driven browser says so.
    let (automated, ids): (bool, Vec<Option<String>>) = scene
        .run(
            "const make = (instance, bots) => appizer.createTracker({ ...options, instance, bots });
            const early = make('dropped', 'drop');
            const ids = [make('sent', 'send').track('sent'), make('flagged', 'flag').track('flagged'), early.track('dropped')];
            await appizer.init(options);
            return [navigator.webdriver, ids];",
        )
        .await?;
    assert!(automated);
    assert_eq!(ids.iter().map(Option::is_some).collect::<Vec<_>>(), [true, true, false]);
    let arrivals = scene.distinct(2).await?;
    assert_eq!(arrivals.named("flagged")?.property("$bot"), true);
    assert_eq!(arrivals.named("sent")?.property("$bot"), &Value::Null);
    Ok(())
}
