//! Everything that one journey needs, and nothing shared with another.

use std::time::Duration;

use anyhow::{Context, Result};
use collector::{Collector, Database, Faults, Settings};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::arrivals::Arrivals;
use crate::browser::Browser;
use crate::engine::Engine;
use crate::site::Site;
use crate::wait::until;

/// The key that the collector knows.
pub const API_KEY: &str = "e2e_key";

/// A browser keeps more than one core busy while it starts: more of them at once are no faster.
static SEATS: Semaphore = Semaphore::const_new(2);

/// For a driver that hangs; a journey that merely fails ends by itself.
const LONGEST_JOURNEY: Duration = Duration::from_secs(300);

/// Plays a journey in a scene of its own.
pub async fn play(engine: Engine, journey: impl AsyncFnOnce(&mut Scene) -> Result<()>) -> Result<()> {
    let _seat = SEATS.acquire().await.context("the semaphore was closed")?;
    let mut scene = Scene::start(engine).await?;
    timeout(LONGEST_JOURNEY, journey(&mut scene)).await.context("the journey never ended")?
}

/// A browser, a site and a collector. The page and the collector have different origins.
#[derive(Debug)]
pub struct Scene {
    /// What the browser is made of.
    pub engine: Engine,
    /// With a fresh profile.
    pub browser: Browser,
    site: Site,
    collector: Option<Collector>,
    settings: Settings,
    _folder: TempDir,
}

impl Scene {
    async fn start(engine: Engine) -> Result<Self> {
        let folder =
            tempfile::Builder::new().prefix("e2e-collector-").tempdir().context("no temporary folder")?;
        let database = Database::File(folder.path().join("events.sqlite"));
        let mut settings = Settings { database, ..Settings::in_memory(API_KEY) };
        let collector = Collector::start(settings.clone()).await.context("the collector does not start")?;
        settings.port = collector.address().port();
        let site = Site::start(&collector.endpoint(), API_KEY).await?;
        let browser = Browser::start(engine).await?;
        Ok(Self { engine, browser, site, collector: Some(collector), settings, _folder: folder })
    }

    /// Loads a page of `tests/e2e/pages` into the current tab.
    pub async fn visit(&self, page: &str) -> Result<()> {
        self.browser.visit(&self.site.url(page)).await
    }

    /// [`Browser::run`]
    pub async fn run<T: DeserializeOwned>(&self, script: &str) -> Result<T> {
        self.browser.run(script).await
    }

    /// Has the page run a script that leaves it for `blank.html`, and waits until that is there.
    pub async fn leave(&self, script: &str) -> Result<()> {
        self.browser.begin(script).await?;
        self.blank().await
    }

    /// Waits until the current tab shows `blank.html`.
    pub async fn blank(&self) -> Result<()> {
        until("the page to have been left", async || {
            let place: String = self.run("return location.pathname").await?;
            Ok((place == "/blank.html").then_some(()))
        })
        .await
    }

    /// Waits until what the collector holds is `enough`.
    pub async fn arrivals(&self, what: &str, enough: impl Fn(&Arrivals) -> bool) -> Result<Arrivals> {
        let came = until(what, async || {
            let arrivals = Arrivals::at(self.collector()?)?;
            Ok(enough(&arrivals).then_some(arrivals))
        });
        match came.await {
            Ok(arrivals) => Ok(arrivals),
            Err(error) => Err(error.context(self.report().await)),
        }
    }

    /// Waits until so many different events have arrived.
    pub async fn distinct(&self, count: usize) -> Result<Arrivals> {
        self.arrivals(&format!("{count} different events"), |arrivals| arrivals.ids().len() >= count).await
    }

    /// Waits until no page has an event left to send, by the account in the current page's `stats()`.
    pub async fn settled(&self) -> Result<Arrivals> {
        let settled = until("nothing to be queued any more", async || {
            let queued: u64 = self.run("return (await appizer.stats()).queued").await?;
            Ok((queued == 0).then_some(()))
        });
        match settled.await {
            Ok(()) => Arrivals::at(self.collector()?),
            Err(error) => Err(error.context(self.report().await)),
        }
    }

    /// Takes the collector down: the browser is refused from now on.
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

    /// Breaks the collector, or mends it.
    pub fn set_faults(&self, faults: Option<Faults>) -> Result<()> {
        self.collector()?.set_faults(faults).context("these faults make no sense")
    }

    /// Waits until the faults have been applied as often as they were to be.
    pub async fn faults_used_up(&self) -> Result<()> {
        until("the faults to be used up", async || Ok(self.collector()?.faults().is_none().then_some(())))
            .await
    }

    fn collector(&self) -> Result<&Collector> {
        self.collector.as_ref().context("the collector is stopped")
    }

    /// For a failure's message: what the collector and the page say.
    async fn report(&self) -> String {
        let arrivals = self.collector().and_then(Arrivals::at);
        let arrivals = arrivals.map_or_else(|error| format!("{error:#}\n"), |arrivals| arrivals.to_string());
        let stats = self.run::<Value>("return appizer.stats()").await;
        let stats = stats.map_or_else(|error| format!("{error:#}"), |stats| stats.to_string());
        format!("the collector holds {arrivals}the page says {stats}")
    }
}
