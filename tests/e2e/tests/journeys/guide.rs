//! Each page of `docs/guide`: its example runs as it stands, and what it says arrives.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use e2e::{Arrivals, Scene, Tracked, in_each_browser, until};
use serde_json::Value;

in_each_browser!(the_examples_of_the_guide_do_what_it_says, the_console_shows_what_the_readme_says);

async fn the_examples_of_the_guide_do_what_it_says(scene: &mut Scene) -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guide");
    let mut pages = fs::read_dir(&folder)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    pages.sort();
    ensure!(pages.len() >= 10, "{pages:?}");
    // Trackers that had events before: a page that is left may still have something to say.
    let mut earlier = BTreeSet::new();
    for page in pages {
        let topic =
            page.file_stem().and_then(|name| name.to_str()).context("a page without a name")?.to_string();
        let text = fs::read_to_string(&page)?;
        let expected: Vec<Value> = serde_json::from_str(block(&text, "json")?).context(topic.clone())?;
        scene.visit("guide.html").await?;
        scene.run_example(block(&text, "js")?, &topic).await.context(topic.clone())?;
        let of_this = |arrivals: &Arrivals| {
            let events = arrivals
                .events
                .iter()
                .filter(|event| !event.page().is_some_and(|page| earlier.contains(page)));
            events.cloned().collect::<Vec<_>>()
        };
        let arrivals = scene
            .arrivals(&topic, |arrivals| of_this(arrivals).len() >= expected.len())
            .await
            .context(topic.clone())?;
        let came = of_this(&arrivals).iter().map(serde_json::to_value).collect::<Result<Vec<_>, _>>()?;
        assert_eq!(came.len(), expected.len(), "{topic}: {came:#?}");
        // Two trackers promise no order between them.
        let mut left = came.clone();
        for expected in &expected {
            let place = left.iter().position(|came| agrees(came, expected));
            left.remove(place.with_context(|| format!("{topic}: {expected:#} did not come, but {came:#?}"))?);
        }
        earlier.extend(arrivals.events.iter().filter_map(|event| Some(event.page()?.to_string())));
    }
    Ok(())
}

async fn the_console_shows_what_the_readme_says(scene: &mut Scene) -> Result<()> {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md"))?;
    scene.visit("guide.html").await?;
    scene.run::<()>("window.lines = []; console.log = (line) => lines.push(line);").await?;
    let example = block(&readme, "js")?
        .replace("apiKey: 'YOUR_API_KEY'", "apiKey: 'YOUR_API_KEY', flushInterval: 10000");
    scene.run_example(&example, "default").await?;
    let promised = block(&readme, "text")?.lines();
    // Of a key as short as the test's nothing is shown.
    let promised = promised.map(|line| line.replace("YOUR…", "…"));
    let promised = Vec::from_iter(promised);
    let lines = until("as many lines as promised", async || {
        let lines: Vec<String> = scene.run("return lines").await?;
        Ok((lines.len() >= promised.len()).then_some(lines))
    });
    let lines = lines.await?;
    let agree = lines.iter().zip(&promised).all(|(line, promised)| resembles(line, promised));
    assert!(agree && lines.len() == promised.len(), "{lines:#?}");
    scene.distinct(1).await?;
    Ok(())
}

/// Returns true if a line has the parts of another in their order; `…` stands for any text.
fn resembles(line: &str, promised: &str) -> bool {
    let mut parts = promised.split('…');
    let Some(mut rest) = parts.next().and_then(|first| line.strip_prefix(first)) else { return false };
    parts.all(|part| match rest.find(part) {
        Some(place) => {
            rest = &rest[place + part.len()..];
            true
        }
        None => false,
    })
}

/// The first block of code in that language.
fn block<'a>(text: &'a str, language: &str) -> Result<&'a str> {
    let (_, rest) =
        text.split_once(&format!("```{language}\n")).with_context(|| format!("no {language} block"))?;
    Ok(rest.split_once("```").context("a block without an end")?.0)
}

/// All that is expected is there; `…` stands for anything that is there, alone or at the end of a text.
fn agrees(came: &Value, expected: &Value) -> bool {
    match (came, expected) {
        (Value::Object(came), Value::Object(expected)) => {
            expected.iter().all(|(name, value)| came.get(name).is_some_and(|came| agrees(came, value)))
        }
        (came, Value::String(text)) if text == "…" => !came.is_null(),
        (Value::String(came), Value::String(text)) if text.starts_with('…') => {
            came.ends_with(text.trim_start_matches('…'))
        }
        _ => came == expected,
    }
}
