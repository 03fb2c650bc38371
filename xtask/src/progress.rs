//! What a person sees while a command works: a heading before each step, its time after it.

use std::time::{Duration, Instant};

use anyhow::Result;

/// Runs `work` under a heading, and says how long it took.
pub fn step<T>(title: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    heading(title);
    let start = Instant::now();
    let result = work();
    let word = if result.is_ok() { "done" } else { "failed" };
    println!("   {word} in {}", seconds(start.elapsed()));
    result
}

pub fn heading(title: &str) {
    println!("\n── {title}");
}

pub fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}
