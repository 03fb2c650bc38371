//! Reading, newest first.

use rusqlite::types::Type;
use rusqlite::{Row, params};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{Store, StoreError};
use crate::authorization::AuthorizationKind;

/// An event as it was stored.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StoredEvent {
    /// Its place in the order of arrival, from 1.
    pub seq: i64,
    /// The request that brought it.
    pub request_id: i64,
    /// When, in milliseconds since 1970.
    pub received_at: i64,
    /// `event_name` of the wire.
    pub event_name: String,
    /// `user_id` of the wire.
    pub user_id: String,
    /// `properties` of the wire.
    pub properties: Option<Map<String, Value>>,
    /// `ip` of the wire.
    pub ip: Option<String>,
    /// `ua` of the wire.
    pub ua: Option<String>,
    /// `properties.$event_id`, if it is a string. Repeats are kept.
    pub event_id: Option<String>,
}

/// A batch request as it was noted: accepted, refused, failed or cut.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StoredRequest {
    /// Its number, from 1.
    pub id: i64,
    /// When, in milliseconds since 1970.
    pub received_at: i64,
    /// The answer's status; absent if no answer was sent.
    pub status: Option<u16>,
    /// How many events of it were stored.
    pub event_count: u32,
    /// How many bytes of its body were read.
    pub bytes: u32,
    /// Where it carried its key.
    pub authorization: AuthorizationKind,
    /// Its `Content-Type`.
    pub content_type: Option<String>,
    /// Its `Origin`.
    pub origin: Option<String>,
    /// The fault that was applied to it, in words.
    pub fault: Option<String>,
}

/// What the collector holds, in numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Summary {
    pub(crate) events: i64,
    pub(crate) distinct_event_ids: i64,
    pub(crate) requests: i64,
}

/// A part of a table: at most `limit` rows (all, if negative) numbered above `since`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page {
    pub(crate) since: i64,
    pub(crate) limit: i64,
}

impl Page {
    pub(crate) const EVERYTHING: Self = Self { since: 0, limit: -1 };
}

impl Store {
    pub(crate) fn newest_events(&self, page: Page) -> Result<Vec<StoredEvent>, StoreError> {
        const SELECT: &str = "SELECT seq, request_id, received_at, event_name, user_id, properties, ip, ua, \
                              event_id FROM events WHERE seq > ?1 ORDER BY seq DESC LIMIT ?2";
        self.newest(SELECT, page, event)
    }

    pub(crate) fn newest_requests(&self, page: Page) -> Result<Vec<StoredRequest>, StoreError> {
        const SELECT: &str = "SELECT id, received_at, status, event_count, bytes, authorization, content_type, \
                              origin, fault FROM requests WHERE id > ?1 ORDER BY id DESC LIMIT ?2";
        self.newest(SELECT, page, request)
    }

    pub(crate) fn summary(&self) -> Result<Summary, StoreError> {
        const SELECT: &str = "SELECT (SELECT count(*) FROM events), \
                              (SELECT count(DISTINCT event_id) FROM events), \
                              (SELECT count(*) FROM requests)";
        self.with(|connection| {
            connection.query_row(SELECT, [], |row| {
                Ok(Summary { events: row.get(0)?, distinct_event_ids: row.get(1)?, requests: row.get(2)? })
            })
        })
    }

    fn newest<T>(
        &self,
        select: &str,
        page: Page,
        read: fn(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        self.with(|connection| {
            connection.prepare_cached(select)?.query_map(params![page.since, page.limit], read)?.collect()
        })
    }
}

fn event(row: &Row<'_>) -> rusqlite::Result<StoredEvent> {
    Ok(StoredEvent {
        seq: row.get("seq")?,
        request_id: row.get("request_id")?,
        received_at: row.get("received_at")?,
        event_name: row.get("event_name")?,
        user_id: row.get("user_id")?,
        properties: properties(row)?,
        ip: row.get("ip")?,
        ua: row.get("ua")?,
        event_id: row.get("event_id")?,
    })
}

fn request(row: &Row<'_>) -> rusqlite::Result<StoredRequest> {
    Ok(StoredRequest {
        id: row.get("id")?,
        received_at: row.get("received_at")?,
        status: row.get("status")?,
        event_count: row.get("event_count")?,
        bytes: row.get("bytes")?,
        authorization: authorization(row)?,
        content_type: row.get("content_type")?,
        origin: row.get("origin")?,
        fault: row.get("fault")?,
    })
}

fn properties(row: &Row<'_>) -> rusqlite::Result<Option<Map<String, Value>>> {
    let json: Option<String> = row.get("properties")?;
    json.map(|json| serde_json::from_str(&json)).transpose().map_err(|error| unreadable("properties", error))
}

fn authorization(row: &Row<'_>) -> rusqlite::Result<AuthorizationKind> {
    let word: String = row.get("authorization")?;
    AuthorizationKind::ALL
        .into_iter()
        .find(|kind| kind.as_str() == word)
        .ok_or_else(|| unreadable("authorization", format!("{word:?} is no kind of authorization")))
}

/// A value in the file that this collector did not write.
fn unreadable(column: &str, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> rusqlite::Error {
    let error = format!("{column}: {}", error.into());
    rusqlite::Error::FromSqlConversionFailure(0, Type::Text, error.into())
}
