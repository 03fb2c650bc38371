//! Writing: one request, its events with it, in one transaction.

use std::time::{SystemTime, UNIX_EPOCH};

use axum::http::StatusCode;
use rusqlite::{Transaction, params};

use super::{Store, StoreError};
use crate::authorization::AuthorizationKind;
use crate::batch::Event;

/// A batch request as it is noted, whatever became of it.
#[derive(Debug)]
pub(crate) struct NewRequest {
    /// Absent if no answer is sent.
    pub(crate) status: Option<StatusCode>,
    pub(crate) bytes: usize,
    pub(crate) authorization: AuthorizationKind,
    pub(crate) content_type: Option<String>,
    pub(crate) origin: Option<String>,
    pub(crate) fault: Option<String>,
}

impl Store {
    pub(crate) fn record(&self, request: &NewRequest, events: &[Event]) -> Result<(), StoreError> {
        self.with(|connection| {
            let transaction = connection.transaction()?;
            insert(&transaction, request, events, now())?;
            transaction.commit()
        })
    }
}

fn insert(
    transaction: &Transaction<'_>,
    request: &NewRequest,
    events: &[Event],
    received_at: i64,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO requests
             (received_at, status, event_count, bytes, authorization, content_type, origin, fault)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            received_at,
            request.status.map(|status| status.as_u16()),
            events.len() as i64,
            request.bytes as i64,
            request.authorization.as_str(),
            request.content_type,
            request.origin,
            request.fault,
        ])?;
    let request_id = transaction.last_insert_rowid();
    let mut insert_event = transaction.prepare_cached(
        "INSERT INTO events (request_id, received_at, event_name, user_id, properties, ip, ua, event_id)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    for event in events {
        insert_event.execute(params![
            request_id,
            received_at,
            event.event_name,
            event.user_id,
            event
                .properties
                .as_ref()
                .map(|properties| serde_json::Value::from(properties.clone()).to_string()),
            event.ip,
            event.ua,
            event.id(),
        ])?;
    }
    Ok(())
}

fn now() -> i64 {
    // A clock before 1970 is not worth an error: the order of arrival is `seq`.
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
}
