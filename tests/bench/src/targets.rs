//! What the package is to reach, and whether it does.

use serde::Serialize;
use serde_json::Value;

/// A target with its figure.
#[derive(Debug, Serialize)]
pub struct Verdict {
    /// The heading under which `notes.md` says what it is bounded by.
    pub key: &'static str,
    /// What is to be reached.
    pub target: String,
    /// What was reached; none where it was not measured.
    pub figure: Option<String>,
    /// Whether that is enough.
    pub met: bool,
}

struct Target {
    key: &'static str,
    text: &'static str,
    unit: &'static str,
    digits: usize,
    figure: fn(&Value) -> Option<f64>,
    bound: fn(&Value) -> Option<f64>,
}

const MIB: f64 = 1024.0 * 1024.0;

const TARGETS: &[Target] = &[
    Target {
        key: "size",
        text: "default entry with its core chunk: brotli at most 42,000 bytes",
        unit: "bytes",
        digits: 0,
        figure: |run| size(run, "appizer"),
        bound: |_| Some(42_000.0),
    },
    Target {
        key: "start-blocked",
        text: "start: init() blocks the page at most 2 × bare",
        unit: "ms",
        digits: 2,
        figure: |run| median(run, "appizer", "start_blocked"),
        bound: |run| Some(2.0 * median(run, "bare", "start_blocked")?),
    },
    Target {
        key: "start-cpu",
        text: "start: main-thread CPU above bare's at most 15 ms",
        unit: "ms",
        digits: 1,
        figure: |run| Some(median(run, "appizer", "start_cpu")? - median(run, "bare", "start_cpu")?),
        bound: |_| Some(15.0),
    },
    Target {
        key: "start-ready",
        text: "start: queue open within 1.5 × bare",
        unit: "ms",
        digits: 1,
        figure: |run| median(run, "appizer", "start_ready"),
        bound: |run| Some(1.5 * median(run, "bare", "start_ready")?),
    },
    Target {
        key: "track-small",
        text: "1,000 calls of track: each at most 1.25 × bare",
        unit: "µs",
        digits: 2,
        figure: |run| median(run, "appizer", "small_micros"),
        bound: |run| Some(1.25 * median(run, "bare", "small_micros")?),
    },
    Target {
        key: "track-large",
        text: "10,000 calls of track: each at most 1.25 × bare",
        unit: "µs",
        digits: 2,
        figure: |run| median(run, "appizer", "large_micros"),
        bound: |run| Some(1.25 * median(run, "bare", "large_micros")?),
    },
    Target {
        key: "requests",
        text: "10,000 events: in at most 100 requests",
        unit: "requests",
        digits: 0,
        figure: |run| {
            (median(run, "appizer", "large_arrived")? >= 10_000.0).then_some(median(
                run,
                "appizer",
                "large_requests",
            )?)
        },
        bound: |_| Some(100.0),
    },
    Target {
        key: "last-arrival",
        text: "10,000 events: the last arrives within 1.25 × bare",
        unit: "s",
        digits: 2,
        figure: |run| median(run, "appizer", "large_last"),
        bound: |run| Some(1.25 * median(run, "bare", "large_last")?),
    },
    Target {
        key: "cpu-large",
        text: "10,000 events: main-thread CPU until quiet at most 1.25 × bare",
        unit: "ms",
        digits: 0,
        figure: |run| median(run, "appizer", "large_cpu"),
        bound: |run| Some(1.25 * median(run, "bare", "large_cpu")?),
    },
    Target {
        key: "cpu-js",
        text: "10,000 events: main-thread CPU of `/js` at most 1.7 × WebAssembly's",
        unit: "ms",
        digits: 0,
        figure: |run| median(run, "appizer-js", "large_cpu"),
        bound: |run| Some(1.7 * median(run, "appizer", "large_cpu")?),
    },
    Target {
        key: "longest-task",
        text: "10,000 events: no task over 50 ms after that of the calls",
        unit: "ms",
        digits: 0,
        figure: |run| median(run, "appizer", "large_longest"),
        bound: |_| Some(50.0),
    },
    Target {
        key: "backlog",
        text: "start with a backlog of 100,000 events: memory within 1 MiB of a start with 100",
        unit: "MiB",
        digits: 2,
        figure: |run| {
            Some((grown(run, "100,000", "growth_backlog")? - grown(run, "100", "growth_backlog")?) / MIB)
        },
        bound: |_| Some(1.0),
    },
];

/// All of them, for a run as its JSON has it.
pub fn verdicts(run: &Value) -> Vec<Verdict> {
    let verdicts = TARGETS.iter().map(|target| {
        let bound = (target.bound)(run);
        // Without its bound a figure says nothing: of a run of one tracker alone, say.
        let figure = (target.figure)(run).filter(|_| bound.is_some());
        let (unit, digits) = (target.unit, target.digits);
        let shown = |value: f64| match unit {
            "bytes" => grouped(value),
            _ => format!("{value:.digits$}"),
        };
        let limit = bound.map(|bound| format!(" ({} {unit})", shown(bound)));
        Verdict {
            key: target.key,
            target: target.text.to_owned()
                + limit.filter(|_| target.text.contains('×')).as_deref().unwrap_or(""),
            figure: figure.map(|figure| format!("{} {unit}", shown(figure))),
            met: figure.zip(bound).is_some_and(|(figure, bound)| figure <= bound),
        }
    });
    verdicts.collect()
}

/// With a comma after each thousand.
pub fn grouped(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut grouped = String::from(if value < -0.5 { "−" } else { "" });
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

fn find<'a>(rows: &'a Value, name: &str) -> Option<&'a Value> {
    rows.as_array()?.iter().find(|row| row["name"] == name)
}

fn median(run: &Value, tracker: &str, measure: &str) -> Option<f64> {
    find(&run["trackers"], tracker)?["figures"][measure]["median"].as_f64()
}

fn grown(run: &Value, events: &str, measure: &str) -> Option<f64> {
    find(&run["growth"], events)?["figures"][measure]["median"].as_f64()
}

fn size(run: &Value, tracker: &str) -> Option<f64> {
    find(&run["trackers"], tracker)?["size"]["brotli"].as_f64()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_target_is_met_only_by_a_figure_within_its_bound() {
        let tracker = |name: &str, micros: f64| json!({ "name": name, "size": {}, "figures": { "small_micros": { "median": micros } } });
        let met = |ours: f64| {
            let run = json!({ "trackers": [tracker("appizer", ours), tracker("bare", 2.0)], "growth": [] });
            let verdicts = verdicts(&run);
            verdicts.iter().find(|verdict| verdict.key == "track-small").unwrap().met
        };
        assert!(met(2.5) && !met(2.6));
        assert!(verdicts(&json!({})).iter().all(|verdict| !verdict.met && verdict.figure.is_none()));
    }

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!([0.0, 999.0, 1_000.0, 1_234_567.0].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }
}
