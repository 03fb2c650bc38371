//! `cargo xtask bench --relay`: durable accepts of the relay beside nginx as a plain proxy, in one run.

use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::Parser;
use collector::{Collector, Settings};
use e2e::{Process, Relay, free_port, until};
use reqwest::Client;
use reqwest::header::CONTENT_TYPE;
use serde_json::json;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};

/// The table stands between these lines of docs/relay.md.
const BEGIN: &str = "<!-- Written by `cargo xtask bench --relay` -->\n";
const END: &str = "<!-- End of the load table -->\n";

const KEY: &str = "bench_key";
const EVENTS: u64 = 5;
const PATIENCE: Duration = Duration::from_secs(30);

/// Measures and writes the table.
#[derive(Parser)]
#[command(name = "cargo xtask bench --relay")]
struct Arguments {
    /// Requests a second; may be given more than once
    #[arg(long, default_values_t = [100, 500])]
    rate: Vec<u32>,
    /// Seconds that each server is measured at each rate
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// The relay's program, of the profile `relay`
    #[arg(long, default_value = "target/relay/appizer-relay")]
    relay: PathBuf,
}

/// What became of the requests of one server at one rate.
struct Load {
    sent: usize,
    accepted: usize,
    median: Duration,
    p99: Duration,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let folder = tempfile::tempdir().context("no temporary folder")?;
    let collector = Collector::start(Settings::in_memory(KEY)).await.context("no collector")?;
    let relay = Relay::start_program(&arguments.relay, &collector.endpoint(), KEY).await?;
    let (_nginx, proxy) = start_nginx(folder.path(), &collector).await?;
    let mut table = String::from(
        "| | requests a second of 5 events | for | answered 200 | median | p99 |\n|---|--:|--:|--:|--:|--:|\n",
    );
    for rate in arguments.rate {
        for (name, endpoint) in [("relay, durable", &relay.endpoint()), ("nginx, plain proxy", &proxy)] {
            let load = load(endpoint, rate, arguments.seconds).await?;
            let row = format!(
                "| {name} | {rate} | {} s | {} of {} | {:.1} ms | {:.1} ms |\n",
                arguments.seconds,
                load.accepted,
                load.sent,
                load.median.as_secs_f64() * 1_000.0,
                load.p99.as_secs_f64() * 1_000.0
            );
            print!("{row}");
            table += &row;
        }
    }
    e2e::write_into_relay_document(BEGIN, &table, END)
}

/// Sends at a fixed rate, whatever the answers take.
async fn load(endpoint: &str, rate: u32, seconds: u32) -> Result<Load> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let client = Arc::new(Client::builder().no_proxy().build().context("no HTTP client")?);
    let endpoint: Arc<str> = endpoint.into();
    let mut ticks = interval(Duration::from_secs(1) / rate);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut requests = JoinSet::new();
    for _ in 0..rate * seconds {
        ticks.tick().await;
        let (client, endpoint) = (Arc::clone(&client), Arc::clone(&endpoint));
        let first = NEXT.fetch_add(EVENTS, Ordering::Relaxed);
        requests.spawn(async move {
            let start = Instant::now();
            let sent = timeout(PATIENCE, post(&client, &endpoint, first)).await;
            (matches!(sent, Ok(Ok(true))), start.elapsed())
        });
    }
    let answers = requests.join_all().await;
    let mut times = Vec::from_iter(answers.iter().map(|(_, time)| *time));
    times.sort_unstable();
    let at = |percent: usize| times.get(times.len() * percent / 100).copied().unwrap_or_default();
    let accepted = answers.iter().filter(|(is_accepted, _)| *is_accepted).count();
    Ok(Load { sent: answers.len(), accepted, median: at(50), p99: at(99) })
}

async fn post(client: &Client, endpoint: &str, first: u64) -> Result<bool> {
    let event = |n| json!({ "event_name": "load", "user_id": "u", "properties": { "$event_id": format!("load-{n}") } });
    let body = json!({ "events": (first..first + EVENTS).map(event).collect::<Vec<_>>() });
    let request = client.post(endpoint).header(CONTENT_TYPE, "text/plain").body(body.to_string());
    let response = request.send().await?;
    let is_accepted = response.status() == 200;
    response.bytes().await?;
    Ok(is_accepted)
}

/// Starts nginx before the collector, with the key.
async fn start_nginx(folder: &Path, collector: &Collector) -> Result<(Process, String)> {
    let port = free_port()?;
    let configuration = format!(
        "daemon off;\nuser root;\nworker_processes 2;\npid {0}/nginx.pid;\nerror_log stderr;\nevents {{ worker_connections 4096; }}\n\
         http {{\naccess_log off;\nclient_body_temp_path {0}/body;\nproxy_temp_path {0}/proxy;\nfastcgi_temp_path {0}/fastcgi;\n\
         uwsgi_temp_path {0}/uwsgi;\nscgi_temp_path {0}/scgi;\nupstream collector {{ server {1}; keepalive 64; }}\n\
         server {{\nlisten 127.0.0.1:{port};\nlocation / {{\nproxy_pass http://collector;\nproxy_http_version 1.1;\n\
         proxy_set_header Connection \"\";\nproxy_set_header Authorization \"Bearer {KEY}\";\n\
         proxy_set_header Content-Type application/json;\n}}\n}}\n}}\n",
        folder.display(),
        collector.address()
    );
    let file = folder.join("nginx.conf");
    fs::write(&file, configuration).context("cannot write nginx's configuration")?;
    let nginx = Process::start(Path::new("/usr/sbin/nginx"), folder, |command| {
        command.args(["-e", "stderr", "-p"]).arg(folder).arg("-c").arg(&file);
    })?;
    until("nginx to listen", async || {
        Ok(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.map(drop).ok())
    })
    .await
    .with_context(|| nginx.log().unwrap_or_default())?;
    Ok((nginx, format!("http://127.0.0.1:{port}/v1/events/batch")))
}
