//! Starting collectors and talking to them.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};

use collector::{Collector, Settings};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap};
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

pub const KEY: &str = "test_key";

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

    /// Asserts a refusal in the contract's shape.
    #[track_caller]
    pub fn assert_refusal(&self, status: u16, message: &str) {
        assert_eq!(self.json(), json!({ "success": false, "message": message }));
        assert_eq!(self.status, status);
    }
}

/// A strict collector in memory, without a rate limit.
pub async fn collector() -> Collector {
    start(settings()).await
}

pub async fn start(settings: Settings) -> Collector {
    Collector::start(settings).await.expect("a collector starts")
}

pub fn settings() -> Settings {
    Settings::in_memory(KEY)
}

pub fn client() -> Client {
    Client::builder().no_proxy().build().expect("a client without TLS needs nothing")
}

/// A URL of the collector's.
pub fn url(collector: &Collector, path: &str) -> String {
    format!("http://{}{path}", collector.address())
}

/// A request for this body as the contract wants it, not yet sent.
pub fn request(collector: &Collector, body: impl Into<String>) -> RequestBuilder {
    client()
        .post(collector.endpoint())
        .header(AUTHORIZATION, format!("Bearer {KEY}"))
        .header(CONTENT_TYPE, "application/json")
        .body(body.into())
}

pub async fn send(request: RequestBuilder) -> Answer {
    let response = request.send().await.expect("the collector answers");
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Answer { status, headers, body: response.text().await.expect("an answer has an end") }
}

pub async fn post(collector: &Collector, body: &Value) -> Answer {
    send(request(collector, body.to_string())).await
}

pub async fn get(collector: &Collector, path: &str) -> Answer {
    send(client().get(url(collector, path))).await
}

/// A good batch of events named `<name>_0`, `<name>_1`, …
pub fn batch(name: &str, events: usize) -> Value {
    let events: Vec<Value> =
        (0..events).map(|n| json!({ "event_name": format!("{name}_{n}"), "user_id": "user_1" })).collect();
    json!({ "events": events })
}

pub fn event_names(collector: &Collector) -> Vec<String> {
    let events = collector.events().expect("the events can be read");
    events.into_iter().map(|event| event.event_name).collect()
}

/// Sends a request for a batch of two over a bare socket, which hides nothing of what comes back.
pub fn send_bare(address: SocketAddr) -> TcpStream {
    let body = batch("bare", 2).to_string();
    let head = format!(
        "POST /v1/events/batch HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {KEY}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let mut socket = TcpStream::connect(address).expect("the collector accepts connections");
    socket.write_all((head + &body).as_bytes()).expect("the request can be sent");
    socket
}

/// Everything that comes until the other side closes, be it by a reset.
pub fn read_until_closed(socket: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    match socket.read_to_end(&mut bytes) {
        Ok(_) => bytes,
        Err(error) if error.kind() == ErrorKind::ConnectionReset => bytes,
        Err(error) => panic!("the connection should be closed: {error}"),
    }
}
