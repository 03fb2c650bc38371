//! Several pages of one site at the same time.

use anyhow::Result;
use e2e::{Scene, Tracked, in_each_browser};

in_each_browser!(two_tabs_send_each_its_own_events_and_leave_nothing);

pub(crate) async fn two_tabs_send_each_its_own_events_and_leave_nothing(scene: &mut Scene) -> Result<()> {
    let first = scene.browser.tab().await?;
    scene.visit("module.html").await?;
    scene.run::<()>("await appizer.init(options)").await?;
    let second = scene.browser.open_tab().await?;
    scene.visit("module.html").await?;
    scene.run::<()>("await appizer.init(options)").await?;
    for (tab, start) in [(&second, 0), (&first, 50), (&second, 100), (&first, 150)] {
        scene.browser.switch_to(tab).await?;
        scene.run::<()>(&format!("steps({start}, {})", start + 50)).await?;
    }
    scene.distinct(200).await?;
    scene.settled().await?;

    scene.browser.switch_to(&second).await?;
    scene.browser.close_tab(&first).await?;
    scene.visit("module.html").await?;
    scene.run::<()>("await appizer.init(options); steps(200, 201);").await?;
    scene.distinct(201).await?;
    let arrivals = scene.settled().await?;

    assert_eq!(arrivals.events.len(), 201, "repeats: {arrivals}");
    let mut steps = arrivals.steps();
    steps.sort_unstable();
    assert_eq!(steps, Vec::from_iter(0..201));
    for batch in arrivals.batches() {
        assert!(
            batch.iter().all(|event| event.page() == batch[0].page()),
            "one page, one request: {arrivals}"
        );
    }
    assert_eq!(arrivals.batches().last().map(Vec::len), Some(1), "the third visit found nothing: {arrivals}");
    let [accepted, delivered]: [u64; 2] = scene
        .run("const { accepted, delivered } = await appizer.stats(); return [accepted, delivered];")
        .await?;
    assert_eq!((accepted, delivered), (201, 201), "the account of all pages");
    Ok(())
}
