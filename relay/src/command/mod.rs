//! The subcommands.

pub mod check_config;
pub mod dead_letters;
pub mod serve;
pub mod status;

use std::path::PathBuf;

use clap::Args;
use relay::clock::Clock;
use relay::config::{SpoolAddress, spool_address};
use relay::spool::{self, Spool};

use crate::Failure;

/// Where a command finds the spool.
#[derive(Args, Debug)]
pub struct SpoolArguments {
    /// The relay's TOML file
    #[arg(long, env = "APPIZER_RELAY_CONFIG", value_name = "PATH")]
    config: Option<PathBuf>,

    /// The spool: the path of an SQLite file, or postgres://user@host/database [default: relay.sqlite]
    #[arg(long, env = "APPIZER_RELAY_SPOOL", hide_env_values = true, value_name = "PATH|URL")]
    spool: Option<SpoolAddress>,
}

impl SpoolArguments {
    /// Opens the spool beside the relay that serves from it.
    async fn attach(&self) -> Result<Box<dyn Spool>, Failure> {
        let address = spool_address(self.config.as_deref(), self.spool.clone())
            .map_err(|error| Failure::Usage(error.to_string()))?;
        spool::attach(&address, &Clock::default())
            .await
            .map_err(|error| Failure::Usage(format!("cannot open the spool {address}: {error}")))
    }
}

/// Runs a short command.
fn block_on(work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Failure::Run(error.to_string()))?.block_on(work)
}

/// Turns an error of the spool into this command's.
fn failed(error: spool::SpoolError) -> Failure {
    Failure::Run(error.to_string())
}
