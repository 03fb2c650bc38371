//! One file for each part of a visit; a journey's name says what holds.

mod answers;
mod bursts;
mod identity;
mod input;
mod leaving;
mod starting;
mod tabs;
mod trouble;
