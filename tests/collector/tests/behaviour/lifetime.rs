//! Starting, stopping and starting again.

use std::net::TcpStream;

use collector::{Collector, Database, Settings, StartError, StoreError};

use crate::support::*;

#[tokio::test]
async fn a_restart_on_the_same_port_and_file_keeps_every_event_and_their_order() {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::File(folder.path().join("events.sqlite"));
    let first = start(Settings { database: database.clone(), ..settings() }).await;
    let port = first.address().port();
    post(&first, &batch("a", 3)).await;
    post(&first, &batch("b", 2)).await;
    first.stop().await;

    let second = start(Settings { database, port, ..settings() }).await;
    post(&second, &batch("c", 1)).await;
    assert_eq!(event_names(&second), ["a_0", "a_1", "a_2", "b_0", "b_1", "c_0"]);
    let events = second.events().unwrap();
    assert!(events.iter().map(|event| event.seq).eq(1..=6));
    assert!(events.iter().map(|event| event.request_id).eq([1, 1, 1, 2, 2, 3]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_collector_closes_open_connections_and_refuses_new_ones() {
    let collector = collector().await;
    let address = collector.address();
    let mut idle = TcpStream::connect(address).unwrap();
    let client = client();
    client.get(url(&collector, "/v1/summary")).send().await.unwrap();

    collector.stop().await;
    assert_eq!(read_until_closed(&mut idle), b"");
    TcpStream::connect(address).unwrap_err();
    client.get(format!("http://{address}/v1/summary")).send().await.unwrap_err();
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let first = collector().await;
    let settings = Settings { port: first.address().port(), ..settings() };
    let error = Collector::start(settings).await.unwrap_err();
    assert_eq!(error.to_string(), format!("cannot listen on {}", first.address()));
}

#[tokio::test]
async fn a_database_that_cannot_be_opened_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::File(folder.path().join("absent/events.sqlite"));
    let error = Collector::start(Settings { database: database.clone(), ..settings() }).await.unwrap_err();
    assert_eq!(error.to_string(), format!("cannot open the database {database}"));
}

#[tokio::test]
async fn a_file_of_another_version_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.sqlite");
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("CREATE TABLE theirs (x); PRAGMA user_version = 7;").unwrap();

    let error =
        Collector::start(Settings { database: Database::File(path), ..settings() }).await.unwrap_err();
    assert!(matches!(error, StartError::Open { source: StoreError::Version { found: 7 }, .. }), "{error:?}");
    let tables: i64 = other.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).unwrap();
    assert_eq!(tables, 1);
}

#[tokio::test]
async fn an_empty_key_is_refused() {
    let error = Collector::start(Settings::in_memory("")).await.unwrap_err();
    assert!(matches!(error, StartError::ApiKeyEmpty));
}
