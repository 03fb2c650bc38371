//! The tracker's decisions, as a deterministic state machine: no clock, no randomness, no I/O, no JavaScript.
//!
//! [`engine::Engine`] is the one way in and out. The folders are layers: each imports those after it, and none before.
//!
//! - [`engine`] takes inputs and gives effects.
//! - [`queue`] holds what is still to be delivered.
//! - [`policy`] decides what may be sent, and when.
//! - [`rows`] reads and writes what is stored.
//! - [`model`] says what there is.

pub mod engine;
pub mod model;
pub mod policy;
pub mod queue;
pub mod rows;
