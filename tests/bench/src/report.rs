//! `docs/performance.md`, its charts and its figures as JSON.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use minijinja::{Environment, Value as Shown, context};
use serde_json::Value;

use crate::charts;
use crate::targets::{self, grouped};
use crate::trackers::here;

const TEMPLATE: &str = include_str!("performance.md.j2");

/// Writes everything: to `docs/`, or, of a run that is none to be kept, under `target/`.
pub fn write(run: &Value, apart: bool) -> Result<()> {
    let docs = if apart { here().join("../../target/bench/report") } else { kept() };
    let folder = docs.join("performance");
    fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
    put(&folder.join("results.json"), &format!("{}\n", serde_json::to_string_pretty(run)?))?;
    charts::draw(run, &folder)?;
    let notes = fs::read_to_string(here().join("notes.md")).context("reading notes.md")?;
    let report = render(run, &notes)?;
    put(&docs.join("performance.md"), &report)?;
    println!("{report}\n── {}", docs.join("performance.md").display());
    Ok(())
}

/// Once more from the figures of the last run that was kept: its notes or its template have changed.
pub fn again() -> Result<()> {
    let results = kept().join("performance/results.json");
    let text = fs::read_to_string(&results).with_context(|| format!("reading {}", results.display()))?;
    write(&serde_json::from_str(&text).context("reading results.json")?, false)
}

fn kept() -> PathBuf {
    here().join("../../docs")
}

fn put(file: &Path, text: &str) -> Result<()> {
    fs::write(file, text).with_context(|| format!("writing {}", file.display()))
}

fn render(run: &Value, notes: &str) -> Result<String> {
    let mut environment = Environment::new();
    environment.set_trim_blocks(true);
    environment.set_lstrip_blocks(true);
    environment.add_filter("grouped", grouped);
    environment.add_function("show", show);
    environment.add_function("less", less);
    environment.add_template("report", TEMPLATE)?;
    let verdicts = targets::verdicts(run);
    let notes = sections(notes);
    let unmet = verdicts.iter().filter(|verdict| verdict.figure.is_some() && !verdict.met);
    for verdict in unmet {
        if !notes.contains_key(verdict.key) && run["quick"] == false {
            println!("notes.md does not say what {:?} is bounded by", verdict.key);
        }
    }
    Ok(environment.get_template("report")?.render(context! { run, verdicts, notes })?)
}

/// A figure as the tables have it: its median in `digits` places, and its spread where there is one.
fn show(figure: &Shown, digits: usize, scale: f64) -> String {
    let Some(median) = member(figure, "median") else { return "–".into() };
    let number = |value: f64| {
        let value = value / scale;
        if digits == 0 { grouped(value) } else { format!("{value:.digits$}") }
    };
    let repeated = member(figure, "count") > Some(2.0);
    let spread = member(figure, "spread").filter(|_| repeated);
    let spread = spread.map(|spread| format!(" ± {}", number(spread / 2.0)));
    number(median) + spread.as_deref().unwrap_or("")
}

/// A figure without what an empty page costs.
fn less(figure: &Shown, empty: &Shown) -> Shown {
    let (Some(median), Some(base)) = (member(figure, "median"), member(empty, "median")) else {
        return figure.clone();
    };
    context! { median => median - base, spread => member(figure, "spread"), count => member(figure, "count") }
}

fn member(figure: &Shown, name: &str) -> Option<f64> {
    f64::try_from(figure.get_attr(name).ok()?).ok()
}

/// The text under each heading.
fn sections(notes: &str) -> BTreeMap<String, String> {
    let sections = notes.split("\n## ").skip(1).filter_map(|section| section.split_once('\n'));
    sections.map(|(key, text)| (key.trim().into(), text.trim().replace('\n', " "))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_target_that_is_missed_is_shown_with_what_bounds_it() {
        let row = |name: &str, micros: f64| {
            let figures = json!({ "small_micros": { "median": micros, "spread": 0.2, "count": 7 } });
            let size = json!({ "files": 1, "raw": 1, "gzip": 1, "brotli": 1, "elsewhere": [] });
            json!({ "name": name, "title": name, "version": "1", "size": size, "figures": figures, "failures": [] })
        };
        let run = json!({
            "date": "d", "browser": "b", "machine": "m", "quick": false,
            "trackers": [row("appizer", 9.0), row("bare", 2.0), row("empty", 0.0)], "growth": [],
        });
        let report = render(&run, "\n## track-small\nby the\nclock\n").unwrap();
        assert!(report.contains("9.00 ± 0.10"), "{report}");
        assert!(report.contains("by the clock"), "{report}");
    }

    #[test]
    fn what_was_not_measured_is_a_dash() {
        assert_eq!(show(&Shown::UNDEFINED, 1, 1.0), "–");
        let bytes = context! { median => 1_234_567.0, spread => 0.0, count => 1 };
        assert_eq!(show(&bytes, 0, 1.0), "1,234,567");
    }
}
