//! A first-party server between a site's browsers and Appizer's batch endpoint.
//!
//! The endpoint takes 100 requests a minute under one key, from all visitors together; only a server can fill the
//! batches. The relay takes events from browsers, answers when they are safe on disk, and delivers them in full batches
//! under the key, which no page has to carry.

mod accept;
mod app;
pub mod clock;
pub mod config;
mod http;
mod metrics;
mod monitor;
pub mod policy;
mod relay;
pub mod sender;
pub mod spool;

pub use accept::batch;
pub use http::describe_tracker;
pub use metrics::Metrics;
pub use monitor::forecast;
pub use relay::{Relay, StartError};
