//! How one key's limit is shared by visitors who know nothing of each other: below what the key carries, and above it.

mod report;

use crate::outage::{self, Outcome};
use crate::site::{self, Crowd, Pacing, Place, Plan, Record};
use crate::time::{DAY, HOUR, MINUTE};
use serde::Serialize;
use std::ops::Range;
use std::thread;

pub use report::tell;

/// A whole run.
#[derive(Debug, Serialize)]
pub struct Run {
    pub seed: u64,
    pub crowds: Vec<Figures>,
    pub outages: Vec<Outage>,
}

/// A crowd under one pacing: what was tracked while it was measured, and what was sent then.
#[derive(Debug, Serialize)]
pub struct Figures {
    pub pacing: Pacing,
    /// Visitors who are there at once.
    pub present: u64,
    /// How long it was measured, after a day in which it was not.
    pub hours: u64,
    pub tracked: usize,
    /// Parts of the events: taken by the endpoint before the end; in a store whose visitor is here or comes back; in one whose
    /// visitor never does; in none, for a success settled the mark of a request that had been refused.
    pub delivered: f64,
    pub queued: f64,
    pub left_behind: f64,
    pub lost: f64,
    /// Those that arrived later than a minute after they were tracked, or not at all.
    pub late: f64,
    /// Seconds from `track` to the endpoint, of all events: none where the event at that place has not arrived.
    pub p50: Option<f64>,
    pub p90: Option<f64>,
    pub p99: Option<f64>,
    /// A minute.
    pub requests: f64,
    pub accepted: f64,
    /// The most that were taken in any 60 s.
    pub busiest: usize,
    /// Part of the answers that were 429.
    pub limited: f64,
    /// Events in a request that was taken, and the part of them that had been taken before.
    pub fill: f64,
    pub repeated: f64,
    /// Requests of leaving pages a minute, and the part of them that was refused.
    pub at_exit: f64,
    pub limited_at_exit: f64,
    /// Part of the events that pages marked as handed over though they were refused.
    pub marked_in_vain: f64,
}

/// An hour's outage under one pacing.
#[derive(Debug, Serialize)]
pub struct Outage {
    pub pacing: Pacing,
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What is tracked shortly before the end has not had its minute.
const MARGIN: u64 = 10 * MINUTE;
const LIMIT: usize = 100;

/// How many visitors there are at once.
pub const PRESENT: [u64; 6] = [1, 10, 20, 30, 100, 1_000];
const OUTAGES: [usize; 2] = [100, 1_000];
const PACINGS: [Pacing; 4] = [Pacing::Crowd, Pacing::Interval, Pacing::Backoff, Pacing::Relay];
/// Without the relay: the model of it knows no outage.
const OUTAGE_PACINGS: [Pacing; 3] = [Pacing::Crowd, Pacing::Interval, Pacing::Backoff];

/// A crowd of `present` visitors on average, measured for some hours after a day.
pub fn crowd(present: u64, pacing: Pacing, hours: u64, seed: u64) -> Figures {
    let end = DAY + hours * HOUR;
    let plan = Plan {
        crowd: Crowd::Passing { present, stay: 3 * MINUTE, return_within: DAY },
        pacing,
        event_every: 10_000,
        limit: LIMIT,
        down: (0, 0),
        end: end + MARGIN,
        drain: 0,
    };
    Figures::of(&site::live_through(plan, seed), present, pacing, DAY..end)
}

impl Figures {
    fn of(record: &Record, present: u64, pacing: Pacing, window: Range<u64>) -> Self {
        let events = record.events.iter().filter(|event| window.contains(&event.tracked.into()));
        let events = Vec::from_iter(events);
        let part = |count: usize| count as f64 / events.len().max(1) as f64;
        let at = |place| {
            let there = events.iter().filter(|event| event.delivered.is_none() && event.place == place);
            part(there.count())
        };
        let delays = events.iter().map(|event| event.delivered.map_or(u32::MAX, |at| at - event.tracked));
        let mut delays = Vec::from_iter(delays);
        delays.sort_unstable();
        let percentile = |percent: usize| {
            let delay = delays.get(delays.len() * percent / 100).copied();
            delay.filter(|&delay| delay < u32::MAX).map(|delay| f64::from(delay) / 1_000.0)
        };
        let minutes = (window.start / MINUTE) as usize..(window.end / MINUTE) as usize;
        let count = minutes.len() as f64;
        let sum = site::sum(record.minutes.get(minutes).unwrap_or_default());
        let ratio = |part: usize, whole: usize| part as f64 / whole.max(1) as f64;
        Self {
            pacing,
            present,
            hours: (window.end - window.start) / HOUR,
            tracked: events.len(),
            delivered: part(events.iter().filter(|event| event.delivered.is_some()).count()),
            queued: at(Place::Queued),
            left_behind: at(Place::LeftBehind),
            lost: at(Place::Nowhere),
            late: part(delays.iter().filter(|&&delay| u64::from(delay) > MINUTE).count()),
            p50: percentile(50),
            p90: percentile(90),
            p99: percentile(99),
            requests: (sum.taken + sum.limited) as f64 / count,
            accepted: sum.taken as f64 / count,
            busiest: sum.busiest,
            limited: sum.limited_share(),
            fill: ratio(sum.carried, sum.taken),
            repeated: ratio(sum.repeated, sum.carried),
            at_exit: sum.at_exit as f64 / count,
            limited_at_exit: ratio(sum.limited_at_exit, sum.at_exit),
            marked_in_vain: part(sum.marked_in_vain),
        }
    }
}

/// Crowds of up to `most` visitors, and outages of as many, under every pacing; those of one size side by side.
pub fn run(most: u64, seed: u64) -> Run {
    let mut crowds = Vec::new();
    for present in PRESENT.into_iter().filter(|&present| present <= most) {
        // As many events as tell something, and in few visitors still more.
        let hours = (1_000 / present).clamp(2, 24);
        eprintln!("{present} at once");
        crowds.extend(under_each(&PACINGS, |pacing| crowd(present, pacing, hours, seed)));
    }
    let mut outages = Vec::new();
    for browsers in OUTAGES.into_iter().filter(|&browsers| browsers <= most as usize) {
        eprintln!("an outage for {browsers}");
        outages.extend(under_each(&OUTAGE_PACINGS, |pacing| {
            let outcome = outage::live_through(&outage::day(browsers, MINUTE, pacing), seed);
            Outage { pacing, outcome }
        }));
    }
    Run { seed, crowds, outages }
}

fn under_each<T: Send>(pacings: &[Pacing], live: impl Fn(Pacing) -> T + Sync) -> Vec<T> {
    thread::scope(|scope| {
        let live = &live;
        let lives = Vec::from_iter(pacings.iter().map(|&pacing| scope.spawn(move || live(pacing))));
        lives.into_iter().map(|life| life.join().expect("a simulation that panics has told why")).collect()
    })
}
