//! `cargo xtask test`: every check and every test, each a step that runs whatever became of the others.

mod examples;
mod report;
mod steps;

use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;
use clap::Args;

use crate::{build, process, progress, setup};
use report::{Counts, Outcome, Row};
pub use steps::BROWSERS;
use steps::{Action, Step};

#[derive(Args)]
pub struct Options {
    /// Runs this step alone; may be given more than once
    #[arg(long, value_name = "STEP", value_parser = steps::names())]
    only: Vec<String>,
}

/// Success only if every step succeeded.
pub fn run(options: &Options) -> Result<ExitCode> {
    let chosen: Vec<&Step> = steps::ALL
        .iter()
        .filter(|step| options.only.is_empty() || options.only.iter().any(|name| name == step.name))
        .collect();
    let needs: Vec<_> =
        chosen.iter().flat_map(|step| step.needs).flat_map(|needs| needs.iter().copied()).collect();
    progress::heading("test: set-up");
    setup::ensure(&needs)?;

    let mut rows: Vec<Row> = Vec::new();
    for step in chosen {
        let row = run_step(step, &rows);
        rows.push(row);
    }
    report::print(&rows);
    let failed = rows.iter().any(|row| row.outcome != Outcome::Ok);
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn run_step(step: &Step, earlier: &[Row]) -> Row {
    progress::heading(&format!("test: {} ({})", step.name, step.title));
    let lost = earlier.iter().any(|row| Some(row.step) == step.after && row.outcome != Outcome::Ok);
    if lost {
        println!("   skipped: it needs what an earlier step did not bring about");
        return Row { step: step.name, outcome: Outcome::Skipped, counts: Counts::default(), seconds: 0.0 };
    }
    let start = Instant::now();
    let (mut success, counts) = perform(step).unwrap_or_else(|error| {
        println!("   error: {error:#}");
        (false, Counts::default())
    });
    if success && step.has_tests && counts.passed == 0 {
        println!("   error: tests were expected here, and none ran");
        success = false;
    }
    let seconds = start.elapsed().as_secs_f64();
    let outcome = if success { Outcome::Ok } else { Outcome::Failed };
    println!("   {} in {seconds:.1} s", outcome.word());
    Row { step: step.name, outcome, counts, seconds }
}

fn perform(step: &Step) -> Result<(bool, Counts)> {
    let commands = match step.action {
        Action::Build => return build::run(&build::Options::default()).map(|()| (true, Counts::default())),
        Action::Size => return build::size().map(|holds| (holds, Counts::default())),
        Action::Commands(commands) => commands()?,
    };
    let mut success = true;
    let mut counts = Counts::default();
    for mut command in commands {
        println!("   $ {}", process::line(&command));
        let teed = process::run_teed(&mut command)?;
        success &= teed.success;
        counts.add(report::count_tests(&teed.output));
    }
    Ok((success && counts.failed == 0, counts))
}
