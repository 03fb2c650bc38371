//! `cargo xtask chaos`: every case of violence in every engine. See [`e2e::chaos`].

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use e2e::chaos::{CASES, Outcome, Report, Run, Warmth};
use e2e::{Browser, Engine, Entry};
use tokio::task::{JoinSet, LocalSet};

/// Runs the cases. Without a choice of engine or case it writes docs/reliability.md or docs/reliability-js.md, and the figures as JSON.
#[derive(Parser)]
#[command(name = "cargo xtask chaos")]
struct Arguments {
    /// In this engine alone; may be given more than once
    #[arg(long, value_enum)]
    engine: Vec<Engine>,
    /// This case alone; may be given more than once
    #[arg(long, value_parser = CASES.iter().map(|case| case.name).collect::<Vec<_>>())]
    case: Vec<String>,
    /// How often each
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// With the entry without WebAssembly, under a policy that forbids it
    #[arg(long)]
    js: bool,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let report = LocalSet::new().run_until(run(&arguments)).await?;
    if arguments.engine.is_empty() && arguments.case.is_empty() {
        let file = if arguments.js { "docs/reliability-js" } else { "docs/reliability" };
        write(&format!("{file}.md"), &report.document())?;
        write(&format!("{file}.json"), &(serde_json::to_string_pretty(&report)? + "\n"))?;
    } else {
        println!("\n{}", report.document());
    }
    let failures = report.failures().count();
    ensure!(failures == 0, "the harness failed in {failures} rows");
    Ok(())
}

async fn run(arguments: &Arguments) -> Result<Report> {
    let engines = if arguments.engine.is_empty() { Engine::ALL.to_vec() } else { arguments.engine.clone() };
    let mut browsers = Vec::new();
    for &engine in &engines {
        browsers.push((engine, Browser::start(engine).await?.version()));
    }
    let mut running = JoinSet::new();
    let mut started = 0_usize;
    for run in chosen(arguments, &engines) {
        for _ in 0..arguments.runs {
            let place = started;
            started += 1;
            running.spawn_local(async move { (place, run, outcome(&run).await) });
        }
    }
    let mut outcomes = Vec::new();
    while let Some(ended) = running.join_next().await {
        let ended = ended.context("a run ended badly")?;
        println!("{:>3} of {started}  {}", outcomes.len() + 1, line(&ended.1, &ended.2));
        outcomes.push(ended);
    }
    outcomes.sort_by_key(|(place, ..)| *place);
    let mut report = Report::new(today(), arguments.js, arguments.runs, browsers);
    outcomes.into_iter().for_each(|(_, run, outcome)| report.add(&run, outcome));
    Ok(report)
}

fn chosen(arguments: &Arguments, engines: &[Engine]) -> Vec<Run> {
    let named = |name| arguments.case.is_empty() || arguments.case.iter().any(|chosen| chosen == name);
    let mut runs = Vec::new();
    for case in CASES.iter().filter(|case| named(case.name)) {
        for &engine in engines {
            let entry = if arguments.js { Entry::Js(engine) } else { Entry::Default };
            runs.extend(Warmth::ALL.map(|warmth| Run { case, engine, warmth, entry }));
        }
    }
    runs
}

async fn outcome(run: &Run) -> Outcome {
    match run.not_run() {
        Some(why) => Outcome::NotRun(why),
        None => {
            run.count().await.map_or_else(|error| Outcome::Failed(format!("{error:#}")), Outcome::Counted)
        }
    }
}

fn line(run: &Run, outcome: &Outcome) -> String {
    let what = match outcome {
        Outcome::Counted(tally) => {
            let shortfall = run.shortfall(tally).map(|shortfall| format!(": {shortfall}"));
            format!(
                "{tally}{}",
                shortfall.map_or_else(String::new, |text| format!("  <-- falls short{text}"))
            )
        }
        Outcome::NotRun(why) => format!("not run: {why}"),
        Outcome::Failed(error) => format!("FAILED: {error}"),
    };
    format!("{:<13} {:<9} {:<5} {what}", run.case.name, format!("{:?}", run.engine), run.warmth.word())
}

/// Day, month and year of an HTTP date.
fn today() -> String {
    let date = httpdate::fmt_http_date(SystemTime::now());
    date.get(5..16).unwrap_or(&date).into()
}

fn write(path: &str, text: &str) -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    fs::write(root.join(path), text).with_context(|| format!("cannot write {path}"))?;
    println!("wrote {path}");
    Ok(())
}
