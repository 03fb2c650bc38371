//! A browser under a driver's control.

use std::net::Ipv4Addr;

use anyhow::{Context, Result, anyhow};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tempfile::TempDir;
use thirtyfour::common::command::Command;
use thirtyfour::{Capabilities, WebDriver, WindowHandle};
use tokio::net::TcpStream;

use crate::alone::Alone;
use crate::engine::Engine;
use crate::process::{self, Process};
use crate::wait::until;

/// One running browser with a profile of its own. Dropped, it ends with all its processes and files.
#[derive(Debug)]
pub struct Browser {
    driver: WebDriver,
    // In this order: what still runs would write into the folder.
    _processes: Vec<Process>,
    folder: TempDir,
}

/// A tab of a browser.
#[derive(Clone, Debug, PartialEq)]
pub struct Tab(WindowHandle);

impl Browser {
    /// Starts the engine's driver and, through it, the browser.
    pub async fn start(engine: Engine) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("e2e-").tempdir().context("no temporary folder")?;
        let Value::Object(capabilities) = engine.capabilities(folder.path())? else {
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
        Ok(Self { driver, _processes: processes, folder })
    }

    /// Its name and version, as its driver has them.
    pub fn version(&self) -> String {
        let capabilities = self.driver.capabilities();
        let word = |name| capabilities.get(name).and_then(Value::as_str).unwrap_or("?");
        format!("{} {}", word("browserName"), word("browserVersion"))
    }

    /// Ends the browser as its driver does at the end of a session. The profile stays.
    pub async fn quit(&self) -> Result<()> {
        self.driver.cmd(Command::DeleteSession).await.context("the browser does not quit")?;
        Ok(())
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
        let wrapped = format!("{}.then(arguments[arguments.length - 1]);", in_page(&body));
        let end = self.driver.execute_async(wrapped, Vec::new()).await;
        let end = end.and_then(|end| end.convert()).with_context(|| format!("no answer to: {script}"))?;
        match end {
            End::Returned(json) => {
                serde_json::from_str(&json).with_context(|| format!("{json} is no answer to: {script}"))
            }
            End::Threw(error) => Err(anyhow!("{error}, thrown by: {script}")),
        }
    }

    /// Has the page run a script in a task of its own, without waiting for it: it may leave the page.
    pub async fn begin(&self, script: &str) -> Result<()> {
        let later = format!("setTimeout(() => {{ {script} }})");
        self.driver
            .execute(in_page(&later), Vec::new())
            .await
            .with_context(|| format!("cannot begin: {script}"))?;
        Ok(())
    }

    /// The warnings and errors in the console since the last call, the browser's own included. Only Chromium's driver
    /// tells them.
    pub async fn complaints(&self) -> Result<Vec<String>> {
        let log = self.driver.browser_log().await.context("the driver does not show the console")?;
        let complaints =
            log.into_iter().filter(|entry| ["WARNING", "SEVERE"].contains(&entry.level.as_str()));
        Ok(complaints.map(|entry| format!("{}: {}", entry.level, entry.message)).collect())
    }

    /// A command of Chromium's own protocol (DevTools), which the other engines do not speak.
    pub async fn devtools(&self, command: &str, parameters: Value) -> Result<Value> {
        let answer = self.driver.cdp().send_raw(command, parameters).await;
        answer.with_context(|| format!("{command} failed"))
    }

    /// The tab that is current.
    pub async fn tab(&self) -> Result<Tab> {
        self.driver.window().await.map(Tab).context("no current tab")
    }

    /// Opens a tab and makes it the current one.
    pub async fn open_tab(&self) -> Result<Tab> {
        let tab = Tab(self.driver.new_tab().await.context("cannot open a tab")?);
        self.switch_to(&tab).await?;
        Ok(tab)
    }

    /// Every tab there is, in no particular order.
    pub async fn tabs(&self) -> Result<Vec<Tab>> {
        let handles = self.driver.windows().await.context("cannot list the tabs")?;
        Ok(handles.into_iter().map(Tab).collect())
    }

    /// Makes a tab the current one.
    pub async fn switch_to(&self, tab: &Tab) -> Result<()> {
        self.driver.switch_to_window(tab.0.clone()).await.context("cannot switch to a tab")
    }

    /// Kills the process of the current tab's page (Chromium).
    pub async fn crash_page(&self) {
        // The driver answers that the tab has crashed.
        let _ = self.driver.goto("chrome://crash").await;
    }

    /// Closes the current tab and makes `next` the current one.
    pub async fn close_tab(&self, next: &Tab) -> Result<()> {
        self.driver.close_window().await.context("cannot close the tab")?;
        self.switch_to(next).await
    }
}

/// The script as the page itself would run it: Firefox's driver has globals of its own, `Object` among them.
fn in_page(script: &str) -> String {
    format!("window.eval({})", Value::from(script))
}
