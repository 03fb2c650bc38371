//! What the relay shows of itself, and the tracker that it serves.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use collector::Faults;
use relay::policy;
use sha2::{Digest, Sha384};
use std::net::SocketAddr;

use crate::support::*;

const SCRIPT: &str = "/* the tracker */ console.log('x'.repeat(100));";

async fn with_script() -> (Scene, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("appizer.js");
    std::fs::write(&path, SCRIPT).unwrap();
    (scene_with(|config| config.tracker = path).await, folder)
}

#[tokio::test]
async fn the_tracker_is_revalidated_under_its_name() {
    let (scene, _folder) = with_script().await;
    let answer = scene.get("/appizer.js").await;
    assert_eq!((answer.status, answer.body.as_str()), (200, SCRIPT));
    assert_eq!(answer.header("content-type"), Some("text/javascript; charset=utf-8"));
    assert_eq!(answer.header("cache-control"), Some("no-cache"));
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    let etag = answer.header("etag").unwrap().to_owned();
    for tag in [etag.clone(), format!("W/{etag}"), format!("\"other\", {etag}")] {
        let again = send(client().get(scene.url("/appizer.js")).header("if-none-match", tag)).await;
        assert_eq!((again.status, again.body.as_str(), again.header("etag")), (304, "", Some(etag.as_str())));
    }
    let other = send(client().get(scene.url("/appizer.js")).header("if-none-match", "\"other\"")).await;
    assert_eq!(other.status, 200);
}

#[tokio::test]
async fn a_name_with_a_hash_never_changes_and_has_an_integrity() {
    let (scene, _folder) = with_script().await;
    let manifest = scene.get("/appizer.json").await.json();
    let expected = format!("sha384-{}", STANDARD.encode(Sha384::digest(SCRIPT)));
    assert_eq!(manifest["integrity"], expected);
    let name = manifest["src"].as_str().unwrap();
    let answer = scene.get(name).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, SCRIPT));
    assert_eq!(answer.header("cache-control"), Some("public, max-age=31536000, immutable"));
    assert_eq!(scene.get("/appizer.0123456789abcdef.js").await.status, 404);
}

#[tokio::test]
async fn the_tracker_is_compressed_for_clients_that_take_it() {
    let (scene, _folder) = with_script().await;
    for (accepts, expected) in [("gzip, deflate, br", Some("br")), ("gzip", Some("gzip")), ("identity", None)]
    {
        let response =
            client().get(scene.url("/appizer.js")).header("accept-encoding", accepts).send().await.unwrap();
        let encoding =
            response.headers().get("content-encoding").map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(encoding.as_deref(), expected);
        let body = response.bytes().await.unwrap();
        let plain = match expected {
            Some("br") => {
                let mut plain = Vec::new();
                brotli::BrotliDecompress(&mut &body[..], &mut plain).unwrap();
                plain
            }
            Some(_) => {
                let mut plain = Vec::new();
                std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&body[..]), &mut plain).unwrap();
                plain
            }
            None => body.to_vec(),
        };
        assert_eq!(plain, SCRIPT.as_bytes());
    }
}

#[tokio::test]
async fn a_tracker_that_is_not_there_is_named_and_found_once_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("appizer.js");
    let scene = scene_with(|config| config.tracker = path.clone()).await;
    let answer = scene.get("/appizer.js").await;
    let message = "the relay has no tracker to serve: its script appizer.js is not there; build it by `cargo xtask \
                   build` or name it by --tracker";
    answer.assert_refusal(404, message);
    std::fs::write(&path, SCRIPT).unwrap();
    assert_eq!(scene.get("/appizer.js").await.body, SCRIPT);
}

#[tokio::test]
async fn health_and_readiness_answer() {
    let scene = scene().await;
    let alive = scene.get("/healthz").await;
    assert_eq!((alive.status, alive.json()["alive"].clone()), (200, true.into()));
    let ready = scene.get("/readyz").await;
    assert_eq!((ready.status, ready.json()["ready"].clone()), (200, true.into()));
}

#[tokio::test]
async fn metrics_tell_what_became_of_events_and_requests() {
    let scene = scene().await;
    scene.post(&batch("event", 10)).await;
    scene.post(&batch("event", 10)).await;
    scene.request("x").send().await.unwrap();
    scene.arrival_of(10).await;
    let delivered = r#"appizer_relay_events_delivered_total{site="default"}"#;
    wait_for("the settlement", async || scene.metric(delivered) == 10.0).await;
    let site = |name: &str| scene.metric(&format!(r#"appizer_relay_{name}{{site="default"}}"#));
    assert_eq!((site("events_accepted_total"), site("events_repeated_total")), (10.0, 10.0));
    assert_eq!(
        (site("batch_events_count"), site("upstream_seconds_count"), site("leading")),
        (1.0, 1.0, 1.0)
    );
    assert_eq!(scene.metric(r#"appizer_relay_replies_total{status="200"}"#), 2.0);
    assert_eq!(scene.metric(r#"appizer_relay_replies_total{status="400"}"#), 1.0);
    assert_eq!(scene.metric(r#"appizer_relay_upstream_answers_total{site="default",status="200"}"#), 1.0);
    assert_eq!(scene.metric("appizer_relay_reply_seconds_count"), 3.0);
    assert_eq!(
        (scene.metric("appizer_relay_spool_up"), scene.metric("appizer_relay_known_days")),
        (1.0, 1.0)
    );
}

#[tokio::test]
async fn a_backlog_shows_its_depth_age_and_delay_and_counts_as_overload() {
    let scene = scene().await;
    scene.collector.set_faults(Some(Faults::status(503))).unwrap();
    // A minute of the endpoint's limit, and some more.
    for n in 0..policy::STARTS_PER_MINUTE + 5 {
        assert_eq!(scene.post(&batch(&format!("event_{n}"), 100)).await.status, 200);
    }
    let site = |name: &str| scene.metric(&format!(r#"appizer_relay_{name}{{site="default"}}"#));
    wait_for("the numbers", async || site("spool_events") == 10_000.0).await;
    assert_eq!((site("overloaded"), site("forecast_delay_seconds")), (1.0, 63.0));
    assert!(site("spool_bytes") > 500_000.0);
}

#[tokio::test]
async fn metrics_are_for_programs_on_this_machine_and_not_for_visitors_of_a_proxy() {
    let scene = scene().await;
    assert_eq!(scene.get("/metrics").await.status, 200);
    for header in ["x-forwarded-for", "forwarded", "via", "x-real-ip"] {
        let forwarded = send(client().get(scene.url("/metrics")).header(header, "198.51.100.7")).await;
        forwarded.assert_refusal(404, "there is nothing at /metrics");
    }
}

#[tokio::test]
async fn metrics_have_an_address_of_their_own_where_the_owner_wants_one() {
    let scene =
        scene_with(|config| config.metrics_listen = Some(SocketAddr::from(([127, 0, 0, 1], 0)))).await;
    let address = scene.relay.metrics_address().unwrap();
    let forwarded = client().get(format!("http://{address}/metrics")).header("x-forwarded-for", "10.0.0.9");
    let answer = send(forwarded).await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, Some("text/plain; version=0.0.4; charset=utf-8"))
    );
    assert!(metric(&answer.body, "appizer_relay_connections") >= 1.0);
    let batch = send(client().post(format!("http://{address}/v1/events/batch"))).await;
    assert_eq!(batch.status, 404, "events are not taken there");
}
