//! What only `--lenient` accepts.

use collector::{AuthorizationKind, Collector, Settings};
use reqwest::RequestBuilder;

use crate::support::*;

/// What a beacon can send: no header of one's own.
fn beacon(collector: &Collector, query: &str) -> RequestBuilder {
    client()
        .post(format!("{}{query}", collector.endpoint()))
        .header("content-type", "text/plain;charset=UTF-8")
        .body(batch("beacon", 1).to_string())
}

async fn lenient() -> Collector {
    start(Settings { lenient: true, api_key: "a key/ä".into(), ..settings() }).await
}

#[tokio::test]
async fn a_strict_collector_takes_neither_the_key_in_the_url_nor_plain_text() {
    let collector = collector().await;
    let answer = send(beacon(&collector, &format!("?access_token={KEY}"))).await;
    answer.assert_refusal(401, "the API key belongs in the Authorization header, not in ?access_token=");
    let answer = send(beacon(&collector, "").bearer_auth(KEY)).await;
    answer.assert_refusal(400, "the Content-Type must be application/json, but is text/plain;charset=UTF-8");
}

#[tokio::test]
async fn a_lenient_collector_takes_both() {
    let collector = lenient().await;
    assert_eq!(send(beacon(&collector, "?access_token=a%20key%2F%C3%A4")).await.status, 200);
    assert_eq!(event_names(&collector), ["beacon_0"]);
    assert_eq!(collector.requests().unwrap()[0].authorization, AuthorizationKind::AccessToken);
}

#[tokio::test]
async fn a_lenient_collector_still_checks_the_key_and_the_type() {
    let collector = lenient().await;
    send(beacon(&collector, "?access_token=other")).await.assert_refusal(401, "the API key is not known");
    send(beacon(&collector, "")).await.assert_refusal(401, "the Authorization header is missing");
    let form = client().post(format!("{}?access_token=a%20key%2F%C3%A4", collector.endpoint()));
    let answer = send(form.header("content-type", "application/x-www-form-urlencoded")).await;
    assert_eq!(answer.status, 400);
    assert!(collector.events().unwrap().is_empty());
}
