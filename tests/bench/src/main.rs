//! `cargo xtask bench`: this package and its peers, measured side by side in one run of a real browser.
//!
//! Every measurement has a page and an origin of its own; the order of the trackers changes from repetition to
//! repetition, so that what the machine does besides falls on all alike. What comes out is `docs/performance.md`
//! with its charts, and all figures as JSON.

mod charts;
mod measure;
mod profile;
mod report;
mod results;
mod scene;
mod sink;
mod size;
mod statistics;
mod targets;
mod trackers;

use anyhow::{Result, bail};
use clap::Parser;

use crate::measure::Plan;
use crate::scene::Scene;
use crate::trackers::{COMPARED, EMPTY, Tracker};

/// Measures the package and its peers in Chromium. The package must have been built.
#[derive(Parser)]
struct Arguments {
    /// Few repetitions and few events: shows that all works, writes its results under target/ alone
    #[arg(long)]
    quick: bool,
    /// This tracker alone; writes its results under target/ alone
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
    /// No measurement but a profile of this tracker: where the main thread's time goes
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// Writes the report anew from the figures of the last whole run
    #[arg(long)]
    report: bool,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    if arguments.report {
        return report::again();
    }
    if let Some(name) = &arguments.profile {
        let tracker = named(name)?;
        trackers::bundle(tracker.name)?;
        return profile::show(&mut Scene::start().await?, tracker).await;
    }
    let compared = match &arguments.only {
        Some(name) => vec![named(name)?],
        None => COMPARED.to_vec(),
    };
    for tracker in compared.iter().chain([&EMPTY]) {
        trackers::bundle(tracker.name)?;
    }
    let plan = if arguments.quick { Plan::QUICK } else { Plan::WHOLE };
    let results = measure::all(&mut Scene::start().await?, &compared, plan).await?;
    report::write(&serde_json::to_value(&results)?, arguments.quick || arguments.only.is_some())
}

fn named(name: &str) -> Result<Tracker> {
    let found = COMPARED.iter().find(|tracker| tracker.name == name).copied();
    let Some(tracker) = found else {
        let names = COMPARED.map(|tracker| tracker.name).join(", ");
        bail!("there is no tracker {name:?}; there are {names}");
    };
    Ok(tracker)
}
