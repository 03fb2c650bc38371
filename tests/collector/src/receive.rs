//! `POST /v1/events/batch`: the checks in the order the crate's documentation states.

use std::future;
use std::sync::{Arc, PoisonError};
use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::Serialize;

use crate::authorization::Credentials;
use crate::batch::{Batch, Event};
use crate::body::{self, Received};
use crate::connection::Scissors;
use crate::faults::{DropPoint, Faults};
use crate::limit::Full;
use crate::refusal::{self, Refusal};
use crate::routes::App;
use crate::store::{NewRequest, StoreError};

pub(crate) async fn receive(
    State(app): State<Arc<App>>,
    Extension(scissors): Extension<Scissors>,
    request: Request,
) -> Response {
    let faults = app.faults.take().unwrap_or_default();
    faults.sleep().await;
    let (parts, body) = request.into_parts();
    let credentials = Credentials::of(&parts.headers, &parts.uri);
    let mut record = record_of(&parts, &credentials, &faults);
    if faults.drop == Some(DropPoint::Before) {
        app.note(record).await;
        match scissors.cut().await {}
    }
    let received = body::read(body, app.settings.max_body_bytes).await;
    record.bytes = received.bytes;
    if faults.hang {
        app.note(record).await;
        return future::pending().await;
    }
    if let Some(answer) = answer_in_place(&faults) {
        record.status = Some(answer.status());
        app.note(record).await;
        return answer;
    }
    let outcome = app.judge(&credentials, received, &parts.headers);
    let outcome = outcome.and_then(|batch| refuse_named(batch, &faults));
    let outcome = app.keep(record, outcome, &faults).await;
    if faults.drop == Some(DropPoint::After) {
        match scissors.cut().await {}
    }
    outcome.map_or_else(Refusal::into_response, |count| answer_success(count, faults))
}

impl App {
    /// Whether a batch keeps the contract and its limits.
    fn judge(
        &self,
        credentials: &Credentials,
        received: Received,
        headers: &HeaderMap,
    ) -> Result<Batch, Refusal> {
        credentials.authorize(&self.settings.api_key, self.settings.lenient)?;
        // No holder can leave it half changed.
        let admitted = self.limit.lock().unwrap_or_else(PoisonError::into_inner).admit(Instant::now());
        admitted.map_err(|Full { per_minute, wait }| Refusal::RateLimited { per_minute, wait })?;
        let content = received.content?;
        check_content_type(headers, self.settings.lenient)?;
        Ok(Batch::parse(&content)?)
    }

    /// Stores a good batch, and a note of the request either way. A success is the number of events.
    async fn keep(
        &self,
        mut record: NewRequest,
        outcome: Result<Batch, Refusal>,
        faults: &Faults,
    ) -> Result<usize, Refusal> {
        let status = outcome.as_ref().map_or_else(Refusal::status, |_| StatusCode::OK);
        record.status = faults.drop.is_none().then_some(status);
        match outcome {
            Ok(batch) => {
                let count = batch.events.len();
                self.record(record, batch.events).await?;
                Ok(count)
            }
            Err(refusal) => {
                self.note(record).await;
                Err(refusal)
            }
        }
    }

    /// Notes a request that stores nothing.
    async fn note(&self, request: NewRequest) {
        // The client is owed its answer even if the request cannot be noted.
        let _ = self.record(request, Vec::new()).await;
    }

    async fn record(&self, request: NewRequest, events: Vec<Event>) -> Result<(), StoreError> {
        Arc::clone(&self.store).apart(move |store| store.record(&request, &events)).await
    }
}

fn check_content_type(headers: &HeaderMap, lenient: bool) -> Result<(), Refusal> {
    let Some(found) = text_of(headers, header::CONTENT_TYPE) else {
        return Err(Refusal::ContentType("missing".into()));
    };
    // Parameters such as a charset follow a semicolon.
    let essence = found.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match essence.as_str() {
        "application/json" => Ok(()),
        "text/plain" if lenient => Ok(()),
        _ => Err(Refusal::ContentType(found)),
    }
}

/// Refuses a batch with an event of the name that a fault refuses.
fn refuse_named(batch: Batch, faults: &Faults) -> Result<Batch, Refusal> {
    let is_refused = |event: &Event| faults.refuse.as_ref() == Some(&event.event_name);
    match batch.events.iter().find(|event| is_refused(event)) {
        Some(event) => Err(Refusal::Named(event.event_name.clone())),
        None => Ok(batch),
    }
}

/// The answer of a fault that comes in place of processing.
fn answer_in_place(faults: &Faults) -> Option<Response> {
    // Checked when the faults were set; were it not, the request would be processed.
    let status = StatusCode::from_u16(faults.status?).ok()?;
    let mut answer = match &faults.body {
        Some(body) => raw(status, body.clone()),
        None => (status, refusal::body(format!("fault on demand: {faults}"))).into_response(),
    };
    if let Some(value) = faults.retry_after.as_deref().and_then(|value| value.parse().ok()) {
        answer.headers_mut().insert(header::RETRY_AFTER, value);
    }
    Some(answer)
}

/// The documented answer, or what a fault puts in its place.
fn answer_success(count: usize, faults: Faults) -> Response {
    #[derive(Serialize)]
    struct Success {
        success: bool,
        processed_count: u64,
        message: &'static str,
    }
    if let Some(body) = faults.body {
        return raw(StatusCode::OK, body);
    }
    let processed_count = faults.processed_count.unwrap_or(count as u64);
    Json(Success { success: true, processed_count, message: "Batch events tracked successfully" })
        .into_response()
}

/// A body that claims to be JSON, whatever it is: a broken server's does.
fn raw(status: StatusCode, body: String) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

fn record_of(parts: &Parts, credentials: &Credentials, faults: &Faults) -> NewRequest {
    NewRequest {
        status: None,
        bytes: 0,
        authorization: credentials.kind(),
        content_type: text_of(&parts.headers, header::CONTENT_TYPE),
        origin: text_of(&parts.headers, header::ORIGIN),
        fault: Some(faults.to_string()).filter(|fault| !fault.is_empty()),
    }
}

fn text_of(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}
