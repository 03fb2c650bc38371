//! What one case plays on: a collector, and a browser that opens the case's page.

use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use collector::{Collector, Pages, Settings};
use e2e::{Arrivals, Browser, Engine, Process, until};
use tokio::time::sleep;

use crate::project::Project;
use crate::workshop::Workshop;

const API_KEY: &str = "packaging_key";

const PAGE_VIEW: &str = "page_view";
const CLICK: &str = "button_click";

/// Longer than the tracker takes to notice a route (50 ms).
const SETTLED: Duration = Duration::from_millis(500);

/// A project, and the collector that its pages are filled in to reach.
#[derive(Debug)]
pub struct Stage {
    /// Fresh.
    pub project: Project,
    /// Strict.
    pub collector: Collector,
}

impl Stage {
    /// A fresh project of that name with the files of a folder of this repository, filled in.
    pub async fn set(workshop: &Workshop, name: &str, files: &str) -> Result<Self> {
        let collector = Collector::start(Settings::in_memory(API_KEY)).await.context("no collector")?;
        let project = workshop.project(name)?;
        let endpoint = collector.endpoint();
        project.copy(files, |text| {
            text.replace(
                "data-api-key=\"YOUR_API_KEY\"",
                &format!("data-api-key=\"{API_KEY}\" data-endpoint=\"{endpoint}\" data-flush-interval=\"0\""),
            )
            .replace(
                "apiKey: 'YOUR_API_KEY'",
                &format!("apiKey: '{API_KEY}', endpoint: '{endpoint}', flushInterval: 0"),
            )
            .replace("pageViews: true", &format!("pageViews: true, endpoint: '{endpoint}', flushInterval: 0"))
            .replace("YOUR_API_KEY", API_KEY)
        })?;
        Ok(Self { project, collector })
    }

    /// Serves a folder of the project as it is, with the page's path, and visits it.
    pub async fn visit_files(&self, engine: Engine, folder: &str, page: &str) -> Result<String> {
        let pages = self.serve(folder).await?;
        self.visit(engine, &pages.url(page)).await
    }

    /// Opens a page, which is to track its view, and clicks its button, which is to track that.
    pub async fn visit(&self, engine: Engine, url: &str) -> Result<String> {
        self.visit_in(&Browser::start(engine).await?, engine, url).await
    }

    /// Does the same in a browser that is already there.
    pub async fn visit_in(&self, browser: &Browser, engine: Engine, url: &str) -> Result<String> {
        self.arrive(browser, url).await?;
        self.leave_quietly(browser, engine, &[PAGE_VIEW, CLICK]).await
    }

    /// The same, and a click on the link to another view, which is to be tracked once, too.
    pub async fn visit_views(&self, engine: Engine, url: &str) -> Result<String> {
        let browser = Browser::start(engine).await?;
        self.arrive(&browser, url).await?;
        browser.run::<()>("document.querySelector('a').click()").await?;
        self.await_events(&browser, 3).await?;
        let said = self.leave_quietly(&browser, engine, &[PAGE_VIEW, CLICK, PAGE_VIEW]).await?;
        let arrivals = Arrivals::at(&self.collector)?;
        let paths: Vec<_> =
            arrivals.events.iter().filter_map(|event| event.properties.as_ref()?.get("path")).collect();
        ensure!(paths == ["/", "/about"], "the views are {paths:?}");
        Ok(said)
    }

    /// The same of a folder of the project as it is.
    pub async fn visit_views_of_files(&self, folder: &str) -> Result<String> {
        let pages = self.serve(folder).await?;
        self.visit_views(Engine::Chromium, &pages.url("/")).await
    }

    /// Does the same in an app that tracks its page views by itself: the view that the click leaves is tracked as left.
    /// Where the click loads another page, that may arrive after the next view.
    pub async fn visit_routes(&self, browser: &Browser, url: &str) -> Result<String> {
        self.arrive(browser, url).await?;
        browser.begin("document.querySelector('a').click()").await?;
        self.await_events(browser, 4).await?;
        // An event too many comes from a router that settles late.
        sleep(SETTLED).await;
        let arrivals = Arrivals::at(&self.collector)?;
        ensure!(arrivals.repeats() == 0, "events were repeated: {arrivals}");
        let mut came: Vec<_> = arrivals
            .events
            .iter()
            .map(|event| {
                let path = event.properties.as_ref().and_then(|properties| properties.get("path"));
                let path = path.and_then(|path| path.as_str()).unwrap_or_default();
                format!("{} {}", event.event_name, if path == "/about/" { "/about" } else { path })
            })
            .collect();
        came.sort_unstable();
        ensure!(
            came == ["button_click ", "page_leave /", "page_view /", "page_view /about"],
            "{came:?} came instead of two views, one left, and a click"
        );
        let complaints = browser.complaints().await?;
        ensure!(complaints.is_empty(), "the console says:\n{}", complaints.join("\n"));
        Ok("4 events, console quiet".to_owned())
    }

    /// Waits until a server that was started a moment ago listens: a visit before that leaves its trace in the console.
    pub async fn listening(&self, port: u16, server: &Process) -> Result<String> {
        until("a server to listen", async || Ok(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()))
            .await
            .with_context(|| server.log().unwrap_or_default())?;
        Ok(format!("http://127.0.0.1:{port}/"))
    }

    /// Waits for that many events.
    pub async fn await_events(&self, browser: &Browser, count: usize) -> Result<()> {
        let what = format!("{count} events");
        let came =
            until(&what, async || Ok((Arrivals::at(&self.collector)?.events.len() >= count).then_some(())));
        if let Err(error) = came.await {
            let complaints = browser.complaints().await.unwrap_or_default().join("\n");
            return Err(error.context(format!("{}{complaints}", Arrivals::at(&self.collector)?)));
        }
        Ok(())
    }

    /// Nothing but these events came, each once, and, where it can be known, nobody complained.
    pub async fn leave_quietly(&self, browser: &Browser, engine: Engine, names: &[&str]) -> Result<String> {
        let arrivals = Arrivals::at(&self.collector)?;
        let came: Vec<_> = arrivals.events.iter().map(|event| event.event_name.as_str()).collect();
        ensure!(came == names, "{came:?} came instead of {names:?}");
        ensure!(arrivals.repeats() == 0, "events were repeated: {arrivals}");
        if engine != Engine::Chromium {
            return Ok(format!("{} events", names.len()));
        }
        let complaints = browser.complaints().await?;
        ensure!(complaints.is_empty(), "the console says:\n{}", complaints.join("\n"));
        Ok(format!("{} events, console quiet", names.len()))
    }

    /// Serves a folder of the project as it is.
    pub async fn serve(&self, folder: &str) -> Result<Pages> {
        let mounts = vec![("/".to_owned(), self.project.folder().join(folder))];
        Pages::start(0, mounts).await.context("the pages cannot be served")
    }

    async fn arrive(&self, browser: &Browser, url: &str) -> Result<()> {
        browser.visit(url).await?;
        self.await_events(browser, 1).await?;
        browser.run::<()>("document.querySelector('button').click()").await?;
        self.await_events(browser, 2).await
    }
}
