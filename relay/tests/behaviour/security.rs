//! What strangers can do. Each test is named in docs/relay-security.md.

use std::io::Write;

use relay::clock::Clock;
use relay::config::{SiteConfig, SpoolAddress};
use relay::spool::{EventId, Letters};
use serde_json::{Value, json};

use crate::support::*;

#[tokio::test]
async fn a_forwarding_header_of_a_stranger_is_ignored_and_a_proxy_that_is_not_trusted_is_an_error() {
    let scene = scene().await;
    let spoofed = scene.request(batch("spoofed", 1).to_string()).header("x-forwarded-for", "6.6.6.6");
    assert_eq!(send(spoofed).await.status, 200);
    scene.arrival_of(1).await;
    assert_eq!(scene.collector.events().unwrap()[0].ip, None, "neither the spoofed address nor the proxy's");
    assert_eq!(scene.metric("appizer_relay_untrusted_forwards_total"), 1.0);
}

#[tokio::test]
async fn a_trusted_proxy_names_the_visitor_and_what_the_visitor_wrote_is_ignored() {
    let scene = scene_with(|config| config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()]).await;
    for (name, header) in [
        ("one", "198.51.100.7"),
        ("forged", "6.6.6.6, 198.51.100.7"),
        ("chained", "6.6.6.6, 198.51.100.7, 127.0.0.9"),
    ] {
        send(scene.request(batch(name, 1).to_string()).header("x-forwarded-for", header)).await;
    }
    scene.arrival_of(3).await;
    for event in scene.collector.events().unwrap() {
        assert_eq!(event.ip.as_deref(), Some("198.51.100.0"), "{}", event.event_name);
    }
}

#[tokio::test]
async fn an_address_in_an_event_is_replaced_by_that_of_the_request() {
    let scene = scene().await;
    scene.post(&json!({ "events": [{ "event_name": "e", "user_id": "u", "ip": "6.6.6.6" }] })).await;
    scene.arrival_of(1).await;
    assert_eq!(scene.collector.events().unwrap()[0].ip.as_deref(), Some("127.0.0.0"));
}

#[tokio::test]
async fn an_origin_that_is_not_listed_is_refused_by_the_server_itself() {
    let scene =
        scene_with(|config| config.sites[0].origins = vec!["https://*.shop.example".parse().unwrap()]).await;
    let body = batch("event", 1).to_string();
    let post = |content_type: &str, origin: Option<&str>| {
        let request =
            client().post(scene.relay.endpoint()).header("content-type", content_type).body(body.clone());
        send(if let Some(origin) = origin { request.header("origin", origin) } else { request })
    };
    for content_type in ["application/json", "text/plain"] {
        for origin in
            ["https://evil.example", "null", "https://shop.example.evil.example", "http://a.shop.example"]
        {
            let answer = post(content_type, Some(origin)).await;
            answer.assert_refusal(403, &format!("pages of {origin} may not send events to this site"));
            assert_eq!(answer.header("access-control-allow-origin"), None);
        }
        let message = "the Origin header is missing, and this site takes events of its own pages alone";
        post(content_type, None).await.assert_refusal(403, message);
    }
    let answer = post("text/plain", Some("https://www.shop.example")).await;
    assert_eq!(
        (answer.status, answer.header("access-control-allow-origin")),
        (200, Some("https://www.shop.example"))
    );
    assert_eq!(scene.arrival_of(1).await, ["event_0"]);
}

#[tokio::test]
async fn a_flood_from_one_address_is_limited_and_others_are_not() {
    let scene = scene_with(|config| {
        config.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
        config.address_events_per_minute = 10;
    })
    .await;
    let post =
        |from: &str| send(scene.request(batch("flood", 50).to_string()).header("x-forwarded-for", from));
    // Ten minutes' worth may come at once.
    for _ in 0..2 {
        assert_eq!(post("2001:db8:1:2::1").await.status, 200);
    }
    let answer = post("2001:db8:1:2:ffff::9").await;
    assert_eq!(answer.status, 429, "one household has all of a /64");
    let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    answer.assert_refusal(429, &format!("too many events from this address; try again in {wait} s"));
    assert!((200..=301).contains(&wait), "{wait}");
    assert_eq!(post("2001:db8:1:3::1").await.status, 200);
    assert_eq!(post("198.51.100.7").await.status, 200);
}

#[tokio::test]
async fn bytes_of_bodies_that_are_no_events_count_too() {
    let scene = scene_with(|config| config.address_bytes_per_minute = 1_000).await;
    // A burst holds the largest body at least.
    assert_eq!(send(scene.request("x".repeat(1_000_000))).await.status, 400);
    assert_eq!(send(scene.request("x".repeat(100_000))).await.status, 429);
}

#[tokio::test]
async fn a_replayed_id_is_dropped_and_cannot_suppress_an_event_of_another_site() {
    let scene = scene_with(|config| {
        let mut second =
            SiteConfig::new("second", config.sites[0].endpoint.clone(), config.sites[0].key.clone());
        (config.sites[0].hosts, second.hosts) = (vec!["first.example".into()], vec!["second.example".into()]);
        config.sites.push(second);
    })
    .await;
    let post = |host: &'static str| send(scene.request(batch("event", 1).to_string()).header("host", host));
    for host in ["first.example", "first.example", "second.example"] {
        assert_eq!(post(host).await.json()["processed_count"], 1);
    }
    scene.arrival_of(2).await;
    assert_eq!(scene.metric(r#"appizer_relay_events_repeated_total{site="default"}"#), 1.0);
    assert_eq!(scene.metric(r#"appizer_relay_events_repeated_total{site="second"}"#), 0.0);
    assert_ne!(EventId::new("default", "event_0"), EventId::new("second", "event_0"));
}

#[tokio::test]
async fn a_compressed_bomb_is_refused_before_it_unfolds() {
    let scene = scene().await;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..100 {
        gzip.write_all(&vec![b' '; 1024 * 1024]).unwrap();
    }
    let bomb = gzip.finish().unwrap();
    assert!(bomb.len() < 200_000);
    let answer = send(scene.request(bomb).header("content-encoding", "gzip")).await;
    answer.assert_refusal(413, "the body has more than 1048576 bytes");
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_send_slowly_are_cut_off() {
    let scene = scene_with(|config| config.clock = Clock::accelerated(60)).await;
    let address = scene.relay.address();
    let silent = exchange(address, Vec::new()).await;
    assert_eq!(silent, "", "a connection on which nothing comes is closed");
    let half_a_head =
        exchange(address, b"POST /v1/events/batch HTTP/1.1\r\nHost: t.example\r\n".to_vec()).await;
    assert!(half_a_head.is_empty() || half_a_head.starts_with("HTTP/1.1 408"), "{half_a_head}");
    let head = "POST /v1/events/batch HTTP/1.1\r\nHost: t.example\r\nContent-Type: text/plain\r\nContent-Length: 50\r\n\r\n";
    let half_a_body = exchange(address, format!("{head}{{").into_bytes()).await;
    assert!(half_a_body.starts_with("HTTP/1.1 408"), "{half_a_body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_beyond_reason_are_refused() {
    let scene = scene().await;
    let many = "X-A: b\r\n".repeat(200);
    let long = format!("X-A: {}\r\n", "b".repeat(64 * 1024));
    for headers in [many, long] {
        let head = format!("GET /healthz HTTP/1.1\r\nHost: a\r\n{headers}Connection: close\r\n\r\n");
        let answer = exchange(scene.relay.address(), head.into_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 431"), "{answer:.100}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_whose_length_or_host_is_ambiguous_is_refused_and_its_connection_closed() {
    let scene = scene().await;
    let body = batch("smuggled", 1).to_string();
    let inner = format!(
        "POST /v1/events/batch HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let outer = |headers: &str| {
        format!("POST /v1/events/batch HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\n{headers}\r\n")
    };
    let chunked = format!("0\r\n\r\n{inner}");
    for request in [
        outer("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n") + &chunked,
        outer("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n") + &chunked,
        outer("Content-Length: 5\r\nContent-Length: 6\r\n") + "01234" + &inner,
        outer("Content-Length: +5\r\n") + "01234" + &inner,
        outer("Transfer-Encoding: chunked, identity\r\n") + &chunked,
        outer("Transfer-Encoding: xchunked\r\n") + &chunked,
        outer("Content-Length : 5\r\n") + "01234" + &inner,
        outer("Host: b\r\nContent-Length: 0\r\n") + &inner,
    ] {
        let answer = exchange(scene.relay.address(), request.clone().into_bytes()).await;
        let replies = answer.matches("HTTP/1.1 ").count();
        assert!(answer.starts_with("HTTP/1.1 400") && replies == 1, "{request}\n---\n{answer}");
    }
    scene.post(&batch("honest", 1)).await;
    assert_eq!(scene.arrival_of(1).await, ["honest_0"]);
}

#[tokio::test]
async fn names_with_sql_in_them_are_names() {
    let name = "x'); DROP TABLE event; --";
    let scene = scene().await;
    scene.post(&json!({ "events": [{ "event_name": name, "user_id": name, "properties": { "$event_id": name } }] })).await;
    assert_eq!(scene.arrival_of(1).await, [name]);
    let letters = Letters { site: Some(name.into()), ..Letters::default() };
    assert_eq!(scene.relay.spool().discard(&letters).await.unwrap(), 0);
    assert_eq!(scene.post(&batch("next", 1)).await.status, 200);
}

#[tokio::test]
async fn files_beside_the_tracker_cannot_be_reached() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("appizer.js"), "1").unwrap();
    std::fs::write(folder.path().join("secret.txt"), "secret").unwrap();
    let scene = scene_with(|config| config.tracker = folder.path().join("appizer.js")).await;
    for path in
        ["/secret.txt", "/..%2fsecret.txt", "/%2e%2e/secret.txt", "/appizer.js%00.txt", "//secret.txt"]
    {
        assert_eq!(scene.get(path).await.status, 404, "{path}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn files_of_the_spool_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("relay.sqlite");
    // Even if somebody has made it readable before.
    std::fs::write(&path, "").unwrap();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
    let scene = scene_on(SpoolAddress::Sqlite(path), collector().await, |_| {}).await;
    scene.post(&batch("event", 1)).await;
    let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(Result::unwrap).collect();
    assert!(files.len() >= 3, "the file, its log and its lock");
    for file in files {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", file.file_name());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_keys_nor_events_are_ever_logged_or_shown() {
    let folder = tempfile::tempdir().unwrap();
    let collector = collector().await;
    let mut relay =
        program::Program::start(folder.path(), &["--endpoint", &collector.endpoint(), "--log", "trace"]);
    let secret = "a_private_property";
    let url = format!("{}/v1/events/batch", relay.url);
    let event = json!({ "event_name": secret, "user_id": secret, "properties": { "x": secret } });
    let bodies: [Value; 3] =
        [json!({ "events": [event] }), json!({ "events": [event, {}] }), json!({ "wrong": [event] })];
    for fault in [None, Some(401), Some(400), Some(503)] {
        collector.set_faults(fault.map(collector::Faults::status)).unwrap();
        for body in &bodies {
            let cookie = format!("session={secret}");
            send(
                client()
                    .post(&url)
                    .header("content-type", "text/plain")
                    .header("cookie", cookie)
                    .body(body.to_string()),
            )
            .await;
        }
    }
    wait_for("an answer", async || !collector.requests().unwrap().is_empty()).await;
    let metrics = send(client().get(format!("{}/metrics", relay.url))).await.body;
    let status = program::run(folder.path(), &["status"]);
    assert!(relay.stop().success());
    let shown = [relay.logged(), metrics, String::from_utf8_lossy(&status.stdout).into_owned()];
    assert!(shown[0].contains("asked to stop"), "the log holds something");
    for text in shown {
        assert!(!text.contains(KEY) && !text.contains(secret), "{text}");
    }
}
