//! A spool that cannot be written: nothing is confirmed, nothing is sent that cannot be recorded, and all goes on by itself.

use relay::config::SpoolAddress;

use crate::support::*;

fn path(scene: &Scene) -> std::path::PathBuf {
    match &scene.config.spool {
        SpoolAddress::Sqlite(path) => path.clone(),
        SpoolAddress::Postgres(_) => unreachable!("the scene is on SQLite"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_file_is_answered_with_503_and_unlocked_it_goes_on() {
    let scene = scene().await;
    let other = rusqlite::Connection::open(path(&scene)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let answer = scene.post(&batch("refused", 1)).await;
    answer.assert_refusal(503, "the spool cannot be written");
    assert_eq!(answer.header("retry-after"), Some("30"));
    assert_eq!(scene.get("/readyz").await.json()["reasons"][0], "the spool cannot be written");
    assert_eq!(scene.metric("appizer_relay_spool_up"), 0.0);
    other.execute_batch("ROLLBACK").unwrap();
    // Without a request: a proxy may have taken the relay out of service.
    wait_for("readiness", async || scene.get("/readyz").await.status == 200).await;
    assert_eq!(scene.post(&batch("accepted", 1)).await.status, 200);
    assert_eq!(scene.arrival_of(1).await, ["accepted_0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_while_attempts_cannot_be_recorded() {
    let scene = scene().await;
    scene.collector.set_faults(Some(collector::Faults::status(503).times(1))).unwrap();
    scene.post(&batch("event", 1)).await;
    wait_for("a failed request", async || scene.collector.requests().unwrap().len() == 1).await;
    let other = rusqlite::Connection::open(path(&scene)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    // Longer than any backoff after one failure, and than SQLite waits for the lock.
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    assert_eq!(scene.collector.requests().unwrap().len(), 1);
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(scene.arrival_of(1).await, ["event_0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outcome_that_cannot_be_recorded_at_once_is_recorded_later_and_nothing_is_sent_twice() {
    let scene = scene().await;
    let slow = collector::Faults { delay_ms: Some(1_000), ..collector::Faults::default() };
    scene.collector.set_faults(Some(slow)).unwrap();
    scene.post(&batch("event", 100)).await;
    wait_for("the attempt", async || {
        scene.metric(r#"appizer_relay_requests_last_minute{site="default"}"#) == 1.0
    })
    .await;
    let other = rusqlite::Connection::open(path(&scene)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    scene.arrival_of(100).await;
    tokio::time::sleep(std::time::Duration::from_secs(4)).await;
    other.execute_batch("ROLLBACK").unwrap();
    let delivered = r#"appizer_relay_events_delivered_total{site="default"}"#;
    wait_for("the settlement", async || scene.metric(delivered) == 100.0).await;
    assert_eq!((scene.arrived().len(), scene.collector.requests().unwrap().len()), (100, 1));
}

#[tokio::test]
async fn a_full_disk_is_answered_with_503_before_deletes_have_no_room() {
    let scene = scene_with(|config| config.disk_reserve_bytes = u64::MAX).await;
    scene.post(&batch("event", 1)).await.assert_refusal(503, "the disk of the spool is full");
    assert_eq!(scene.get("/readyz").await.status, 503);
}

#[tokio::test]
async fn a_full_spool_of_a_site_is_answered_with_503_until_it_has_drained() {
    let scene = scene_with(|config| config.sites[0].max_spool_bytes = 1_000).await;
    scene.collector.set_faults(Some(collector::Faults::status(503))).unwrap();
    assert_eq!(scene.post(&batch("event", 50)).await.status, 200);
    let answer = scene.post(&batch("more", 1)).await;
    answer.assert_refusal(
        503,
        "the site's spool is full: the endpoint takes events more slowly than they come",
    );
    assert_eq!(answer.header("retry-after"), Some("30"));
    scene.collector.set_faults(None).unwrap();
    scene.arrival_of(50).await;
    wait_for("room", async || scene.post(&batch("more", 1)).await.status == 200).await;
}
