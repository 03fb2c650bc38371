//! Nothing that keeps events from arriving is silent: what the console says.

use anyhow::Result;
use collector::Faults;
use e2e::{Scene, Tracked, in_each_browser, until};
use serde_json::{Value, json};

in_each_browser!(
    whatever_keeps_events_from_arriving_is_warned_of_once,
    the_debug_log_says_why_nothing_is_tracked_and_what_json_loses,
    a_script_tag_with_misspelt_attributes_is_warned_of,
    the_stub_takes_every_call_before_and_after_loading_and_no_view_counts_twice,
    consent_is_told_at_the_start_and_with_each_change,
);

/// Collects warnings in `window.warnings`.
const LISTEN: &str = "window.warnings = []; console.warn = (...words) => warnings.push(words.join(' '));";

/// Waits until a warning has all of the words, and checks that no other has them.
async fn warned(scene: &Scene, words: &[&str]) -> Result<()> {
    let has_words = |warning: &String| words.iter().all(|word| warning.contains(word));
    let awaited = format!("a warning with {words:?}");
    let warnings = until(&awaited, async || {
        let warnings: Vec<String> = scene.run("return warnings").await?;
        Ok(warnings.iter().any(has_words).then_some(warnings))
    });
    let warnings = warnings.await?;
    assert_eq!(warnings.iter().filter(|warning| has_words(warning)).count(), 1, "{warnings:?}");
    Ok(())
}

async fn whatever_keeps_events_from_arriving_is_warned_of_once(scene: &mut Scene) -> Result<()> {
    scene.visit("module.html").await?;
    scene.run::<()>(&format!("{LISTEN} appizer.track('early'); appizer.track('early');")).await?;
    warned(scene, &["init was not", "Events wait in memory", "call init({ apiKey })"]).await?;

    scene.set_faults(Some(Faults { body: Some("<!doctype html>".into()), ..Faults::default() }))?;
    scene.run::<()>("await appizer.init(options); await appizer.flush();").await?;
    warned(scene, &["not the batch endpoint's (HTML", "Events stay queued", "check the option \"endpoint\""])
        .await?;
    scene.set_faults(Some(Faults::status(401)))?;
    scene.run::<()>("await appizer.flush(); await appizer.flush();").await?;
    warned(scene, &["refuses the key (401", "Events stay queued", "check apiKey"]).await?;
    scene.set_faults(Some(Faults::status(404)))?;
    scene.run::<()>("await appizer.flush();").await?;
    warned(scene, &["does not exist (404", "Events stay queued"]).await?;
    scene.set_faults(None)?;
    scene.run::<()>("await appizer.flush();").await?;

    for name in ["signup", "purchase"] {
        let refusal = json!({ "success": false, "message": format!("{name} lacks a plan") }).to_string();
        let fault = Faults { status: Some(422), body: Some(refusal), ..Faults::default() };
        scene.set_faults(Some(fault.times(1)))?;
        scene.run::<()>(&format!("appizer.track('{name}'); await appizer.flush();")).await?;
        let message = format!("{name} lacks a plan");
        warned(scene, &[&format!("\"{name}\""), &message, "dead letters", "resendDeadLetters()"]).await?;
    }
    Ok(())
}

async fn the_debug_log_says_why_nothing_is_tracked_and_what_json_loses(scene: &mut Scene) -> Result<()> {
    scene.visit("module.html").await?;
    let lines: Vec<String> = scene
        .run(&format!(
            "{LISTEN}
            const lines = [];
            console.log = (line) => lines.push(line);
            await appizer.debug(true);
            Object.defineProperty(navigator, 'doNotTrack', {{ value: '1', configurable: true }});
            const start = (instance, more) => appizer.createTracker({{ ...options, instance, debug: true, ...more }});
            const told = (tracker) => new Promise((resolve) => tracker.on('consent', resolve));
            await told(start('signal', {{ respectPrivacySignals: true }}));
            await start('bot', {{ bots: 'drop' }}).stats();
            const pending = start('pending', {{ consent: 'pending' }});
            await told(pending);
            pending.optOut();
            await pending.debug();
            await appizer.init(options);
            appizer.track('lossy', {{ map: new Map([[1, 2]]), inner: {{ error: new Error('x'), call() {{}} }} }});
            await appizer.flush();
            await appizer.debug();
            return lines;"
        ))
        .await?;
    let log = lines.join("\n");
    for line in [
        "nothing arrives: init has not been called: call init({ apiKey })",
        "nothing is tracked: the browser sends Global Privacy Control or Do Not Track. optIn() ends it",
        "this browser is automated or a bot, and the option bots is \"drop\"",
        "consent is pending: events wait in memory",
        "nothing is tracked: the visitor has opted out. optIn() ends it",
        "nothing arrives: the visitor has opted out",
        // The log that was switched on before init stays on.
        "appizer: track \"lossy\"",
        "all events were delivered",
    ] {
        assert!(log.contains(line), "{line}: {log}");
    }
    warned(scene, &["\"map\" of \"lossy\" is of type Map, which JSON turns into {}"]).await?;
    warned(scene, &["\"inner.error\" of \"lossy\" is of type Error"]).await?;
    warned(scene, &["\"inner.call\" of \"lossy\" is of type function, which JSON turns into nothing"])
        .await?;
    Ok(())
}

async fn a_script_tag_with_misspelt_attributes_is_warned_of(scene: &mut Scene) -> Result<()> {
    scene.visit("script-misspelt.html").await?;
    scene.loaded().await?;
    warned(scene, &["data-key is no option", "did you mean data-api-key?"]).await?;
    warned(scene, &["data-flush-intervall is no option", "did you mean data-flush-interval?"]).await?;
    let warnings: Vec<String> = scene.run("return warnings").await?;
    assert!(
        !warnings.iter().any(|told| told.contains("nscript") || told.contains("cfasync")),
        "{warnings:?}"
    );
    Ok(())
}

async fn the_stub_takes_every_call_before_and_after_loading_and_no_view_counts_twice(
    scene: &mut Scene,
) -> Result<()> {
    scene.visit("script-stub.html").await?;
    until("the script to have loaded", async || {
        Ok(scene.run::<bool>("return !Array.isArray(appizer.q)").await?.then_some(()))
    })
    .await?;
    let accepted: bool = scene
        .run(
            "appizer.q.push(['track', 'later', { n: 1 }], [0, 'track', 'later', { n: 2 }]);
            return typeof (await early).accepted === 'number';",
        )
        .await?;
    assert!(accepted, "a promise of the stub resolves");
    let arrivals = scene.distinct(4).await?;
    let views: Vec<_> = arrivals.events.iter().filter(|event| event.event_name == "page_view").collect();
    assert_eq!(views.len(), 1, "{arrivals}");
    assert_eq!(views[0].property("from"), "snippet");
    assert_eq!(arrivals.named("identify")?.property("plan"), "pro");
    let later = arrivals.named("later")?;
    assert_eq!((later.user_id.as_str(), later.property("shared")), ("u1", &json!(true)));
    until("the listener to hear", async || {
        Ok(scene.run::<bool>("return !!window.heard").await?.then_some(()))
    })
    .await
}

async fn consent_is_told_at_the_start_and_with_each_change(scene: &mut Scene) -> Result<()> {
    scene.visit("module.html").await?;
    let seen: Value = scene
        .run(
            "const heard = hear('consent');
            const states = [appizer.consent()];
            const note = () => states.push(appizer.consent());
            appizer.init({ ...options, consent: 'pending' });
            while (!heard.length) await new Promise((resolve) => setTimeout(resolve, 10));
            note();
            appizer.optIn(), note();
            appizer.optOut(), note();
            return [states, heard.map(({ state }) => state)];",
        )
        .await?;
    assert_eq!(seen[0], json!(["pending", "pending", "granted", "denied"]));
    assert_eq!(seen[1], json!(["pending", "granted", "denied"]));
    scene.visit("module.html").await?;
    let again: String = scene.run("return appizer.consent()").await?;
    assert_eq!(again, "denied");
    Ok(())
}
