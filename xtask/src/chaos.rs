//! `cargo xtask chaos`: violence on real browsers, or on the relay, counted.

use anyhow::Result;
use clap::Args;

use crate::{build, process, setup, test};

#[derive(Args)]
pub struct Options {
    /// In this engine alone (chromium, firefox, webkit); may be given more than once
    #[arg(long)]
    engine: Vec<String>,
    /// This case alone; may be given more than once. docs/reliability.md lists the names
    #[arg(long)]
    case: Vec<String>,
    /// With the entry without WebAssembly, under a policy that forbids it; writes no document
    #[arg(long)]
    js: bool,
    /// Violence on the relay instead, without browsers: writes its table into docs/relay.md
    #[arg(long, conflicts_with_all = ["engine", "case", "js"])]
    relay: bool,
    /// How often the relay is killed in each case of kills
    #[arg(long, default_value_t = 50, requires = "relay")]
    kills: u32,
    /// How often each
    #[arg(long, default_value_t = 1)]
    runs: u32,
}

/// Without a choice of engine or case, docs/reliability.md is written anew.
pub fn run(options: &Options) -> Result<()> {
    if options.relay {
        return run_relay(options.kills);
    }
    let needs: Vec<_> =
        [setup::BUILD].iter().chain(test::BROWSERS).flat_map(|needs| needs.iter().copied()).collect();
    setup::ensure(&needs)?;
    build::run(&build::Options::default())?;
    let mut chaos = process::cargo();
    chaos.args(["run", "--quiet", "--package", "e2e", "--bin", "chaos", "--"]);
    for (name, values) in [("--engine", &options.engine), ("--case", &options.case)] {
        values.iter().for_each(|value| {
            chaos.args([name, value]);
        });
    }
    chaos.args(options.js.then_some("--js"));
    chaos.args(["--runs", &options.runs.to_string()]);
    process::run(&mut chaos)
}

fn run_relay(kills: u32) -> Result<()> {
    setup::ensure(setup::BUILD)?;
    build::run(&build::Options::default())?;
    process::run(&mut process::build_relay())?;
    let mut chaos = process::cargo();
    chaos.args(["run", "--quiet", "--package", "e2e", "--bin", "relay-chaos", "--"]);
    process::run(chaos.args(["--kills", &kills.to_string()]))
}
