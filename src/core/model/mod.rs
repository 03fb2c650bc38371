//! The things that the tracker deals with. Nothing here knows another layer.

pub mod account;
pub mod dead_letter;
pub mod event;
pub mod identity;
pub mod json;
pub mod last_error;
pub mod lease;
pub mod mark;
pub mod members;
pub mod orphan;
pub mod segment;
pub mod text;
pub mod time;
