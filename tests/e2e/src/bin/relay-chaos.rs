//! `cargo xtask chaos --relay`: every case of violence on the relay, written into docs/relay.md. See [`e2e::relay_chaos`].

use anyhow::{Context, Result, ensure};
use clap::Parser;
use clap::builder::PossibleValuesParser;
use e2e::relay_chaos::{Count, Violence};

/// The table stands between these lines of docs/relay.md.
const BEGIN: &str = "<!-- Written by `cargo xtask chaos --relay` -->\n";
const END: &str = "<!-- End of the table -->\n";

const HEAD: &str = "| violence | tracked | missing | repeated | of at most | requests in the busiest minute | replies of 503 | dead letters |\n\
                    |---|--:|--:|--:|--:|--:|--:|--:|\n";

/// Plays every case and writes the table.
#[derive(Parser)]
#[command(name = "cargo xtask chaos --relay")]
struct Arguments {
    /// How often a relay is killed in each case of kills
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    kills: u32,
    /// This case alone; may be given more than once. Writes no document
    #[arg(long, value_parser = PossibleValuesParser::new(Violence::ALL.map(|(name, _)| name)))]
    case: Vec<String>,
}

#[tokio::main]
async fn main() -> Result<()> {
    let Arguments { kills, case } = Arguments::parse();
    let mut table = HEAD.to_owned();
    let mut broken = Vec::new();
    for (name, violence) in Violence::ALL {
        if !case.is_empty() && !case.iter().any(|case| case == name) {
            continue;
        }
        let count = violence.play(kills).await.with_context(|| name)?;
        let row = row(&violence.describe(kills), &count);
        print!("{row}");
        table += &row;
        if !count.is_kept() {
            broken.push(name);
        }
    }
    if case.is_empty() {
        e2e::write_into_relay_document(BEGIN, &table, END)?;
    }
    ensure!(broken.is_empty(), "cases that broke a promise: {}", broken.join(", "));
    Ok(())
}

fn row(description: &str, count: &Count) -> String {
    let Count { tracked, missing, repeated, repeats_allowed, .. } = count;
    let Count { busiest_minute, unavailable, dead_letters, .. } = count;
    format!(
        "| {description} | {tracked} | {missing} | {repeated} | {repeats_allowed} | {busiest_minute} | {unavailable} | {dead_letters} |\n"
    )
}
