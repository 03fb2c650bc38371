//! Failures on demand.

use std::io::ErrorKind;
use std::time::Duration;

use collector::{Collector, DropPoint, Faults, FaultsError};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::*;

async fn put_faults(collector: &Collector, faults: Value) -> Answer {
    send(client().put(url(collector, "/control/faults")).body(faults.to_string())).await
}

/// What the last request was noted as: its status, how many events it stored, its fault.
fn last_request(collector: &Collector) -> (Option<u16>, u32, Option<String>) {
    let last = collector.requests().expect("the requests can be read").pop().expect("there is a request");
    (last.status, last.event_count, last.fault)
}

#[tokio::test]
async fn a_status_is_answered_in_place_of_processing() {
    let collector = collector().await;
    put_faults(&collector, json!({ "status": 503, "retry_after": "7" })).await;
    let answer = post(&collector, &batch("event", 2)).await;
    answer.assert_refusal(503, "fault on demand: status 503, retry_after 7");
    assert_eq!(answer.header("retry-after"), Some("7"));
    assert!(collector.events().unwrap().is_empty());
    assert_eq!(last_request(&collector), (Some(503), 0, Some("status 503, retry_after 7".into())));
}

#[tokio::test]
async fn batches_with_an_event_of_the_refused_name_are_refused_and_others_are_processed() {
    let collector = collector().await;
    put_faults(&collector, json!({ "refuse": "event_1" })).await;
    let answer = post(&collector, &batch("event", 2)).await;
    answer.assert_refusal(400, r#"fault on demand: an event is named "event_1""#);
    assert_eq!(last_request(&collector), (Some(400), 0, Some("refuse event_1".into())));
    assert_eq!(post(&collector, &batch("event", 1)).await.status, 200);
    assert_eq!(collector.events().unwrap().len(), 1);
}

#[tokio::test]
async fn a_fault_comes_before_every_check() {
    let collector = collector().await;
    collector.set_faults(Some(Faults::status(500))).unwrap();
    assert_eq!(send(client().post(collector.endpoint()).body("x")).await.status, 500);
}

#[tokio::test]
async fn a_status_may_say_what_its_body_is() {
    let collector = collector().await;
    put_faults(&collector, json!({ "status": 200, "body": "<html>" })).await;
    let answer = post(&collector, &batch("event", 2)).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "<html>"));
    assert!(collector.events().unwrap().is_empty());
}

#[tokio::test]
async fn a_body_alone_replaces_the_answer_of_a_batch_that_is_stored() {
    let collector = collector().await;
    put_faults(&collector, json!({ "body": "{\"success\":false}" })).await;
    let answer = post(&collector, &batch("event", 2)).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "{\"success\":false}"));
    assert_eq!(last_request(&collector), (Some(200), 2, Some("body".into())));
}

#[tokio::test]
async fn a_processed_count_is_claimed_although_every_event_is_stored() {
    let collector = collector().await;
    put_faults(&collector, json!({ "processed_count": 1 })).await;
    let answer = post(&collector, &batch("event", 3)).await;
    assert_eq!(
        answer.body,
        r#"{"success":true,"processed_count":1,"message":"Batch events tracked successfully"}"#
    );
    assert_eq!(last_request(&collector), (Some(200), 3, Some("processed_count 1".into())));
}

#[tokio::test]
async fn a_delayed_request_is_processed_as_ever() {
    let collector = collector().await;
    put_faults(&collector, json!({ "delay_ms": 20 })).await;
    assert_eq!(post(&collector, &batch("event", 1)).await.status, 200);
    assert_eq!(last_request(&collector), (Some(200), 1, Some("delay_ms 20".into())));
}

#[tokio::test]
async fn a_delay_holds_preflights_too_and_they_use_up_no_times() {
    let collector = collector().await;
    let faults = Faults { delay_ms: Some(3_600_000), ..Faults::default() }.times(1);
    collector.set_faults(Some(faults.clone())).unwrap();
    let preflight =
        client().request(Method::OPTIONS, collector.endpoint()).header("origin", "https://a.example");
    let impatient = preflight.timeout(Duration::from_millis(200)).send().await;
    assert!(impatient.unwrap_err().is_timeout());
    assert_eq!(collector.faults(), Some(faults));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_cut_before_processing_ends_without_a_byte_and_stores_nothing() {
    let collector = collector().await;
    collector.set_faults(Some(Faults::drop(DropPoint::Before))).unwrap();
    assert_eq!(read_until_closed(&mut send_bare(collector.address())), b"");
    assert_eq!(last_request(&collector), (None, 0, Some("drop before".into())));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_cut_after_processing_ends_without_a_byte_and_stores_everything() {
    let collector = collector().await;
    collector.set_faults(Some(Faults::drop(DropPoint::After))).unwrap();
    assert_eq!(read_until_closed(&mut send_bare(collector.address())), b"");
    assert_eq!(event_names(&collector), ["bare_0", "bare_1"]);
    assert_eq!(last_request(&collector), (None, 2, Some("drop after".into())));
}

#[tokio::test]
async fn a_server_that_is_down_cuts_preflights_too_and_they_use_up_no_times() {
    let collector = collector().await;
    collector.set_faults(Some(Faults::drop(DropPoint::Before).times(1))).unwrap();
    let preflight =
        || client().request(Method::OPTIONS, collector.endpoint()).header("origin", "https://a.example");
    for _ in 0..3 {
        preflight().send().await.unwrap_err();
    }
    assert_eq!(get(&collector, "/v1/summary").await.status, 200, "only batches are down");
    request(&collector, batch("event", 1).to_string()).send().await.unwrap_err();
    assert_eq!(send(preflight()).await.status, 204);
    assert_eq!(post(&collector, &batch("event", 1)).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hanging_request_gets_nothing_until_the_collector_stops() {
    let collector = collector().await;
    put_faults(&collector, json!({ "hang": true })).await;
    let mut socket = send_bare(collector.address());
    while collector.requests().unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(last_request(&collector), (None, 0, Some("hang".into())));
    socket.set_nonblocking(true).unwrap();
    assert_eq!(socket.peek(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    socket.set_nonblocking(false).unwrap();
    collector.stop().await;
    assert_eq!(read_until_closed(&mut socket), b"");
}

#[tokio::test]
async fn a_fault_ends_after_its_times_and_shows_how_many_are_left() {
    let collector = collector().await;
    put_faults(&collector, json!({ "status": 500, "times": 2 })).await;
    let mut statuses = Vec::new();
    for left in [Some(Faults::status(500).times(1)), None, None] {
        statuses.push(post(&collector, &batch("event", 1)).await.status);
        assert_eq!(collector.faults(), left);
    }
    assert_eq!(statuses, [500, 500, 200]);
}

#[tokio::test]
async fn faults_without_times_stay_until_they_are_cleared() {
    let collector = collector().await;
    let shown = json!({ "faults": { "status": 429, "retry_after": "1" } });
    assert_eq!(put_faults(&collector, shown["faults"].clone()).await.json(), shown);
    for _ in 0..3 {
        assert_eq!(post(&collector, &batch("event", 1)).await.status, 429);
    }
    assert_eq!(get(&collector, "/control/faults").await.json(), shown);
    let cleared = send(client().delete(url(&collector, "/control/faults"))).await;
    assert_eq!(cleared.json(), json!({ "faults": null }));
    assert_eq!(post(&collector, &batch("event", 1)).await.status, 200);
}

#[tokio::test]
async fn faults_that_make_no_sense_are_refused_and_change_nothing() {
    let collector = collector().await;
    collector.set_faults(Some(Faults::status(500))).unwrap();
    let cases = [
        (json!({ "status": 99 }), "status must be 200 to 599, but is 99"),
        (json!({ "status": 600 }), "status must be 200 to 599, but is 600"),
        (json!({ "status": 429, "retry_after": "a\nb" }), r#"retry_after "a\nb" cannot stand in a header"#),
        (json!({ "retry_after": "1" }), "retry_after needs status"),
        (json!({ "status": 500, "times": 0 }), "times must be at least 1"),
        (json!({ "drop": "before", "status": 500 }), "drop and status exclude each other"),
        (json!({ "status": 200, "processed_count": 1 }), "status and processed_count exclude each other"),
        (json!({ "hang": true, "body": "x" }), "hang and body exclude each other"),
        (json!({}), "no fault is named; to clear them, send DELETE"),
        (json!({ "times": 3 }), "no fault is named; to clear them, send DELETE"),
    ];
    for (faults, message) in cases {
        put_faults(&collector, faults).await.assert_refusal(400, message);
    }
    for nonsense in [json!({ "state": 500 }), json!({ "drop": "never" }), json!("down")] {
        let answer = put_faults(&collector, nonsense).await;
        assert!(answer.message().starts_with("these are not faults: "), "{}", answer.message());
    }
    assert_eq!(collector.set_faults(Some(Faults::default())), Err(FaultsError::Nothing));
    assert_eq!(collector.faults(), Some(Faults::status(500)));
}
