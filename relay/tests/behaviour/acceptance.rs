//! What the relay takes, and in which words it refuses the rest.

use std::io::Write;

use relay::config::{Bots, EventIp, IpMode, SiteConfig};
use serde_json::{Value, json};

use crate::support::*;

#[tokio::test]
async fn a_good_batch_is_confirmed_as_documented_and_by_a_relay() {
    let scene = scene().await;
    let answer = scene.post(&batch("event", 2)).await;
    let expected = json!({
        "success": true, "processed_count": 2, "message": "Batch events tracked successfully", "relay": true
    });
    assert_eq!((answer.status, answer.json()), (200, expected));
    assert_eq!(answer.header("appizer-relay"), Some("1"));
    assert_eq!(scene.arrival_of(2).await, ["event_0", "event_1"]);
}

#[tokio::test]
async fn an_event_arrives_as_it_was_sent_byte_for_byte() {
    let scene = scene().await;
    let properties = r#"{"exact":1.7976931348623157e308,"count":9007199254740993,"price":0.10,"text":"ä\u{1f600}\n","nested":{"list":[1,null,true,"x"]}}"#
        .replace("\\u{1f600}", "\u{1f600}");
    let body = format!(r#"{{"events":[{{"event_name":"buy","user_id":"u","properties":{properties}}}]}}"#);
    assert_eq!(send(scene.request(body)).await.status, 200);
    scene.arrival_of(1).await;
    let event = &scene.collector.events().unwrap()[0];
    assert_eq!(Value::from(event.properties.clone()), serde_json::from_str::<Value>(&properties).unwrap());
}

#[tokio::test]
async fn a_beacon_in_plain_text_is_taken_like_any_request() {
    let scene = scene().await;
    let beacon = client()
        .post(scene.relay.endpoint())
        .header("content-type", "text/plain;charset=UTF-8")
        .body(batch("beacon", 1).to_string());
    assert_eq!(send(beacon).await.status, 200);
    assert_eq!(scene.arrival_of(1).await, ["beacon_0"]);
}

#[tokio::test]
async fn events_that_break_the_contract_are_named_and_the_rest_is_taken() {
    let good = json!({ "event_name": "good", "user_id": "u" });
    let cases = [
        (json!(7), "events[1] must be an object, but is a number"),
        (json!({ "user_id": "u" }), "events[1].event_name is missing"),
        (json!({ "event_name": "e" }), "events[1].user_id is missing"),
        (json!({ "event_name": "", "user_id": "u" }), "events[1].event_name is empty"),
        (
            json!({ "event_name": 1, "user_id": "u" }),
            "events[1].event_name must be a string, but is a number",
        ),
        (json!({ "event_name": "e", "user_id": null }), "events[1].user_id must be a string, but is null"),
        (
            json!({ "event_name": "e", "user_id": "u", "properties": [1] }),
            "events[1].properties must be an object, but is an array",
        ),
        (
            json!({ "event_name": "e", "user_id": "u", "ip": false }),
            "events[1].ip must be a string, but is a boolean",
        ),
        (
            json!({ "event_name": "e", "user_id": "u", "ua": {} }),
            "events[1].ua must be a string, but is an object",
        ),
        (json!({ "event_name": "e", "user_id": "u", "time": 1 }), "events[1].time is not a documented field"),
    ];
    let scene = scene().await;
    for (bad, fault) in &cases {
        let answer = scene.post(&json!({ "events": [good, bad] })).await;
        let expected = json!({
            "success": true, "processed_count": 1, "failed_indices": [1],
            "message": format!("1 event was refused: {fault}"), "relay": true
        });
        assert_eq!((answer.status, answer.json()), (200, expected));
    }
    assert_eq!(scene.arrival_of(cases.len()).await, vec!["good"; cases.len()]);
}

#[tokio::test]
async fn a_batch_of_bad_events_alone_names_them_all() {
    let scene = scene().await;
    let answer = scene.post(&json!({ "events": vec![json!({}); 7] })).await;
    assert_eq!((answer.status, answer.json()["processed_count"].clone()), (200, json!(0)));
    assert_eq!(answer.json()["failed_indices"], json!([0, 1, 2, 3, 4, 5, 6]));
    assert!(answer.message().ends_with("; and 2 more"), "{}", answer.message());
}

#[tokio::test]
async fn json_that_not_every_parser_reads_is_an_events_own_fault() {
    let scene = scene().await;
    let deep = format!("{}1{}", r#"{"a":"#.repeat(126), "}".repeat(126));
    for properties in [r#"{"a":"\ud800"}"#, r#"{"a":1e999}"#, deep.as_str()] {
        let body = format!(
            r#"{{"events":[{{"event_name":"bad","user_id":"u","properties":{properties}}},{{"event_name":"good","user_id":"u"}}]}}"#
        );
        let answer = send(scene.request(body)).await;
        assert_eq!(answer.json()["failed_indices"], json!([0]), "{properties:.40}: {}", answer.body);
        assert!(
            answer.message().contains("events[0] cannot be read by every JSON parser"),
            "{}",
            answer.message()
        );
    }
    assert_eq!(scene.arrival_of(3).await, ["good"; 3]);
}

#[tokio::test]
async fn a_repeated_event_is_confirmed_and_delivered_once() {
    let scene = scene().await;
    for _ in 0..3 {
        let answer = scene.post(&batch("event", 5)).await;
        assert_eq!(answer.json()["processed_count"], 5);
    }
    scene.post(&batch("last", 1)).await;
    wait_for("the last event", async || scene.arrived().contains(&"last_0".into())).await;
    assert_eq!(scene.arrived().len(), 6);
    assert_eq!(scene.metric(r#"appizer_relay_events_repeated_total{site="default"}"#), 10.0);
}

#[tokio::test]
async fn another_content_type_or_encoding_is_refused() {
    let scene = scene().await;
    let post = || client().post(scene.relay.endpoint());
    let form = post().header("content-type", "application/x-www-form-urlencoded").body("x");
    let message =
        "the Content-Type must be application/json or text/plain, but is application/x-www-form-urlencoded";
    send(form).await.assert_refusal(415, message);
    send(post())
        .await
        .assert_refusal(415, "the Content-Type must be application/json or text/plain, but is missing");
    let zstd = scene.request("x").header("content-encoding", "zstd");
    send(zstd)
        .await
        .assert_refusal(415, "the Content-Encoding must be gzip, br, deflate or none, but is zstd");
}

#[tokio::test]
async fn compressed_bodies_are_taken() {
    let scene = scene().await;
    let body = batch("packed", 2).to_string();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(body.as_bytes()).unwrap();
    let answer = send(scene.request(gzip.finish().unwrap()).header("content-encoding", "gzip")).await;
    assert_eq!((answer.status, answer.json()["processed_count"].clone()), (200, json!(2)));
    let broken = send(scene.request("no gzip").header("content-encoding", "gzip")).await;
    broken.assert_refusal(400, "the body broke off or cannot be decompressed after 0 bytes");
}

#[tokio::test]
async fn ip_and_user_agent_are_completed_from_the_request() {
    let scene = scene().await;
    let own = json!({ "events": [
        { "event_name": "own", "user_id": "u", "ip": "6.6.6.6", "ua": "Own/1.0" },
        { "event_name": "bare", "user_id": "u" },
    ] });
    send(scene.request(own.to_string()).header("user-agent", "Browser/2.0")).await;
    scene.arrival_of(2).await;
    let events = scene.collector.events().unwrap();
    let told: Vec<_> = events.iter().map(|event| (event.ip.as_deref(), event.ua.as_deref())).collect();
    assert_eq!(told, [(Some("127.0.0.0"), Some("Own/1.0")), (Some("127.0.0.0"), Some("Browser/2.0"))]);
}

#[tokio::test]
async fn what_events_tell_of_the_address_is_the_owners_choice() {
    for (ip, event_ip, expected) in [
        (IpMode::Full, EventIp::Replace, [Some("127.0.0.1"), Some("127.0.0.1")]),
        (IpMode::Truncated, EventIp::Keep, [Some("6.6.6.6"), Some("127.0.0.0")]),
        (IpMode::Off, EventIp::Replace, [None, None]),
        (IpMode::Off, EventIp::Keep, [None, None]),
    ] {
        let scene = scene_with(|config| (config.ip, config.event_ip) = (ip, event_ip)).await;
        let own = json!({ "events": [
            { "event_name": "own", "user_id": "u", "ip": "6.6.6.6" }, { "event_name": "bare", "user_id": "u" },
        ] });
        scene.post(&own).await;
        scene.arrival_of(2).await;
        let events = scene.collector.events().unwrap();
        assert_eq!(
            events.iter().map(|event| event.ip.as_deref()).collect::<Vec<_>>(),
            expected,
            "{ip:?} {event_ip:?}"
        );
    }
}

#[tokio::test]
async fn event_names_that_the_site_does_not_accept_are_refused() {
    let scene = scene_with(|config| {
        config.sites[0].event_names = ["event_0".to_owned()].into();
    })
    .await;
    let answer = scene.post(&batch("event", 2)).await;
    assert_eq!(answer.json()["failed_indices"], json!([1]));
    assert!(
        answer.message().contains("events[1].event_name is not among the event names"),
        "{}",
        answer.message()
    );
    assert_eq!(scene.arrival_of(1).await, ["event_0"]);
}

#[tokio::test]
async fn events_of_bots_are_confirmed_and_dropped_where_the_site_wants_that() {
    let scene = scene_with(|config| config.sites[0].bots = Bots::Drop).await;
    let bot = scene.request(batch("bot", 2).to_string()).header("user-agent", "Googlebot/2.1");
    assert_eq!(send(bot).await.json()["processed_count"], 2);
    scene.post(&batch("person", 1)).await;
    assert_eq!(scene.arrival_of(1).await, ["person_0"]);
    assert_eq!(scene.metric(r#"appizer_relay_events_filtered_total{site="default"}"#), 2.0);
}

#[tokio::test]
async fn a_daily_quota_is_refused_with_503_so_that_browsers_keep_their_events() {
    let scene = scene_with(|config| config.sites[0].daily_quota = Some(5)).await;
    assert_eq!(scene.post(&batch("event", 5)).await.status, 200);
    let answer = scene.post(&batch("more", 1)).await;
    answer.assert_refusal(503, "the site's quota of 5 events a day is used up");
    let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=3_600).contains(&wait), "{wait}");
    let scene = scene.restart().await;
    assert_eq!(scene.post(&batch("more", 1)).await.status, 503);
}

#[tokio::test]
async fn hosts_belong_to_sites_with_keys_and_endpoints_of_their_own() {
    let other = collector().await;
    let endpoint = other.endpoint().parse().unwrap();
    let scene = scene_with(|config| {
        let mut second = SiteConfig::new("second", endpoint, config.sites[0].key.clone());
        second.hosts = vec!["t.second.example".into()];
        config.sites[0].hosts = vec!["t.first.example".into()];
        config.sites.push(second);
    })
    .await;
    let post = |host: &str, name: &str| send(scene.request(batch(name, 1).to_string()).header("host", host));
    assert_eq!(post("t.first.example", "to_first").await.status, 200);
    assert_eq!(post("T.Second.example:8443", "to_second").await.status, 200);
    post("other.example", "nowhere")
        .await
        .assert_refusal(421, r#"no site is served under the host "other.example""#);
    assert_eq!(scene.arrival_of(1).await, ["to_first_0"]);
    wait_for("the second site's event", async || event_names(&other) == ["to_second_0"]).await;
}

#[tokio::test]
async fn unknown_paths_and_methods_are_refused_in_the_contracts_shape() {
    let scene = scene().await;
    scene.get("/nothing/here").await.assert_refusal(404, "there is nothing at /nothing/here");
    scene.get("/nothing.js").await.assert_refusal(404, "there is nothing at /nothing.js");
    scene.get("/v1/events/batch").await.assert_refusal(405, "/v1/events/batch does not take GET");
}
