//! `cargo xtask chaos`: violence on real browsers, or on the relay, counted.

use std::process::Command;

use anyhow::Result;
use clap::Args;

use crate::setup::{self, Need, Package};
use crate::{build, process, test};

#[derive(Args)]
pub struct Options {
    /// In this engine alone (chromium, firefox, webkit); may be given more than once
    #[arg(long)]
    engine: Vec<String>,
    /// This case alone; may be given more than once. docs/reliability.md and docs/relay.md list the names
    #[arg(long)]
    case: Vec<String>,
    /// With the entry without WebAssembly, under a policy that forbids it
    #[arg(long)]
    js: bool,
    /// Violence on the relay instead, without browsers: writes its table into docs/relay.md
    #[arg(long, conflicts_with_all = ["engine", "js", "runs"])]
    relay: bool,
    /// How often a relay is killed in each case of kills
    #[arg(long, default_value_t = 50, requires = "relay")]
    kills: u32,
    /// How often each
    #[arg(long, default_value_t = 1)]
    runs: u32,
}

/// Without a choice of engine or case, docs/reliability.md, docs/reliability-js.md or the table of docs/relay.md is written anew.
pub fn run(options: &Options) -> Result<()> {
    if options.relay {
        return run_relay(options);
    }
    let needs: Vec<_> =
        [setup::BUILD].iter().chain(test::BROWSERS).flat_map(|needs| needs.iter().copied()).collect();
    setup::ensure(&needs)?;
    build::run(&build::Options::default())?;
    let mut chaos = process::cargo();
    chaos.args(["run", "--quiet", "--package", "e2e", "--bin", "chaos", "--"]);
    repeat(&mut chaos, "--engine", &options.engine);
    repeat(&mut chaos, "--case", &options.case);
    chaos.args(options.js.then_some("--js"));
    chaos.args(["--runs", &options.runs.to_string()]);
    process::run(&mut chaos)
}

fn run_relay(options: &Options) -> Result<()> {
    let needs = [setup::BUILD, &[Need::Debian(Package::Postgresql)]].concat();
    setup::ensure(&needs)?;
    build::run(&build::Options::default())?;
    process::run(&mut process::build_relay())?;
    let mut chaos = process::cargo();
    chaos.args(["run", "--quiet", "--package", "e2e", "--bin", "relay-chaos", "--"]);
    repeat(&mut chaos, "--case", &options.case);
    process::run(chaos.args(["--kills", &options.kills.to_string()]))
}

/// Adds a flag with each of its values.
fn repeat(command: &mut Command, flag: &str, values: &[String]) {
    for value in values {
        command.args([flag, value]);
    }
}
