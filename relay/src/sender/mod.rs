//! Delivery of one site's events.
//!
//! [`Plan`] decides, without clock and I/O: which batch goes next and when, and what an answer means. [`run`] carries
//! that out against the spool and the endpoint.
//!
//! # Order of a delivery
//!
//! 1. The plan names a claim: a new batch of waiting events, or a recorded batch again.
//! 2. The spool records the attempt with the exact members. Where that fails nothing is sent.
//! 3. The request starts, at most [`policy::RECORDING_LIMIT`](crate::policy::RECORDING_LIMIT) after its attempt was begun.
//! 4. The plan judges the answer by the verdicts of the tracker's core.
//! 5. The spool settles the batch. Until it has, the batch keeps its place in flight, so that no more than
//!    [`policy::IN_FLIGHT`](crate::policy::IN_FLIGHT) batches are ever of unknown fate.

mod answer;
mod plan;
mod run;
mod starts;
mod upstream;

pub use answer::Decision;
pub use plan::{Pace, Plan, State, Step};
pub use run::Sender;
pub use upstream::Upstream;
