//! Failures on demand.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::HeaderValue;
use serde::{Deserialize, Serialize};

/// What goes wrong with the batch requests to come. Absent fields change nothing.
///
/// `hang`, `drop: "before"` and `status` come in place of processing: nothing is stored. `drop: "after"`,
/// `processed_count` and `body` come after it: a good batch is stored, and its answer is cut or replaced. A
/// batch that is refused for a reason of its own gets that answer, or under `drop: "after"` none. `refuse` is such a
/// reason.
///
/// Browsers send a request again by themselves if a kept-alive connection is cut under it, so one `fetch`
/// may use up two `times` of a `drop`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// Answer with this status, 200 to 599.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Beside `status`: the `Retry-After` header, in seconds or as a date, or as nonsense.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<String>,
    /// Wait so many milliseconds before anything else. A client that leaves meanwhile is not processed. Preflights wait
    /// as long, and use up no `times`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<u64>,
    /// Cut the connection without an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drop: Option<DropPoint>,
    /// Store every event, and claim to have processed so many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub processed_count: Option<u64>,
    /// The answer's body, as it stands; with the status of a success unless `status` is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Refuse each batch that holds an event of this name, as one that breaks the contract. Other batches are processed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refuse: Option<String>,
    /// Never answer.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub hang: bool,
    /// How many batch requests are left to fail; absent: all, until cleared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
}

/// When a connection is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DropPoint {
    /// Before the request is processed: nothing is stored. Preflights are cut, too, and use up no `times`.
    Before,
    /// After the events are stored: only the answer is lost.
    After,
}

/// Why faults cannot be put in force.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaultsError {
    /// An informational status cannot be a final answer.
    #[error("status must be 200 to 599, but is {0}")]
    Status(u16),
    /// What no header can carry.
    #[error("retry_after {0:?} cannot stand in a header")]
    RetryAfter(String),
    /// A number of requests that means nothing.
    #[error("times must be at least 1")]
    Times,
    /// Two fields that ask for different answers to one request.
    #[error("{0} and {1} exclude each other")]
    Exclusive(&'static str, &'static str),
    /// A field that means nothing without another.
    #[error("{0} needs {1}")]
    Needs(&'static str, &'static str),
    /// No fault at all.
    #[error("no fault is named; to clear them, send DELETE")]
    Nothing,
}

impl Faults {
    /// Answer with this status, in place of processing.
    pub fn status(status: u16) -> Self {
        Self { status: Some(status), ..Self::default() }
    }

    /// Cut the connection.
    pub fn drop(point: DropPoint) -> Self {
        Self { drop: Some(point), ..Self::default() }
    }

    /// Refuse batches that hold an event of this name.
    pub fn refuse(name: &str) -> Self {
        Self { refuse: Some(name.into()), ..Self::default() }
    }

    /// The same for the next so many requests only.
    pub fn times(self, times: u32) -> Self {
        Self { times: Some(times), ..self }
    }

    /// Waits as long as `delay_ms` says.
    pub(crate) async fn sleep(&self) {
        if let Some(delay) = self.delay_ms {
            tokio::time::sleep(Duration::from_millis(delay)).await;
        }
    }

    fn check(&self) -> Result<(), FaultsError> {
        if let Some(status) = self.status.filter(|status| !(200..600).contains(status)) {
            return Err(FaultsError::Status(status));
        }
        if let Some(value) = self.retry_after.as_ref().filter(|value| HeaderValue::from_str(value).is_err()) {
            return Err(FaultsError::RetryAfter(value.clone()));
        }
        if self.times == Some(0) {
            return Err(FaultsError::Times);
        }
        if self.retry_after.is_some() && self.status.is_none() {
            return Err(FaultsError::Needs("retry_after", "status"));
        }
        self.check_exclusive()?;
        let nothing = Self { times: self.times, ..Self::default() };
        if *self == nothing { Err(FaultsError::Nothing) } else { Ok(()) }
    }

    fn check_exclusive(&self) -> Result<(), FaultsError> {
        let named = [
            ("hang", self.hang),
            ("drop", self.drop.is_some()),
            ("status", self.status.is_some()),
            ("processed_count", self.processed_count.is_some()),
            ("body", self.body.is_some()),
        ];
        let named: Vec<_> = named.into_iter().filter(|(_, named)| *named).map(|(name, _)| name).collect();
        match named[..] {
            // A status may say what its body is.
            [] | [_] | ["status", "body"] => Ok(()),
            [first, second, ..] => Err(FaultsError::Exclusive(first, second)),
        }
    }
}

/// In the words of the JSON, for the list of requests: `delay_ms 200, status 503`.
impl fmt::Display for Faults {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            self.delay_ms.map(|delay| format!("delay_ms {delay}")),
            self.hang.then(|| "hang".into()),
            self.drop.map(|point| match point {
                DropPoint::Before => "drop before".into(),
                DropPoint::After => "drop after".into(),
            }),
            self.status.map(|status| format!("status {status}")),
            self.retry_after.as_ref().map(|value| format!("retry_after {value}")),
            self.processed_count.map(|count| format!("processed_count {count}")),
            self.body.is_some().then(|| "body".into()),
            self.refuse.as_ref().map(|name| format!("refuse {name}")),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        out.write_str(&parts.join(", "))
    }
}

/// The faults in force, shared by all connections.
#[derive(Debug, Default)]
pub(crate) struct FaultSwitch(Mutex<Option<Faults>>);

impl FaultSwitch {
    pub(crate) fn set(&self, faults: Option<Faults>) -> Result<(), FaultsError> {
        if let Some(faults) = &faults {
            faults.check()?;
        }
        *self.current() = faults;
        Ok(())
    }

    pub(crate) fn shown(&self) -> Option<Faults> {
        self.current().clone()
    }

    /// The faults for the batch request that just arrived; one of their `times` is used up.
    pub(crate) fn take(&self) -> Option<Faults> {
        let mut current = self.current();
        let taken = current.clone()?;
        *current = match taken.times {
            Some(..=1) => None,
            Some(left) => Some(taken.clone().times(left - 1)),
            None => return Some(taken),
        };
        Some(taken)
    }

    fn current(&self) -> MutexGuard<'_, Option<Faults>> {
        // No holder can leave it half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
