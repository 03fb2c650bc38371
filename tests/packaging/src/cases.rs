//! The cases. Each says in a few words what it has shown.

pub mod bundlers;
pub mod contents;
pub mod examples;
pub mod frameworks;
pub mod plain;
pub mod recipes;
pub mod relayed;
pub mod runners;
pub mod server;
