//! Repeated measurements in two figures: their median, and how far they spread.

use serde::Serialize;
use statrs::statistics::{Data, OrderStatistics};

/// What a measure came to over a run's repetitions.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Figure {
    /// The middle one.
    pub median: f64,
    /// From the lower quartile to the upper one: half of the repetitions lie within.
    pub spread: f64,
    /// How often it was measured.
    pub count: usize,
}

impl Figure {
    /// Of these measurements; none where there are none.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let values = Vec::from_iter(values);
        let count = values.len();
        let mut data = Data::new(values);
        (count > 0).then(|| Self { median: data.median(), spread: data.interquartile_range(), count })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outlier_moves_neither_figure_far() {
        let figure = Figure::of([10.0, 11.0, 9.0, 10.0, 500.0]).unwrap();
        assert!(figure.median == 10.0 && figure.spread < 200.0, "{figure:?}");
        assert_eq!(Figure::of([]), None);
    }
}
