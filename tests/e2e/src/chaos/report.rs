//! What came of many runs, judged.

use serde::Serialize;

use super::case::{Case, Warmth};
use super::run::Run;
use super::tally::{Shortfall, Tally};
use crate::engine::Engine;

/// The results of the runs, row by row.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// When.
    pub date: String,
    /// True if the pages loaded the entry without WebAssembly.
    #[serde(skip)]
    pub js: bool,
    /// How often each case was run in each engine, warm and cold.
    pub runs: u32,
    /// The browsers.
    pub browsers: Vec<(Engine, String)>,
    /// In the order of the cases, then of the engines, warm before cold.
    pub rows: Vec<Row>,
}

/// All runs of one kind together.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// [`Case::name`]
    pub case: &'static str,
    /// The engine.
    pub engine: Engine,
    /// Warm or cold.
    pub warmth: Warmth,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// What it leaves to wish for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shortfall: Option<Shortfall>,
}

/// What came of a run, or of several.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was counted.
    Counted(Tally),
    /// It could not be done, for this reason.
    NotRun(&'static str),
    /// The harness failed.
    Failed(String),
}

impl Report {
    /// An empty report.
    pub fn new(date: String, js: bool, runs: u32, browsers: Vec<(Engine, String)>) -> Self {
        Self { date, js, runs, browsers, rows: Vec::new() }
    }

    /// Adds what came of `run`. Those of one kind follow each other.
    pub fn add(&mut self, run: &Run, outcome: Outcome) {
        let (case, engine, warmth) = (run.case.name, run.engine, run.warmth);
        let kind = |row: &Row| (row.case, row.engine, row.warmth) == (case, engine, warmth);
        match self.rows.last_mut().filter(|row| kind(row)) {
            Some(row) => row.outcome.add(outcome),
            None => self.rows.push(Row { case, engine, warmth, outcome, shortfall: None }),
        }
        if let Some(row) = self.rows.last_mut() {
            row.shortfall = match &row.outcome {
                Outcome::Counted(tally) => run.shortfall(tally),
                Outcome::NotRun(_) | Outcome::Failed(_) => None,
            };
        }
    }

    /// Of the case's row in that engine.
    pub(super) fn row(&self, case: &Case, engine: Engine, warmth: Warmth) -> Option<&Row> {
        self.rows.iter().find(|row| (row.case, row.engine, row.warmth) == (case.name, engine, warmth))
    }

    /// The rows in which the harness failed.
    pub fn failures(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| matches!(row.outcome, Outcome::Failed(_)))
    }
}

impl Outcome {
    fn add(&mut self, other: Self) {
        match (&mut *self, other) {
            (Self::Counted(sum), Self::Counted(tally)) => *sum += tally,
            (Self::Counted(_), failed @ Self::Failed(_)) => *self = failed,
            // One failure speaks for all, and what cannot be done cannot be done twice.
            _ => {}
        }
    }
}
