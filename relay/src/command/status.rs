//! `appizer-relay status`

use clap::Args;
use relay::clock::Clock;
use relay::forecast;
use relay::policy::{SECOND, STARTS_PER_MINUTE};
use relay::spool::Depth;
use serde_json::json;

use super::{SpoolArguments, block_on, failed};
use crate::Failure;

/// Options of `status`.
#[derive(Args, Debug)]
pub struct Arguments {
    #[command(flatten)]
    spool: SpoolArguments,

    /// Prints JSON, a line for each site
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: Arguments) -> Result<(), Failure> {
    block_on(async {
        let spool = arguments.spool.attach().await?;
        let now = Clock::default().wall();
        let mut depths = Vec::new();
        for site in spool.sites().await.map_err(failed)? {
            let depth = spool.depth(&site.as_str().into(), now).await.map_err(failed)?;
            depths.push((site, depth));
        }
        spool.close().await;
        if arguments.json {
            for (site, depth) in &depths {
                println!("{}", line(site, depth, now));
            }
        } else {
            print_table(&depths, now);
        }
        Ok(())
    })
}

/// Returns what is said of a site, each with its name.
fn rows(depth: &Depth, now: u64) -> [(&'static str, String); 11] {
    let oldest = depth.oldest.map_or(0, |at| now.saturating_sub(at) / SECOND);
    [
        ("accepted", depth.accepted.to_string()),
        ("repeated", depth.repeated.to_string()),
        ("waiting", depth.waiting.to_string()),
        ("delivered", depth.delivered.to_string()),
        ("dead letters", depth.dead.to_string()),
        ("discarded", depth.discarded.to_string()),
        ("expired", depth.expired.to_string()),
        ("bytes", depth.bytes.to_string()),
        ("oldest event", format!("{oldest} s")),
        ("forecast delay", format!("{} s", forecast(depth.waiting))),
        ("requests in the last minute", format!("{} of {STARTS_PER_MINUTE}", depth.attempts)),
    ]
}

fn print_table(depths: &[(String, Depth)], now: u64) {
    if depths.is_empty() {
        println!("the spool has never held an event");
    }
    for (site, depth) in depths {
        println!("site {site}");
        for (name, value) in rows(depth, now) {
            println!("  {name:<28}{value:>14}");
        }
    }
}

fn line(site: &str, depth: &Depth, now: u64) -> serde_json::Value {
    json!({
        "site": site,
        "accepted": depth.accepted,
        "repeated": depth.repeated,
        "waiting": depth.waiting,
        "delivered": depth.delivered,
        "dead_letters": depth.dead,
        "discarded": depth.discarded,
        "expired": depth.expired,
        "bytes": depth.bytes,
        "oldest_seconds": depth.oldest.map(|at| now.saturating_sub(at) / SECOND),
        "forecast_delay_seconds": forecast(depth.waiting),
        "requests_last_minute": depth.attempts,
    })
}
