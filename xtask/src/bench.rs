//! `cargo xtask bench`: the package beside its peers, and the engine by itself.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::setup::{self, Need, Package};
use crate::{build, paths, process, progress};

/// By how much an instruction count may grow before it fails the comparison: what the compiler's own moods come to.
const TOLERANCE: f64 = 0.02;

/// The scenarios of tests/bench/engine/src/main.rs.
const SCENARIOS: [&str; 4] = ["envelope", "life", "trickle", "backlog"];

#[derive(Args)]
pub struct Options {
    /// Few repetitions and few events: shows that all works, writes its results under target/ alone
    #[arg(long)]
    quick: bool,
    /// One tracker alone: appizer, appizer-js, bare, snowplow, segment, mixpanel, amplitude, posthog
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
    /// No measurement but a profile of this tracker: where the main thread's time goes
    #[arg(long, value_name = "NAME", conflicts_with_all = ["quick", "only"])]
    profile: Option<String>,
    /// Writes docs/performance.md anew from the figures of the last whole run
    #[arg(long, conflicts_with_all = ["quick", "only", "profile"])]
    report: bool,
    /// The relay instead, beside nginx as a plain proxy: writes its table into docs/relay.md
    #[arg(long, conflicts_with_all = ["quick", "only", "profile", "report"])]
    relay: bool,
    /// A thousand visitors before the relay for half an hour, with an outage: writes its table into docs/relay.md
    #[arg(long, conflicts_with_all = ["quick", "only", "profile", "report", "relay"])]
    crowd: bool,
    /// The engine by itself: instructions by callgrind, compared with those recorded
    #[arg(long, conflicts_with_all = ["quick", "only", "profile", "report", "relay", "crowd"])]
    instructions: bool,
    /// Records them instead
    #[arg(long, requires = "instructions")]
    record: bool,
}

pub fn run(options: &Options) -> Result<()> {
    if options.instructions {
        return progress::step("bench: instructions", || instructions(options.record));
    }
    if options.relay {
        return progress::step("bench: relay", || relay("relay-bench", &[Need::Debian(Package::Nginx)]));
    }
    if options.crowd {
        return progress::step("bench: a crowd before the relay", || relay("relay-crowd", &[]));
    }
    let mut bench = process::cargo();
    bench.args(["run", "--quiet", "--package", "bench", "--bin", "bench", "--"]);
    if options.report {
        return process::run(bench.arg("--report"));
    }
    setup::ensure(setup::ALL)?;
    build::run(&build::Options::default())?;
    install_peers()?;
    bench.args(options.quick.then_some("--quick"));
    for (flag, name) in [("--only", &options.only), ("--profile", &options.profile)] {
        if let Some(name) = name {
            bench.args([flag, name]);
        }
    }
    progress::step("bench: in Chromium", || process::run(&mut bench))
}

/// Runs a program of tests/e2e that measures the relay as it is published.
fn relay(program: &str, needs: &[Need]) -> Result<()> {
    setup::ensure(&[&[Need::PinnedRust], needs].concat())?;
    process::run(process::cargo().args(["build", "--profile", "relay", "--package", "relay"]))?;
    process::run(process::cargo().args(["run", "--quiet", "--package", "e2e", "--bin", program]))
}

/// The pinned peers, without their install scripts.
fn install_peers() -> Result<()> {
    let folder = paths::root().join("tests/bench/npm");
    let (lock, installed) =
        (folder.join("package-lock.json"), folder.join("node_modules/.installed-lock.json"));
    let wanted = fs::read_to_string(&lock).with_context(|| format!("reading {}", lock.display()))?;
    if fs::read_to_string(&installed).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    progress::step("bench: peers from npm", || {
        let mut npm = process::command("npm");
        process::run(npm.args(["ci", "--ignore-scripts", "--omit=optional"]).current_dir(&folder))?;
        fs::write(&installed, &wanted).with_context(|| format!("writing {}", installed.display()))
    })
}

fn instructions(record: bool) -> Result<()> {
    let build = ["build", "--quiet", "--profile", "bench", "--package", "engine-bench"];
    process::run(process::cargo().args(build))?;
    let counted = SCENARIOS.into_iter().map(|scenario| Ok((scenario.to_owned(), count(scenario)?)));
    let counted = counted.collect::<Result<BTreeMap<_, _>>>()?;
    let file = paths::root().join("tests/bench/engine/instructions.json");
    if record {
        let text = format!("{}\n", serde_json::to_string_pretty(&counted)?);
        fs::write(&file, text).with_context(|| format!("writing {}", file.display()))?;
    }
    let text = fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
    compare(&counted, &serde_json::from_str(&text).context("reading instructions.json")?)
}

/// Instructions of the scenario alone, without what prepares it.
fn count(scenario: &str) -> Result<u64> {
    let output = paths::root().join("target/bench").join(scenario).with_extension("callgrind");
    fs::create_dir_all(paths::root().join("target/bench")).context("creating target/bench")?;
    let engine: PathBuf = paths::root().join("target/release/engine-bench");
    let mut valgrind = process::command("valgrind");
    valgrind.args(["--quiet", "--tool=callgrind", "--collect-atstart=no", "--toggle-collect=measured"]);
    valgrind.arg(format!("--callgrind-out-file={}", output.display())).arg(engine).arg(scenario);
    process::run(&mut valgrind)?;
    let text = fs::read_to_string(&output).with_context(|| format!("reading {}", output.display()))?;
    let summary = text.lines().find_map(|line| line.strip_prefix("totals: "));
    summary.and_then(|count| count.trim().parse().ok()).context("callgrind wrote no totals")
}

fn compare(counted: &BTreeMap<String, u64>, recorded: &BTreeMap<String, u64>) -> Result<()> {
    let mut grown = Vec::new();
    for (scenario, &now) in counted {
        let before = recorded.get(scenario).copied().with_context(|| {
            format!("no count of {scenario:?} is recorded: run `cargo xtask bench --instructions --record`")
        })?;
        let change = now as f64 / before as f64 - 1.0;
        println!("   {scenario:<10} {now:>14}  {:+.2} %", change * 100.0);
        if change > TOLERANCE {
            grown.push(scenario.as_str());
        }
    }
    if !grown.is_empty() {
        bail!("more instructions than recorded: {}", grown.join(", "));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_that_grew_by_more_than_the_tolerance_fails_and_names_its_scenario() {
        let counts = |life: u64| BTreeMap::from([("life".to_owned(), life)]);
        assert!(compare(&counts(1_019), &counts(1_000)).is_ok());
        assert!(compare(&counts(500), &counts(1_000)).is_ok());
        assert!(compare(&counts(1_021), &counts(1_000)).unwrap_err().to_string().contains("life"));
        assert!(compare(&counts(1), &BTreeMap::new()).unwrap_err().to_string().contains("--record"));
    }
}
