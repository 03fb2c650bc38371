//! `docs/fleet.md`, its pictures and its figures as JSON.

use super::{Figures, Outage, PACINGS, Run};
use crate::site::Pacing;
use anyhow::{Context, Result};
use charts::Scale;
use std::fmt::Write;
use std::fs;
use std::path::Path;

/// What is said besides the figures.
const TEXT: &str = include_str!("fleet.md");

/// The largest of the crowds whose requests at the default flush interval are fewer than the limit.
const CARRIED: u64 = 20;

/// What is to be reached, and what was: the figure of each case, and whether all are enough.
struct Target {
    text: &'static str,
    figure: String,
    met: bool,
}

/// Prints the report and, of a whole run, writes it with its pictures and figures.
pub fn tell(run: &Run, whole: bool) -> Result<()> {
    let report = report(run);
    println!("{report}");
    if !whole {
        return Ok(());
    }
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let folder = docs.join("fleet");
    fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
    put(&folder.join("results.json"), &format!("{}\n", serde_json::to_string_pretty(run)?))?;
    draw(run, &folder)?;
    put(&docs.join("fleet.md"), &report)
}

fn put(file: &Path, text: &str) -> Result<()> {
    fs::write(file, text).with_context(|| format!("writing {}", file.display()))
}

fn draw(run: &Run, folder: &Path) -> Result<()> {
    let picture = |name: &str, title: &str, value: fn(&Figures) -> f64| {
        let lines = PACINGS.map(|pacing| {
            let rows = run.crowds.iter().filter(|row| row.pacing == pacing);
            (pacing.name(), Vec::from_iter(rows.map(|row| (row.present as f64, value(row)))))
        });
        charts::lines(&folder.join(name), title, "visitors at once", Scale::Linear, &lines)
    };
    picture("accepted.svg", "Requests taken a minute, of 100", |row| row.accepted)?;
    picture("limited.svg", "Answers that are 429, %", |row| 100.0 * row.limited)?;
    picture("fill.svg", "New events in a request that is taken", |row| row.fill * (1.0 - row.repeated))?;
    picture("late.svg", "Events not there after a minute, %", |row| 100.0 * row.late)
}

fn report(run: &Run) -> String {
    let whole = TEXT
        .replace("{seed}", &run.seed.to_string())
        .replace("{targets}", &targets(run))
        .replace("{requests}", &requests(run))
        .replace("{events}", &events(run))
        .replace("{outages}", &outages(run));
    whole.trim_end().to_owned() + "\n"
}

fn targets(run: &Run) -> String {
    let ours = || run.crowds.iter().filter(|row| row.pacing == Pacing::Crowd);
    let relayed = || run.crowds.iter().filter(|row| row.pacing == Pacing::Relay);
    let below = || ours().filter(|row| row.present <= CARRIED);
    let above = || ours().filter(|row| row.present > CARRIED);
    let each = |rows: Vec<&Figures>, show: fn(&Figures) -> String| {
        Vec::from_iter(rows.iter().map(|row| format!("{}: {}", row.present, show(row)))).join("; ")
    };
    let storm = || run.outages.iter().filter(|row| row.pacing == Pacing::Crowd);
    // A hundred browsers have a hundred batches: there is nothing to fill the minutes with.
    let fills = || storm().filter(|row| row.outcome.browsers > 100);
    let below_all = Vec::from_iter(below());
    let above_all = Vec::from_iter(above());
    table_of([
        Target {
            text: "below the key's capacity: no event lost",
            figure: each(below_all.clone(), |row| percent(row.lost + row.left_behind)),
            met: below().all(|row| row.lost + row.left_behind == 0.0),
        },
        Target {
            text: "below it: at most 1 % late by more than a minute",
            figure: each(below_all, |row| percent(row.late)),
            met: below().all(|row| row.late <= 0.01),
        },
        Target {
            text: "above it: at least 95 requests taken a minute",
            figure: each(above_all.clone(), |row| format!("{:.1}", row.accepted)),
            met: above().all(|row| row.accepted >= 95.0),
        },
        Target {
            text: "above it: at most 20 % of the answers are 429",
            figure: each(above_all.clone(), |row| percent(row.limited)),
            met: above().all(|row| row.limited <= 0.2),
        },
        Target {
            text: "above it: batches grow fuller with the load",
            figure: each(above_all, |row| format!("{:.1}", row.fill)),
            met: above().map(|row| row.fill).is_sorted(),
        },
        Target {
            text: "an hour's outage, 1,000 browsers: at least 95 taken from the first minute",
            figure: Vec::from_iter(fills().map(|row| {
                let Outage { outcome, .. } = row;
                format!("{} in the first, {:.1} a minute in ten", outcome.first_minute, outcome.taken_then)
            }))
            .join("; "),
            met: fills().all(|row| row.outcome.first_minute >= 95 && row.outcome.taken_then >= 95.0),
        },
        Target {
            text: "after it nothing that was queued is lost",
            figure: Vec::from_iter(
                storm().map(|row| (row.outcome.tracked - row.outcome.delivered).to_string()),
            )
            .join("; "),
            met: storm().all(|row| row.outcome.tracked == row.outcome.delivered),
        },
        Target {
            text: "through a relay: no event lost or left behind",
            figure: each(relayed().collect(), |row| percent(row.lost + row.left_behind)),
            met: relayed().all(|row| row.lost + row.left_behind == 0.0),
        },
        Target {
            text: "through a relay: at most 1 % late by more than a minute",
            figure: each(relayed().collect(), |row| percent(row.late)),
            met: relayed().all(|row| row.late <= 0.01),
        },
        Target {
            text: "through a relay: at most 95 requests in any minute",
            figure: each(relayed().collect(), |row| row.busiest.to_string()),
            met: relayed().all(|row| row.busiest <= 95),
        },
        Target {
            text: "through a relay, 1,000 at once: at least 90 events in a request",
            figure: each(relayed().filter(|row| row.present == 1_000).collect(), |row| {
                format!("{:.1}", row.fill)
            }),
            met: relayed().filter(|row| row.present == 1_000).all(|row| row.fill >= 90.0),
        },
    ])
}

fn table_of(targets: [Target; 11]) -> String {
    let mut table = String::from("| target | figure | |\n|---|---|---|\n");
    for Target { text, figure, met } in targets {
        let verdict = match (&*figure, met) {
            ("", _) => "not measured",
            (_, true) => "met",
            _ => "**not met**",
        };
        let _ = writeln!(table, "| {text} | {figure} | {verdict} |");
    }
    table
}

fn requests(run: &Run) -> String {
    let columns = [
        "at once",
        "pacing",
        "requests a minute",
        "taken",
        "answered 429",
        "events in one that was taken",
        "of them again",
        "by leaving pages, a minute",
        "of them refused",
    ];
    let rows = run.crowds.iter().map(|row| {
        [
            row.present.to_string(),
            row.pacing.name().into(),
            format!("{:.1}", row.requests),
            format!("{:.1}", row.accepted),
            percent(row.limited),
            format!("{:.2}", row.fill),
            percent(row.repeated),
            format!("{:.1}", row.at_exit),
            percent(row.limited_at_exit),
        ]
    });
    table(columns, rows)
}

fn events(run: &Run) -> String {
    let seconds = |delay: Option<f64>| delay.map_or("not yet".into(), |delay| format!("{delay:.0} s"));
    let columns = [
        "at once",
        "pacing",
        "tracked",
        "p50",
        "p90",
        "p99",
        "later than a minute",
        "queued",
        "left behind",
        "lost",
    ];
    let rows = run.crowds.iter().map(|row| {
        [
            row.present.to_string(),
            row.pacing.name().into(),
            row.tracked.to_string(),
            seconds(row.p50),
            seconds(row.p90),
            seconds(row.p99),
            percent(row.late),
            percent(row.queued),
            percent(row.left_behind),
            percent(row.lost),
        ]
    });
    table(columns, rows)
}

fn outages(run: &Run) -> String {
    let columns = [
        "browsers",
        "pacing",
        "tracked",
        "lost",
        "repeated",
        "taken",
        "answered 429",
        "events in one that was taken",
        "waiting when the server is back",
        "the last of those arrives",
        "taken in the first minute",
        "a minute in ten",
        "answered 429 in those",
    ];
    let rows = run.outages.iter().map(|Outage { pacing, outcome }| {
        let answers = (outcome.taken + outcome.limited + outcome.failed) as f64;
        [
            outcome.browsers.to_string(),
            pacing.name().into(),
            outcome.tracked.to_string(),
            (outcome.tracked - outcome.delivered).to_string(),
            outcome.repeated.to_string(),
            outcome.taken.to_string(),
            percent(outcome.limited as f64 / answers),
            format!("{:.1}", outcome.fill),
            outcome.backlog.to_string(),
            outcome.drained_after.map_or("not by the end".into(), |after| format!("{after:.1} min later")),
            outcome.first_minute.to_string(),
            format!("{:.1}", outcome.taken_then),
            percent(outcome.limited_then),
        ]
    });
    table(columns, rows)
}

/// A table with a cell of each row for each column.
fn table<const COLUMNS: usize>(
    columns: [&str; COLUMNS],
    rows: impl Iterator<Item = [String; COLUMNS]>,
) -> String {
    let head = format!("| {} |\n|{}\n", columns.join(" | "), "---|".repeat(COLUMNS));
    head + &rows.map(|row| format!("| {} |\n", row.join(" | "))).collect::<String>()
}

fn percent(part: f64) -> String {
    let percent = 100.0 * part;
    match percent {
        0.0 => "0".into(),
        ..0.995 => format!("{percent:.2} %"),
        _ => format!("{percent:.1} %"),
    }
}
