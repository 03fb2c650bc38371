//! What the tests share: relays in front of collectors, and ways to talk to them.

pub mod program;

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use collector::{Collector, Settings};
use relay::Relay;
use relay::config::{ApiKey, Config, SiteName, SpoolAddress};
use relay::spool::{Session, Spool};
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use tempfile::TempDir;

pub const KEY: &str = "test_key_do_not_show";

/// A relay in this process, the collector behind it, and its spool.
pub struct Scene {
    pub relay: Relay,
    pub collector: Collector,
    pub config: Config,
    _folder: Option<TempDir>,
}

/// Starts a relay on SQLite with the default configuration.
pub async fn scene() -> Scene {
    scene_with(|_| {}).await
}

/// Starts a relay on SQLite with a changed configuration.
pub async fn scene_with(change: impl FnOnce(&mut Config)) -> Scene {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let spool = SpoolAddress::Sqlite(folder.path().join("relay.sqlite"));
    let mut scene = scene_on(spool, collector().await, change).await;
    scene._folder = Some(folder);
    scene
}

/// Starts a relay on any spool, in front of a collector.
pub async fn scene_on(spool: SpoolAddress, collector: Collector, change: impl FnOnce(&mut Config)) -> Scene {
    let mut config = config(spool, &collector);
    change(&mut config);
    let relay = Relay::start(config.clone()).await.expect("the relay starts");
    Scene { relay, collector, config, _folder: None }
}

/// A configuration on a free port.
pub fn config(spool: SpoolAddress, collector: &Collector) -> Config {
    let endpoint = collector.endpoint().parse().expect("a collector's endpoint is a URL");
    let mut config = Config::new(spool, endpoint, ApiKey::new(KEY).expect("the key is good"));
    config.listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    config
}

/// A strict collector in memory.
pub async fn collector() -> Collector {
    Collector::start(Settings::in_memory(KEY)).await.expect("a collector starts")
}

impl Scene {
    /// Stops the relay and starts it again on the same spool and port.
    pub async fn restart(self) -> Self {
        let Self { relay, collector, mut config, _folder } = self;
        config.listen = relay.address();
        relay.stop().await;
        let relay = Relay::start(config.clone()).await.expect("the relay starts again");
        Self { relay, collector, config, _folder }
    }

    /// Posts a body as a browser without a key does.
    pub async fn post(&self, body: &Value) -> Answer {
        send(self.request(body.to_string())).await
    }

    /// A request for this body, not yet sent.
    pub fn request(&self, body: impl Into<reqwest::Body>) -> RequestBuilder {
        client().post(self.relay.endpoint()).header(CONTENT_TYPE, "application/json").body(body)
    }

    pub async fn get(&self, path: &str) -> Answer {
        send(client().get(self.url(path))).await
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.relay.address())
    }

    /// Names of the events that the collector holds.
    pub fn arrived(&self) -> Vec<String> {
        event_names(&self.collector)
    }

    /// Waits until the collector holds so many events, or more.
    pub async fn arrival_of(&self, count: usize) -> Vec<String> {
        wait_for(&format!("{count} events"), async || self.arrived().len() >= count).await;
        self.arrived()
    }

    /// Returns the value of a metric, by its name and labels as they are shown.
    pub fn metric(&self, name: &str) -> f64 {
        metric(&self.relay.metrics(), name)
    }
}

/// Returns a value of the text format.
pub fn metric(text: &str, name: &str) -> f64 {
    let line = text.lines().find(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(' ')));
    let line = line.unwrap_or_else(|| panic!("no {name} in {text}"));
    line.rsplit(' ').next().and_then(|value| value.parse().ok()).expect("a metric is a number")
}

/// Waits for something that must come to pass; how long it takes is nobody's business.
pub async fn wait_for(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    for _ in 0..1_200 {
        if is_so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("waited a minute in vain for {what}");
}

/// Leads a site as soon as an earlier session has released it: a database needs a moment for that.
pub async fn wait_for_lead(spool: &dyn Spool, site: &SiteName) -> Box<dyn Session> {
    let mut session = None;
    wait_for("the lead", async || {
        session = spool.lead(site).await.unwrap();
        session.is_some()
    })
    .await;
    session.unwrap()
}

pub fn event_names(collector: &Collector) -> Vec<String> {
    let events = collector.events().expect("the events can be read");
    events.into_iter().map(|event| event.event_name).collect()
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error} in {:?}", self.body))
    }

    pub fn message(&self) -> String {
        self.json()["message"].as_str().expect("an answer has a message").to_owned()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("a header is text"))
    }

    /// Asserts a refusal in the contract's shape, by a relay.
    #[track_caller]
    pub fn assert_refusal(&self, status: u16, message: &str) {
        assert_eq!(self.json(), json!({ "success": false, "message": message, "relay": true }));
        assert_eq!((self.status, self.header("appizer-relay")), (status, Some("1")));
    }
}

pub fn client() -> Client {
    // Whichever comes first in this process will do.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().no_proxy().build().expect("a client can be made")
}

pub async fn send(request: RequestBuilder) -> Answer {
    let response = request.send().await.expect("the server answers");
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Answer { status, headers, body: response.text().await.expect("an answer has an end") }
}

/// A good batch of events named `<name>_0`, `<name>_1`, … with ids.
pub fn batch(name: &str, events: usize) -> Value {
    let event = |n: usize| {
        let name = format!("{name}_{n}");
        json!({ "event_name": name, "user_id": "user_1", "properties": { "$event_id": name } })
    };
    json!({ "events": (0..events).map(event).collect::<Vec<_>>() })
}

/// Sends bytes over a bare socket, and returns everything until the other side closes, be it by a reset.
pub async fn exchange(address: SocketAddr, bytes: Vec<u8>) -> String {
    let work = move || {
        let mut socket = TcpStream::connect(address).expect("the relay accepts connections");
        // A relay that has refused already may have closed.
        let _ = socket.write_all(&bytes);
        read_until_closed(&mut socket)
    };
    tokio::task::spawn_blocking(work).await.expect("the exchange ends")
}

pub fn read_until_closed(socket: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    match socket.read_to_end(&mut bytes) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        Err(error) => panic!("the connection should be closed: {error}"),
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
