//! Appizer's batch endpoint as a real local server.
//!
//! It holds clients to the documented contract: what the documentation does not list, it refuses and says
//! why. What it accepts it keeps in SQLite, so a test can ask afterwards which events were delivered, in
//! which order and how often. [`Faults`] make it fail on demand, down to cutting the TCP connection.
//!
//! Tests start a [`Collector`] inside their own process; `cargo run -p collector` is the same server as a
//! program. It never listens on anything but 127.0.0.1.
//!
//! One request for a batch is answered by the first of these that applies:
//!
//! | order | check | answer |
//! |---|---|---|
//! | 1 | a fault is in force ([`Faults`]) | what the fault says |
//! | 2 | the bearer key (before the rate limit, which is counted for a known key) | 401 |
//! | 3 | requests in the last minute | 429, `Retry-After` |
//! | 4 | the body's size | 413 |
//! | 5 | the content type, then the body itself | 400, naming the place |
//! | 6 | everything stored in one transaction | 200 (500 if the database refuses) |

mod authorization;
mod batch;
mod body;
mod collector;
mod connection;
mod control;
mod cors;
mod faults;
mod inspect;
mod limit;
mod loopback;
mod pages;
mod receive;
mod refusal;
mod routes;
mod settings;
mod store;

pub use authorization::AuthorizationKind;
pub use batch::MAX_EVENTS;
pub use collector::{Collector, StartError};
pub use faults::{DropPoint, Faults, FaultsError};
pub use pages::{Pages, PagesError};
pub use settings::{DEFAULT_MAX_BODY_BYTES, DOCUMENTED_REQUESTS_PER_MINUTE, Database, Settings};
pub use store::{StoreError, StoredEvent, StoredRequest};
