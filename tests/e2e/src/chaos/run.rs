//! One case in one engine, played and counted.

use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::case::{Act, Case, Warmth};
use super::cases::CASES;
use super::tally::{Shortfall, Tally};
use crate::alone::Alone;
use crate::engine::Engine;
use crate::scene::{self, Scene, seated};
use crate::servers::Servers;
use crate::site::Entry;
use crate::wait::{until, until_within};

/// One case in one engine.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    /// What happens.
    pub case: &'static Case,
    /// Where.
    pub engine: Engine,
    /// After what.
    pub warmth: Warmth,
    /// What the pages load.
    pub entry: Entry,
}

/// Once no page has anything left to send, this is how long what is still on its way from a page that is gone may take.
/// Where nothing is missing nobody waits.
const OVERDUE: Duration = Duration::from_secs(5);

impl Run {
    /// Returns a run of the case of that name, with the default entry.
    pub fn named(name: &str, engine: Engine, warmth: Warmth) -> Result<Self> {
        let case = CASES.iter().find(|case| case.name == name);
        let case = case.with_context(|| format!("no case is called {name:?}"))?;
        Ok(Self { case, engine, warmth, entry: Entry::Default })
    }

    /// Why this engine cannot do it.
    pub fn not_run(&self) -> Option<&'static str> {
        let (_, why) = self.case.not_run.iter().find(|(engine, _)| *engine == self.engine)?;
        Some(why)
    }

    /// What a tally leaves to wish for, if anything.
    pub fn shortfall(&self, tally: &Tally) -> Option<Shortfall> {
        let may_repeat = self.case.unseen || self.warmth == Warmth::Cold;
        let repeated = if may_repeat { 0 } else { tally.repeated };
        let shortfall = Shortfall { missing: tally.missing(), repeated, doubled: tally.doubled };
        (shortfall != Shortfall::default()).then_some(shortfall)
    }

    /// Plays it, comes to the site again, and counts.
    pub async fn count(&self) -> Result<Tally> {
        match self.case.act {
            Act::InThePage(play) => {
                scene::play_with(self.entry, self.engine, async |scene| {
                    play(scene, self).await?;
                    scene.servers.mend().await?;
                    visit_later(scene).await?;
                    self.tally(&scene.servers).await
                })
                .await
            }
            Act::ThenQuit(play) => {
                scene::play_with(self.entry, self.engine, async |scene| {
                    play(scene, self).await?;
                    scene.browser.quit().await?;
                    let browser = scene.browser.start_again(self.engine, &later(&scene.servers)).await?;
                    self.tally_alone(browser, &scene.servers).await
                })
                .await
            }
            Act::Killed { after, flush_interval } => seated(self.kill(after, flush_interval)).await,
        }
    }

    /// Fails unless the goals are reached.
    pub async fn hold(&self) -> Result<()> {
        ensure!(self.not_run().is_none(), "{} cannot be done in {:?}", self.case.name, self.engine);
        let tally = self.count().await?;
        let shortfall = self.shortfall(&tally);
        ensure!(shortfall.is_none(), "{}: {tally}", self.warmth.word());
        Ok(())
    }

    async fn kill(&self, after: Duration, flush_interval: u64) -> Result<Tally> {
        let servers = Servers::start_with(self.entry).await?;
        let folder = tempfile::Builder::new().prefix("e2e-").tempdir().context("no temporary folder")?;
        let warm = if self.warmth == Warmth::Warm { "&warm" } else { "" };
        let wishes = format!("interval={flush_interval}{warm}&track={}", self.case.events);
        let url = servers.site.url(&format!("drives-itself.html?{wishes}"));
        let browser = Alone::start(self.engine, folder.path(), &url).await?;
        servers.site.told("tracked").await.with_context(|| browser.log())?;
        tokio::time::sleep(after).await;
        browser.kill()?;
        let committed = servers.site.has_told("committed").await;
        let browser = Alone::start(self.engine, folder.path(), &later(&servers)).await?;
        let tally = self.tally_alone(browser, &servers).await?;
        ensure!(
            tally.missing() == 0 || !committed,
            "{} events were committed and are missing",
            tally.missing()
        );
        Ok(tally)
    }

    async fn tally_alone(&self, browser: Alone, servers: &Servers) -> Result<Tally> {
        servers.site.told("settled").await.with_context(|| browser.log())?;
        self.tally(servers).await
    }

    async fn tally(&self, servers: &Servers) -> Result<Tally> {
        let count = || servers.arrivals().map(|arrivals| Tally::of(&arrivals, self.case.events));
        let complete = async || Ok(Some(count()?).filter(|tally| tally.missing() == 0));
        match until_within(OVERDUE, "every event", complete).await {
            Ok(tally) => Ok(tally),
            // To be missing is a result.
            Err(_) => count(),
        }
    }
}

/// The later visit of a browser without a driver.
fn later(servers: &Servers) -> String {
    servers.site.url("drives-itself.html?interval=0&settle")
}

/// Comes to the site again in the current tab, until no page has an event left to send.
async fn visit_later(scene: &Scene) -> Result<()> {
    scene.visit("module.html").await?;
    scene.run::<()>("await appizer.init(options); appizer.track('later')").await?;
    // What was handed over is settled by a reply that comes after its page was adopted: that takes another event.
    let look = "await appizer.flush(); const { queued, waiting } = await appizer.stats();
        if (waiting === 'reply') appizer.track('later'); return queued";
    let settled = until("nothing to be queued any more", async || {
        Ok((scene.run::<u64>(look).await? == 0).then_some(()))
    });
    match settled.await {
        Ok(()) => Ok(()),
        Err(error) => Err(error.context(scene.report().await)),
    }
}
