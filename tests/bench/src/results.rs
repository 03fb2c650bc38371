//! What a run has measured so far, and its form as JSON.

use std::collections::BTreeMap;
use std::fs;

use anyhow::Result;
use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::size::Size;
use crate::statistics::Figure;
use crate::trackers::Tracker;

/// Every single measurement, by tracker and by what was measured.
#[derive(Debug, Default)]
pub struct Measurements(BTreeMap<(&'static str, String), Vec<f64>>);

/// A whole run.
#[derive(Debug, Serialize)]
pub struct Results {
    /// When it ended.
    pub date: String,
    /// The browser.
    pub browser: String,
    /// The machine.
    pub machine: String,
    /// Whether it was a short one, fit to see that all works and for nothing else.
    pub quick: bool,
    /// In the tables' order.
    pub trackers: Vec<Row>,
    /// In ascending order.
    pub growth: Vec<Row>,
}

/// What one tracker came to, or one size of a backlog.
#[derive(Debug, Serialize)]
pub struct Row {
    /// As the table has it.
    pub title: String,
    /// For the lookup of a row.
    pub name: String,
    /// Of the npm package.
    pub version: String,
    /// What a page loads.
    pub size: Size,
    /// By what was measured.
    pub figures: BTreeMap<String, Figure>,
    /// What could not be measured: it ended in an error, which the run prints.
    pub failures: Vec<String>,
}

impl Measurements {
    /// One more measurement.
    pub fn add(&mut self, of: &'static str, measure: impl Into<String>, value: f64) {
        self.0.entry((of, measure.into())).or_default().push(value);
    }

    /// All that was measured of one, in two figures each.
    pub fn figures(&self, of: &str) -> BTreeMap<String, Figure> {
        let own = self.0.iter().filter(|((name, _), _)| *name == of);
        own.filter_map(|((_, measure), values)| Some((measure.clone(), Figure::of(values.clone())?)))
            .collect()
    }
}

impl Row {
    /// A tracker's.
    pub fn of(
        tracker: Tracker,
        size: Size,
        measurements: &Measurements,
        failures: Vec<String>,
    ) -> Result<Self> {
        Ok(Self {
            title: tracker.title.into(),
            name: tracker.name.into(),
            version: tracker.version()?,
            size,
            figures: measurements.figures(tracker.name),
            failures,
        })
    }
}

/// The moment, as the report shows it.
pub fn now() -> Result<String> {
    Ok(OffsetDateTime::now_utc().replace_nanosecond(0)?.format(&Rfc3339)?)
}

/// What the figures were taken on.
pub fn machine() -> String {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let models = cpus.lines().filter_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let models = Vec::from_iter(models.map(|(_, model)| model.trim()));
    let system = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let system = system.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
    let model = models.first().copied().unwrap_or("unknown processor");
    format!("{} × {model}, {}", models.len(), system.unwrap_or("unknown system").trim_matches('"'))
}
