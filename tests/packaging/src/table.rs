//! `docs/packaging.md`: the cases of one run as a table.

use std::fs;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result};

use crate::repository;
use crate::workshop::output;

const DOCUMENT: &str = "docs/packaging.md";

const HEAD: &str = "\
# Where the package installs, and what came of it

`npm pack` makes the tarball, `npm install` puts it into a fresh project outside this repository, the project's own tool
builds it, and a real browser opens the result. A page tracks its view, and the click on its button; the events must
arrive at the [collector](../tests/collector), each once and in order, and Chromium's console must hold no warning and no
error. \"Views\" are page views of a route change on top of that, one each, in strict mode, too. A recipe is one of
[the guide's](guide/recipes.md): its events are two views, the leaving of the first, and a click; the extension has one view.
";

/// Rows in the order in which they were played.
#[derive(Debug, Default)]
pub struct Table {
    only: Option<String>,
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    case: String,
    with: String,
    result: Result<String, String>,
}

impl Table {
    /// With `only`, of the cases whose names hold it.
    pub fn new(only: Option<String>) -> Self {
        Self { only, rows: Vec::new() }
    }

    /// Plays a case and notes what became of it; a failure ends nothing else.
    pub async fn play(
        &mut self,
        case: &str,
        with: Result<String>,
        play: impl Future<Output = Result<String>>,
    ) {
        if self.only.as_ref().is_some_and(|only| !case.contains(only)) {
            return;
        }
        println!("── {case}");
        let start = Instant::now();
        let result = play.await.map_err(|error| format!("{error:#}"));
        match &result {
            Ok(shown) => println!("   {shown} ({:.1} s)", start.elapsed().as_secs_f64()),
            Err(error) => println!("   FAILED ({:.1} s): {error}", start.elapsed().as_secs_f64()),
        }
        let with = with.unwrap_or_else(|error| format!("unknown: {error:#}"));
        self.rows.push(Row { case: case.to_owned(), with, result });
    }

    /// How many cases failed.
    pub fn failures(&self) -> usize {
        self.rows.iter().filter(|row| row.result.is_err()).count()
    }

    /// Writes the document, of which a part of the cases is not enough.
    pub fn write(&self) -> Result<()> {
        if self.only.is_some() {
            return Ok(());
        }
        let date = output(Command::new("date").args(["-u", "+%F"]))?;
        let path = repository().join(DOCUMENT);
        fs::write(&path, self.document(date.trim())).with_context(|| format!("writing {DOCUMENT}"))
    }

    fn document(&self, date: &str) -> String {
        let mut text = format!(
            "{HEAD}\nWritten by `cargo xtask packaging` on {date}; {} of {} cases passed.\n\n",
            self.rows.len() - self.failures(),
            self.rows.len()
        );
        text.push_str("| case | with | shown |\n|---|---|---|\n");
        for Row { case, with, result } in &self.rows {
            let shown = match result {
                Ok(shown) => shown.clone(),
                Err(error) => {
                    format!("**failed**: {}", error.lines().next().unwrap_or_default().replace('|', "\\|"))
                }
            };
            text.push_str(&format!("| {case} | {with} | {shown} |\n"));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_failed_case_stays_in_the_table() {
        let mut table = Table::default();
        table.play("works", Ok("x 1.0".into()), async { Ok("2 events".into()) }).await;
        table.play("fails", Ok("y 2.0".into()), async { anyhow::bail!("a | b") }).await;
        let document = table.document("2026-01-01");
        assert_eq!(table.failures(), 1);
        assert!(
            document.contains("1 of 2 cases passed") && document.contains("| works | x 1.0 | 2 events |\n")
        );
        assert!(document.contains("| fails | y 2.0 | **failed**: a \\| b |\n"), "{document}");
    }
}
