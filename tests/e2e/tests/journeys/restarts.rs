//! After a trap a fresh instance of the module is made. What happens in that time must not be lost.

use anyhow::Result;
use e2e::{Scene, in_each_browser, until};
use serde::Deserialize;

use crate::leaving::assert_complete;

in_each_browser!(
    a_page_left_while_an_instance_is_made_loses_none,
    an_opt_out_while_an_instance_is_made_holds,
    a_tracker_closed_while_an_instance_is_made_loses_none,
    after_a_trap_everything_arrives_under_one_id,
    what_traps_again_and_again_goes_on_without_a_core,
);

#[derive(Debug, Deserialize)]
struct Stats {
    accepted: u64,
    delivered: u64,
    fallbacks: Vec<String>,
}

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

pub(crate) async fn a_page_left_while_an_instance_is_made_loses_none(scene: &mut Scene) -> Result<()> {
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

async fn a_tracker_closed_while_an_instance_is_made_loses_none(scene: &mut Scene) -> Result<()> {
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
    // What the dead instance had stored the fresh one adopts, or, if it is closed before that, the next page.
    scene.distinct(20).await?;
    scene.visit("module.html").await?;
    scene.run::<()>("await appizer.init(options)").await?;
    until("what was left to be adopted", async || {
        let accepted: u64 = scene.run("return (await appizer.stats()).accepted").await?;
        Ok((accepted == 30).then_some(()))
    })
    .await?;
    // The next reply settles what the closed page may have handed over.
    scene.run::<()>("steps(30, 31); await appizer.flush();").await?;
    scene.distinct(31).await?;
    assert_complete(&scene.settled().await?, 31);
    Ok(())
}

pub(crate) async fn after_a_trap_everything_arrives_under_one_id(scene: &mut Scene) -> Result<()> {
    load(scene).await?;
    // Ten wait in the store of the instance that dies, ten are what it dies of, ten come while there is none.
    scene
        .run::<()>(
            "window.degraded = hear('degraded');
            window.errors = [];
            addEventListener('error', (event) => errors.push(event.message));
            await appizer.init({ ...options, flushInterval: 3600000 });
            steps(0, 10);
            await new Promise((resolve) => setTimeout(resolve));
            trap();
            const trapped = new Promise((resolve) => appizer.on('degraded', resolve));
            steps(10, 20);
            await trapped;
            steps(20, 30);
            await appizer.flush();",
        )
        .await?;
    scene.distinct(30).await?;
    let arrivals = scene.settled().await?;
    assert_complete(&arrivals, 30);
    assert_eq!(arrivals.repeats(), 0, "{arrivals}");
    let (told, errors): (Vec<String>, Vec<String>) =
        scene.run("return [degraded.map((notice) => notice.fallback), errors]").await?;
    assert_eq!((told, errors), (vec!["restarted".into()], Vec::new()));
    let stats: Stats = scene.run("return appizer.stats()").await?;
    assert_eq!(stats.fallbacks, ["restarted"]);
    assert_eq!((stats.accepted, stats.delivered), (30, 30), "{stats:?}");
    // A page that never gives it a call dies of its own timers and events.
    scene.run::<()>("trap(); dispatchEvent(new Event('online'));").await?;
    let instances: u64 = scene.run("await appizer.flush(); return count()").await?;
    assert_eq!(instances, 3);
    Ok(())
}

async fn what_traps_again_and_again_goes_on_without_a_core(scene: &mut Scene) -> Result<()> {
    load(scene).await?;
    let told: Vec<String> = scene
        .run(
            "const degraded = hear('degraded');
            await appizer.init(options);
            for (let time = 0; time < 4; time++) {
                trap();
                const trapped = new Promise((resolve) => appizer.on('degraded', resolve));
                steps(time * 10, time * 10 + 10);
                await trapped;
                await appizer.flush();
            }
            steps(40, 50);
            return degraded.map((notice) => notice.fallback);",
        )
        .await?;
    assert_eq!(told, ["restarted", "restarted", "restarted", "restarted", "no_core"]);
    scene.distinct(50).await?;
    assert_complete(&scene.settled().await?, 50);
    Ok(())
}

async fn load(scene: &Scene) -> Result<()> {
    scene.visit("no-core.html?traps").await?;
    scene.loaded().await
}
