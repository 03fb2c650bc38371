//! Many events at once.

use anyhow::Result;
use collector::AuthorizationKind;
use e2e::{Scene, Tracked, in_each_browser};
use serde::Deserialize;

in_each_browser!(events_of_one_task_arrive_complete_and_in_order);

pub(crate) async fn events_of_one_task_arrive_complete_and_in_order(scene: &mut Scene) -> Result<()> {
    #[derive(Deserialize)]
    struct Tracked250 {
        ids: Vec<String>,
        ua: String,
        from: String,
        to: String,
    }
    scene.visit("module.html").await?;
    let tracked: Tracked250 = scene
        .run(
            "await appizer.init(options);
            const from = new Date();
            const ids = steps(0, 250);
            return { ids, ua: navigator.userAgent, from, to: new Date() };",
        )
        .await?;
    scene.distinct(250).await?;
    let arrivals = scene.settled().await?;

    assert_eq!(arrivals.events.len(), 250, "repeats: {arrivals}");
    assert_eq!(arrivals.ids(), tracked.ids);
    assert_eq!(arrivals.steps(), Vec::from_iter(0..250));
    assert!(arrivals.requests.len() >= 3, "{arrivals}");
    for request in &arrivals.requests {
        assert_eq!(
            (request.status, request.authorization),
            (Some(200), AuthorizationKind::Bearer),
            "{arrivals}"
        );
        assert!(request.event_count <= 100, "{arrivals}");
    }
    let user = &arrivals.events[0].user_id;
    for event in &arrivals.events {
        assert_eq!((event.event_name.as_str(), event.ip.as_deref()), ("step", None));
        assert_eq!((event.ua.as_deref(), &event.user_id), (Some(tracked.ua.as_str()), user));
        let time = event.property("$time").as_str().unwrap_or_default();
        // ISO times of one form are in the order of their letters; the form is the one of `toISOString`.
        assert_eq!(time.len(), tracked.from.len(), "{time}");
        assert!((tracked.from.as_str()..=tracked.to.as_str()).contains(&time), "{time}");
    }
    Ok(())
}
