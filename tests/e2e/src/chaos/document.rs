//! `docs/reliability.md` and `docs/reliability-js.md`: the words around the figures.

use std::fmt::Write;

use super::case::{Case, Warmth};
use super::cases::CASES;
use super::report::{Outcome, Report, Row};
use crate::engine::Engine;

const HEAD: &str = "\
# Reliability: missing and repeated events{title}

<!-- Written by `cargo xtask chaos`. The words stand in tests/e2e/src/chaos/document.rs, the reasons beside the cases. -->

Each row is a page, a tab or a browser that ends with events on its hands, or a collector that fails meanwhile: the
built package in a real browser, against the collector of `tests/collector`. Afterwards a later visit on the same
profile tracks one more event and waits until nothing is left to send. Then the collector's events are counted.

- *warm*: the page had a good reply before. *cold*: a fresh profile, and no request before.
- *missing*: tracked, and not at the collector in the end. *repeated*: came again with the same `$event_id`, which an
  endpoint can recognise. *doubled*: came again with another id.
- The goal: none missing wherever the browser survives or comes back on the same profile, none doubled, and none
  repeated but where no mark was kept and no reply seen (cold; crash, quit, kill, a cut answer). **Bold** falls short
  of it; the numbers in brackets are the reasons below.
- Events go out at once (`flushInterval: 0`) unless the row says that they wait: with the default of ten seconds
  less is on its way when the page ends, and more is in the database.
{pages}";

const JS_PAGES: &str = "\
- The pages load `@appizer/tracker/js`. In Chromium a policy forbids WebAssembly; in Firefox and WebKit the same policy has
  `'unsafe-eval'`, without which no driver can run a script in a page.
  [`reliability.md`](reliability.md) has the same cases with WebAssembly.
";

const TAIL: &str = "\
## Repeat it

```sh
cargo xtask chaos                                       # all of it, and writes this page and reliability.json
cargo xtask chaos --js                                  # the same without WebAssembly, and writes reliability-js.md
cargo xtask chaos --engine firefox --case quit --runs 5 # prints only
```

A selection that must never fall short runs with the other browser tests: `tests/e2e/tests/violence.rs`.
The cases are `tests/e2e/src/chaos/cases.rs`.
";

impl Report {
    /// The page, in Markdown.
    pub fn document(&self) -> String {
        let mut notes = Notes::default();
        let mut table = String::from(
            "| case | | engine | tracked | warm: delivered | missing | repeated | doubled | cold: delivered | missing | repeated | doubled | |\n\
             |---|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|\n",
        );
        for case in CASES {
            for engine in Engine::ALL {
                if let Some(line) = self.line(case, engine, &mut notes) {
                    table += &line;
                }
            }
        }
        let (title, pages) = if self.js { (", without WebAssembly", JS_PAGES) } else { ("", "") };
        let head = HEAD.replace("{title}", title).replace("{pages}", pages);
        format!("{head}\n{}\n{table}\n{}{TAIL}", self.circumstances(), notes.section())
    }

    fn circumstances(&self) -> String {
        let browsers = self.browsers.iter().map(|(engine, version)| format!("{engine:?} ({version})"));
        let browsers: Vec<String> = browsers.collect();
        let times = match self.runs {
            1 => "once".into(),
            runs => format!("{runs} times; the figures are sums"),
        };
        format!("{}, each case {times}. {}.\n", self.date, browsers.join(", "))
    }

    fn line(&self, case: &Case, engine: Engine, notes: &mut Notes) -> Option<String> {
        let rows = Warmth::ALL.map(|warmth| self.row(case, engine, warmth));
        let [Some(warm), Some(cold)] = rows else { return None };
        let tracked = u64::from(self.runs) * case.events;
        let mut line = format!("| `{}` | {} | {engine:?} | {tracked} |", case.name, case.title);
        let mut remarks = Vec::new();
        for row in [warm, cold] {
            line += &cells(row);
            if let Some(remark) = remark(row, case) {
                let number = notes.number(remark);
                remarks.push(format!("[{number}]"));
            }
        }
        remarks.dedup();
        let _ = writeln!(line, " {} |", remarks.join(" "));
        Some(line)
    }
}

fn cells(row: &Row) -> String {
    let Outcome::Counted(tally) = &row.outcome else { return " – | – | – | – |".into() };
    let short = row.shortfall.unwrap_or_default();
    let cell = |count: u64, short: u64| if short > 0 { format!("**{count}**") } else { count.to_string() };
    format!(
        " {} | {} | {} | {} |",
        tally.delivered,
        cell(tally.missing(), short.missing),
        cell(tally.repeated, short.repeated),
        cell(tally.doubled, short.doubled)
    )
}

fn remark(row: &Row, case: &Case) -> Option<String> {
    match &row.outcome {
        Outcome::NotRun(why) => Some(format!("Not run: {why}.")),
        Outcome::Failed(why) => {
            Some(format!("The harness failed: {}.", why.lines().next().unwrap_or_default()))
        }
        Outcome::Counted(_) => {
            let shortfall = row.shortfall.as_ref()?;
            let known = case.reasons.iter().find(|(engines, _)| engines.contains(&row.engine));
            Some(known.map_or_else(|| format!("Not explained yet: {shortfall}."), |(_, why)| (*why).into()))
        }
    }
}

/// Remarks, each once.
#[derive(Default)]
struct Notes(Vec<String>);

impl Notes {
    fn number(&mut self, note: String) -> usize {
        let place = self.0.iter().position(|known| *known == note);
        1 + place.unwrap_or_else(|| {
            self.0.push(note);
            self.0.len() - 1
        })
    }

    fn section(&self) -> String {
        if self.0.is_empty() {
            return String::new();
        }
        let notes = self.0.iter().enumerate().map(|(place, note)| format!("{}. {note}\n", place + 1));
        format!("## Reasons\n\n{}\n", notes.collect::<String>())
    }
}
