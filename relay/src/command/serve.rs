//! `appizer-relay serve`

use std::io;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use relay::Relay;
use relay::config::{Config, Loaded, ServerOptions, SiteOptions, load};
use tracing_subscriber::EnvFilter;

use crate::Failure;

/// Options of `serve`; `check-config` takes the same.
#[derive(Args, Debug)]
pub struct Arguments {
    /// A TOML file with the options of the server and of one or more sites; flags go before it
    #[arg(long, env = "APPIZER_RELAY_CONFIG", value_name = "PATH")]
    pub config: Option<PathBuf>,

    #[command(flatten)]
    pub server: ServerOptions,

    #[command(flatten)]
    pub site: SiteOptions,

    /// What is logged: error, warn, info, debug, or a filter of tracing's
    #[arg(long, env = "APPIZER_RELAY_LOG", default_value = "info", value_name = "FILTER")]
    pub log: EnvFilter,

    /// How it is logged, on standard error
    #[arg(long, env = "APPIZER_RELAY_LOG_FORMAT", value_enum, default_value_t = LogFormat::Json)]
    pub log_format: LogFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    Json,
    Text,
}

pub fn run(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { config, server, site, log, log_format } = arguments;
    let Loaded { config, warnings } =
        load(config.as_deref(), server, site).map_err(|error| Failure::Usage(error.to_string()))?;
    start_log(log, log_format);
    for warning in warnings {
        tracing::warn!("{warning}");
    }
    // Ten thousand idle connections are ten thousand descriptors. A lower limit is no reason not to start.
    let _ = rlimit::increase_nofile_limit(u64::MAX);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(|error| Failure::Run(error.to_string()))?.block_on(serve(config))
}

async fn serve(config: Config) -> Result<(), Failure> {
    // Listened for before anybody is told that the relay is there to be stopped.
    let asked_to_stop = asked_to_stop().map_err(|error| Failure::Run(error.to_string()))?;
    let spool = config.spool.clone();
    let sites: Vec<String> = config.sites.iter().map(|site| site.name.to_string()).collect();
    let relay = Relay::start(config).await.map_err(|error| Failure::Usage(error.to_string()))?;
    println!(
        "appizer-relay listening on http://{}, spool {spool}, sites {}",
        relay.address(),
        sites.join(" ")
    );
    if let Some(address) = relay.metrics_address() {
        println!("metrics on http://{address}/metrics");
    }
    asked_to_stop.await;
    tracing::info!("asked to stop: finishing requests");
    relay.stop().await;
    tracing::info!("stopped");
    Ok(())
}

fn start_log(filter: EnvFilter, format: LogFormat) {
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    match format {
        LogFormat::Json => builder.json().flatten_event(true).init(),
        LogFormat::Text => builder.init(),
    }
}

/// Ctrl-c or, from a process manager, SIGTERM.
#[cfg(unix)]
fn asked_to_stop() -> io::Result<impl Future<Output = ()>> {
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
fn asked_to_stop() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        interrupt.recv().await;
    })
}
