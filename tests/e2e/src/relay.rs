//! The real relay, in front of a collector.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use reqwest::Client;
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpStream;

use crate::process::{Process, free_port};
use crate::visitors::RARE_EVENT;
use crate::wait::until;

/// The spool's file in the relay's folder.
const OWN_SPOOL: &str = "relay.sqlite";

/// Limits per address that are high enough for all simulated visitors, who share one address.
pub(crate) const ONE_ADDRESS: [&str; 4] =
    ["--address-events-per-minute", "1000000000", "--address-bytes-per-minute", "4000000000"];

/// A running `appizer-relay serve`.
#[derive(Debug)]
pub struct Relay {
    program: PathBuf,
    port: u16,
    upstream: String,
    api_key: String,
    arguments: Vec<String>,
    /// An SQLite file of this relay's own, unless the arguments name another spool.
    spool: String,
    // Before the folder: a running relay would write into it.
    process: Option<Process>,
    folder: TempDir,
}

impl Relay {
    /// Starts a relay on a free port; `arguments` follow those for the address and the endpoint.
    pub async fn start(upstream: &str, api_key: &str, arguments: &[&str]) -> Result<Self> {
        Self::start_on(free_port()?, upstream, api_key, arguments).await
    }

    /// Starts a relay of another build, with limits for visitors who share one address.
    pub async fn start_program(program: &Path, upstream: &str, api_key: &str) -> Result<Self> {
        let program =
            fs::canonicalize(program).with_context(|| format!("{} is missing", program.display()))?;
        Self::launch(&program, free_port()?, upstream, api_key, &ONE_ADDRESS).await
    }

    /// Starts a relay on this port.
    pub async fn start_on(port: u16, upstream: &str, api_key: &str, arguments: &[&str]) -> Result<Self> {
        Self::launch(&relay_program()?, port, upstream, api_key, arguments).await
    }

    async fn launch(
        program: &Path,
        port: u16,
        upstream: &str,
        api_key: &str,
        arguments: &[&str],
    ) -> Result<Self> {
        let folder =
            tempfile::Builder::new().prefix("e2e-relay-").tempdir().context("no temporary folder")?;
        let spool = match arguments.iter().position(|argument| *argument == "--spool") {
            Some(place) => *arguments.get(place + 1).context("--spool needs a value")?,
            None => OWN_SPOOL,
        };
        let mut relay = Self {
            program: program.into(),
            port,
            upstream: upstream.into(),
            api_key: api_key.into(),
            arguments: arguments.iter().map(|argument| (*argument).into()).collect(),
            spool: spool.into(),
            process: None,
            folder,
        };
        relay.resume().await?;
        Ok(relay)
    }

    /// Where pages send their events.
    pub fn endpoint(&self) -> String {
        format!("{}/v1/events/batch", self.url())
    }

    /// The address without a path.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The address and the port.
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// Reads one of the relay's metrics, by its name with its labels.
    pub async fn metric(&self, name: &str) -> Result<f64> {
        let client = Client::builder().no_proxy().build().context("no HTTP client")?;
        let text = client.get(format!("{}/metrics", self.url())).send().await?.text().await?;
        let mut values = text.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        let value = values.next().with_context(|| format!("the relay has no metric {name}"))?;
        value.parse().with_context(|| format!("{name} is {value}"))
    }

    /// Returns the ids of the dead letters whose event the endpoint always refuses: [`RARE_EVENT`].
    pub(crate) async fn refused_ids(&self) -> Result<BTreeSet<String>> {
        let mut list = Command::new(&self.program);
        list.args(["dead-letters", "list", "--json", "--limit", "1000000", "--spool", &self.spool]);
        let output = list.current_dir(self.folder.path()).output().context("the relay cannot be started")?;
        ensure!(output.status.success(), "dead-letters: {}", String::from_utf8_lossy(&output.stderr));
        let mut ids = BTreeSet::new();
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            let letter: Value = serde_json::from_str(line).context("a dead letter that is not JSON")?;
            let event = &letter["event"];
            if event["event_name"] == RARE_EVENT {
                ids.extend(event["properties"]["$event_id"].as_str().map(Into::into));
            }
        }
        Ok(ids)
    }

    /// The folder of the spool and the log.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Ends the relay with SIGKILL.
    pub fn kill(&mut self) -> Result<()> {
        self.process.take().map_or(Ok(()), Process::kill)
    }

    /// Starts a killed relay again, on the same port and spool.
    pub async fn resume(&mut self) -> Result<()> {
        let listen = format!("127.0.0.1:{}", self.port);
        let process = Process::start(&self.program, self.folder.path(), |command| {
            command.args(["serve", "--listen", &listen, "--endpoint", &self.upstream]);
            if self.spool == OWN_SPOOL {
                command.args(["--spool", OWN_SPOOL]);
            }
            command.args(&self.arguments);
            command.env("APPIZER_API_KEY", &self.api_key).current_dir(self.folder.path());
        })?;
        until("the relay to listen", async || {
            let connected = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).await;
            connected.map(Some).with_context(|| process.log().unwrap_or_default())
        })
        .await?;
        self.process = Some(process);
        Ok(())
    }
}

/// Returns the relay's program as `cargo build --package relay` leaves it.
pub fn relay_program() -> Result<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let program = target.join("debug/appizer-relay");
    let program = program.canonicalize();
    program.context("target/debug/appizer-relay is missing: run `cargo build --package relay`")
}
