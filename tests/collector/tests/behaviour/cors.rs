//! What a page on another origin may do.

use collector::{Collector, Faults, Settings};
use reqwest::{Method, RequestBuilder};

use crate::support::*;

const ORIGIN: &str = "http://127.0.0.1:5173";

fn preflight(collector: &Collector, path: &str) -> RequestBuilder {
    client()
        .request(Method::OPTIONS, url(collector, path))
        .header("origin", ORIGIN)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization,content-type")
}

#[track_caller]
fn assert_open(answer: &Answer) {
    assert_eq!(answer.header("access-control-allow-origin"), Some(ORIGIN), "{answer:?}");
    assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
    assert_eq!(answer.header("access-control-expose-headers"), Some("Retry-After"));
    assert_eq!(answer.header("vary"), Some("Origin"));
}

#[tokio::test]
async fn a_preflight_lists_authorization_by_name() {
    let collector = collector().await;
    for path in ["/v1/events/batch", "/v1/events", "/control/faults"] {
        let answer = send(preflight(&collector, path)).await;
        assert_eq!((answer.status, answer.body.as_str()), (204, ""));
        assert_open(&answer);
        assert_eq!(answer.header("access-control-allow-headers"), Some("Authorization, Content-Type"));
        let methods = answer.header("access-control-allow-methods").unwrap();
        assert!(["GET", "POST", "PUT", "DELETE"].iter().all(|method| methods.contains(method)), "{methods}");
        assert!(answer.header("access-control-max-age").is_some());
    }
    assert!(collector.requests().unwrap().is_empty());
}

#[tokio::test]
async fn every_answer_is_open_to_the_asking_origin() {
    let collector =
        start(Settings { requests_per_minute: Some(3), max_body_bytes: 1000, ..settings() }).await;
    let answer = |body: String| send(request(&collector, body).header("origin", ORIGIN));
    let good = batch("event", 1).to_string();
    let mut answers = vec![
        (200, answer(good.clone()).await),
        (400, answer("x".into()).await),
        (413, answer("x".repeat(1001)).await),
        (429, answer(good.clone()).await),
        (401, send(client().post(collector.endpoint()).header("origin", ORIGIN)).await),
        (404, send(client().get(url(&collector, "/nothing")).header("origin", ORIGIN)).await),
        (405, send(client().get(collector.endpoint()).header("origin", ORIGIN)).await),
        (200, send(client().get(url(&collector, "/v1/events")).header("origin", ORIGIN)).await),
        (400, send(client().get(url(&collector, "/v1/events?limit=x")).header("origin", ORIGIN)).await),
        (200, send(client().delete(url(&collector, "/control/faults")).header("origin", ORIGIN)).await),
    ];
    collector.set_faults(Some(Faults::status(503))).unwrap();
    answers.push((503, answer(good).await));
    for (status, answer) in answers {
        assert_eq!(answer.status, status);
        assert_open(&answer);
    }
}

#[tokio::test]
async fn a_client_without_an_origin_is_told_nothing_about_origins() {
    let collector = collector().await;
    let answer = post(&collector, &batch("event", 1)).await;
    assert_eq!(answer.header("access-control-allow-origin"), None);
    assert_eq!(answer.header("access-control-allow-credentials"), None);
}
