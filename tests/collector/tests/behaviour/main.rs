//! The collector's behaviour as its clients see it: over real HTTP, on real sockets.

mod batches;
mod cors;
mod faults;
mod inspection;
mod lenience;
mod lifetime;
mod limits;
mod pages;
#[cfg(unix)]
mod program;
mod support;
