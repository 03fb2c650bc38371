//! The page's own code inside the tracker.

use anyhow::{Context, Result};
use e2e::{Scene, Tracked, in_each_browser};
use serde::Deserialize;
use serde_json::{Value, json};

in_each_browser!(
    before_send_changes_or_drops_and_what_it_fails_for_is_not_sent,
    listeners_may_throw_and_call_back_and_harm_nothing,
);

async fn before_send_changes_or_drops_and_what_it_fails_for_is_not_sent(scene: &mut Scene) -> Result<()> {
    #[derive(Deserialize)]
    struct Seen {
        ids: Vec<Option<String>>,
        events: Vec<Value>,
        dropped: Vec<Value>,
        warnings: Vec<String>,
        refused: u64,
        untouched: bool,
    }
    scene.visit("module.html").await?;
    let seen: Seen = scene
        .run(
            "const [events, warnings] = [[], []];
            console.warn = (...words) => warnings.push(words.join(' '));
            const dropped = hear('dropped');
            const beforeSend = (event) => {
                events.push({ ...event, isDate: event.time instanceof Date });
                if (event.name === 'secret') return null;
                if (event.name === 'false') return false;
                if (event.name === 'throws') throw new Error('oh');
                if (event.name === 'async') return Promise.resolve(event);
                if (event.name === 'nested') appizer.track('from the hook');
                if (event.name === 'mutated') return void (event.properties.deep.text = 'changed');
                if (event.name === 'rewritten') return { name: 'renamed', properties: { only: 1 }, userId: 'u9', time: 0 };
                return event;
            };
            const early = appizer.track('early', { n: 1 });
            await appizer.init({ ...options, beforeSend });
            appizer.register({ plan: 'pro' });
            const mine = { deep: { text: 'mine' } };
            const ids = [early, ...['secret', 'false', 'throws', 'throws', 'async', 'nested', 'rewritten'].map((name) => appizer.track(name, {}, { ip: '192.0.2.7' }))];
            ids.push(appizer.track('mutated', mine));
            const { refused } = await appizer.stats();
            return { ids, events, dropped, warnings, refused, untouched: mine.deep.text === 'mine' };",
        )
        .await?;
    scene.distinct(5).await?;
    let arrivals = scene.settled().await?;
    assert_eq!(arrivals.events.len(), 5, "{arrivals}");

    let given: Vec<bool> = seen.ids.iter().map(Option::is_some).collect();
    assert_eq!(given, [true, false, false, false, false, false, true, true, true]);
    assert_eq!((seen.refused, seen.untouched), (5, true));
    let drop = json!({ "type": "dropped", "reason": "before_send", "count": 1 });
    assert_eq!(seen.dropped, vec![drop; 5]);
    let warned =
        ["throws", "async"].map(|name| format!("beforeSend failed for \"{name}\", and the event is dropped"));
    let as_warned = seen.warnings.iter().zip(&warned).all(|(warning, text)| warning.contains(text));
    assert!(as_warned && seen.warnings.len() == 2, "{:?}", seen.warnings);
    let secret = seen.events.iter().find(|event| event["name"] == "secret").context("the hook saw it")?;
    assert_eq!((&secret["isDate"], &secret["properties"]["plan"]), (&json!(true), &json!("pro")));
    assert!(secret["userId"].is_string() && secret["properties"]["$session_id"].is_string(), "{secret}");
    assert!(!seen.events.iter().any(|event| event["name"] == "from the hook"), "no recursion");

    arrivals.named("from the hook")?;
    assert_eq!(arrivals.named("mutated")?.property("deep")["text"], "changed");
    let renamed = arrivals.named("renamed")?;
    assert_eq!((renamed.user_id.as_str(), renamed.ip.as_deref()), ("u9", Some("192.0.2.7")));
    assert_eq!(renamed.property("$time"), "1970-01-01T00:00:00.000Z");
    assert_eq!((renamed.property("only"), renamed.property("plan")), (&json!(1), &Value::Null));
    Ok(())
}

async fn listeners_may_throw_and_call_back_and_harm_nothing(scene: &mut Scene) -> Result<()> {
    scene.visit("module.html").await?;
    let (rejected, errors, alive): (u64, Vec<String>, bool) = scene
        .run(
            "const errors = [];
            addEventListener('error', (event) => (errors.push(event.error.message), event.preventDefault()));
            let rejected = 0;
            appizer.on('rejected', () => { if (++rejected < 50) appizer.track(''); });
            appizer.on('delivered', () => { throw new Error('mine'); });
            const off = appizer.on('delivered', () => {
                off();
                appizer.track('from a listener');
                appizer.flush();
                appizer.register({ heard: true });
            });
            await appizer.init(options);
            appizer.track('');
            const first = rejected;
            appizer.track('good');
            await new Promise((resolve) => { const look = () => (rejected < 50 || !errors.length ? setTimeout(look, 10) : resolve()); look(); });
            return [first, [...new Set(errors)], true];",
        )
        .await?;
    assert_eq!((rejected, errors, alive), (1, vec!["mine".to_string()], true));
    scene.distinct(2).await?.named("from a listener")?;
    Ok(())
}
