//! `appizer-relay serve --endpoint URL --spool relay.sqlite`

mod command;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// A first-party relay for Appizer: takes events from browsers, keeps them durably, delivers them in full batches.
#[derive(Debug, Parser)]
#[command(name = "appizer-relay", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Takes and delivers events until it is asked to stop
    Serve(command::serve::Arguments),
    /// Prints what the spool holds
    Status(command::status::Arguments),
    /// Lists, resends or discards events that were refused for good
    DeadLetters(command::dead_letters::Arguments),
    /// Checks options, file and key, and starts nothing
    CheckConfig(command::check_config::Arguments),
}

/// What was wrong, in the two ways that an exit code tells apart.
#[derive(Debug)]
enum Failure {
    /// Something given is wrong, or taken: 2, and nothing was started.
    Usage(String),
    /// It began and could not be done: 1.
    Run(String),
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Serve(arguments) => command::serve::run(arguments),
        Command::Status(arguments) => command::status::run(arguments),
        Command::DeadLetters(arguments) => command::dead_letters::run(arguments),
        Command::CheckConfig(arguments) => command::check_config::run(arguments),
    };
    let (message, code) = match result {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Failure::Usage(message)) => (message, 2),
        Err(Failure::Run(message)) => (message, 1),
    };
    eprintln!("appizer-relay: {message}");
    ExitCode::from(code)
}
