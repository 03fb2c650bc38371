//! The tracker's decisions, as a deterministic state machine: no clock, no randomness, no I/O, no JavaScript.
//!
//! [`engine::Engine`] is the one way in and out. Everything else here is one idea each, used by it.

pub mod account;
pub mod backoff;
pub mod batch;
pub mod dead_letter;
pub mod effect;
pub mod engine;
pub mod event;
pub mod exit;
pub mod flush;
pub mod identity;
pub mod json;
pub mod lease;
pub mod members;
pub mod notice;
pub mod options;
pub mod pacing;
pub mod policy;
pub mod queue;
pub mod random;
pub mod rows;
pub mod segment;
pub mod shared;
pub mod text;
pub mod time;
pub mod verdict;
