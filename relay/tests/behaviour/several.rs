//! Relays side by side on one PostgreSQL, and a PostgreSQL that comes and goes.

use postgres_server::{Postgres, database};
use relay::clock::Clock;
use relay::config::{SiteName, SpoolAddress};
use relay::spool::{Arrival, Claim, NewEvent, Seq, Spool, postgres::PostgresSpool};

use crate::support::program::Program;
use crate::support::*;

#[tokio::test(flavor = "multi_thread")]
async fn one_session_leads_a_site_and_another_takes_over_when_it_ends() {
    let url = database();
    let (first, second) = (open(&url).await, open(&url).await);
    let (a, b): (SiteName, SiteName) = ("a".into(), "b".into());
    let session = first.lead(&a).await.unwrap().expect("nobody leads yet");
    assert!(second.lead(&a).await.unwrap().is_none());
    assert!(second.lead(&b).await.unwrap().is_some(), "each site has a sender of its own");
    drop(session);
    wait_for_lead(&second, &a).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_that_has_lost_its_session_cannot_record_and_so_not_send() {
    let url = database();
    let (first, second) = (open(&url).await, open(&url).await);
    let site: SiteName = "a".into();
    let event = NewEvent { id: None, json: "{}".into() };
    first.accept(vec![Arrival { site: site.clone(), events: vec![event], at: 0 }]).await.unwrap();
    let mut deposed = first.lead(&site).await.unwrap().unwrap();
    // As an operator or a failover would.
    let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let kill = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'";
    client.query(kill, &[]).await.unwrap();
    let mut successor = wait_for_lead(&second, &site).await;
    let all = Claim::Fresh { after: 0, until: Seq::MAX };
    assert!(deposed.begin(all, 0).await.is_err());
    assert!(deposed.check().await.is_err());
    assert!(successor.begin(all, 0).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_relays_accept_and_one_sends_within_one_limit() {
    let spool = SpoolAddress::Postgres(database());
    let first = scene_on(spool.clone(), collector().await, |_| {}).await;
    let second = relay::Relay::start(config(spool, &first.collector)).await.unwrap();
    for n in 0..10 {
        assert_eq!(first.post(&batch(&format!("first_{n}"), 5)).await.status, 200);
        let post = client().post(second.endpoint()).header("content-type", "text/plain");
        assert_eq!(send(post.body(batch(&format!("second_{n}"), 5).to_string())).await.status, 200);
        // The same events at both: a repeat is known everywhere.
        let post = client().post(second.endpoint()).header("content-type", "text/plain");
        send(post.body(batch(&format!("first_{n}"), 5).to_string())).await;
    }
    first.arrival_of(100).await;
    let leading = r#"appizer_relay_leading{site="default"}"#;
    assert_eq!(first.metric(leading) + metric(&second.metrics(), leading), 1.0);
    let depth = first.relay.spool().depth(&"default".into(), first.config.clock.wall()).await.unwrap();
    assert_eq!((depth.accepted, depth.repeated), (100, 50));
    second.stop().await;
    assert_eq!(first.arrived().len(), 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_sender_is_killed_another_relay_delivers_what_both_confirmed() {
    let url = database();
    let collector = collector().await;
    let endpoint = collector.endpoint();
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let arguments = ["--endpoint", &endpoint, "--spool", &url];
    let mut sender = Program::start(one.path(), &arguments);
    let leading = async |relay: &Program| {
        let text = send(client().get(format!("{}/metrics", relay.url))).await.body;
        metric(&text, r#"appizer_relay_leading{site="default"}"#) == 1.0
    };
    wait_for("a sender", async || leading(&sender).await).await;
    let other = Program::start(two.path(), &arguments);
    let post = async |relay: &Program, name: &str| {
        let post =
            client().post(format!("{}/v1/events/batch", relay.url)).header("content-type", "text/plain");
        assert_eq!(send(post.body(batch(name, 5).to_string())).await.status, 200);
    };
    collector.set_faults(Some(collector::Faults { hang: true, ..collector::Faults::default() })).unwrap();
    post(&sender, "in_flight").await;
    wait_for("a request in flight", async || !collector.requests().unwrap().is_empty()).await;
    post(&sender, "waiting").await;
    post(&other, "elsewhere").await;
    sender.kill();
    collector.set_faults(None).unwrap();
    wait_for("a new sender", async || leading(&other).await).await;
    wait_for("all events", async || event_names(&collector).len() >= 15).await;
    assert_eq!(event_names(&collector).len(), 15);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_stops_is_answered_with_503_and_back_it_goes_on_by_itself() {
    let mut server = Postgres::start();
    let scene = scene_on(SpoolAddress::Postgres(server.url("postgres")), collector().await, |_| {}).await;
    scene.collector.set_faults(Some(collector::Faults::status(503))).unwrap();
    assert_eq!(scene.post(&batch("before", 5)).await.status, 200);
    wait_for("a failed request", async || !scene.collector.requests().unwrap().is_empty()).await;

    server.stop();
    scene.collector.set_faults(None).unwrap();
    let tried = scene.collector.requests().unwrap().len();
    let answer = scene.post(&batch("during", 5)).await;
    answer.assert_refusal(503, "the spool cannot be written");
    assert_eq!(answer.header("retry-after"), Some("30"));
    assert_eq!(scene.get("/readyz").await.status, 503);
    let sent = scene.collector.requests().unwrap().len();
    assert!(sent <= tried + 1, "a request that had begun may end; {sent} were sent");

    server.resume();
    wait_for("readiness", async || scene.get("/readyz").await.status == 200).await;
    assert_eq!(scene.post(&batch("after", 5)).await.status, 200);
    let arrived = scene.arrival_of(10).await;
    assert!(arrived.iter().all(|name| !name.starts_with("during")), "{arrived:?}");
    assert_eq!(arrived.len(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_a_newer_schema_is_left_alone() {
    let url = database();
    drop(open(&url).await);
    let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client.execute("UPDATE appizer_relay.version SET n = 99", &[]).await.unwrap();
    let error = PostgresSpool::open(&url, &Clock::default()).await.unwrap_err();
    assert!(error.to_string().starts_with("the spool has schema 99; this relay knows 1"), "{error}");
}

async fn open(url: &str) -> PostgresSpool {
    PostgresSpool::open(url, &Clock::default()).await.unwrap()
}
