//! What bad input gets.

use std::collections::BTreeMap;

use anyhow::Result;
use e2e::{Scene, Tracked, in_each_browser};
use serde::Deserialize;
use serde_json::json;

in_each_browser!(
    a_bad_option_is_named_with_what_is_allowed,
    init_again_with_another_option_is_an_error_and_with_the_same_is_not,
    a_bad_event_is_refused_and_its_neighbours_arrive,
    properties_arrive_as_json_has_them,
    calls_that_are_nearly_right_are_understood_or_refused_at_once,
);

async fn a_bad_option_is_named_with_what_is_allowed(scene: &mut Scene) -> Result<()> {
    #[derive(Debug, Deserialize)]
    struct Rejection {
        is_error: bool,
        name: String,
        code: String,
        option: Option<String>,
        message: String,
    }
    // The options, as JavaScript; the one at fault; words of what is allowed instead.
    let cases = [
        ("{}", "apiKey", "is undefined (an environment variable"),
        ("{ apiKey: undefined }", "apiKey", "is undefined (an environment variable"),
        ("{ ...options, colour: 1 }", "colour", "is unknown; the options are apiKey"),
        ("{ ...options, apiKey: '' }", "apiKey", "printable ASCII"),
        ("{ ...options, apiKey: 'two words' }", "apiKey", "without spaces"),
        ("{ ...options, apiKey: 5 }", "apiKey", "the project's key"),
        (
            "{ ...options, flushIntervall: 5 }",
            "flushIntervall",
            "is unknown; did you mean \"flushInterval\"?",
        ),
        ("{ ...options, endpoint: 'api.appizer.com' }", "endpoint", "an http or https URL"),
        ("{ ...options, endpoint: 'ftp://127.0.0.1/' }", "endpoint", "an http or https URL"),
        ("{ ...options, batchSize: 0 }", "batchSize", "from 1 to 100"),
        ("{ ...options, batchSize: 101 }", "batchSize", "from 1 to 100"),
        ("{ ...options, batchSize: 1.5 }", "batchSize", "a whole number"),
        ("{ ...options, flushInterval: -1 }", "flushInterval", "from 0 to 86400000"),
        ("{ ...options, flushInterval: NaN }", "flushInterval", "milliseconds"),
        ("{ ...options, flushInterval: '5' }", "flushInterval", "milliseconds"),
        ("{ ...options, userId: ' ' }", "userId", "a string that is not empty"),
        ("{ ...options, metadata: 'yes' }", "metadata", "true or false"),
        ("{ ...options, sessionTimeout: 999 }", "sessionTimeout", "from 1000 to 86400000"),
        ("{ ...options, sessionTimeout: '5000' }", "sessionTimeout", "milliseconds"),
        ("{ ...options, campaign: 1 }", "campaign", "true or false"),
        ("{ ...options, pageViews: 'yes' }", "pageViews", "true or false"),
        ("{ ...options, stripQuery: null }", "stripQuery", "true or false"),
        ("{ ...options, beforeSend: {} }", "beforeSend", "a function"),
        ("{ ...options, consent: 'denied' }", "consent", "\"granted\" or \"pending\""),
        ("{ ...options, respectPrivacySignals: 1 }", "respectPrivacySignals", "true or false"),
        ("{ ...options, bots: true }", "bots", "\"send\" or \"flag\" or \"drop\""),
        ("{ ...options, denyProperties: 'email' }", "denyProperties", "an array of property names"),
        ("{ ...options, denyProperties: [1] }", "denyProperties", "an array of property names"),
        ("{ ...options, clientHints: 'on' }", "clientHints", "true or false"),
        ("{ ...options, debug: 'on' }", "debug", "true or false"),
        ("{ ...options, persistence: 'none' }", "persistence", "memory"),
        ("{ ...options, instance: 'a b' }", "instance", "A-Z a-z 0-9"),
    ];
    scene.visit("module.html").await?;
    for (given, option, allowed) in cases {
        let rejection: Rejection = scene.run(&rejection_of(given)).await?;
        assert_eq!(
            (
                rejection.is_error,
                rejection.name.as_str(),
                rejection.code.as_str(),
                rejection.option.as_deref()
            ),
            (true, "AppizerError", "invalid_option", Some(option)),
            "{given}: {rejection:?}"
        );
        assert!(rejection.message.contains(option) && rejection.message.contains(allowed), "{rejection:?}");
    }
    for given in ["", "null", "'key'"] {
        let rejection: Rejection = scene.run(&rejection_of(given)).await?;
        assert_eq!((rejection.is_error, rejection.code.as_str()), (true, "invalid_option"), "init({given})");
        assert!(rejection.message.contains("apiKey"), "init({given}): {rejection:?}");
    }
    scene.run::<()>("appizer.track('patient'); await appizer.init(options);").await?;
    scene.distinct(1).await?.named("patient")?;
    Ok(())
}

fn rejection_of(given: &str) -> String {
    format!(
        "return appizer.init({given}).then(
            () => {{ throw new Error('init took it') }},
            (error) => ({{
                is_error: error instanceof Error,
                name: error.name,
                code: error.code,
                option: error.option,
                message: error.message,
            }}),
        );"
    )
}

async fn init_again_with_another_option_is_an_error_and_with_the_same_is_not(
    scene: &mut Scene,
) -> Result<()> {
    scene.visit("module.html").await?;
    let (same, code, option): (bool, String, String) = scene
        .run(
            "const first = appizer.init(options);
            const same = first === appizer.init({ ...options });
            await first;
            const error = await appizer.init({ ...options, batchSize: 7 }).catch((error) => error);
            return [same, error.code, error.option];",
        )
        .await?;
    assert_eq!((same, code.as_str(), option.as_str()), (true, "already_initialized", "batchSize"));
    Ok(())
}

/// Calls of `track` that must be refused, by code.
const REFUSED: &str = "
    const cycle = {};
    cycle.self = cycle;
    const refused = {
        invalid_name: [[''], ['  '], [], [null], [42], [{}]],
        invalid_properties: [
            ['x', 'text'], ['x', 5], ['x', true], ['x', [1]], ['x', new Date()], ['x', new Map()], ['x', () => 1],
        ],
        not_serializable: [
            ['x', cycle], ['x', { big: 1n }], ['x', { toJSON() { throw new Error('toJSON') } }],
            ['x', { get broken() { throw new Error('getter') } }],
            ['x', {}, { get ip() { throw Object.create(null) } }],
        ],
        too_large: [['x', { text: 'a'.repeat(32 * 1024) }], ['x'.repeat(32 * 1024)], ['x', { text: 'ä'.repeat(16 * 1024) }]],
        invalid_overrides: [
            ['x', {}, { userId: 5 }], ['x', {}, { ip: '' }], ['x', {}, { colour: 'red' }], ['x', {}, 'u1'],
            ['x', {}, { time: 'never' }],
        ],
    };";

async fn a_bad_event_is_refused_and_its_neighbours_arrive(scene: &mut Scene) -> Result<()> {
    #[derive(Deserialize)]
    struct Seen {
        good: Vec<String>,
        /// By code: what each call returned or threw, and the codes that listeners heard of it.
        bad: BTreeMap<String, Vec<(String, Vec<String>)>>,
        warnings: Vec<String>,
        refused: usize,
    }
    scene.visit("module.html").await?;
    let seen: Seen = scene
        .run(&format!(
            "{REFUSED}
            const warnings = [];
            console.warn = (...words) => warnings.push(words.join(' '));
            const notices = hear('rejected');
            await appizer.init(options);
            const [good, bad] = [[], {{}}];
            for (const [code, calls] of Object.entries(refused)) {{
                bad[code] = calls.map((args) => {{
                    good.push(appizer.track('good'));
                    let outcome;
                    try {{
                        outcome = String(appizer.track(...args));
                    }} catch (error) {{
                        outcome = `threw ${{error}}`;
                    }}
                    return [outcome, notices.splice(0).map((notice) => notice.code)];
                }});
            }}
            good.push(appizer.track('good'));
            const stats = await appizer.stats();
            return {{ good, bad, warnings, refused: stats.refused }};"
        ))
        .await?;
    let mut warned = 0;
    for (code, calls) in &seen.bad {
        for (place, (outcome, heard)) in calls.iter().enumerate() {
            assert_eq!((outcome.as_str(), heard), ("null", &vec![code.clone()]), "{code}, call {place}");
        }
        // By name: many calls have the same mistake and the same name.
        let names = match code.as_str() {
            "invalid_name" => vec!["\"\"", "\"  \"", "an event"],
            "too_large" => vec!["\"x\"", "\"xxx"],
            _ => vec!["\"x\""],
        };
        for name in &names {
            let text = format!("appizer: {name}");
            let about = seen.warnings.iter().filter(|told| told.starts_with(&text) && told.contains(code));
            assert_eq!(about.count(), 1, "one warning for {code} of {name}: {:?}", seen.warnings);
        }
        warned += names.len();
    }
    assert_eq!(seen.warnings.len(), warned, "{:?}", seen.warnings);
    assert_eq!(seen.refused, seen.bad.values().map(Vec::len).sum::<usize>());

    scene.distinct(seen.good.len()).await?;
    let arrivals = scene.settled().await?;
    assert_eq!(arrivals.ids(), seen.good);
    assert_eq!(arrivals.repeats(), 0, "{arrivals}");
    Ok(())
}

async fn properties_arrive_as_json_has_them(scene: &mut Scene) -> Result<()> {
    scene.visit("module.html").await?;
    scene
        .run::<()>(
            r#"await appizer.init(options);
            appizer.track('rich', {
                at: new Date(0), gone: undefined, list: [undefined, 1, { gone: undefined }], none: null,
                text: 'tab\t newline\n quote" back\\ 💶 \u2028 \u0000 <b>', half: 0.1, nested: { on: true },
            });
            appizer.track('bare');
            appizer.track('no prototype', Object.assign(Object.create(null), { n: 1 }));"#,
        )
        .await?;
    let arrivals = scene.distinct(3).await?;
    let mut properties = arrivals.named("rich")?.properties.clone().unwrap_or_default();
    properties.retain(|name, _| !name.starts_with('$'));
    let expected = json!({
        "at": "1970-01-01T00:00:00.000Z", "list": [null, 1, {}], "none": null,
        "text": "tab\t newline\n quote\" back\\ 💶 \u{2028} \u{0} <b>", "half": 0.1, "nested": { "on": true },
    });
    assert_eq!(json!(properties), expected);
    let bare = arrivals.named("bare")?.properties.as_ref().map(|properties| properties.len());
    assert_eq!(bare, Some(3), "$event_id, $time and $session_id alone");
    assert_eq!(arrivals.named("no prototype")?.step(), Some(1));
    Ok(())
}

async fn calls_that_are_nearly_right_are_understood_or_refused_at_once(scene: &mut Scene) -> Result<()> {
    scene.visit("module.html").await?;
    let (refused, errors): (Vec<Option<String>>, Vec<String>) = scene
        .run(
            "await appizer.init({ ...options, endpoint: new URL(options.endpoint) });
            const thrown = (call) => { try { call(); return 'nothing'; } catch (error) { return error.name + error.message; } };
            appizer.page({ plan: 'pro' });
            const refused = [appizer.page(7), appizer.page({ a: 1 }, { b: 2 })];
            const errors = [() => appizer.on('deliverd', () => {}), () => appizer.on('delivered'), () => appizer.on()].map(thrown);
            const other = appizer.createTracker;
            const second = { ...options, apiKey: 'another' };
            const { error } = console;
            const taken = new Promise((resolve) => (console.error = (error) => resolve(error.message)));
            other(second);
            errors.push(await taken);
            console.error = error;
            return [refused, errors];",
        )
        .await?;
    assert_eq!(refused, [None, None]);
    for (error, words) in errors.iter().zip(["on(deliverd)", "on(delivered)", "on(undefined)"]) {
        let tells = error.starts_with("TypeError") && error.contains("delivered, retry, rejected");
        assert!(tells && error.contains(words), "{error}");
    }
    let taken = "another tracker of this page uses the instance \"default\" with another key";
    assert!(errors[3].contains(taken), "{errors:?}");
    let arrivals = scene.distinct(1).await?;
    let page = arrivals.named("page_view")?;
    assert_eq!((page.property("plan"), page.property("name")), (&json!("pro"), &json!(null)));
    Ok(())
}
