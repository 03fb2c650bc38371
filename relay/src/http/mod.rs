//! The HTTP server: routes, and connections that cannot exhaust it.

mod cors;
mod health;
mod listener;
mod routes;
mod tracker;

use std::net::IpAddr;

pub(crate) use listener::Listener;
pub(crate) use routes::{main_router, metrics_router};
pub(crate) use tracker::Tracker;
pub use tracker::describe_tracker;

/// The address at the other end of a request's connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// The path that batches are posted to: the endpoint's own.
pub(crate) const BATCH: &str = "/v1/events/batch";
