//! What tells a browser what to do.

use anyhow::{Context, Result, bail};
use serde_json::Value;
use thirtyfour::common::command::Command;
use thirtyfour::{WebDriver, WindowHandle};

use crate::devtools::DevTools;

/// One of two protocols.
#[derive(Debug)]
pub(crate) enum Driver {
    /// The standard's, through the engine's driver.
    WebDriver(WebDriver),
    /// Chromium's own, for its old versions.
    DevTools(Box<DevTools>),
}

impl Driver {
    /// Returns the browser's name and version.
    pub(crate) fn version(&self) -> String {
        match self {
            Self::WebDriver(driver) => {
                let capabilities = driver.capabilities();
                let word = |name| capabilities.get(name).and_then(Value::as_str).unwrap_or("?");
                format!("{} {}", word("browserName"), word("browserVersion"))
            }
            Self::DevTools(devtools) => devtools.version(),
        }
    }

    /// Ends the browser as its driver does at the end of a session.
    pub(crate) async fn quit(&self) -> Result<()> {
        match self {
            Self::WebDriver(driver) => drop(driver.cmd(Command::DeleteSession).await?),
            Self::DevTools(_) => bail!("old browsers are not asked to quit"),
        }
        Ok(())
    }

    /// Loads a page into the current tab, and waits for its `load` event.
    pub(crate) async fn goto(&self, url: &str) -> Result<()> {
        match self {
            Self::WebDriver(driver) => Ok(driver.goto(url).await?),
            Self::DevTools(devtools) => devtools.goto(url).await,
        }
    }

    /// Goes back one page in the history.
    pub(crate) async fn back(&self) -> Result<()> {
        match self {
            Self::WebDriver(driver) => Ok(driver.back().await?),
            Self::DevTools(_) => bail!("old browsers are not asked to go back"),
        }
    }

    /// Evaluates an expression in the current tab, and waits for the promise that is its value.
    pub(crate) async fn settled(&self, promise: &str) -> Result<Value> {
        match self {
            Self::WebDriver(driver) => {
                let script = format!("{}.then(arguments[arguments.length - 1]);", in_page(promise));
                Ok(driver.execute_async(script, Vec::new()).await?.json().clone())
            }
            Self::DevTools(devtools) => devtools.evaluate(promise).await,
        }
    }

    /// Evaluates an expression in the current tab.
    pub(crate) async fn evaluate(&self, expression: &str) -> Result<()> {
        match self {
            Self::WebDriver(driver) => drop(driver.execute(in_page(expression), Vec::new()).await?),
            Self::DevTools(devtools) => drop(devtools.evaluate(expression).await?),
        }
        Ok(())
    }

    /// Returns the warnings and errors in the console since the last call.
    pub(crate) async fn complaints(&self) -> Result<Vec<String>> {
        let Self::WebDriver(driver) = self else { bail!("the console of old browsers is not read") };
        let log = driver.browser_log().await.context("the driver does not show the console")?;
        let complaints =
            log.into_iter().filter(|entry| ["WARNING", "SEVERE"].contains(&entry.level.as_str()));
        Ok(complaints.map(|entry| format!("{}: {}", entry.level, entry.message)).collect())
    }

    /// Sends a command of Chromium's own protocol, which the other engines do not speak.
    pub(crate) async fn devtools(&self, command: &str, parameters: Value) -> Result<Value> {
        match self {
            Self::WebDriver(driver) => Ok(driver.cdp().send_raw(command, parameters).await?),
            Self::DevTools(devtools) => devtools.command(command, parameters).await,
        }
    }

    /// Returns the tab that is current.
    pub(crate) async fn tab(&self) -> Result<String> {
        match self {
            Self::WebDriver(driver) => Ok(driver.window().await?.to_string()),
            Self::DevTools(devtools) => Ok(devtools.tab().await),
        }
    }

    /// Opens a tab.
    pub(crate) async fn open_tab(&self) -> Result<String> {
        match self {
            Self::WebDriver(driver) => Ok(driver.new_tab().await?.to_string()),
            Self::DevTools(devtools) => devtools.open_tab().await,
        }
    }

    /// Returns every tab, in no particular order.
    pub(crate) async fn tabs(&self) -> Result<Vec<String>> {
        match self {
            Self::WebDriver(driver) => {
                Ok(driver.windows().await?.iter().map(WindowHandle::to_string).collect())
            }
            Self::DevTools(devtools) => devtools.tabs().await,
        }
    }

    /// Makes a tab the current one.
    pub(crate) async fn switch_to(&self, tab: &str) -> Result<()> {
        match self {
            Self::WebDriver(driver) => {
                Ok(driver.switch_to_window(WindowHandle::from(tab.to_owned())).await?)
            }
            Self::DevTools(devtools) => devtools.switch_to(tab).await,
        }
    }

    /// Closes the current tab.
    pub(crate) async fn close_tab(&self) -> Result<()> {
        match self {
            Self::WebDriver(driver) => Ok(driver.close_window().await?),
            Self::DevTools(devtools) => devtools.close_tab().await,
        }
    }
}

/// The script as the page itself would run it: Firefox's driver has globals of its own, `Object` among them.
fn in_page(script: &str) -> String {
    format!("window.eval({})", Value::from(script))
}
