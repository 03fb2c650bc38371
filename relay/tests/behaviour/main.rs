//! The relay's behaviour as its clients, its endpoint and its owner see it.

mod acceptance;
mod conformance;
mod sender;
mod support;
