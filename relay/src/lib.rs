//! A first-party server between a site's browsers and Appizer's batch endpoint.
//!
//! The endpoint takes 100 requests a minute under one key, from all visitors together; only a server can fill the
//! batches. The relay takes events from browsers, answers when they are safe on disk, and delivers them in full batches
//! under the key, which no page has to carry.

pub mod clock;
pub mod config;
pub mod metrics;
pub mod policy;
pub mod sender;
pub mod spool;
