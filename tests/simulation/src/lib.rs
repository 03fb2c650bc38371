//! Whole worlds around the tracker's engine, by seed: tabs, a disk, a network, a server, and all that goes wrong with them.
//! `docs/simulation.md` says what a world is and what is checked.
//!
//! - [`world`] holds everything and has it happen in its order; [`scenario`] says what kind of world a seed makes.
//! - [`acts`] and [`life`] are users and machines, [`network`] and [`sending`] the way to the server and back.
//! - [`shell`], [`claims`] and [`letters`] do what `src/browser` does, [`disk`] what a browser's storage does.
//! - [`ledger`] is the world's own account of every event, [`check`] the judgement at the end.

mod acts;
mod chance;
pub mod check;
mod claims;
#[cfg(test)]
mod conformance;
mod disk;
pub mod fleet;
mod ledger;
mod letters;
mod life;
pub mod mutants;
mod network;
pub mod outage;
mod page;
pub mod runs;
mod scenario;
mod sending;
#[cfg(test)]
#[path = "../../store/sentences.rs"]
mod sentences;
mod shell;
pub mod site;
mod time;
mod trace;
mod weather;
mod world;
