//! After a trap a fresh instance of the module is made. What happens in that time must not be lost.

use anyhow::Result;
use e2e::{Scene, in_each_browser};

use crate::leaving::assert_complete;

in_each_browser!(
    a_page_left_while_an_instance_is_made_loses_none,
    an_opt_out_while_an_instance_is_made_holds,
    a_tracker_closed_while_an_instance_is_made_sends_everything,
);

/// Ten events are stored, ten are what the instance dies of, ten come while there is none. The fresh instance waits for
/// `release()`.
const TRAP: &str = "
    await appizer.init({ ...options, flushInterval: 3600000 });
    steps(0, 10);
    await appizer.stats();
    window.release = holdInstances();
    trap();
    const trapped = new Promise((resolve) => appizer.on('degraded', resolve));
    steps(10, 20);
    await trapped;
    steps(20, 30);";

async fn a_page_left_while_an_instance_is_made_loses_none(scene: &mut Scene) -> Result<()> {
    load(scene).await?;
    scene.run::<()>(TRAP).await?;
    scene.leave("location.href = 'blank.html'").await?;
    scene.visit("module.html").await?;
    scene.run::<()>("await appizer.init(options)").await?;
    scene.distinct(30).await?;
    assert_complete(&scene.settled().await?, 30);
    Ok(())
}

async fn an_opt_out_while_an_instance_is_made_holds(scene: &mut Scene) -> Result<()> {
    load(scene).await?;
    let (queued, id): (u64, Option<String>) = scene
        .run(&format!(
            "{TRAP}
            appizer.optOut();
            release();
            const id = appizer.track('no more');
            await appizer.flush();
            return [(await appizer.stats()).queued, id];"
        ))
        .await?;
    assert_eq!((queued, id), (0, None));
    scene.visit("module.html").await?;
    scene.run::<()>("appizer.optIn(); await appizer.init(options); steps(30, 31);").await?;
    scene.distinct(1).await?;
    let arrivals = scene.settled().await?;
    assert_eq!(arrivals.steps(), [30], "{arrivals}");
    Ok(())
}

async fn a_tracker_closed_while_an_instance_is_made_sends_everything(scene: &mut Scene) -> Result<()> {
    load(scene).await?;
    let (waiting, id): (String, Option<String>) = scene
        .run(&format!(
            "{TRAP}
            const closing = appizer.close();
            release();
            await closing;
            return [(await appizer.flush()).waiting, appizer.track('late')];"
        ))
        .await?;
    assert_eq!((waiting.as_str(), id), ("closed", None));
    let arrivals = scene.distinct(30).await?;
    assert_complete(&arrivals, 30);
    assert_eq!(arrivals.repeats(), 0, "{arrivals}");
    Ok(())
}

async fn load(scene: &Scene) -> Result<()> {
    scene.visit("no-wasm.html?traps").await?;
    scene.loaded().await
}
