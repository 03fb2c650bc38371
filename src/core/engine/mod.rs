//! The tracker as a state machine: the one way in and out of the core.
//!
//! Four kinds of methods, and no others:
//! - *inputs*, `handle_*(…, now)`: something happened. An input may be late, repeated or about something long
//!   forgotten; then it changes nothing.
//! - *effects*, [`Engine::poll_effect`]: what the shell has to do. Drain them after every input.
//! - *deadlines*, [`Engine::next_timeout`]: when to call [`Engine::handle_timeout`]. Calling it early is harmless.
//! - *getters*.
//!
//! `now` is the page's own clock: milliseconds that never run backwards within a page and that nobody can set. All
//! durations are measured by it. Times that are stored or told are those of the wall clock, which may be set at any moment;
//! the shell tells it by [`Engine::handle_clock`]. The invariants, for the tests to break:
//! 1. Every accepted event is queued or accounted for (checked after every input in debug builds).
//! 2. An event is in at most one request at a time.
//! 3. An event's record leaves the store only in the transaction that accounts for it.

mod adopting;
mod adoption;
mod answering;
mod asked;
mod calls;
mod change;
pub mod effect;
mod flush_call;
mod in_flight;
mod insurance;
mod insuring;
mod leaving;
mod marks;
pub mod notice;
mod opening;
mod privacy;
mod schedule;
mod sending;
mod state;
mod storage;
mod storing;

pub use change::StoreFailure;
pub use state::{Engine, Setup};

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests;
