//! The endpoint's contract: one suite, run against the collector and against a relay in front of it.
//!
//! Where the relay differs, on purpose:
//!
//! | | endpoint (collector) | relay |
//! |---|---|---|
//! | key | required, 401 | never asked for: it would be no secret in a page |
//! | `text/plain` | refused | taken, so that beacons and cross-origin requests need no preflight |
//! | content type that is neither | 400 | 415 |
//! | `Content-Encoding` | not read | gzip, br and deflate; 415 otherwise |
//! | one event at fault | 400 for the batch | 200 with its place in `failed_indices` |
//! | a known `$event_id` | stored again | confirmed and dropped |
//! | more than 100 requests a minute | 429 | taken; events and bytes are limited per address |
//! | too much to store | 500 | 503 with `Retry-After` |
//! | origins | any | the site's list, 403 |
//! | answers | the documented fields | `relay: true` and `Appizer-Relay: 1` besides |
//! | preflight | 204 | 200 |

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::*;

const ORIGIN: &str = "https://shop.example";

/// A server that keeps the contract.
enum Server {
    Endpoint(collector::Collector),
    Relay(Box<Scene>),
}

macro_rules! contract {
    ($($test:ident),* $(,)?) => {
        mod endpoint {
            $(#[tokio::test]
            async fn $test() {
                super::$test(super::Server::Endpoint(crate::support::collector().await)).await;
            })*
        }
        mod relayed {
            $(#[tokio::test]
            async fn $test() {
                super::$test(super::Server::Relay(Box::new(crate::support::scene().await))).await;
            })*
        }
    };
}

contract!(
    a_good_batch_is_confirmed_with_its_count,
    every_event_of_a_full_batch_arrives_in_order_and_unchanged,
    a_hundred_events_are_a_batch_and_one_more_or_none_are_not,
    a_body_that_is_not_json_is_refused_in_the_parsers_words,
    each_fault_of_the_body_itself_is_named,
    a_body_over_a_mebibyte_is_too_large_and_its_client_hears_so,
    a_preflight_admits_what_a_tracker_sends,
    every_answer_is_open_to_the_asking_origin,
    answers_that_are_no_success_have_the_contracts_shape,
);

impl Server {
    fn endpoint(&self) -> String {
        match self {
            Self::Endpoint(collector) => collector.endpoint(),
            Self::Relay(scene) => scene.relay.endpoint(),
        }
    }

    fn collector(&self) -> &collector::Collector {
        match self {
            Self::Endpoint(collector) => collector,
            Self::Relay(scene) => &scene.collector,
        }
    }

    async fn post(&self, body: impl Into<reqwest::Body>) -> Answer {
        let request =
            client().post(self.endpoint()).bearer_auth(KEY).header("content-type", "application/json");
        send(request.header("origin", ORIGIN).body(body)).await
    }
}

async fn a_good_batch_is_confirmed_with_its_count(server: Server) {
    let answer = server.post(batch("event", 3).to_string()).await;
    let body = answer.json();
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
    assert_eq!((body["success"].clone(), body["processed_count"].clone()), (json!(true), json!(3)));
    assert_eq!(body["message"], "Batch events tracked successfully");
}

async fn every_event_of_a_full_batch_arrives_in_order_and_unchanged(server: Server) {
    let event = |n: usize| {
        let properties = json!({ "n": n, "price": 0.1, "big": 9007199254740993_i64, "text": "ä\u{1f600}", "list": [null] });
        json!({ "event_name": format!("event_{n}"), "user_id": "u", "properties": properties, "ua": "Test/1.0" })
    };
    let events: Vec<Value> = (0..100).map(event).collect();
    assert_eq!(server.post(json!({ "events": events }).to_string()).await.status, 200);
    wait_for("all events", async || server.collector().events().unwrap().len() == 100).await;
    for (stored, sent) in server.collector().events().unwrap().iter().zip(&events) {
        assert_eq!(stored.event_name, sent["event_name"]);
        assert_eq!(Value::from(stored.properties.clone()), sent["properties"]);
        assert_eq!(stored.ua.as_deref(), Some("Test/1.0"));
    }
}

async fn a_hundred_events_are_a_batch_and_one_more_or_none_are_not(server: Server) {
    assert_eq!(server.post(batch("event", 100).to_string()).await.json()["processed_count"], 100);
    for count in [0, 101] {
        let answer = server.post(batch("other", count).to_string()).await;
        let message = format!("events must hold 1 to 100 events, but holds {count}");
        assert_eq!((answer.status, answer.message()), (400, message));
    }
}

async fn a_body_that_is_not_json_is_refused_in_the_parsers_words(server: Server) {
    for body in ["", "events=1", r#"{"events":["#, r#"{"events":[]}x"#, "\u{0}"] {
        let answer = server.post(body).await;
        assert_eq!(answer.status, 400, "for {body:?}");
        assert!(answer.message().starts_with("the body is not JSON: "), "{}", answer.message());
    }
}

async fn each_fault_of_the_body_itself_is_named(server: Server) {
    let good = json!({ "event_name": "e", "user_id": "u" });
    let cases = [
        (json!([]), "the body must be an object, but is an array"),
        (json!("x"), "the body must be an object, but is a string"),
        (json!({}), "events is missing"),
        (json!({ "events": {} }), "events must be an array, but is an object"),
        (json!({ "events": null }), "events must be an array, but is null"),
        (json!({ "events": [good], "sent_at": 1 }), "sent_at is not a documented field"),
    ];
    for (body, message) in cases {
        let answer = server.post(body.to_string()).await;
        assert_eq!((answer.status, answer.message().as_str()), (400, message));
    }
}

async fn a_body_over_a_mebibyte_is_too_large_and_its_client_hears_so(server: Server) {
    for size in [1024 * 1024 + 1, 3 * 1024 * 1024] {
        let answer = server.post("x".repeat(size)).await;
        assert_eq!((answer.status, answer.json()["success"].clone()), (413, json!(false)));
    }
}

async fn a_preflight_admits_what_a_tracker_sends(server: Server) {
    let preflight = client()
        .request(Method::OPTIONS, server.endpoint())
        .header("origin", ORIGIN)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization,content-type");
    let answer = send(preflight).await;
    assert!((200..300).contains(&answer.status) && answer.body.is_empty());
    assert_open(&answer);
    let allowed = answer.header("access-control-allow-headers").unwrap().to_ascii_lowercase();
    assert!(allowed.contains("authorization") && allowed.contains("content-type"), "{allowed}");
    assert!(answer.header("access-control-allow-methods").unwrap().contains("POST"));
    assert!(answer.header("access-control-max-age").is_some());
}

async fn every_answer_is_open_to_the_asking_origin(server: Server) {
    for (status, body) in
        [(200, batch("event", 1).to_string()), (400, "x".into()), (413, "x".repeat(2_000_000))]
    {
        let answer = server.post(body).await;
        assert_eq!(answer.status, status);
        assert_open(&answer);
        let exposed = answer.header("access-control-expose-headers").unwrap().to_ascii_lowercase();
        assert!(exposed.contains("retry-after"), "{exposed}");
    }
}

async fn answers_that_are_no_success_have_the_contracts_shape(server: Server) {
    let root = server.endpoint().replace("/v1/events/batch", "/v1/nothing");
    for (status, answer) in [
        (404, send(client().get(root)).await),
        (405, send(client().put(server.endpoint())).await),
        (400, server.post("x").await),
    ] {
        assert_eq!((answer.status, answer.json()["success"].clone()), (status, json!(false)));
        assert!(!answer.message().is_empty());
    }
}

#[track_caller]
fn assert_open(answer: &Answer) {
    assert_eq!(answer.header("access-control-allow-origin"), Some(ORIGIN), "{answer:?}");
    assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
    assert!(answer.header("vary").unwrap().to_ascii_lowercase().contains("origin"));
}
