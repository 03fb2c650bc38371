//! A collector that refuses, fails, cuts connections, or is not there.

use anyhow::{Context, Result};
use collector::{DropPoint, Faults};
use e2e::{Scene, in_each_browser};

in_each_browser!(
    a_collector_that_was_down_gets_everything,
    after_429_500_and_cut_connections_everything_arrives,
);

pub(crate) async fn a_collector_that_was_down_gets_everything(scene: &mut Scene) -> Result<()> {
    scene.visit("module.html").await?;
    scene.run::<()>("await appizer.init(options); steps(0, 100);").await?;
    scene.distinct(100).await?;
    scene.settled().await?;
    scene.stop_collector().await;
    scene.run::<()>("steps(100, 250); await new Promise((resolve) => appizer.on('retry', resolve));").await?;
    scene.start_collector().await?;
    scene.distinct(250).await?;
    let arrivals = scene.settled().await?;
    assert_eq!(arrivals.steps(), Vec::from_iter(0..250), "{arrivals}");
    assert_eq!(arrivals.repeats(), 0, "{arrivals}");
    Ok(())
}

pub(crate) async fn after_429_500_and_cut_connections_everything_arrives(scene: &mut Scene) -> Result<()> {
    let limited = Faults { retry_after: Some("1".into()), ..Faults::status(429) };
    // Browsers send again by themselves when a connection is cut under them: twice reaches the tracker.
    let phases = [
        (limited.times(1), Some(429)),
        // The key counts as crowded from here on, so that what the server does not ask for is waited for longer.
        (Faults::status(500).times(1), Some(500)),
        (Faults::drop(DropPoint::Before).times(2), None),
        (Faults::drop(DropPoint::After).times(2), None),
    ];
    scene.visit("module.html").await?;
    scene.run::<()>("window.retries = hear('retry'); await appizer.init(options);").await?;
    let mut tracked = 0;
    for (faults, status) in phases {
        scene.set_faults(Some(faults.clone()))?;
        scene.run::<()>(&format!("steps({tracked}, {})", tracked + 50)).await?;
        tracked += 50;
        scene.faults_used_up().await.with_context(|| format!("after {faults}"))?;
        let arrivals = scene.distinct(tracked).await?;
        scene.settled().await?;
        assert_eq!(arrivals.steps(), Vec::from_iter(0..tracked as u64), "after {faults}: {arrivals}");
        let heard: Vec<u16> = scene.run("return retries.splice(0).map((notice) => notice.status)").await?;
        if let Some(status) = status {
            assert_eq!(heard, [status], "after {faults}: {arrivals}");
        }
    }
    let arrivals = scene.settled().await?;
    // Stored, then cut: the only ones whose reply was not seen.
    assert!((1..=100).contains(&arrivals.repeats()), "{arrivals}");
    Ok(())
}
