//! The real relay, in front of a collector.

use std::env;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use tempfile::TempDir;
use tokio::net::TcpStream;

use crate::process::{Process, free_port};
use crate::wait::until;

/// A running `appizer-relay serve` on a spool of its own.
#[derive(Debug)]
pub struct Relay {
    program: PathBuf,
    port: u16,
    upstream: String,
    api_key: String,
    arguments: Vec<String>,
    // Before the folder: a running relay would write into it.
    process: Option<Process>,
    folder: TempDir,
}

impl Relay {
    /// Starts a relay on a free port; `arguments` follow those for the address, the spool and the endpoint.
    pub async fn start(upstream: &str, api_key: &str, arguments: &[&str]) -> Result<Self> {
        Self::start_on(free_port()?, upstream, api_key, arguments).await
    }

    /// Starts a relay of another build.
    pub async fn start_program(
        program: &Path,
        upstream: &str,
        api_key: &str,
        arguments: &[&str],
    ) -> Result<Self> {
        Self::launch(program, free_port()?, upstream, api_key, arguments).await
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
        let mut relay = Self {
            program: program.into(),
            port,
            upstream: upstream.into(),
            api_key: api_key.into(),
            arguments: arguments.iter().map(|argument| (*argument).into()).collect(),
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
            command.args(["--spool", "relay.sqlite"]).args(&self.arguments);
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
