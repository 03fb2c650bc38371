//! The ways in: the script tag, a worker, calls that come before the tracker is ready.

use anyhow::Result;
use e2e::{Arrivals, Scene, Tracked, in_each_browser, until};
use serde::Deserialize;

in_each_browser!(
    the_script_tag_tracks_what_came_before_it,
    what_is_tracked_before_init_and_before_webassembly_arrives,
    a_dedicated_worker_tracks,
    a_service_worker_tracks_with_the_one_file_entry,
    a_flush_in_the_task_of_init_delivers_whichever_message_comes_first,
    options_and_properties_made_in_a_frame_are_taken,
    without_a_database_events_arrive_all_the_same,
);

pub(crate) async fn the_script_tag_tracks_what_came_before_it(scene: &mut Scene) -> Result<()> {
    scene.visit("script-tag.html").await?;
    until("the script to be there", async || {
        let there: bool = scene.run("return 'flush' in appizer").await?;
        Ok(there.then_some(()))
    })
    .await?;
    let after: String = scene.run("return appizer.track('after_load', { n: 2 })").await?;
    scene.distinct(2).await?;
    let arrivals = scene.settled().await?;

    assert_eq!(names(&arrivals), ["before_load", "after_load"]);
    assert_eq!(arrivals.steps(), [1, 2]);
    assert_eq!(arrivals.ids()[1], after);
    let plan =
        |name| anyhow::Ok(arrivals.named(name)?.properties.as_ref().and_then(|it| it.get("plan")).cloned());
    assert_eq!((plan("before_load")?, plan("after_load")?), (None, Some("pro".into())));
    let [functions, module]: [Vec<String>; 2] = scene
        .run(
            "const functions = (object) => Object.keys(object).filter((name) => typeof object[name] === 'function');
            return [functions(appizer).sort(), functions(await import('/pkg/index.js')).sort()];",
        )
        .await?;
    assert_eq!(functions, module);
    Ok(())
}

async fn what_is_tracked_before_init_and_before_webassembly_arrives(scene: &mut Scene) -> Result<()> {
    scene.visit("module.html").await?;
    let ids: Vec<String> = scene
        .run(
            "const ids = [appizer.track('before_init')];
            await new Promise((resolve) => setTimeout(resolve));
            const ready = appizer.init(options);
            ids.push(appizer.track('before_ready'));
            await ready;
            ids.push(appizer.track('ready'));
            return ids;",
        )
        .await?;
    scene.distinct(3).await?;
    let arrivals = scene.settled().await?;
    assert_eq!(names(&arrivals), ["before_init", "before_ready", "ready"]);
    assert_eq!(arrivals.ids(), ids);
    Ok(())
}

/// Browsers promise no order between messages of several channels.
async fn a_flush_in_the_task_of_init_delivers_whichever_message_comes_first(scene: &mut Scene) -> Result<()> {
    scene.visit("module.html").await?;
    let (delivered, queued): (u64, u64) = scene
        .run(
            "const messages = [];
            window.MessageChannel = class {
                port1 = { close() {} };
                port2 = { postMessage: () => {
                    messages.push(() => this.port1.onmessage());
                    setTimeout(() => messages.pop()());
                } };
            };
            appizer.init(options);
            steps(0, 1);
            const { delivered, queued } = await appizer.flush();
            return [delivered, queued];",
        )
        .await?;
    assert_eq!((delivered, queued), (1, 0));
    Ok(())
}

async fn a_service_worker_tracks_with_the_one_file_entry(scene: &mut Scene) -> Result<()> {
    #[derive(Debug, Deserialize)]
    struct Stats {
        fallbacks: Vec<String>,
        storage: String,
    }
    scene.visit("module.html").await?;
    let stats: Stats = scene
        .run(
            "const { active, installing, waiting } = await navigator.serviceWorker.register('/service-worker.js', { type: 'module' });
            const { port1, port2 } = new MessageChannel();
            (active ?? waiting ?? installing).postMessage('start', [port2]);
            return new Promise((resolve) => (port1.onmessage = ({ data }) => resolve(data)));",
        )
        .await?;
    assert_eq!(stats.fallbacks, [""; 0]);
    assert_eq!(stats.storage, "indexeddb");
    assert_eq!(scene.distinct(1).await?.named("in_service_worker")?.step(), Some(1));
    Ok(())
}

pub(crate) async fn a_dedicated_worker_tracks(scene: &mut Scene) -> Result<()> {
    #[derive(Debug, Deserialize, PartialEq)]
    struct Message {
        id: Option<String>,
        error: Option<String>,
    }
    scene.visit("module.html").await?;
    let message: Message = scene
        .run(
            "const worker = new Worker('/worker.js', { type: 'module' });
            return new Promise((resolve) => {
                worker.onmessage = (message) => resolve(message.data);
                worker.onerror = (failure) => resolve({ error: failure.message ?? 'the worker does not load' });
            });",
        )
        .await?;
    assert_eq!(message.error, None);
    scene.distinct(1).await?;
    scene.run::<()>("await appizer.init(options); appizer.track('in_page');").await?;
    let arrivals = scene.distinct(2).await?;

    let (worker, page) = (arrivals.named("in_worker")?, arrivals.named("in_page")?);
    assert_eq!((&worker.event_id, worker.step()), (&message.id, Some(1)));
    assert_eq!((&worker.user_id, &worker.ua), (&page.user_id, &page.ua), "one browser, one visitor");
    Ok(())
}

/// Tag managers and browser extensions call from realms of their own, where `Object` is another.
async fn options_and_properties_made_in_a_frame_are_taken(scene: &mut Scene) -> Result<()> {
    scene.visit("module.html").await?;
    let id: Option<String> = scene
        .run(
            "const frame = document.body.appendChild(document.createElement('iframe'));
            const copy = (object) => frame.contentWindow.JSON.parse(JSON.stringify(object));
            await appizer.init(copy(options));
            return appizer.track('framed', copy({ n: 1 }), copy({ ip: '192.0.2.7' }));",
        )
        .await?;
    let arrivals = scene.distinct(1).await?;
    let event = arrivals.named("framed")?;
    assert_eq!((&event.event_id, event.step(), event.ip.as_deref()), (&id, Some(1), Some("192.0.2.7")));
    Ok(())
}

async fn without_a_database_events_arrive_all_the_same(scene: &mut Scene) -> Result<()> {
    #[derive(Deserialize)]
    struct Seen {
        ids: Vec<String>,
        storage: String,
        fallbacks: Vec<String>,
        degraded: Vec<String>,
    }
    scene.visit("no-storage.html").await?;
    let seen: Seen = scene
        .run(
            "const before = appizer.track('before_ready');
            await ready;
            const ids = [before, ...Array.from({ length: 120 }, (_, n) => appizer.track('step', { n }))];
            const { storage, fallbacks } = await appizer.stats();
            return { ids, storage, fallbacks, degraded: degraded.map((notice) => notice.fallback) };",
        )
        .await?;
    scene.distinct(121).await?;
    let arrivals = scene.settled().await?;
    assert_eq!(arrivals.ids(), seen.ids);
    assert_eq!(arrivals.repeats(), 0, "{arrivals}");
    assert_eq!(
        (seen.storage.as_str(), seen.degraded.as_slice()),
        ("memory", ["memory_queue".to_string()].as_slice())
    );
    assert!(seen.fallbacks.contains(&"memory_queue".into()), "{:?}", seen.fallbacks);
    Ok(())
}

fn names(arrivals: &Arrivals) -> Vec<&str> {
    arrivals.events.iter().map(|event| event.event_name.as_str()).collect()
}
