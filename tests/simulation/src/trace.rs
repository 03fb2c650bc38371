//! What happened, for whoever has to find out why.

use std::fmt::Arguments;

/// Lines of a world's story; empty unless it is to be told.
#[derive(Debug, Default)]
pub struct Trace {
    told: bool,
    lines: Vec<String>,
}

impl Trace {
    /// A trace that keeps its lines if the story is to be `told`.
    pub fn new(told: bool) -> Self {
        Self { told, lines: Vec::new() }
    }

    /// Adds a line about `who` at `now`.
    pub fn note(&mut self, now: u64, who: &str, what: Arguments<'_>) {
        if self.told {
            self.lines.push(format!("{:>12.3} s  {who:<10} {what}", now as f64 / 1000.0));
        }
    }

    /// Whether lines are kept at all: what they are made of may be dear.
    pub fn is_told(&self) -> bool {
        self.told
    }

    /// The story so far.
    pub fn text(&self) -> String {
        self.lines.join("\n")
    }
}
