//! `POST /v1/events/batch`: what is accepted, and in which words the rest is refused.

use collector::AuthorizationKind;
use serde_json::{Value, json};

use crate::support::*;

#[tokio::test]
async fn a_good_batch_is_answered_exactly_as_documented() {
    let collector = collector().await;
    let answer = post(&collector, &batch("event", 2)).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(
        answer.body,
        r#"{"success":true,"processed_count":2,"message":"Batch events tracked successfully"}"#
    );
}

#[tokio::test]
async fn every_field_is_stored_as_it_was_sent() {
    let collector = collector().await;
    let properties = json!({
        "$event_id": "id-1", "price": 0.1, "exact": 1.7976931348623157e308, "count": 9007199254740993_i64,
        "text": "ä\u{1f600}\n", "nested": { "list": [1, null, true, "x"] }
    });
    let event = json!({
        "event_name": "buy", "user_id": "user_1", "properties": properties, "ip": "192.168.1.1", "ua": "Test/1.0"
    });
    post(&collector, &json!({ "events": [event, { "event_name": "bare", "user_id": "u" }] })).await;

    let events = collector.events().unwrap();
    assert_eq!(events.len(), 2);
    assert_eq!((events[0].seq, events[0].request_id), (1, 1));
    assert_eq!((events[0].event_name.as_str(), events[0].user_id.as_str()), ("buy", "user_1"));
    assert_eq!(events[0].properties.clone().map(Value::from), Some(properties));
    assert_eq!((events[0].ip.as_deref(), events[0].ua.as_deref()), (Some("192.168.1.1"), Some("Test/1.0")));
    assert_eq!(events[0].event_id.as_deref(), Some("id-1"));
    let bare = &events[1];
    assert_eq!((&bare.properties, &bare.ip, &bare.ua, &bare.event_id), (&None, &None, &None, &None));
}

#[tokio::test]
async fn an_event_sent_twice_is_stored_twice() {
    let collector = collector().await;
    let event = json!({ "event_name": "e", "user_id": "u", "properties": { "$event_id": "same" } });
    for _ in 0..2 {
        post(&collector, &json!({ "events": [event] })).await;
    }
    assert_eq!(collector.events().unwrap().len(), 2);
    let summary = get(&collector, "/v1/summary").await.json();
    assert_eq!(summary, json!({ "events": 2, "distinct_event_ids": 1, "requests": 2 }));
}

#[tokio::test]
async fn each_fault_of_a_body_is_named_with_its_place() {
    let good = json!({ "event_name": "e", "user_id": "u" });
    let with = |name: &str, value: Value| {
        let mut event = good.clone();
        event[name] = value;
        json!({ "events": [good, event] })
    };
    let cases = [
        (json!([]), "the body must be an object, but is an array"),
        (json!("x"), "the body must be an object, but is a string"),
        (json!({}), "events is missing"),
        (json!({ "events": {} }), "events must be an array, but is an object"),
        (json!({ "events": null }), "events must be an array, but is null"),
        (json!({ "events": [] }), "events must hold 1 to 100 events, but holds 0"),
        (json!({ "events": [good], "sent_at": 1 }), "sent_at is not a documented field"),
        (json!({ "events": [good, 7] }), "events[1] must be an object, but is a number"),
        (json!({ "events": [good, { "user_id": "u" }] }), "events[1].event_name is missing"),
        (json!({ "events": [good, { "event_name": "e" }] }), "events[1].user_id is missing"),
        (with("event_name", json!("")), "events[1].event_name is empty"),
        (with("event_name", json!(1)), "events[1].event_name must be a string, but is a number"),
        (with("user_id", json!("")), "events[1].user_id is empty"),
        (with("user_id", json!(null)), "events[1].user_id must be a string, but is null"),
        (with("properties", json!([1])), "events[1].properties must be an object, but is an array"),
        (with("properties", json!(null)), "events[1].properties must be an object, but is null"),
        (with("ip", json!(false)), "events[1].ip must be a string, but is a boolean"),
        (with("ua", json!({})), "events[1].ua must be a string, but is an object"),
        (with("time", json!(1)), "events[1].time is not a documented field"),
    ];
    let collector = collector().await;
    for (body, message) in &cases {
        post(&collector, body).await.assert_refusal(400, message);
    }
    assert!(collector.events().unwrap().is_empty());
    assert_eq!(collector.requests().unwrap().len(), cases.len());
}

#[tokio::test]
async fn a_body_that_is_not_json_is_refused_in_the_parsers_words() {
    let collector = collector().await;
    for body in ["", "events=1", r#"{"events":["#, r#"{"events":[]}x"#] {
        let answer = send(request(&collector, body)).await;
        assert_eq!(answer.status, 400, "for {body:?}");
        assert!(answer.message().starts_with("the body is not JSON: "), "{}", answer.message());
    }
}

#[tokio::test]
async fn a_batch_with_one_bad_event_stores_none_of_its_events() {
    let collector = collector().await;
    let mut body = batch("event", 50);
    body["events"][49] = json!({ "event_name": "no user" });
    post(&collector, &body).await.assert_refusal(400, "events[49].user_id is missing");
    assert!(collector.events().unwrap().is_empty());
}

#[tokio::test]
async fn one_hundred_events_are_a_batch_and_one_more_are_too_many() {
    let collector = collector().await;
    assert_eq!(post(&collector, &batch("event", 100)).await.json()["processed_count"], 100);
    let answer = post(&collector, &batch("event", 101)).await;
    answer.assert_refusal(400, "events must hold 1 to 100 events, but holds 101");
    assert_eq!(collector.events().unwrap().len(), 100);
}

#[tokio::test]
async fn a_request_without_the_right_key_is_unauthorized_and_told_why() {
    let collector = collector().await;
    let post = || client().post(collector.endpoint()).header("content-type", "application/json");
    let cases = [
        (post(), "the Authorization header is missing"),
        (post().header("authorization", "Basic abc"), "the Authorization header must be `Bearer <API key>`"),
        (post().header("authorization", KEY), "the Authorization header must be `Bearer <API key>`"),
        (post().header("authorization", "Bearer other"), "the API key is not known"),
    ];
    for (request, message) in cases {
        send(request.body(batch("event", 1).to_string())).await.assert_refusal(401, message);
    }
    assert!(collector.events().unwrap().is_empty());
}

#[tokio::test]
async fn only_the_documented_content_type_is_accepted() {
    let collector = collector().await;
    let send_as = |content_type: &'static str| {
        let body = batch("event", 1).to_string();
        let request = client().post(collector.endpoint()).bearer_auth(KEY).body(body);
        send(if content_type.is_empty() { request } else { request.header("content-type", content_type) })
    };
    assert_eq!(send_as("application/json; charset=utf-8").await.status, 200);
    assert_eq!(send_as("Application/JSON").await.status, 200);
    let words = "the Content-Type must be application/json, but is";
    send_as("text/plain").await.assert_refusal(400, &format!("{words} text/plain"));
    send_as("").await.assert_refusal(400, &format!("{words} missing"));
}

#[tokio::test]
async fn every_request_is_noted_with_what_became_of_it() {
    let collector = collector().await;
    let body = batch("event", 3).to_string();
    send(request(&collector, body.clone()).header("origin", "https://shop.example")).await;
    send(client().post(collector.endpoint()).body("x")).await;

    let requests = collector.requests().unwrap();
    let [accepted, refused] = &requests[..] else { panic!("two requests, not {requests:?}") };
    assert_eq!((accepted.status, accepted.event_count), (Some(200), 3));
    assert_eq!(accepted.bytes as usize, body.len());
    assert_eq!(accepted.authorization, AuthorizationKind::Bearer);
    assert_eq!(accepted.content_type.as_deref(), Some("application/json"));
    assert_eq!(accepted.origin.as_deref(), Some("https://shop.example"));
    assert_eq!(accepted.fault, None);
    assert_eq!((refused.status, refused.event_count, refused.bytes), (Some(401), 0, 1));
    assert_eq!(refused.authorization, AuthorizationKind::None);
    assert_eq!((&refused.content_type, &refused.origin), (&None, &None));
}

#[tokio::test]
async fn other_paths_and_methods_are_refused_in_the_same_shape() {
    let collector = collector().await;
    get(&collector, "/v2/events").await.assert_refusal(404, "there is nothing at /v2/events");
    let answer = get(&collector, "/v1/events/batch").await;
    answer.assert_refusal(405, "/v1/events/batch does not take GET");
}
