//! Clients that hold connections, send slowly, or send what no relay takes, beside ordinary visitors.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use reqwest::Client;
use reqwest::header::{CONTENT_TYPE, ORIGIN as ORIGIN_HEADER};
use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::stage::{Count, Stage};
use crate::visitors::ORIGIN;
use crate::wait::until;

const IDLE: u16 = 10_000;
const SLOW: u16 = 200;

/// Twice as long as the relay bears an idle connection: all are closed and opened again.
const STAY: Duration = Duration::from_secs(60);

/// Longer than the relay bears an idle connection.
const FORGOTTEN: Duration = Duration::from_secs(35);

/// The pause between two bytes of a slow client.
const BYTE: Duration = Duration::from_secs(1);

/// The pause between two bad requests of a kind.
const BAD_REQUEST: Duration = Duration::from_millis(500);

/// Addresses of this machine that the idle clients share: each has ports of its own.
const ADDRESSES: u16 = 10;

pub(super) fn describe() -> String {
    format!(
        "{IDLE} idle connections and {SLOW} slow clients for {} s, beside bodies that are not JSON, bodies of 2 MiB and wrong origins",
        STAY.as_secs()
    )
}

pub(super) async fn play() -> Result<Count> {
    raise_file_limit()?;
    let stage = Stage::start(&[]).await?;
    let address = stage.relays[0].address();
    let mut clients = JoinSet::new();
    for n in 0..IDLE {
        clients.spawn(hold(address, n));
        // The queue of new connections has 1,024 places; the kernel forgets those that find it full.
        if n.is_multiple_of(20) {
            sleep(Duration::from_millis(20)).await;
        }
    }
    for n in 0..SLOW {
        clients.spawn(send_slowly(address, n));
    }
    until("all connections to be open", async || {
        let open = stage.relays[0].metric("appizer_relay_connections").await?;
        Ok((open >= f64::from(IDLE)).then_some(()))
    })
    .await?;
    send_bad_requests(&stage.relays[0].endpoint()).await?;
    clients.shutdown().await;
    stage.finish(0).await
}

/// Lets this process hold a file for each connection.
fn raise_file_limit() -> Result<()> {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).context("the limit of open files cannot be raised")?;
    let needed = u64::from(IDLE + SLOW) + 1_000;
    let allowed = limit.current.unwrap_or(u64::MAX);
    ensure!(allowed >= needed, "{needed} open files are needed, {allowed} are allowed: raise `ulimit -Hn`");
    Ok(())
}

/// Opens a connection, sends nothing, and opens another when the relay closes it.
async fn hold(relay: SocketAddr, n: u16) {
    loop {
        match connect(relay, n).await {
            // Ends when the relay closes the connection, or does not know it.
            Ok(mut connection) => drop(timeout(FORGOTTEN, connection.read(&mut [0; 64])).await),
            Err(_) => sleep(BYTE).await,
        }
    }
}

/// Sends a request a byte at a time: some their head, some their body.
async fn send_slowly(relay: SocketAddr, n: u16) {
    let head = "POST /v1/events/batch HTTP/1.1\r\nhost: relay\r\ncontent-type: text/plain\r\n";
    let head = format!("{head}origin: {ORIGIN}\r\ncontent-length: 1000\r\n\r\n");
    loop {
        if let Ok(mut connection) = connect(relay, n).await {
            let at_once = if n.is_multiple_of(2) { head.len() } else { 0 };
            let mut sent = connection.write_all(&head.as_bytes()[..at_once]).await;
            let rest = head.bytes().skip(at_once).chain(std::iter::repeat(b' '));
            for byte in rest {
                if sent.is_err() {
                    break;
                }
                sleep(BYTE).await;
                sent = connection.write_all(&[byte]).await;
            }
        }
        sleep(BYTE).await;
    }
}

async fn connect(relay: SocketAddr, n: u16) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    let [.., last] = (2 + n % ADDRESSES).to_be_bytes();
    socket.bind((Ipv4Addr::new(127, 0, 0, last), 0).into())?;
    socket.connect(relay).await
}

/// Sends what the relay must refuse for the whole stay; fails if a reply is another than that refusal.
async fn send_bad_requests(endpoint: &str) -> Result<()> {
    let client = Client::builder().no_proxy().build().context("no HTTP client")?;
    let good = r#"{"events":[{"event_name":"bad_origin","user_id":"stranger"}]}"#;
    let requests = [
        ("a body that is not JSON", ORIGIN, "{\"events\":[".to_owned(), 400),
        ("a body of 2 MiB", ORIGIN, " ".repeat(2 * 1024 * 1024), 413),
        ("a wrong origin", "https://stranger.example", good.to_owned(), 403),
    ];
    let start = Instant::now();
    while start.elapsed() < STAY {
        for (what, origin, body, expected) in &requests {
            let request = client.post(endpoint).header(CONTENT_TYPE, "text/plain");
            let reply = request.header(ORIGIN_HEADER, *origin).body(body.clone()).send().await;
            let status = reply.with_context(|| format!("{what} got no reply"))?.status();
            ensure!(status == *expected, "{what} was answered {status}, not {expected}");
        }
        sleep(BAD_REQUEST).await;
    }
    Ok(())
}
