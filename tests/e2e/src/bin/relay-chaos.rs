//! `cargo xtask chaos --relay`: every case of violence on the relay, written into docs/relay.md. See [`e2e::relay_chaos`].

use anyhow::{Context, Result, ensure};
use clap::Parser;
use e2e::relay_chaos::{Violence, play};

/// The table stands between these lines of docs/relay.md.
const BEGIN: &str = "<!-- Written by `cargo xtask chaos --relay` -->\n";
const END: &str = "<!-- End of the table -->\n";

/// Plays every case and writes the table.
#[derive(Parser)]
#[command(name = "cargo xtask chaos --relay")]
struct Arguments {
    /// How often the relay is killed in each case of kills
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    kills: u32,
}

#[tokio::main]
async fn main() -> Result<()> {
    let Arguments { kills } = Arguments::parse();
    let mut table = String::from(
        "| violence | confirmed | missing | repeated | of at most | requests in the busiest minute |\n|---|--:|--:|--:|--:|--:|\n",
    );
    let mut failures = 0;
    for violence in Violence::ALL {
        let count = play(violence, kills).await.with_context(|| violence.describe(kills))?;
        let row = format!(
            "| {} | {} | {} | {} | {} | {} |\n",
            violence.describe(kills),
            count.confirmed,
            count.missing,
            count.repeated,
            count.repeats_allowed,
            count.busiest_minute
        );
        print!("{row}");
        table += &row;
        failures += usize::from(!count.is_kept());
    }
    e2e::write_into_relay_document(BEGIN, &table, END)?;
    ensure!(failures == 0, "{failures} cases broke a promise: see docs/relay.md");
    Ok(())
}
