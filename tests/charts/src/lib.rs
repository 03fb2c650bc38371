//! Pictures of what was measured, for the reports under `docs/`.

use std::ops::Range;
use std::path::Path;

use anyhow::{Result, anyhow};
use plotters::coord::ranged1d::{AsRangedCoord, ValueFormatter};
use plotters::prelude::*;

const SIZE: (u32, u32) = (760, 340);
/// What is ours.
pub const OURS: RGBColor = RGBColor(31, 111, 235);
/// What is not.
pub const OTHERS: RGBColor = RGBColor(150, 158, 168);
const COLOURS: [RGBColor; 4] = [OURS, RGBColor(210, 105, 30), RGBColor(46, 139, 87), RGBColor(128, 0, 128)];

/// Why a picture could not be drawn.
pub type DrawingError = DrawingAreaErrorKind<std::io::Error>;

/// A line with its name.
pub type Line<'a> = (&'a str, Vec<(f64, f64)>);

/// How the measures' axis is drawn.
#[derive(Clone, Copy)]
pub enum Scale {
    /// From zero.
    Linear,
    /// For what grows by orders of magnitude; it has no zero.
    Logarithmic,
}

/// One line a measure, over what stands below, whose axis is logarithmic. Without any point there is no picture.
pub fn lines(file: &Path, title: &str, below: &str, scale: Scale, lines: &[Line<'_>]) -> Result<()> {
    let points = || lines.iter().flat_map(|(_, points)| points);
    if points().next().is_none() {
        return Ok(());
    }
    let extent = |values: Vec<f64>| {
        let least = values.iter().copied().fold(f64::MAX, f64::min);
        let most = values.iter().copied().fold(0.0, f64::max);
        (least, most)
    };
    let (first, last) = extent(points().map(|(place, _)| *place).collect());
    let (least, most) = extent(points().map(|(_, value)| *value).collect());
    let across = first / 1.5..last * 1.5;
    picture(file, title, |chart| match scale {
        Scale::Linear => draw_lines(chart, below, across, 0.0..most * 1.1, lines),
        Scale::Logarithmic => draw_lines(chart, below, across, (least / 1.5..most * 1.5).log_scale(), lines),
    })
}

fn draw_lines<Up>(
    chart: &mut ChartBuilder<'_, '_, SVGBackend<'_>>,
    below: &str,
    across: Range<f64>,
    up: Up,
    lines: &[Line<'_>],
) -> Result<(), DrawingError>
where
    Up: AsRangedCoord<Value = f64>,
    Up::CoordDescType: ValueFormatter<f64>,
{
    let mut chart =
        chart.x_label_area_size(40).y_label_area_size(60).build_cartesian_2d(across.log_scale(), up)?;
    let plain = |value: &f64| value.to_string();
    chart.configure_mesh().x_desc(below).x_label_formatter(&plain).y_label_formatter(&plain).draw()?;
    for ((label, points), colour) in lines.iter().zip(COLOURS) {
        let line = chart.draw_series(LineSeries::new(points.iter().copied(), colour.stroke_width(2)))?;
        line.label(*label).legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour));
        chart.draw_series(points.iter().map(|point| Circle::new(*point, 3, colour.filled())))?;
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .border_style(OTHERS)
        .background_style(WHITE)
        .draw()
}

/// A picture with this title, with whatever `draw` makes of the chart.
pub fn picture(
    file: &Path,
    title: &str,
    draw: impl FnOnce(&mut ChartBuilder<'_, '_, SVGBackend<'_>>) -> Result<(), DrawingError>,
) -> Result<()> {
    let drawn = || {
        let area = SVGBackend::new(file, SIZE).into_drawing_area();
        area.fill(&WHITE)?;
        draw(ChartBuilder::on(&area).caption(title, ("sans-serif", 18)).margin(12))?;
        area.present()
    };
    drawn().map_err(|error| anyhow!("cannot draw {}: {error}", file.display()))
}
