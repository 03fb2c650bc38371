//! Pictures of what was measured, for the reports under `docs/`.

use std::path::Path;

use anyhow::{Result, anyhow};
use plotters::prelude::*;

const SIZE: (u32, u32) = (760, 340);
/// What is ours.
pub const OURS: RGBColor = RGBColor(31, 111, 235);
/// What is not.
pub const OTHERS: RGBColor = RGBColor(150, 158, 168);
const COLOURS: [RGBColor; 3] = [OURS, RGBColor(210, 105, 30), RGBColor(46, 139, 87)];

/// Why a picture could not be drawn.
pub type DrawingError = DrawingAreaErrorKind<std::io::Error>;

/// A line with its name.
pub type Line<'a> = (&'a str, Vec<(f64, f64)>);

/// One line a measure, over what stands below; both axes logarithmic. Without any point there is no picture.
pub fn lines(file: &Path, title: &str, below: &str, lines: &[Line<'_>]) -> Result<()> {
    let points = || lines.iter().flat_map(|(_, points)| points);
    if points().next().is_none() {
        return Ok(());
    }
    let range = |values: Vec<f64>| {
        let least = values.iter().copied().fold(f64::MAX, f64::min);
        let most = values.iter().copied().fold(0.0, f64::max);
        (least / 1.5..most * 1.5).log_scale()
    };
    picture(file, title, |chart| {
        let mut chart = chart.x_label_area_size(40).y_label_area_size(60).build_cartesian_2d(
            range(points().map(|(place, _)| *place).collect()),
            range(points().map(|(_, value)| *value).collect()),
        )?;
        chart.configure_mesh().x_desc(below).draw()?;
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
    })
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
