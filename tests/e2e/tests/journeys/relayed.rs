//! Pages that send through the real relay, without a key.

use std::time::Duration;

use anyhow::Result;
use collector::AuthorizationKind;
use e2e::{Scene, Visitors, in_each_browser, until, until_within};
use serde_json::Value;

in_each_browser!(beside_two_hundred_visitors_every_event_of_a_page_is_with_the_collector_in_a_minute);

/// What the issue promises.
const MINUTE: Duration = Duration::from_secs(60);

/// As often as a visitor tracks by default.
const INTERVAL: Duration = Duration::from_secs(10);

/// More requests than the page may send in a minute to an endpoint that is no relay.
const EVENTS: u64 = 150;

async fn beside_two_hundred_visitors_every_event_of_a_page_is_with_the_collector_in_a_minute(
    scene: &mut Scene,
) -> Result<()> {
    scene.servers.limit_collector(100).await?;
    let relay = scene.servers.start_relay().await?;
    let visitors = Visitors::start(&relay.endpoint(), 200, INTERVAL)?;
    until("every visitor to have been there", async || Ok((visitors.confirmed().len() >= 200).then_some(())))
        .await?;

    scene.visit("module.html").await?;
    let endpoint = relay.endpoint();
    scene
        .run::<()>(&format!(
            "await appizer.init({{ endpoint: '{endpoint}', flushInterval: 0, batchSize: 1 }}); steps(0, {EVENTS});"
        ))
        .await?;
    let arrived = until_within(MINUTE, "the page's events", async || {
        let mut steps = scene.servers.arrivals()?.steps();
        steps.sort_unstable();
        Ok(steps.iter().copied().eq(0..EVENTS).then_some(()))
    });
    if let Err(error) = arrived.await {
        return Err(error.context(scene.report().await));
    }
    assert_eq!(scene.run::<Value>("return (await appizer.stats()).lastError").await?, Value::Null);

    visitors.stop().await;
    let arrivals = scene.settled().await?;
    assert_eq!(arrivals.repeats(), 0, "{arrivals}");
    let is_accepted = |status| status == Some(200);
    assert!(arrivals.requests.iter().all(|request| is_accepted(request.status)), "{arrivals}");
    let has_key = |kind| kind == AuthorizationKind::Bearer;
    assert!(arrivals.requests.iter().all(|request| has_key(request.authorization)), "{arrivals}");
    Ok(())
}
