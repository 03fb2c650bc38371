//! A real relay in front of a real endpoint that misbehaves.

use collector::{Collector, DropPoint, Faults, Settings};
use relay::config::SpoolAddress;
use relay::spool::Letters;
use serde_json::json;

use crate::support::*;

#[tokio::test]
async fn requests_of_many_visitors_share_batches() {
    let scene = scene().await;
    for n in 0..40 {
        scene.post(&batch(&format!("visitor_{n}"), 5)).await;
    }
    scene.arrival_of(200).await;
    let sizes: Vec<u32> =
        scene.collector.requests().unwrap().iter().map(|request| request.event_count).collect();
    // Two of a hundred, unless this machine takes longer than the linger for forty requests.
    assert!(sizes.iter().sum::<u32>() == 200 && sizes.len() < 40, "{sizes:?}");
}

#[tokio::test]
async fn events_wait_while_the_endpoint_fails_and_arrive_once_when_it_is_back() {
    let scene = scene().await;
    scene.collector.set_faults(Some(Faults::status(503))).unwrap();
    scene.post(&batch("event", 5)).await;
    wait_for("a failed request", async || !scene.collector.requests().unwrap().is_empty()).await;
    assert_eq!(
        scene.get("/readyz").await.status,
        200,
        "an endpoint that is down is no reason to refuse events"
    );
    scene.collector.set_faults(None).unwrap();
    assert_eq!(scene.arrival_of(5).await.len(), 5);
}

#[tokio::test]
async fn a_reply_that_is_lost_repeats_the_very_same_batch() {
    let scene = scene().await;
    scene.collector.set_faults(Some(Faults::drop(DropPoint::After).times(1))).unwrap();
    scene.post(&batch("event", 3)).await;
    let arrived = scene.arrival_of(6).await;
    assert_eq!(arrived[..3], arrived[3..]);
}

#[tokio::test]
async fn one_event_that_the_endpoint_refuses_becomes_a_dead_letter_and_harms_no_other() {
    let strict = Settings { max_body_bytes: 50_000, ..Settings::in_memory(KEY) };
    let folder = tempfile::tempdir().unwrap();
    let spool = SpoolAddress::Sqlite(folder.path().join("relay.sqlite"));
    let scene = scene_on(spool, Collector::start(strict).await.unwrap(), |_| {}).await;
    let mut body = batch("event", 10);
    body["events"][7]["properties"]["x"] = json!("x".repeat(60_000));
    assert_eq!(scene.post(&body).await.json()["processed_count"], 10);
    let arrived = scene.arrival_of(9).await;
    assert!(!arrived.contains(&"event_7".into()));
    wait_for("a dead letter", async || !letters(&scene).await.is_empty()).await;
    let letters = letters(&scene).await;
    assert_eq!((letters.len(), letters[0].status), (1, 413));
    assert!(letters[0].message.contains("50000 are allowed"), "{}", letters[0].message);
}

#[tokio::test]
async fn events_that_the_endpoint_names_become_dead_letters() {
    let scene = scene().await;
    let answer = r#"{"success":true,"processed_count":2,"failed_indices":[1],"message":"one is odd"}"#;
    let faults = Faults { status: Some(200), body: Some(answer.into()), times: Some(1), ..Faults::default() };
    scene.collector.set_faults(Some(faults)).unwrap();
    scene.post(&batch("event", 3)).await;
    wait_for("a dead letter", async || !letters(&scene).await.is_empty()).await;
    let letters = letters(&scene).await;
    assert!(letters.len() == 1 && letters[0].event.contains("event_1"), "{letters:?}");
    assert_eq!(letters[0].message, "one is odd");
}

#[tokio::test]
async fn a_resent_dead_letter_is_delivered() {
    let scene = scene().await;
    scene.collector.set_faults(Some(Faults::status(400))).unwrap();
    scene.post(&batch("event", 1)).await;
    wait_for("a dead letter", async || !letters(&scene).await.is_empty()).await;
    scene.collector.set_faults(None).unwrap();
    let now = scene.config.clock.wall();
    assert_eq!(scene.relay.spool().resend(&Letters::default(), now).await.unwrap(), 1);
    assert_eq!(scene.arrival_of(1).await, ["event_0"]);
}

#[tokio::test]
async fn a_refused_key_keeps_events_and_shows() {
    let scene = scene_with(|config| {
        config.sites[0].key = relay::config::ApiKey::new("another").unwrap();
    })
    .await;
    scene.post(&batch("event", 3)).await;
    let up = r#"appizer_relay_upstream_up{site="default"}"#;
    wait_for("the pause", async || scene.metric(up) == -1.0).await;
    assert_eq!(scene.metric(r#"appizer_relay_upstream_answers_total{site="default",status="401"}"#), 1.0);
    let depth = scene.relay.spool().depth(&"default".into(), scene.config.clock.wall()).await.unwrap();
    assert_eq!((depth.waiting, depth.dead), (3, 0));
}

#[tokio::test]
async fn a_redirect_is_not_followed_so_that_the_key_goes_nowhere_else() {
    let elsewhere = collector().await;
    let scene = scene().await;
    let faults = Faults { status: Some(308), ..Faults::default() };
    scene.collector.set_faults(Some(faults)).unwrap();
    scene.post(&batch("event", 1)).await;
    wait_for("a request", async || !scene.collector.requests().unwrap().is_empty()).await;
    assert!(elsewhere.requests().unwrap().is_empty());
    let depth = scene.relay.spool().depth(&"default".into(), scene.config.clock.wall()).await.unwrap();
    assert_eq!(depth.waiting, 1);
}

#[tokio::test]
async fn what_was_accepted_before_a_stop_is_delivered_after_the_next_start() {
    let scene = scene().await;
    scene.collector.set_faults(Some(Faults::status(503))).unwrap();
    scene.post(&batch("event", 3)).await;
    let scene = scene.restart().await;
    scene.collector.set_faults(None).unwrap();
    assert_eq!(scene.arrival_of(3).await.len(), 3);
}

#[tokio::test]
async fn a_stop_waits_for_the_answer_to_a_request_in_flight() {
    let scene = scene().await;
    let slow = Faults { delay_ms: Some(1_500), ..Faults::default() };
    scene.collector.set_faults(Some(slow)).unwrap();
    scene.post(&batch("event", 100)).await;
    wait_for("the attempt", async || {
        scene.metric(r#"appizer_relay_requests_last_minute{site="default"}"#) == 1.0
    })
    .await;
    let Scene { relay, collector, config, .. } = scene;
    // The spool's folder goes with the scene, so that it is looked into before.
    let SpoolAddress::Sqlite(path) = config.spool else { unreachable!("the scene is on SQLite") };
    let mut reader = relay::spool::sqlite::Store::open(&path).unwrap();
    relay.stop().await;
    assert_eq!(event_names(&collector).len(), 100);
    assert_eq!(reader.depth("default", 0).unwrap().delivered, 100);
}

async fn letters(scene: &Scene) -> Vec<relay::spool::DeadLetter> {
    scene.relay.spool().letters(&Letters::default()).await.unwrap()
}
