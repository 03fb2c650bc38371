//! The relay's behaviour as its clients, its endpoint and its owner see it.

// All of this is tests; clippy knows only the functions that are marked as such.
#![allow(clippy::unwrap_used)]

mod acceptance;
mod conformance;
mod contract;
mod delivery;
mod program;
mod readme;
mod security;
mod sender;
mod several;
mod shown;
mod support;
mod trouble;
