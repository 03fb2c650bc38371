//! The site and the collector, which have different origins.

use anyhow::{Context, Result};
use collector::{Collector, Database, Faults, Settings};
use tempfile::TempDir;

use crate::arrivals::Arrivals;
use crate::relay::{ONE_ADDRESS, Relay};
use crate::site::{Entry, Site};
use crate::wait::until;

/// The key that the collector knows.
pub const API_KEY: &str = "e2e_key";

/// A site, and a collector that can be taken down and broken.
#[derive(Debug)]
pub struct Servers {
    /// Where the pages are.
    pub site: Site,
    collector: Option<Collector>,
    settings: Settings,
    _folder: TempDir,
}

impl Servers {
    /// Starts both on free ports, with the default entry on the pages.
    pub async fn start() -> Result<Self> {
        Self::start_with(Entry::Default).await
    }

    /// Starts both on free ports.
    pub async fn start_with(entry: Entry) -> Result<Self> {
        let folder =
            tempfile::Builder::new().prefix("e2e-collector-").tempdir().context("no temporary folder")?;
        let database = Database::File(folder.path().join("events.sqlite"));
        let mut settings = Settings { database, ..Settings::in_memory(API_KEY) };
        let collector = Collector::start(settings.clone()).await.context("the collector does not start")?;
        settings.port = collector.address().port();
        let site = Site::start(&collector.endpoint(), API_KEY, entry).await?;
        Ok(Self { site, collector: Some(collector), settings, _folder: folder })
    }

    /// What the collector holds now.
    pub fn arrivals(&self) -> Result<Arrivals> {
        Arrivals::at(self.collector()?)
    }

    /// Takes the collector down: a browser is refused from now on.
    pub async fn stop_collector(&mut self) {
        if let Some(collector) = self.collector.take() {
            collector.stop().await;
        }
    }

    /// Brings it up again, at the same address and with what it held.
    pub async fn start_collector(&mut self) -> Result<()> {
        let collector = Collector::start(self.settings.clone()).await;
        self.collector = Some(collector.context("the collector does not start again")?);
        Ok(())
    }

    /// Lets the collector take no more than so many requests in any minute.
    pub async fn limit_collector(&mut self, requests_per_minute: u32) -> Result<()> {
        self.settings.requests_per_minute = Some(requests_per_minute);
        self.stop_collector().await;
        self.start_collector().await
    }

    /// Starts a relay in front of the collector.
    pub async fn start_relay(&self) -> Result<Relay> {
        self.start_relay_with(&[]).await
    }

    /// Starts a relay with more arguments.
    pub async fn start_relay_with(&self, arguments: &[&str]) -> Result<Relay> {
        let arguments = [&ONE_ADDRESS, arguments].concat();
        Relay::start(&self.collector()?.endpoint(), API_KEY, &arguments).await
    }

    /// Breaks the collector, or mends it.
    pub fn set_faults(&self, faults: Option<Faults>) -> Result<()> {
        self.collector()?.set_faults(faults).context("these faults make no sense")
    }

    /// Waits until the faults have been applied as often as they were to be.
    pub async fn faults_used_up(&self) -> Result<()> {
        until("the faults to be used up", async || Ok(self.collector()?.faults().is_none().then_some(())))
            .await
    }

    /// Brings the collector up, if it is down, and mends it.
    pub async fn mend(&mut self) -> Result<()> {
        if self.collector.is_none() {
            self.start_collector().await?;
        }
        self.set_faults(None)
    }

    fn collector(&self) -> Result<&Collector> {
        self.collector.as_ref().context("the collector is stopped")
    }
}
