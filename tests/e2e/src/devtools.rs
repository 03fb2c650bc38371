//! Chromium's own protocol (DevTools), spoken to the browser itself: no driver of an old version can be had.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::wait::until;

/// A page that does not answer by then is stuck.
const LONGEST_ANSWER: Duration = Duration::from_secs(60);

/// A connection to a browser, one of whose tabs is the current one.
#[derive(Debug)]
pub(crate) struct DevTools {
    version: String,
    connection: Mutex<Connection>,
}

/// The WebSocket and the tabs behind it.
#[derive(Debug)]
struct Connection {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    last_command: u64,
    current_tab: String,
    /// The protocol's session of each tab.
    sessions: HashMap<String, String>,
}

impl DevTools {
    /// Connects to the address that the browser has written to its log, and opens a tab.
    pub(crate) async fn connect(address: &str) -> Result<Self> {
        let (socket, _) =
            connect_async(address).await.with_context(|| format!("cannot connect to {address}"))?;
        let mut connection =
            Connection { socket, last_command: 0, current_tab: String::new(), sessions: HashMap::new() };
        let about = connection.call(None, "Browser.getVersion", json!({})).await?;
        let version = text(&about, "product")?;
        connection.current_tab = connection.open_tab().await?;
        Ok(Self { version, connection: Mutex::new(connection) })
    }

    /// Returns the browser's name and version.
    pub(crate) fn version(&self) -> String {
        self.version.clone()
    }

    /// Loads a page into the current tab, and waits for its `load` event.
    pub(crate) async fn goto(&self, url: &str) -> Result<()> {
        let answer = self.command("Page.navigate", json!({ "url": url })).await?;
        if let Some(error) = answer["errorText"].as_str() {
            bail!("{url}: {error}");
        }
        until("the page to be loaded", async || {
            let state = self.evaluate("document.readyState").await?;
            Ok((state == "complete").then_some(()))
        })
        .await
    }

    /// Evaluates an expression in the current tab, and waits for its value if that is a promise.
    pub(crate) async fn evaluate(&self, expression: &str) -> Result<Value> {
        let parameters = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let mut answer = self.command("Runtime.evaluate", parameters).await?;
        if let Some(details) = answer.get("exceptionDetails") {
            bail!("the page threw {details}");
        }
        Ok(answer["result"]["value"].take())
    }

    /// Sends a command to the current tab and returns its result.
    pub(crate) async fn command(&self, method: &str, parameters: Value) -> Result<Value> {
        let mut connection = self.connection.lock().await;
        let session = connection.sessions.get(&connection.current_tab).cloned();
        connection.call(session.as_deref(), method, parameters).await
    }

    /// Returns the tab that is current.
    pub(crate) async fn tab(&self) -> String {
        self.connection.lock().await.current_tab.clone()
    }

    /// Opens a tab; the current one stays current.
    pub(crate) async fn open_tab(&self) -> Result<String> {
        self.connection.lock().await.open_tab().await
    }

    /// Returns every tab.
    pub(crate) async fn tabs(&self) -> Result<Vec<String>> {
        let answer = self.connection.lock().await.call(None, "Target.getTargets", json!({})).await?;
        let targets = answer["targetInfos"].as_array().context("a browser without targets")?;
        targets
            .iter()
            .filter(|target| target["type"] == "page")
            .map(|target| text(target, "targetId"))
            .collect()
    }

    /// Makes a tab the current one.
    pub(crate) async fn switch_to(&self, tab: &str) -> Result<()> {
        let mut connection = self.connection.lock().await;
        if !connection.sessions.contains_key(tab) {
            connection.attach(tab).await?;
        }
        connection.call(None, "Target.activateTarget", json!({ "targetId": tab })).await?;
        connection.current_tab = tab.to_owned();
        Ok(())
    }

    /// Closes the current tab. Unlike `Target.closeTarget`, `Page.close` lets the page hear of it.
    pub(crate) async fn close_tab(&self) -> Result<()> {
        self.command("Page.close", json!({})).await?;
        let mut connection = self.connection.lock().await;
        let tab = connection.current_tab.clone();
        connection.sessions.remove(&tab);
        Ok(())
    }
}

impl Connection {
    async fn open_tab(&mut self) -> Result<String> {
        let answer = self.call(None, "Target.createTarget", json!({ "url": "about:blank" })).await?;
        let tab = text(&answer, "targetId")?;
        self.attach(&tab).await?;
        Ok(tab)
    }

    async fn attach(&mut self, tab: &str) -> Result<()> {
        let parameters = json!({ "targetId": tab, "flatten": true });
        let answer = self.call(None, "Target.attachToTarget", parameters).await?;
        self.sessions.insert(tab.to_owned(), text(&answer, "sessionId")?);
        Ok(())
    }

    /// Sends a command, to a tab's session or to the browser, and waits for its answer. Events are ignored, and answers
    /// to commands whose caller has stopped waiting.
    async fn call(&mut self, session: Option<&str>, method: &str, parameters: Value) -> Result<Value> {
        self.last_command += 1;
        let id = self.last_command;
        let mut command = json!({ "id": id, "method": method, "params": parameters });
        if let Some(session) = session {
            command["sessionId"] = session.into();
        }
        self.socket.send(Message::text(command.to_string())).await.context("cannot send a command")?;
        let mut answer = timeout(LONGEST_ANSWER, self.answer(id))
            .await
            .with_context(|| format!("{method} was not answered within {LONGEST_ANSWER:?}"))??;
        if let Some(error) = answer.get("error") {
            bail!("{method} failed: {error}");
        }
        Ok(answer["result"].take())
    }

    async fn answer(&mut self, id: u64) -> Result<Value> {
        loop {
            let message = self.socket.next().await.context("the browser has closed the connection")?;
            let Message::Text(message) = message.context("cannot read an answer")? else { continue };
            let answer: Value = serde_json::from_str(&message).context("an answer that is not JSON")?;
            if answer["id"] == id {
                return Ok(answer);
            }
        }
    }
}

fn text(answer: &Value, name: &str) -> Result<String> {
    Ok(answer[name].as_str().with_context(|| format!("{answer} has no {name}"))?.to_owned())
}
