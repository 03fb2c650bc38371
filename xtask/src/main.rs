//! The commands of this repository. Each does its own set-up first, so that Rust and Node are all a fresh
//! machine needs.

mod bench;
mod build;
mod chaos;
mod demo;
mod fuzz;
mod packaging;
mod paths;
mod process;
mod progress;
mod release;
mod setup;
mod test;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Commands of the Appizer tracker's repository. Each sets up what it needs.
#[derive(Parser)]
#[command(name = "cargo xtask", disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Installs everything the other commands need; what is there already is left as it is
    Setup,
    /// Builds the npm package into pkg/
    Build(build::Options),
    /// Builds the package, says what it weighs and what weighs most in it, and fails above a gate
    Size,
    /// Builds the package, starts the collector and serves the demo page
    Demo(demo::Options),
    /// Fuzzes what reads foreign input, with libFuzzer (needs a nightly compiler)
    Fuzz(fuzz::Options),
    /// Ends pages, tabs and browsers violently, and counts what arrives: docs/reliability.md
    Chaos(chaos::Options),
    /// Measures the package beside its peers in Chromium, or the engine by itself
    Bench(bench::Options),
    /// Runs every check and every test
    Test(test::Options),
    /// Installs the package into a project of every kind, opens each in a browser, and writes docs/packaging.md
    Packaging(packaging::Options),
    /// Checks everything a release needs, and stops before publishing
    Release(release::Options),
}

fn code(holds: bool) -> ExitCode {
    if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Setup => setup::ensure(setup::ALL).map(|()| ExitCode::SUCCESS),
        Command::Build(options) => {
            setup::ensure(setup::BUILD).and_then(|()| build::run(&options)).map(|()| ExitCode::SUCCESS)
        }
        Command::Size => setup::ensure(setup::BUILD).and_then(|()| build::size()).map(code),
        Command::Bench(options) => bench::run(&options).map(|()| ExitCode::SUCCESS),
        Command::Demo(options) => demo::run(&options).map(|()| ExitCode::SUCCESS),
        Command::Fuzz(options) => fuzz::run(&options).map(|()| ExitCode::SUCCESS),
        Command::Chaos(options) => chaos::run(&options).map(|()| ExitCode::SUCCESS),
        Command::Test(options) => test::run(&options),
        Command::Packaging(options) => packaging::run(&options).map(|()| ExitCode::SUCCESS),
        Command::Release(options) => release::run(&options).map(|()| ExitCode::SUCCESS),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("\nerror: {error:#}");
        ExitCode::FAILURE
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn every_command_can_be_asked_for() {
        Arguments::command().debug_assert();
    }
}
