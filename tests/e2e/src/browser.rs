//! A browser under the tests' control.

use std::net::Ipv4Addr;
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tempfile::TempDir;
use thirtyfour::{Capabilities, WebDriver};
use tokio::net::TcpStream;

use crate::alone::Alone;
use crate::driver::Driver;
use crate::engine::Engine;
use crate::old_chromium;
use crate::process::{self, Process};
use crate::wait::until;

/// One running browser with a profile of its own. Dropped, it ends with all its processes and files.
#[derive(Debug)]
pub struct Browser {
    driver: Driver,
    // In this order: what still runs would write into the folder.
    _processes: Vec<Process>,
    folder: TempDir,
}

/// A tab of a browser.
#[derive(Clone, Debug, PartialEq)]
pub struct Tab(String);

impl Browser {
    /// Starts the engine's driver and, through it, the browser.
    pub async fn start(engine: Engine) -> Result<Self> {
        let folder = folder()?;
        let capabilities = engine.capabilities(folder.path())?;
        Self::start_in(folder, engine, capabilities).await
    }

    /// Starts Chromium with the unpacked extension of a folder.
    pub async fn start_with_extension(extension: &Path) -> Result<Self> {
        let folder = folder()?;
        let mut capabilities = Engine::Chromium.capabilities(folder.path())?;
        let arguments = capabilities.pointer_mut("/goog:chromeOptions/args").and_then(Value::as_array_mut);
        let arguments = arguments.context("Chromium has arguments")?;
        arguments.push(format!("--load-extension={}", extension.display()).into());
        Self::start_in(folder, Engine::Chromium, capabilities).await
    }

    async fn start_in(folder: TempDir, engine: Engine, capabilities: Value) -> Result<Self> {
        let Value::Object(capabilities) = capabilities else {
            return Err(anyhow!("capabilities are an object"));
        };
        let port = process::free_port()?;
        let processes = engine.start_driver(port, folder.path()).await?;
        until(&format!("the driver of {engine:?} to listen on port {port}"), async || {
            let connected = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await;
            connected.map(Some).with_context(|| process::logs(&processes))
        })
        .await?;
        let address = format!("http://127.0.0.1:{port}");
        let driver = WebDriver::new(address, Capabilities::from(capabilities)).await;
        let driver =
            driver.with_context(|| format!("{engine:?} does not start\n{}", process::logs(&processes)))?;
        // The processes end as a group, whatever state they are in: there is no session to say goodbye to.
        driver.clone().leak()?;
        Ok(Self { driver: Driver::WebDriver(driver), _processes: processes, folder })
    }

    /// Starts an old version of Chromium, which has no driver.
    pub async fn start_old(version: u16) -> Result<Self> {
        let folder = folder()?;
        let (process, devtools) = old_chromium::start(version, folder.path()).await?;
        Ok(Self { driver: Driver::DevTools(Box::new(devtools)), _processes: vec![process], folder })
    }

    /// Its name and version, as its driver has them.
    pub fn version(&self) -> String {
        self.driver.version()
    }

    /// Ends the browser as its driver does at the end of a session. The profile stays.
    pub async fn quit(&self) -> Result<()> {
        self.driver.quit().await.context("the browser does not quit")
    }

    /// Starts a browser without a driver on the profile of this one, which has to be gone.
    pub async fn start_again(&self, engine: Engine, url: &str) -> Result<Alone> {
        Alone::start(engine, self.folder.path(), url).await
    }

    /// Loads a page into the current tab, and waits for its `load` event.
    pub async fn visit(&self, url: &str) -> Result<()> {
        self.driver.goto(url).await.with_context(|| format!("cannot visit {url}"))
    }

    /// One page back in the history.
    pub async fn back(&self) -> Result<()> {
        self.driver.back().await.context("cannot go back")
    }

    /// Runs the body of an async function in the page; what it returns comes back as JSON has it.
    pub async fn run<T: DeserializeOwned>(&self, script: &str) -> Result<T> {
        #[derive(Deserialize)]
        #[serde(rename_all = "snake_case")]
        enum End {
            Returned(String),
            Threw(String),
        }
        let body = format!(
            "(async () => {{ {script} }})().then(
                (value) => ({{ returned: JSON.stringify(value) ?? 'null' }}),
                (error) => ({{ threw: `${{error?.name}}: ${{error?.message}}` }}),
            )"
        );
        let end = self.driver.settled(&body).await;
        let end = end.and_then(|end| Ok(serde_json::from_value(end)?));
        match end.with_context(|| format!("no answer to: {script}"))? {
            End::Returned(json) => {
                serde_json::from_str(&json).with_context(|| format!("{json} is no answer to: {script}"))
            }
            End::Threw(error) => Err(anyhow!("{error}, thrown by: {script}")),
        }
    }

    /// Has the page run a script in a task of its own, without waiting for it: it may leave the page.
    pub async fn begin(&self, script: &str) -> Result<()> {
        let later = format!("setTimeout(() => {{ {script} }})");
        self.driver.evaluate(&later).await.with_context(|| format!("cannot begin: {script}"))
    }

    /// The warnings and errors in the console since the last call, the browser's own included. Only Chromium's driver
    /// tells them.
    pub async fn complaints(&self) -> Result<Vec<String>> {
        self.driver.complaints().await
    }

    /// A command of Chromium's own protocol (DevTools), which the other engines do not speak.
    pub async fn devtools(&self, command: &str, parameters: Value) -> Result<Value> {
        self.driver.devtools(command, parameters).await.with_context(|| format!("{command} failed"))
    }

    /// The tab that is current.
    pub async fn tab(&self) -> Result<Tab> {
        self.driver.tab().await.map(Tab).context("no current tab")
    }

    /// Opens a tab and makes it the current one.
    pub async fn open_tab(&self) -> Result<Tab> {
        let tab = Tab(self.driver.open_tab().await.context("cannot open a tab")?);
        self.switch_to(&tab).await?;
        Ok(tab)
    }

    /// Every tab there is, in no particular order.
    pub async fn tabs(&self) -> Result<Vec<Tab>> {
        let tabs = self.driver.tabs().await.context("cannot list the tabs")?;
        Ok(tabs.into_iter().map(Tab).collect())
    }

    /// Makes a tab the current one.
    pub async fn switch_to(&self, tab: &Tab) -> Result<()> {
        self.driver.switch_to(&tab.0).await.context("cannot switch to a tab")
    }

    /// Kills the process of the current tab's page (Chromium).
    pub async fn crash_page(&self) {
        // The driver answers that the tab has crashed.
        let _ = self.driver.goto("chrome://crash").await;
    }

    /// Closes the current tab and makes `next` the current one.
    pub async fn close_tab(&self, next: &Tab) -> Result<()> {
        self.driver.close_tab().await.context("cannot close the tab")?;
        self.switch_to(next).await
    }
}

fn folder() -> Result<TempDir> {
    tempfile::Builder::new().prefix("e2e-").tempdir().context("no temporary folder")
}
