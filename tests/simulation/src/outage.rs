//! A day of a site with many visitors who stay, one key, the documented limit, and an hour in which the server is down.

use crate::site::{self, Crowd, Event, Pacing, Plan};
use crate::time::{DAY, HOUR, MINUTE};
use serde::Serialize;

/// What the day is like.
#[derive(Debug, Clone)]
pub struct Day {
    pub browsers: usize,
    pub pacing: Pacing,
    /// Requests a minute that the server takes for the key.
    pub limit: usize,
    /// Mean time between two events of a browser.
    pub event_every: u64,
    /// When the server goes down, and when it is back.
    pub down: (u64, u64),
    /// When visitors stop; then everything is left to drain.
    pub end: u64,
}

/// What came of it.
#[derive(Debug, Default, Serialize)]
pub struct Outcome {
    pub browsers: usize,
    pub tracked: usize,
    pub delivered: usize,
    pub repeated: usize,
    /// Requests that the server took, answered 429, and did not answer properly.
    pub taken: usize,
    pub limited: usize,
    pub failed: usize,
    /// Events in a request that was taken.
    pub fill: f64,
    /// Events that waited when the server came back.
    pub backlog: usize,
    /// Minutes from then until all of those were delivered.
    pub drained_after: Option<f64>,
    /// Requests taken in the first minute in which the server was back, a minute in the first ten, and the part of the answers in
    /// those that was 429.
    pub first_minute: usize,
    pub taken_then: f64,
    pub limited_then: f64,
}

/// Lives through the day.
pub fn live_through(day: &Day, seed: u64) -> Outcome {
    let record = site::live_through(
        Plan {
            crowd: Crowd::Staying(day.browsers),
            pacing: day.pacing,
            event_every: day.event_every,
            limit: day.limit,
            down: day.down,
            end: day.end,
            drain: DAY,
        },
        seed,
    );
    let up = day.down.1;
    let is_late = |at: Option<u32>| at.is_none_or(|at| u64::from(at) >= up);
    let waited = |event: &&Event| u64::from(event.tracked) < up && is_late(event.delivered);
    let backlog = || record.events.iter().filter(waited);
    let last = backlog().map(|event| event.delivered).try_fold(0, |last, at| Some(last.max(at?)));
    let all = site::sum(&record.minutes);
    let first = (up / MINUTE) as usize;
    let then = record.minutes.get(first..first + 10).unwrap_or_default();
    let total = site::sum(then);
    Outcome {
        browsers: day.browsers,
        tracked: record.events.len(),
        delivered: record.events.iter().filter(|event| event.delivered.is_some()).count(),
        repeated: all.repeated,
        taken: all.taken,
        limited: all.limited,
        failed: all.failed,
        fill: all.carried as f64 / all.taken.max(1) as f64,
        backlog: backlog().count(),
        drained_after: last.map(|last| u64::from(last).saturating_sub(up) as f64 / MINUTE as f64),
        first_minute: then.first().map_or(0, |minute| minute.taken),
        taken_then: total.taken as f64 / then.len().max(1) as f64,
        limited_then: total.limited_share(),
    }
}

/// A day with a hundred requests a minute and an hour without a server.
pub fn day(browsers: usize, event_every: u64, pacing: Pacing) -> Day {
    Day { browsers, pacing, limit: 100, event_every, down: (8 * HOUR, 9 * HOUR), end: DAY }
}

/// Tells of such a day. Whether nothing was lost.
pub fn run(browsers: usize, event_every: u64) -> bool {
    let outcome = live_through(&day(browsers, event_every, Pacing::Crowd), 1);
    println!(
        "{browsers} browsers, an event every {} s each, one key, 100 requests a minute, the server down from 8:00 to 9:00",
        event_every / 1000
    );
    let Outcome { tracked, delivered, repeated, taken, limited, failed, .. } = outcome;
    let percent = |part: usize, whole: usize| 100.0 * part as f64 / whole.max(1) as f64;
    println!("tracked {tracked}, delivered {delivered}, lost {}, repeated {repeated}", tracked - delivered);
    let requests = taken + limited + failed;
    println!(
        "{requests} requests: {taken} taken, {limited} answered 429 ({:.1} %), {failed} into the outage",
        percent(limited, requests)
    );
    println!("a batch that was taken carried {:.1} events", outcome.fill);
    println!(
        "from 9:00 to 9:01 {} requests were taken, until 9:10 {:.1} a minute, and {:.1} % answered 429",
        outcome.first_minute,
        outcome.taken_then,
        100.0 * outcome.limited_then
    );
    let backlog = outcome.backlog;
    match outcome.drained_after {
        Some(minutes) => {
            println!("{backlog} events waited at 9:00; the last of them arrived {minutes:.1} min later");
        }
        None => println!("{backlog} events waited at 9:00; not all of them arrived"),
    }
    tracked == delivered
}
