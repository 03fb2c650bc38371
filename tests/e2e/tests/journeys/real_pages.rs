//! What real pages do to a tracker: names of their own, patched builtins, text cut in the middle, hints that lie.

use anyhow::Result;
use collector::Faults;
use e2e::{Scene, Tracked, in_each_browser, until};
use serde_json::{Value, json};

in_each_browser!(
    a_page_with_names_of_its_own_tracks_as_any_other,
    ill_formed_text_arrives_repaired_and_harms_no_other_event,
    lists_and_dates_arrive_as_they_are_whatever_a_library_did_to_them,
    a_browser_that_says_it_is_offline_sends_all_the_same,
    a_widget_that_is_removed_in_the_task_in_which_it_tracks_loses_nothing,
    a_script_tag_that_is_a_module_starts_the_tracker,
    a_script_tag_without_its_attributes_says_so_once,
    an_answer_that_the_page_s_own_fetch_has_read_is_no_network_failure,
    a_search_box_that_follows_its_keystrokes_is_one_view,
    an_option_at_fault_is_told_though_errors_are_frozen,
    a_tracker_that_was_closed_starts_anew,
    stats_are_answered_where_the_database_hangs,
    an_init_that_fails_leaves_no_listener_behind,
);

async fn a_page_with_names_of_its_own_tracks_as_any_other(scene: &mut Scene) -> Result<()> {
    scene.visit("shadowed.html").await?;
    scene.run::<()>("await ready; window.history.pushState(null, '', '/routed');").await?;
    let arrivals = scene.distinct(4).await?;
    let id: Value = scene.run("return appizerId").await?;
    let shadowed = arrivals.named("shadowed")?;
    assert_eq!((json!(shadowed.event_id), shadowed.step()), (id, Some(1)));
    let views: Vec<_> = arrivals.events.iter().filter(|event| event.event_name == "page_view").collect();
    assert_eq!(views[0].property("title"), "A page with names of its own");
    assert_eq!(views[1].property("path"), "/routed");
    let fallbacks: Vec<String> = scene.run("return (await appizer.stats()).fallbacks").await?;
    assert!(fallbacks.is_empty(), "{fallbacks:?}");
    Ok(())
}

async fn ill_formed_text_arrives_repaired_and_harms_no_other_event(scene: &mut Scene) -> Result<()> {
    let long = "x".repeat(255);
    scene.visit(&format!("module.html?utm_campaign={long}%F0%9F%9B%92&utm_source=shop")).await?;
    let ids: Vec<Option<String>> = scene
        .run(
            r"await appizer.init(options);
            const half = '🛒'[0];
            appizer.register({ ['note' + half]: half, backslashes: '\\ud83d\\\\' });
            return [
                appizer.track('cut' + half, { comment: 'so good ' + half, list: [half], whole: '🛒' }),
                appizer.track('whole'),
                appizer.track('by', {}, { userId: 'u' + half }),
            ];",
        )
        .await?;
    assert!(ids.iter().all(Option::is_some), "{ids:?}");
    let arrivals = scene.distinct(3).await?;
    let cut = arrivals.named("cut\u{fffd}")?;
    assert_eq!(cut.property("comment"), "so good \u{fffd}");
    assert_eq!((cut.property("list"), cut.property("whole")), (&json!(["\u{fffd}"]), &json!("🛒")));
    let whole = arrivals.named("whole")?;
    assert_eq!(whole.property("utm_campaign"), &json!(long), "the pair is dropped whole");
    assert_eq!(
        (whole.property("note\u{fffd}"), whole.property("backslashes")),
        (&json!("\u{fffd}"), &json!(r"\ud83d\\"))
    );
    assert_eq!(arrivals.named("by")?.user_id, "u\u{fffd}");
    Ok(())
}

async fn lists_and_dates_arrive_as_they_are_whatever_a_library_did_to_them(scene: &mut Scene) -> Result<()> {
    scene.visit("module.html").await?;
    scene
        .run::<()>(
            "Array.prototype.toJSON = function () { return `[${this.join(', ')}]`; };
            Date.prototype.toJSON = function () { return `\"${this.toISOString()}\"`; };
            String.prototype.toJSON = function () { return `'${this}'`; };
            await appizer.init(options);
            appizer.register({ tags: ['a', 'b'] });
            appizer.track('patched', {
                list: [1, [2]], at: new Date(0), text: 'x', own: { toJSON: () => 'mine' },
            });",
        )
        .await?;
    let arrivals = scene.distinct(1).await?;
    let patched = arrivals.named("patched")?;
    for (name, value) in [
        ("list", json!([1, [2]])),
        ("at", json!("1970-01-01T00:00:00.000Z")),
        ("text", json!("x")),
        ("own", json!("mine")),
        ("tags", json!(["a", "b"])),
    ] {
        assert_eq!(patched.property(name), &value, "{name}");
    }
    Ok(())
}

async fn a_browser_that_says_it_is_offline_sends_all_the_same(scene: &mut Scene) -> Result<()> {
    let offline = "Object.defineProperty(navigator, 'onLine', { value: false, configurable: true });";
    scene.visit("module.html").await?;
    scene.run::<()>(&format!("{offline} await appizer.init(options); steps(0, 5);")).await?;
    scene.distinct(5).await?;
    // By flush, while the interval is far off; then at exit.
    scene.run::<()>("await appizer.flush(); steps(5, 6); await appizer.flush();").await?;
    scene.distinct(6).await?;
    scene.visit("module.html").await?;
    scene
        .run::<()>(&format!("{offline} await appizer.init({{ ...options, flushInterval: 3600000 }});"))
        .await?;
    scene.leave("steps(6, 10); location.href = 'blank.html';").await?;
    scene.distinct(10).await?;
    Ok(())
}

async fn a_widget_that_is_removed_in_the_task_in_which_it_tracks_loses_nothing(
    scene: &mut Scene,
) -> Result<()> {
    scene.visit("module.html").await?;
    scene
        .run::<()>(
            "const widget = document.createElement('iframe');
            widget.src = 'widget.html';
            document.body.append(widget);
            const { contentWindow } = widget;
            while (!contentWindow.ready) await new Promise((resolve) => setTimeout(resolve, 10));
            await contentWindow.ready;
            contentWindow.appizer.track('last words');
            widget.remove();",
        )
        .await?;
    // What the browser did not take is in the store, for the next page of the same queue.
    scene.run::<()>("await appizer.init({ ...options, instance: 'widget' });").await?;
    let arrivals = scene.distinct(3).await?;
    arrivals.named("last words")?;
    arrivals.named("page_leave")?;
    Ok(())
}

async fn a_script_tag_that_is_a_module_starts_the_tracker(scene: &mut Scene) -> Result<()> {
    scene.visit("script-module.html").await?;
    scene.loaded().await?;
    scene.run::<()>("appizer.track('from a module');").await?;
    scene.distinct(1).await?.named("from a module")?;
    Ok(())
}

async fn a_script_tag_without_its_attributes_says_so_once(scene: &mut Scene) -> Result<()> {
    scene.visit("script-stripped.html").await?;
    scene.loaded().await?;
    let told = until("a warning", async || {
        let warnings: Vec<String> = scene.run("return warnings").await?;
        Ok((!warnings.is_empty()).then_some(warnings))
    });
    let told = told.await?;
    assert!(told.len() == 1 && told[0].contains("data-api-key"), "{told:?}");
    Ok(())
}

async fn an_answer_that_the_page_s_own_fetch_has_read_is_no_network_failure(scene: &mut Scene) -> Result<()> {
    scene.visit("module.html").await?;
    let (status, message): (u16, String) = scene
        .run(
            "const { fetch } = window;
            window.fetch = async (...args) => {
                const response = await fetch(...args);
                await response.text();
                return response;
            };
            const failed = new Promise((resolve) => appizer.on('retry', resolve));
            await appizer.init(options);
            appizer.track('read by another');
            const { status, message } = await failed;
            return [status, message];",
        )
        .await?;
    assert_eq!(status, 200);
    assert!(message.contains("cannot be read"), "{message}");
    Ok(())
}

async fn a_search_box_that_follows_its_keystrokes_is_one_view(scene: &mut Scene) -> Result<()> {
    for page in ["app.html", "app.html?no-navigation"] {
        scene.visit(page).await?;
        scene
            .run::<()>(
                "for (const typed of ['s', 'sh', 'sho', 'shoe']) {
                    history.replaceState(null, '', `?q=${typed}`);
                    await new Promise((resolve) => setTimeout(resolve, 60));
                }
                history.pushState(null, '', '?q=shoe&page=2');
                await new Promise((resolve) => setTimeout(resolve, 100));
                await appizer.flush();",
            )
            .await?;
    }
    let arrivals =
        scene.arrivals("two views of each page", |arrivals| count(arrivals, "page_view") >= 4).await?;
    assert_eq!(count(&arrivals, "page_view"), 4, "{:?}", arrivals.events);
    Ok(())
}

fn count(arrivals: &e2e::Arrivals, name: &str) -> usize {
    arrivals.events.iter().filter(|event| event.event_name == name).count()
}

async fn an_option_at_fault_is_told_though_errors_are_frozen(scene: &mut Scene) -> Result<()> {
    scene.visit("module.html").await?;
    let told: Value = scene
        .run(
            "Object.freeze(Error.prototype);
            const told = [];
            for (const wrong of [{ batchSize: 0 }, { flushInterval: Number.MAX_VALUE }, { consent: 'maybe' }, { apiKey: '' }]) {
                const error = await appizer.init({ ...options, ...wrong }).catch((error) => error);
                told.push([error instanceof Error, error?.name, error?.code, error?.option]);
            }
            return told;",
        )
        .await?;
    let fault = |option: &str| json!([true, "AppizerError", "invalid_option", option]);
    assert_eq!(told, json!([fault("batchSize"), fault("flushInterval"), fault("consent"), fault("apiKey")]));
    Ok(())
}

/// As React's strict mode does with the effects of a component. The tracker that is closed waits for its own reply, though the
/// next one's comes sooner.
async fn a_tracker_that_was_closed_starts_anew(scene: &mut Scene) -> Result<()> {
    scene.visit("module.html").await?;
    let (ids, was_answered): (Vec<Option<String>>, bool) = scene
        .run(
            "let isAnswered = false;
            const realFetch = fetch;
            window.fetch = async (...given) => {
                const reply = await realFetch(...given);
                if (!given[1].body.includes('before')) return reply;
                await new Promise((resolve) => setTimeout(resolve, 1000));
                isAnswered = true;
                return reply;
            };
            const first = appizer.init(options);
            const before = appizer.track('before');
            const closing = appizer.close().then(() => isAnswered);
            const between = appizer.track('between');
            const second = appizer.init(options);
            const after = appizer.track('after');
            await Promise.all([first, second]);
            await appizer.flush();
            return [[before, between, after], await closing];",
        )
        .await?;
    assert_eq!(ids.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false, true]);
    assert!(was_answered, "close was over before its flush");
    scene.distinct(2).await?;
    let arrivals = scene.settled().await?;
    assert_eq!(arrivals.repeats(), 0, "{arrivals}");
    arrivals.named("before")?;
    arrivals.named("after")?;
    Ok(())
}

async fn stats_are_answered_where_the_database_hangs(scene: &mut Scene) -> Result<()> {
    scene.visit("module.html").await?;
    scene.set_faults(Some(Faults::status(503)))?;
    let queued: u64 = scene
        .run(
            "await appizer.init({ ...options, flushInterval: 3600000 });
            steps(0, 3);
            await appizer.stats();
            // Neither transactions nor new connections end any more.
            const hangs = new Proxy({}, { get: () => () => ({}) });
            IDBDatabase.prototype.transaction = () => ({ objectStore: () => hangs, commit() {}, abort() {} });
            IDBFactory.prototype.open = () => ({});
            const { queued } = await appizer.stats();
            return queued;",
        )
        .await?;
    assert_eq!(queued, 3);
    Ok(())
}

async fn an_init_that_fails_leaves_no_listener_behind(scene: &mut Scene) -> Result<()> {
    scene.visit("module.html").await?;
    let left: i64 = scene
        .run(
            "let listening = 0;
            for (const [how, by] of [['addEventListener', 1], ['removeEventListener', -1]]) {
                const before = window[how];
                window[how] = function (type, ...rest) {
                    if (type === 'storage') listening += by;
                    return before.call(this, type, ...rest);
                };
            }
            for (let time = 0; time < 3; time++) await appizer.init({ ...options, batchSize: 0 }).catch(() => {});
            return listening;",
        )
        .await?;
    assert_eq!(left, 0);
    Ok(())
}
