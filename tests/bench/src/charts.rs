//! The report's pictures, drawn from its figures.

use std::path::Path;

use anyhow::{Context, Result};
use charts::{OTHERS, OURS, Scale};
use plotters::prelude::*;
use serde_json::Value;

/// Draws them all into a folder.
pub fn draw(run: &Value, folder: &Path) -> Result<()> {
    let size = |row: &Value| row["size"]["brotli"].as_f64();
    let micros = |row: &Value| row["figures"]["small_micros"]["median"].as_f64();
    let cpu = |row: &Value| row["figures"]["small_cpu"]["median"].as_f64();
    bars(run, &folder.join("size.svg"), "What a page loads, brotli (bytes, logarithmic)", size)?;
    bars(run, &folder.join("track.svg"), "track(): one call of 1,000 (µs, logarithmic)", micros)?;
    bars(
        run,
        &folder.join("cpu.svg"),
        "Main thread until 1,000 events are delivered (ms, logarithmic)",
        cpu,
    )?;
    let seconds = [("last arrival, s", "growth_last", 1.0), ("start: CPU, s", "growth_cpu", 0.001)];
    lines(run, &folder.join("growth-time.svg"), "A backlog: start and delivery", &seconds)?;
    let memory = [
        ("queued in the page that tracked, MiB", "growth_queued", 1.0 / 1_048_576.0),
        ("at the next page's start, MiB", "growth_backlog", 1.0 / 1_048_576.0),
    ];
    lines(run, &folder.join("growth-memory.svg"), "A backlog: memory", &memory)
}

/// One bar a tracker.
fn bars(run: &Value, file: &Path, title: &str, value: impl Fn(&Value) -> Option<f64>) -> Result<()> {
    let rows = run["trackers"].as_array().context("a run without trackers")?;
    let all = rows.iter().filter(|row| row["name"] != "empty");
    let bars = Vec::from_iter(
        all.filter_map(|row| Some((row["name"].as_str()?, value(row).filter(|value| *value > 0.0)?))),
    );
    if bars.is_empty() {
        return Ok(());
    }
    let least = bars.iter().map(|(_, value)| *value).fold(f64::MAX, f64::min) / 2.0;
    let most = bars.iter().map(|(_, value)| *value).fold(0.0, f64::max) * 2.0;
    charts::picture(file, title, |chart| {
        let mut chart = chart
            .x_label_area_size(28)
            .y_label_area_size(90)
            .build_cartesian_2d((least..most).log_scale(), (0..bars.len() as u32).into_segmented())?;
        let name = |place: &SegmentValue<u32>| match place {
            SegmentValue::CenterOf(place) => {
                bars.iter().rev().nth(*place as usize).map_or("", |(name, _)| name)
            }
            _ => "",
        };
        chart
            .configure_mesh()
            .disable_y_mesh()
            .y_labels(bars.len())
            .y_label_formatter(&|place| name(place).into())
            .draw()?;
        chart.draw_series(bars.iter().rev().enumerate().map(|(place, (name, value))| {
            let place = place as u32;
            let colour = if name.starts_with("appizer") { OURS } else { OTHERS };
            let corners = [(least, SegmentValue::Exact(place)), (*value, SegmentValue::Exact(place + 1))];
            let mut bar = Rectangle::new(corners, colour.filled());
            bar.set_margin(5, 5, 0, 0);
            bar
        }))?;
        Ok(())
    })
}

/// One line a measure, over the sizes of the backlog.
fn lines(run: &Value, file: &Path, title: &str, measures: &[(&str, &str, f64)]) -> Result<()> {
    let rows = run["growth"].as_array().context("a run without growth")?;
    let point = |row: &Value, measure: &str, factor: f64| {
        let median = |name: &str| row["figures"][name]["median"].as_f64();
        Some((median("growth_events")?, (median(measure)? * factor).max(0.001)))
    };
    let lines = measures.iter().map(|&(label, measure, factor)| {
        (label, Vec::from_iter(rows.iter().filter_map(|row| point(row, measure, factor))))
    });
    charts::lines(file, title, "events queued", Scale::Logarithmic, &Vec::from_iter(lines))
}
