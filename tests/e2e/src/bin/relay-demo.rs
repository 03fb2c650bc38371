//! `cargo xtask demo --relay`: the relay of the demo page, and what the page's buttons do to it.
//!
//! | request | effect |
//! |---|---|
//! | `GET /metrics` | the relay's metrics; 502 while it is dead |
//! | `POST /kill` | `kill -9`, and a restart two seconds later |
//! | `POST /visitors/relay`, `POST /visitors/direct` | a hundred simulated visitors for a minute |
//! | `POST /bad-event` | an event without a name, between two good ones, through the relay |

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use axum::Router;
use axum::extract::{Path, State};
use axum::http::header::ACCESS_CONTROL_ALLOW_ORIGIN;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use clap::Parser;
use e2e::{Relay, Visitors};
use reqwest::Client;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::sleep;

/// Long enough to see that pages keep their events meanwhile.
const DEAD: Duration = Duration::from_secs(2);

const VISITORS: u32 = 100;
const INTERVAL: Duration = Duration::from_secs(10);
const STAY: Duration = Duration::from_secs(60);

/// The ports and the key are those of `cargo xtask demo`.
#[derive(Parser)]
struct Arguments {
    /// Where the relay delivers
    #[arg(long)]
    collector: String,
    /// The collector's key
    #[arg(long)]
    api_key: String,
    /// The relay's port
    #[arg(long)]
    relay_port: u16,
    /// The port of the page's buttons
    #[arg(long)]
    control_port: u16,
}

struct Demo {
    client: Client,
    kills: mpsc::Sender<()>,
    relay_url: String,
    collector: String,
    api_key: String,
}

#[tokio::main]
async fn main() -> Result<()> {
    let Arguments { collector, api_key, relay_port, control_port } = Arguments::parse();
    let collector = format!("{collector}/v1/events/batch");
    let mut relay = Relay::start_on(relay_port, &collector, &api_key, &[]).await?;
    let relay_url = relay.url();
    let client = Client::builder().no_proxy().build().context("no HTTP client")?;
    let (kills, mut killed) = mpsc::channel(1);
    let demo = Arc::new(Demo { client, kills, relay_url, collector, api_key });
    let routes = Router::new()
        .route("/metrics", get(metrics))
        .route("/kill", post(kill))
        .route("/visitors/{way}", post(visit))
        .route("/bad-event", post(send_bad_event))
        .with_state(demo);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, control_port)).await;
    let listener = listener.with_context(|| format!("port {control_port} cannot be used"))?;
    tokio::spawn(async move { axum::serve(listener, routes).await });
    while killed.recv().await.is_some() {
        relay.kill()?;
        sleep(DEAD).await;
        relay.resume().await?;
    }
    Ok(())
}

async fn metrics(State(demo): State<Arc<Demo>>) -> Response {
    let metrics = demo.client.get(format!("{}/metrics", demo.relay_url)).send().await;
    match metrics {
        Ok(metrics) => open(metrics.text().await.unwrap_or_default()),
        Err(_) => open(StatusCode::BAD_GATEWAY),
    }
}

async fn kill(State(demo): State<Arc<Demo>>) -> Response {
    // One that comes while the relay is dead is one too many.
    let _ = demo.kills.try_send(());
    open(StatusCode::NO_CONTENT)
}

async fn visit(State(demo): State<Arc<Demo>>, Path(way): Path<String>) -> Response {
    let visitors = if way == "relay" {
        Visitors::start(&format!("{}/v1/events/batch", demo.relay_url), VISITORS, INTERVAL)
    } else {
        Visitors::start_with_key(&demo.collector, &demo.api_key, VISITORS, INTERVAL)
    };
    answer(visitors.map(|visitors| {
        tokio::spawn(async move {
            sleep(STAY).await;
            visitors.stop().await;
        });
    }))
}

async fn send_bad_event(State(demo): State<Arc<Demo>>) -> Response {
    let event = |name: &str| format!(r#"{{"event_name":{name:?},"user_id":"demo"}}"#);
    let body = format!(r#"{{"events":[{},{},{}]}}"#, event("good"), event(""), event("good"));
    let request = demo.client.post(format!("{}/v1/events/batch", demo.relay_url));
    let request = request.header(reqwest::header::CONTENT_TYPE, "text/plain").body(body);
    match request.send().await {
        Ok(reply) => open(reply.text().await.unwrap_or_default()),
        Err(error) => answer(Err(error.into())),
    }
}

fn answer(result: Result<()>) -> Response {
    match result {
        Ok(()) => open(StatusCode::NO_CONTENT),
        Err(error) => open((StatusCode::BAD_GATEWAY, format!("{error:#}"))),
    }
}

/// Lets the demo's page, which has another port, read an answer.
fn open(answer: impl IntoResponse) -> Response {
    let mut answer = answer.into_response();
    answer.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    answer
}
