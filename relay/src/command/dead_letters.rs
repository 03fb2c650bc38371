//! `appizer-relay dead-letters`

use clap::{Args, Subcommand};
use relay::clock::Clock;
use relay::spool::{DeadLetter, Letters};

use super::{SpoolArguments, block_on, failed};
use crate::Failure;

/// Letters that are listed unless more are asked for.
const LISTED: u32 = 100;

/// Options of `dead-letters`.
#[derive(Args, Debug)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Prints them, oldest first
    List {
        #[command(flatten)]
        spool: SpoolArguments,

        /// Those of this site alone
        #[arg(long, value_name = "NAME")]
        site: Option<String>,

        /// At most so many
        #[arg(long, default_value_t = LISTED)]
        limit: u32,

        /// Prints JSON, a line for each, with the events
        #[arg(long)]
        json: bool,
    },
    /// Delivers them once more
    Resend(Selection),
    /// Deletes them for good
    Discard(Selection),
}

/// Which dead letters.
#[derive(Args, Debug)]
struct Selection {
    #[command(flatten)]
    spool: SpoolArguments,

    /// Their numbers, as `list` shows them
    #[arg(value_name = "NUMBER", required_unless_present = "all", conflicts_with = "all")]
    numbers: Vec<i64>,

    /// All of them
    #[arg(long)]
    all: bool,

    /// Those of this site alone
    #[arg(long, value_name = "NAME")]
    site: Option<String>,
}

pub fn run(arguments: Arguments) -> Result<(), Failure> {
    block_on(async {
        match arguments.command {
            Command::List { spool, site, limit, json } => {
                let spool = spool.attach().await?;
                let letters = Letters { site, ids: Vec::new(), limit: Some(limit) };
                let letters = spool.letters(&letters).await.map_err(failed)?;
                spool.close().await;
                print(&letters, json)
            }
            Command::Resend(selection) => {
                let spool = selection.spool.attach().await?;
                let now = Clock::default().wall();
                let count = spool.resend(&selection.letters(), now).await.map_err(failed)?;
                spool.close().await;
                println!("{count} dead letters wait for delivery again");
                Ok(())
            }
            Command::Discard(selection) => {
                let spool = selection.spool.attach().await?;
                let count = spool.discard(&selection.letters()).await.map_err(failed)?;
                spool.close().await;
                println!("{count} dead letters discarded");
                Ok(())
            }
        }
    })
}

impl Selection {
    fn letters(&self) -> Letters {
        Letters { site: self.site.clone(), ids: self.numbers.clone(), limit: None }
    }
}

fn print(letters: &[DeadLetter], json: bool) -> Result<(), Failure> {
    if letters.is_empty() && !json {
        println!("there are no dead letters");
    }
    for letter in letters {
        if json {
            println!("{}", serde_json::to_string(letter).map_err(|error| Failure::Run(error.to_string()))?);
        } else {
            let DeadLetter { id, site, reason, status, message, event, .. } = letter;
            println!("{id}  {site}  {reason}  {status}  {message}  {}", name(event));
        }
    }
    Ok(())
}

/// Returns an event's name: its properties may be long, and private.
fn name(event: &str) -> String {
    let event: serde_json::Value = serde_json::from_str(event).unwrap_or_default();
    event["event_name"].as_str().unwrap_or_default().to_owned()
}
