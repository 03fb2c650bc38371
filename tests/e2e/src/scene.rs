//! Everything that one journey needs, and nothing shared with another.

use std::time::Duration;

use anyhow::{Context, Result};
use collector::Faults;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::arrivals::Arrivals;
use crate::browser::Browser;
use crate::engine::Engine;
use crate::servers::Servers;
use crate::site::Entry;
use crate::wait::until;

/// A browser keeps more than one core busy while it starts: more of them at once are no faster.
static SEATS: Semaphore = Semaphore::const_new(2);

/// For a driver that hangs; a journey that merely fails ends by itself.
const LONGEST_JOURNEY: Duration = Duration::from_secs(300);

/// Plays a journey in a scene of its own.
pub async fn play<T>(engine: Engine, journey: impl AsyncFnOnce(&mut Scene) -> Result<T>) -> Result<T> {
    play_with(Entry::Default, engine, journey).await
}

/// Plays a journey whose pages load that entry, in a scene of its own.
pub async fn play_with<T>(
    entry: Entry,
    engine: Engine,
    journey: impl AsyncFnOnce(&mut Scene) -> Result<T>,
) -> Result<T> {
    seated(async {
        let mut scene = Scene::start(entry, engine).await?;
        journey(&mut scene).await
    })
    .await
}

/// Plays a journey in an old version of Chromium, in a scene of its own.
pub async fn play_in_old_chromium<T>(
    version: u16,
    journey: impl AsyncFnOnce(&mut Scene) -> Result<T>,
) -> Result<T> {
    seated(async {
        let servers = Servers::start().await?;
        let browser = Browser::start_old(version).await?;
        journey(&mut Scene { engine: Engine::Chromium, browser, servers }).await
    })
    .await
}

/// Waits for a seat, then for the journey.
pub(crate) async fn seated<T>(journey: impl Future<Output = Result<T>>) -> Result<T> {
    let _seat = SEATS.acquire().await.context("the semaphore was closed")?;
    timeout(LONGEST_JOURNEY, journey).await.context("the journey never ended")?
}

/// A browser, a site and a collector. The page and the collector have different origins.
#[derive(Debug)]
pub struct Scene {
    /// What the browser is made of.
    pub engine: Engine,
    /// With a fresh profile.
    pub browser: Browser,
    /// What the browser visits, and where its events go.
    pub servers: Servers,
}

impl Scene {
    async fn start(entry: Entry, engine: Engine) -> Result<Self> {
        let servers = Servers::start_with(entry).await?;
        let browser = Browser::start(engine).await?;
        Ok(Self { engine, browser, servers })
    }

    /// Loads a page of `tests/e2e/pages` into the current tab.
    pub async fn visit(&self, page: &str) -> Result<()> {
        self.browser.visit(&self.servers.site.url(page)).await?;
        if page.starts_with("module.html") {
            // WebKit's driver comes back before the module has run, where the machine is busy.
            self.loaded().await?;
        }
        Ok(())
    }

    /// The address of a page of `tests/e2e/pages`.
    pub fn url(&self, page: &str) -> String {
        self.servers.site.url(page)
    }

    /// Waits until the tab shows a page with the package.
    pub async fn loaded(&self) -> Result<()> {
        until("a page with the package", async || {
            let there: bool =
                self.run("return 'appizer' in window && document.readyState === 'complete'").await?;
            Ok(there.then_some(()))
        })
        .await
    }

    /// Waits until the browser has asked for a file of the site.
    pub async fn asked_for(&self, path: &str) -> Result<()> {
        until(path, async || Ok(self.servers.site.was_asked_for(path).then_some(()))).await
    }

    /// Has `pages/guide.html` run an example as a module, and waits for its end.
    pub async fn run_example(&self, example: &str, instance: &str) -> Result<()> {
        let [example, instance] = [example, instance].map(Value::from);
        self.run::<()>(&format!("example({example}, {instance})")).await?;
        until("the example to end", async || {
            Ok(self.run::<bool>("return !!window.done").await?.then_some(()))
        })
        .await
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
            let arrivals = self.servers.arrivals()?;
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
            Ok(()) => self.servers.arrivals(),
            Err(error) => Err(error.context(self.report().await)),
        }
    }

    /// [`Servers::stop_collector`]
    pub async fn stop_collector(&mut self) {
        self.servers.stop_collector().await;
    }

    /// [`Servers::start_collector`]
    pub async fn start_collector(&mut self) -> Result<()> {
        self.servers.start_collector().await
    }

    /// [`Servers::set_faults`]
    pub fn set_faults(&self, faults: Option<Faults>) -> Result<()> {
        self.servers.set_faults(faults)
    }

    /// [`Servers::faults_used_up`]
    pub async fn faults_used_up(&self) -> Result<()> {
        self.servers.faults_used_up().await
    }

    /// For a failure's message: what the collector and the page say.
    pub async fn report(&self) -> String {
        let arrivals = self.servers.arrivals();
        let arrivals = arrivals.map_or_else(|error| format!("{error:#}\n"), |arrivals| arrivals.to_string());
        let stats = self.run::<Value>("return appizer.stats()").await;
        let stats = stats.map_or_else(|error| format!("{error:#}"), |stats| stats.to_string());
        format!("the collector holds {arrivals}the page says {stats}")
    }
}
