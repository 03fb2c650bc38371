//! A fixed number of worlds, and fresh ones.

use simulation::runs::run_all;
use std::ops::Range;
use std::time::{SystemTime, UNIX_EPOCH};

fn check(seeds: Range<u64>) {
    let summary = run_all(seeds, true, |_| {});
    println!("{}", summary.text());
    if let Some((seed, fault)) = summary.faults.first() {
        panic!("world {seed}: {fault}\nreplay: cargo run -p simulation -- --seed {seed}");
    }
}

#[test]
fn in_known_worlds_every_rule_holds() {
    check(0..1_000);
}

#[test]
fn in_fresh_worlds_every_rule_holds() {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is past 1970");
    let first = since.as_secs() * 10_000;
    println!("fresh worlds from seed {first}");
    check(first..first + 50);
}
