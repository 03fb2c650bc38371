//! The relay's behaviour as its clients, its endpoint and its owner see it.

mod acceptance;
mod conformance;
mod contract;
mod delivery;
mod program;
mod security;
mod sender;
mod several;
mod shown;
mod support;
mod trouble;
