//! Several trackers in one page, and what they tell a developer.

use anyhow::Result;
use e2e::{Engine, Scene, Tracked, in_each_browser};
use serde_json::{Value, json};

in_each_browser!(
    two_trackers_side_by_side_share_nothing,
    debug_says_what_is_queued_and_why,
    client_hints_come_where_the_browser_has_them,
);

async fn two_trackers_side_by_side_share_nothing(scene: &mut Scene) -> Result<()> {
    scene.visit("module.html").await?;
    let (paused, account, code, option): (Value, Value, String, String) = scene
        .run(
            "const other = appizer.createTracker({ ...options, apiKey: 'another', instance: 'other' });
            const paused = new Promise((resolve) => other.on('paused', resolve));
            await appizer.init(options);
            appizer.identify('u1');
            appizer.register({ plan: 'pro' });
            other.identify('u2');
            other.track('theirs');
            appizer.track('ours');
            await appizer.flush();
            const { reason, until } = await paused;
            const error = await appizer.createTracker.call(null, { ...options, apiKey: 'third', instance: 'other' }).init({ ...options, apiKey: 'third', instance: 'other' }).catch((error) => error);
            const { queued } = await other.stats();
            await other.init({ ...options, instance: 'other' });
            await other.flush();
            return [[reason, until instanceof Date], { queued }, error.code, error.option];",
        )
        .await?;
    assert_eq!((paused, account), (json!(["forbidden", true]), json!({ "queued": 2 })));
    assert_eq!((code.as_str(), option.as_str()), ("invalid_option", "instance"), "one queue, one key");
    let arrivals = scene.distinct(4).await?;
    let (ours, theirs) = (arrivals.named("ours")?, arrivals.named("theirs")?);
    assert_eq!((ours.user_id.as_str(), theirs.user_id.as_str()), ("u1", "u2"));
    assert_eq!((ours.property("plan"), theirs.property("plan")), (&json!("pro"), &Value::Null));
    assert_ne!(ours.property("$session_id"), theirs.property("$session_id"));
    Ok(())
}

async fn debug_says_what_is_queued_and_why(scene: &mut Scene) -> Result<()> {
    scene.visit("module.html?appizer_debug").await?;
    let (told, lines): (Value, Vec<String>) = scene
        .run(
            "const lines = [];
            console.log = (...words) => lines.push(words.map((word) => (typeof word === 'string' ? word : JSON.stringify(word))).join(' '));
            console.table = () => {};
            await appizer.init({ ...options, flushInterval: 3600000 });
            appizer.track('sent', { n: 1 });
            await appizer.flush();
            appizer.track('waits', { n: 2 });
            return [await appizer.debug(), lines];",
        )
        .await?;
    let log = lines.join("\n");
    for line in [
        "starts: endpoint http://",
        "flush interval 3600000 ms, persistence \"store\", consent \"granted\"",
        "appizer: track \"sent\" {\"n\":1} (",
        "appizer: delivered 1 event",
        "1 events wait: they go at the end of the flush interval, or now with flush(), until",
        "delivered 1, queued 1, dead letters 0, refused 0",
    ] {
        assert!(log.contains(line), "{line}: {log}");
    }
    assert!(!log.contains(e2e::API_KEY), "the key is masked: {log}");
    assert_eq!(told["queued"][0]["name"], "waits");
    assert_eq!(
        (&told["requests"][0]["type"], &told["requests"][0]["count"]),
        (&json!("delivered"), &json!(1))
    );
    assert_eq!(told["stats"]["queued"], 1);
    Ok(())
}

async fn client_hints_come_where_the_browser_has_them(scene: &mut Scene) -> Result<()> {
    scene.visit("module.html").await?;
    scene
        .run::<()>(
            "await appizer.init({ ...options, clientHints: true });
            await navigator.userAgentData?.getHighEntropyValues([]);
            await new Promise((resolve) => setTimeout(resolve, 100));
            appizer.track('hinted');",
        )
        .await?;
    let arrivals = scene.distinct(1).await?;
    let hinted = arrivals.named("hinted")?;
    let has = ["$ua_platform", "$ua_architecture", "$ua_full_version_list"]
        .map(|name| !hinted.property(name).is_null());
    assert_eq!(has, [scene.engine == Engine::Chromium; 3], "{hinted:?}");
    Ok(())
}
