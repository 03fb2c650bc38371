//! The sender's decisions against a real spool and a model of the endpoint, in virtual time.

mod crashes;
mod order;
mod verdicts;
mod world;
