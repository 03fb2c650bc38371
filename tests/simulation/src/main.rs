//! `cargo run --profile worlds -p simulation -- --help`.

use clap::{Parser, Subcommand};
use simulation::site::Pacing;
use simulation::{fleet, mutants, outage, runs};
use std::process::ExitCode;

/// Whole worlds around the tracker's engine, by seed.
#[derive(Debug, Parser)]
struct Arguments {
    /// Replays this world and tells its story.
    #[arg(long)]
    seed: Option<u64>,
    /// Judges so many worlds.
    #[arg(long, default_value_t = 10_000)]
    worlds: u64,
    /// The first of their seeds.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Stops at the first world in which a rule is broken.
    #[arg(long)]
    until_fault: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// A day with an hour of outage: many browsers, one key.
    Outage {
        /// How many browsers.
        #[arg(long, default_value_t = 1_000)]
        browsers: usize,
        /// Milliseconds between two events of one browser, on average.
        #[arg(long, default_value_t = 60_000)]
        event_every: u64,
    },
    /// Many visitors and one key, below and above what the key carries: writes docs/fleet.md.
    Fleet {
        /// Crowds of no more than so many; a smaller number writes nothing.
        #[arg(long, default_value_t = 1_000)]
        most: u64,
        /// Decides what is left to chance.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Tells of one crowd through the relay alone, as large as `most`, and writes nothing.
        #[arg(long)]
        relay: bool,
    },
    /// Breaks the engine in every way of the table, and has the simulation find it.
    Mutants {
        /// Worlds that each mutant is tried in.
        #[arg(long, default_value_t = 20_000)]
        worlds: u64,
        /// Only the mutants whose name contains this.
        #[arg(long, default_value = "")]
        only: String,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let all_is_well = match (arguments.command, arguments.seed) {
        (Some(Command::Mutants { worlds, only }), _) => mutants::run(worlds, &only),
        (Some(Command::Outage { browsers, event_every }), _) => outage::run(browsers, event_every),
        (Some(Command::Fleet { most, seed, relay: true }), _) => {
            println!("{:#?}", fleet::crowd(most, Pacing::Relay, 2, seed));
            true
        }
        (Some(Command::Fleet { most, seed, .. }), _) => fleet(most, seed),
        (None, Some(seed)) => tell(seed),
        (None, None) => judge(arguments.from, arguments.worlds, arguments.until_fault),
    };
    if all_is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn fleet(most: u64, seed: u64) -> bool {
    let told = fleet::tell(&fleet::run(most, seed), most >= 1_000);
    told.inspect_err(|error| eprintln!("{error:#}")).is_ok()
}

fn tell(seed: u64) -> bool {
    let verdict = runs::run(seed, true);
    println!("{}", verdict.trace);
    match &verdict.fault {
        Some(fault) => println!("\nworld {seed}: {fault}"),
        None => println!("\nworld {seed}: every rule holds"),
    }
    verdict.fault.is_none()
}

fn judge(from: u64, worlds: u64, until_fault: bool) -> bool {
    // A release build ends with a panic: it must name its world.
    std::panic::set_hook(Box::new(|panic| eprintln!("{panic}")));
    let mut told = 0;
    let summary = runs::run_all(from..from + worlds, until_fault, |summary| {
        if let Some((seed, fault)) = summary.faults.get(told) {
            told += 1;
            eprintln!("world {seed}: {fault}");
        }
        if summary.worlds % 10_000 == 0 {
            eprintln!("{} worlds, {:.1} s, {} faults", summary.worlds, summary.seconds, summary.faults.len());
        }
    });
    for (seed, fault) in summary.faults.iter().take(50) {
        println!("world {seed}: {fault}");
    }
    println!("{}", summary.text());
    if let Some((seed, _)) = summary.faults.first() {
        println!("replay: cargo run --profile worlds -p simulation -- --seed {seed}");
    }
    summary.faults.is_empty()
}
