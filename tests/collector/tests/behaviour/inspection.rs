//! `GET /v1/events`, `/v1/requests` and `/v1/summary`.

use serde_json::{Value, json};

use crate::support::*;

fn column(answer: &Answer, table: &str, name: &str) -> Vec<Value> {
    let json = answer.json();
    json[table].as_array().expect("a table is an array").iter().map(|row| row[name].clone()).collect()
}

#[tokio::test]
async fn events_come_newest_first_with_the_number_of_all() {
    let collector = collector().await;
    post(&collector, &batch("a", 2)).await;
    post(&collector, &batch("b", 2)).await;

    let all = get(&collector, "/v1/events").await;
    assert_eq!(column(&all, "events", "event_name"), ["b_1", "b_0", "a_1", "a_0"]);
    let newest = get(&collector, "/v1/events?limit=1").await;
    assert_eq!(column(&newest, "events", "seq"), [4]);
    let later = get(&collector, "/v1/events?since=2&limit=10").await;
    assert_eq!(column(&later, "events", "seq"), [4, 3]);
    let none = get(&collector, "/v1/events?since=4").await;
    assert_eq!(none.json(), json!({ "events": [], "total": 4 }));
    for answer in [all, newest, later] {
        assert_eq!(answer.json()["total"], 4);
    }
}

#[tokio::test]
async fn an_event_is_shown_with_all_that_is_known_of_it() {
    let collector = collector().await;
    let event = json!({ "event_name": "e", "user_id": "u", "properties": { "$event_id": "id", "n": 1 } });
    post(&collector, &json!({ "events": [event] })).await;
    let mut shown = get(&collector, "/v1/events").await.json()["events"][0].take();
    assert!(shown["received_at"].take().as_i64().unwrap() > 1_700_000_000_000);
    assert_eq!(
        shown,
        json!({
            "seq": 1, "request_id": 1, "received_at": null, "event_name": "e", "user_id": "u",
            "properties": { "$event_id": "id", "n": 1 }, "ip": null, "ua": null, "event_id": "id"
        })
    );
}

#[tokio::test]
async fn requests_come_newest_first_with_the_number_of_all() {
    let collector = collector().await;
    post(&collector, &batch("event", 2)).await;
    post(&collector, &json!({})).await;

    let all = get(&collector, "/v1/requests").await;
    assert_eq!(column(&all, "requests", "status"), [400, 200]);
    assert_eq!(column(&all, "requests", "event_count"), [0, 2]);
    assert_eq!(column(&all, "requests", "authorization"), ["bearer", "bearer"]);
    let later = get(&collector, "/v1/requests?since=1").await;
    assert_eq!(column(&later, "requests", "id"), [2]);
    assert_eq!(later.json()["total"], 2);
}

#[tokio::test]
async fn a_hundred_rows_are_shown_unless_more_are_asked_for() {
    let collector = collector().await;
    for name in ["a", "b"] {
        post(&collector, &batch(name, 100)).await;
    }
    let rows = async |path| column(&get(&collector, path).await, "events", "seq").len();
    assert_eq!(rows("/v1/events").await, 100);
    assert_eq!(rows("/v1/events?limit=10000").await, 200);
}

#[tokio::test]
async fn a_parameter_that_makes_no_sense_is_named() {
    let collector = collector().await;
    let limit = "limit must be a whole number from 1 to 10000, but is";
    let since = "since must be a whole number from 0 up, but is";
    let cases = [
        ("limit=0", format!(r#"{limit} "0""#)),
        ("limit=10001", format!(r#"{limit} "10001""#)),
        ("limit=ten", format!(r#"{limit} "ten""#)),
        ("limit=", format!(r#"{limit} """#)),
        ("since=-1", format!(r#"{since} "-1""#)),
        ("since=1.5", format!(r#"{since} "1.5""#)),
        ("until=3", "until is not a parameter; limit and since are".into()),
    ];
    for (query, message) in cases {
        for table in ["events", "requests"] {
            get(&collector, &format!("/v1/{table}?{query}")).await.assert_refusal(400, &message);
        }
    }
}
