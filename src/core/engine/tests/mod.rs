//! The engine with a model of its shell.

mod adoption;
mod clocks;
mod delivery;
mod exit;
mod insurance;
mod model;
mod pacing;
mod privacy;
mod projects;
mod questions;
mod review;
mod simulated;
mod storage;
mod verdicts;
mod worlds;
