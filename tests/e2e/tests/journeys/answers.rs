//! What the tracker says of itself: `flush`, `stats` and the notices.

use anyhow::Result;
use e2e::{Scene, in_each_browser};
use serde::Deserialize;
use serde_json::{Value, json};

in_each_browser!(
    flush_sends_at_once_and_the_account_adds_up,
    flush_says_why_events_wait,
    a_closed_tracker_refuses_and_has_sent_everything,
);

pub(crate) async fn flush_sends_at_once_and_the_account_adds_up(scene: &mut Scene) -> Result<()> {
    #[derive(Deserialize)]
    struct Seen {
        ids: Vec<String>,
        before: Value,
        result: Value,
        after: Value,
        delivered: Vec<Value>,
    }
    scene.visit("module.html").await?;
    let seen: Seen = scene
        .run(
            "const delivered = hear('delivered');
            await appizer.init({ ...options, flushInterval: 3600000 });
            const ids = steps(0, 60);
            appizer.track('');
            const before = await appizer.stats();
            const result = await appizer.flush();
            const after = await appizer.stats();
            return { ids, before, result, after, delivered };",
        )
        .await?;
    assert_account(&seen.before);
    assert_eq!((&seen.before["accepted"], &seen.before["refused"]), (&json!(60), &json!(1)));
    assert_eq!(seen.result, json!({ "delivered": 60, "rejected": 0, "queued": 0 }));
    assert_account(&seen.after);
    assert_eq!((&seen.after["delivered"], &seen.after["queued"]), (&json!(60), &json!(0)));
    assert_eq!((&seen.after["storage"], &seen.after["fallbacks"]), (&json!("indexeddb"), &json!([])));
    assert_eq!((seen.after.get("waiting"), seen.after.get("lastError")), (None, None));

    let heard: Vec<&str> = seen
        .delivered
        .iter()
        .flat_map(|notice| notice["ids"].as_array())
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    assert_eq!(heard, seen.ids, "each was announced once");
    assert!(
        seen.delivered
            .iter()
            .all(|notice| notice["count"].as_u64() == notice["ids"].as_array().map(|ids| ids.len() as u64))
    );
    let arrivals = scene.settled().await?;
    assert_eq!(arrivals.ids(), seen.ids, "what was announced is there");
    Ok(())
}

async fn flush_says_why_events_wait(scene: &mut Scene) -> Result<()> {
    #[derive(Deserialize)]
    struct Seen {
        early: Value,
        held: Value,
        interval: Value,
        interval_ends: bool,
        down: Value,
        down_ends: bool,
        stats: Value,
    }
    scene.visit("module.html").await?;
    scene.stop_collector().await;
    let seen: Seen = scene
        .run(
            "steps(0, 2);
            const early = await appizer.flush();
            const held = await appizer.stats();
            await appizer.init({ ...options, flushInterval: 3600000 });
            const interval = await appizer.stats();
            const down = await appizer.flush();
            const [interval_ends, down_ends] = [interval, down].map(({ until }) => until instanceof Date);
            return { early, held, interval, interval_ends, down, down_ends, stats: await appizer.stats() };",
        )
        .await?;
    assert_eq!(
        seen.early,
        json!({ "delivered": 0, "rejected": 0, "queued": 2, "waiting": "not_initialized" })
    );
    assert_account(&seen.held);
    assert_eq!((&seen.held["queued"], &seen.held["waiting"]), (&json!(2), &json!("not_initialized")));
    assert_eq!((&seen.interval["waiting"], seen.interval_ends), (&json!("interval"), true));
    assert_eq!(
        (&seen.down["delivered"], &seen.down["rejected"], &seen.down["queued"]),
        (&json!(0), &json!(0), &json!(2))
    );
    assert_eq!((&seen.down["waiting"], seen.down_ends), (&json!("backoff"), true));
    assert_account(&seen.stats);
    assert_eq!((&seen.stats["queued"], &seen.stats["lastError"]["status"]), (&json!(2), &json!(0)));
    scene.start_collector().await?;
    scene.distinct(2).await?;
    Ok(())
}

async fn a_closed_tracker_refuses_and_has_sent_everything(scene: &mut Scene) -> Result<()> {
    scene.visit("module.html").await?;
    let (id, codes, result): (Option<String>, Vec<String>, Value) = scene
        .run(
            "const rejected = hear('rejected');
            await appizer.init({ ...options, flushInterval: 3600000 });
            steps(0, 3);
            await appizer.close();
            const id = appizer.track('late');
            return [id, rejected.map((notice) => notice.code), await appizer.flush()];",
        )
        .await?;
    assert_eq!((id, codes), (None, vec!["closed".into()]));
    assert_eq!(result["waiting"], "closed");
    let arrivals = scene.distinct(3).await?;
    assert_eq!(arrivals.steps(), [0, 1, 2]);
    Ok(())
}

/// `accepted = delivered + handedOver + queued + rejected + uncertain + dropped`
fn assert_account(stats: &Value) {
    let dropped = stats["dropped"].as_object().into_iter().flat_map(|reasons| reasons.values());
    let parts = ["delivered", "handedOver", "queued", "rejected", "uncertain"].map(|name| &stats[name]);
    let sum: Option<u64> = parts.into_iter().chain(dropped).map(Value::as_u64).sum();
    assert_eq!(sum, stats["accepted"].as_u64(), "{stats}");
    assert!(sum.is_some(), "{stats}");
}
