//! `cargo xtask bench --crowd`: a thousand visitors before the real relay in real time, and how late their events are, in
//! peace and after an outage.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use clap::Parser;
use collector::{Collector, Faults, Settings, StoredEvent};
use e2e::{Arrivals, Relay, TRACKED_AT, Tracked, Visitors, until_within};
use tokio::time::sleep;

/// The table stands between these lines of docs/relay.md.
const BEGIN: &str = "<!-- Written by `cargo xtask bench --crowd` -->\n";
const END: &str = "<!-- End of the crowd table -->\n";

const HEAD: &str = "| tracked | events | p50 | p99 | later than a minute | requests a minute | events in a request |\n\
                    |---|--:|--:|--:|--:|--:|--:|\n";

const KEY: &str = "bench_key";

/// Appizer's limit.
const REQUESTS_PER_MINUTE: u32 = 100;

/// The goal for any 60 s: the relay starts at most as many requests.
const MAX_STARTS: usize = 95;

/// As often as a visitor tracks, and as a tracker sends by default.
const INTERVAL: Duration = Duration::from_secs(10);

/// Milliseconds.
const MINUTE: i64 = 60_000;

/// The pause between two looks at the relay.
const LOOK: Duration = Duration::from_secs(2);

/// Measures and writes the table.
#[derive(Parser)]
#[command(name = "cargo xtask bench --crowd")]
struct Arguments {
    /// Visitors who are there at once; each tracks an event every ten seconds
    #[arg(long, default_value_t = 1_000)]
    visitors: u32,
    /// Seconds before the outage
    #[arg(long, default_value_t = 600)]
    peace: u64,
    /// Seconds for which the endpoint answers 503
    #[arg(long, default_value_t = 360)]
    outage: u64,
    /// The relay's program, of the profile `relay`
    #[arg(long, default_value = "target/relay/appizer-relay")]
    relay: PathBuf,
}

#[tokio::main]
async fn main() -> Result<()> {
    let Arguments { visitors: count, peace, outage, relay: program } = Arguments::parse();
    let settings = Settings { requests_per_minute: Some(REQUESTS_PER_MINUTE), ..Settings::in_memory(KEY) };
    let collector = Collector::start(settings).await.context("no collector")?;
    let relay = Relay::start_program(&program, &collector.endpoint(), KEY).await?;

    let visitors = Visitors::start(&relay.endpoint(), count, INTERVAL)?;
    sleep(INTERVAL).await;
    let all_are_there = now();
    sleep(Duration::from_secs(peace)).await;
    let down = now();
    collector.set_faults(Some(Faults::status(503))).context("no outage")?;
    sleep(Duration::from_secs(outage)).await;
    collector.set_faults(None).context("no end of the outage")?;
    let mended = now();
    let patience = Duration::from_secs(60 + outage * 20);
    wait_for(&relay, patience, "appizer_relay_oldest_event_age_seconds", |age| age < 60.0).await?;
    let drained = now();
    let tracked = visitors.finish().await?;
    wait_for(&relay, patience, "appizer_relay_spool_events", |events| events == 0.0).await?;

    let arrivals = Arrivals::at(&collector)?;
    let rows = rows(&arrivals, [all_are_there, down, mended, drained])?;
    let arrived = BTreeSet::from_iter(arrivals.ids());
    let missing = tracked.iter().filter(|id| !arrived.contains(id.as_str())).count();
    let busiest = arrivals.busiest_minute();
    let table = format!(
        "{HEAD}{}\n{count} visitors tracked {} events: {missing} are missing, {} were repeated. In the busiest 60 s {busiest} requests came.\n",
        rows,
        tracked.len(),
        arrivals.repeats(),
    );
    print!("{table}");
    e2e::write_into_relay_document(BEGIN, &table, END)?;
    ensure!(
        missing == 0 && busiest <= MAX_STARTS,
        "{missing} events are missing, {busiest} requests in 60 s"
    );
    Ok(())
}

/// Waits until one of the relay's metrics is as it should be.
async fn wait_for(
    relay: &Relay,
    patience: Duration,
    metric: &str,
    is_so: impl Fn(f64) -> bool,
) -> Result<()> {
    let metric = format!("{metric}{{site=\"default\"}}");
    until_within(patience, &metric, async || {
        sleep(LOOK).await;
        Ok(is_so(relay.metric(&metric).await?).then_some(()))
    })
    .await
}

/// Describes the time before the outage, the outage, and the drain of the backlog.
fn rows(arrivals: &Arrivals, [all_are_there, down, mended, drained]: [i64; 4]) -> Result<String> {
    let accepted = arrivals.requests.iter().filter(|request| request.status == Some(200));
    let accepted = accepted.map(|request| request.received_at);
    // For the relay the outage ends with its next try.
    let up = accepted.filter(|at| *at >= mended).min().context("nothing came after the outage")?;
    let (peace, outage, drain) = (all_are_there..down, down..up, up..drained);
    let minutes = |span: &Range<i64>| (span.end - span.start) as f64 / MINUTE as f64;
    let descriptions = [
        format!("for {:.0} min", minutes(&peace)),
        format!("while the endpoint answers 503, for {:.0} min", minutes(&outage)),
        format!("after it, until the backlog is gone, for {:.1} min", minutes(&drain)),
    ];
    let spans = [(peace.clone(), peace), (outage, drain.clone()), (drain.clone(), drain)];
    let rows = descriptions.iter().zip(spans);
    Ok(rows.map(|(description, (tracked, came))| row(description, arrivals, tracked, came)).collect())
}

/// Describes the events that were tracked in one span, and the accepted requests that came in another.
fn row(description: &str, arrivals: &Arrivals, tracked: Range<i64>, came: Range<i64>) -> String {
    let mut seen = BTreeSet::new();
    let first = arrivals.events.iter().filter(|event| seen.insert(&event.event_id));
    let delays = first.filter_map(|event| {
        let at = event.property(TRACKED_AT).as_i64()?;
        tracked.contains(&at).then(|| event.received_at - at)
    });
    let mut delays = Vec::from_iter(delays);
    delays.sort_unstable();
    let seconds = |percent: usize| {
        delays
            .get(delays.len() * percent / 100)
            .map_or("–".into(), |&delay| format!("{:.1} s", delay as f64 / 1_000.0))
    };
    let late = delays.iter().filter(|&&delay| delay > MINUTE).count();
    let requests = arrivals.requests.iter().filter(|request| came.contains(&request.received_at));
    let requests = requests.filter(|request| request.status == Some(200)).count();
    let carried =
        arrivals.events.iter().filter(|event: &&StoredEvent| came.contains(&event.received_at)).count();
    format!(
        "| {description} | {} | {} | {} | {:.2} % | {:.1} | {:.1} |\n",
        delays.len(),
        seconds(50),
        seconds(99),
        100.0 * late as f64 / delays.len().max(1) as f64,
        requests as f64 * MINUTE as f64 / (came.end - came.start).max(1) as f64,
        carried as f64 / requests.max(1) as f64,
    )
}

/// Milliseconds since 1970.
fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as i64
}
