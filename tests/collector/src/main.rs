//! `cargo run -p collector -- --port 8787 --db events.sqlite --api-key demo_key`

use std::error::Error;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use collector::{
    Collector, DEFAULT_MAX_BODY_BYTES, DOCUMENTED_REQUESTS_PER_MINUTE, Database, Pages, Settings,
};

/// Appizer's batch endpoint on 127.0.0.1, with the events it is sent in an SQLite file.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// The port to listen on; 0 takes any that is free
    #[arg(long, default_value_t = 8787)]
    port: u16,

    /// The SQLite file, created if absent
    #[arg(long, default_value = "events.sqlite")]
    db: PathBuf,

    /// The one bearer key that is accepted
    #[arg(long)]
    api_key: String,

    /// Requests accepted in any 60 seconds; the rest is answered with 429
    #[arg(long, default_value_t = DOCUMENTED_REQUESTS_PER_MINUTE)]
    requests_per_minute: u32,

    /// Also accept the key in ?access_token= and text/plain bodies, neither of which is in the contract
    #[arg(long)]
    lenient: bool,

    /// The largest body that is not answered with 413
    #[arg(long, default_value_t = DEFAULT_MAX_BODY_BYTES)]
    max_body_bytes: usize,

    /// Also serve static files, on this port
    #[arg(long, requires = "pages")]
    pages_port: Option<u16>,

    /// A folder of static files and the URL prefix it is served under, as in /pkg=pkg; may be repeated
    #[arg(long, value_name = "PREFIX=DIR", value_parser = mount, requires = "pages_port")]
    pages: Vec<(String, PathBuf)>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("collector: {}", with_sources(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    // Listened for before anybody is told that the collector is there to be ended.
    let asked_to_end = asked_to_end()?;
    let collector = Collector::start(Settings {
        port: arguments.port,
        database: Database::File(arguments.db.clone()),
        api_key: arguments.api_key,
        requests_per_minute: Some(arguments.requests_per_minute),
        lenient: arguments.lenient,
        max_body_bytes: arguments.max_body_bytes,
    })
    .await?;
    println!("collector listening on http://{}, events in {}", collector.address(), arguments.db.display());
    let pages = match arguments.pages_port {
        Some(port) => Some(Pages::start(port, arguments.pages).await?),
        None => None,
    };
    if let Some(pages) = &pages {
        println!("pages on {}", pages.url("/"));
    }

    asked_to_end.await;
    collector.stop().await;
    if let Some(pages) = pages {
        pages.stop().await;
    }
    Ok(())
}

/// Ctrl-c or, from a process manager, SIGTERM.
#[cfg(unix)]
fn asked_to_end() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Ctrl-c.
#[cfg(windows)]
fn asked_to_end() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        interrupt.recv().await;
    })
}

fn mount(argument: &str) -> Result<(String, PathBuf), String> {
    let (prefix, folder) =
        argument.split_once('=').ok_or_else(|| format!("{argument:?} is not PREFIX=DIR, as in /pkg=pkg"))?;
    Ok((prefix.into(), folder.into()))
}

/// An error and what led to it, on one line.
fn with_sources(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
