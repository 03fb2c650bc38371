//! The engine with a model of its shell.

mod adoption;
mod clocks;
mod delivery;
mod exit;
mod insurance;
mod model;
mod pacing;
mod privacy;
mod review;
mod simulated;
mod storage;
mod verdicts;
mod worlds;
