//! What kind of world a seed makes. Each world has a few kinds of trouble and not all of them: trouble of one kind
//! hides trouble of another.

use crate::chance::Chance;
use crate::weather::Weather;
use appizer_tracker::core::policy::options::{Options, Value};

/// A world's kind.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// The most tabs that are open at once.
    pub tabs: usize,
    /// Things that users and the world do before it settles.
    pub happenings: usize,
    /// Milliseconds between two of them, mostly and at most.
    pub pace: (u64, u64),
    /// Web Locks, or leases where there are none.
    pub has_locks: bool,
    /// Whether `fetch` can outlive its page; else there are beacons, whose reply nobody sees.
    pub has_keepalive: bool,
    /// Whether the browser can be given requests for the case that a page dies.
    pub can_insure: bool,
    /// Whether the script may read `Retry-After`.
    pub reads_retry_after: bool,
    /// In percent: how often what a page writes on its way out is lost, in the database and in `localStorage`.
    pub forgets: (u32, u32),
    /// The skies that come and go.
    pub skies: Vec<Weather>,
    /// Events in a thousand that the server refuses.
    pub guilty: u64,
    /// Whether some events have kilobytes of properties.
    pub has_large_events: bool,
    /// Requests a minute that the server takes; no limit where none is given.
    pub server_limit: Option<u32>,
    /// The limit that pages are given.
    pub requests_per_minute: f64,
    /// Whether queues have small caps.
    pub is_capped: bool,
    /// Kept when trouble ends.
    pub had_clock_trouble: bool,
    pub had_power_cuts: bool,
    /// What else goes wrong.
    pub trouble: Trouble,
    /// Options of `init`, each page one of these.
    options: Vec<Options>,
}

/// Kinds of trouble; each world has some.
#[derive(Debug, Clone, Default)]
pub struct Trouble {
    /// Tabs die without a word, in the middle of a task too.
    pub kills: bool,
    /// The whole browser does.
    pub browser_crashes: bool,
    /// The disk forgets its last writes with it.
    pub power_cuts: bool,
    /// The wall clock is set, and the machine sleeps.
    pub clocks: bool,
    /// Opening the database fails or hangs, writes are refused, connections close.
    pub storage: bool,
    /// The site's data is deleted under way.
    pub wipes: bool,
    /// Records cannot be read.
    pub corruption: bool,
    /// The page spends most of what may outlive it on requests of its own.
    pub quota_spent: bool,
}

impl Scenario {
    /// The kind of world that `chance` makes.
    pub fn draw(chance: &mut Chance) -> Self {
        let calm = chance.percent(10);
        let mut skies = vec![Weather::Good];
        if !calm {
            skies.extend(Weather::ALL.iter().filter(|_| chance.percent(30)));
        }
        let mut trouble = |percent| !calm && chance.percent(percent);
        let trouble = Trouble {
            kills: trouble(50),
            browser_crashes: trouble(15),
            power_cuts: trouble(10),
            clocks: trouble(20),
            storage: trouble(20),
            wipes: trouble(5),
            corruption: trouble(5),
            quota_spent: trouble(5),
        };
        let per_minute = chance.pick(&[100.0, 100.0, 100.0, 5.0, 20.0, f64::INFINITY]);
        let capped = chance.percent(15);
        let guilty = if chance.percent(25) { chance.pick(&[5, 30, 200]) } else { 0 };
        Self {
            tabs: chance.between(1, 4) as usize,
            happenings: chance.between(10, 90) as usize,
            pace: chance.pick(&[(50, 2_000), (500, 20_000), (5_000, 120_000), (30_000, 2_000_000)]),
            has_locks: !chance.percent(12),
            has_keepalive: !chance.percent(6),
            can_insure: chance.percent(40),
            reads_retry_after: chance.percent(60),
            forgets: chance.pick(&[(0, 0), (0, 0), (0, 90), (90, 0), (30, 30)]),
            skies,
            guilty,
            has_large_events: chance.percent(8),
            server_limit: chance.percent(15).then(|| chance.pick(&[3, 20, 100])),
            had_clock_trouble: trouble.clocks,
            had_power_cuts: trouble.power_cuts,
            trouble,
            requests_per_minute: per_minute,
            is_capped: capped,
            options: (0..chance.between(1, 2)).map(|_| options(chance, per_minute, capped)).collect(),
        }
    }

    /// The options that the next page's `init` is given.
    pub fn options(&self, chance: &mut Chance) -> Options {
        self.options[chance.index(self.options.len())].clone()
    }
}

fn options(chance: &mut Chance, per_minute: f64, capped: bool) -> Options {
    let caps = if capped { (chance.pick(&[20.0, 150.0]), 65_536.0, 600_000.0) } else { (1e5, 1e8, 1e10) };
    let given = [
        ("requestsPerMinute", Value::Number(per_minute)),
        ("maxQueueEvents", Value::Number(caps.0)),
        ("maxQueueBytes", Value::Number(caps.1)),
        ("maxAge", Value::Number(if chance.percent(50) { 1e10 } else { caps.2 })),
        ("apiKey", Value::Text("key-1".into())),
        ("flushInterval", Value::Number(chance.pick(&[0.0, 1_000.0, 10_000.0, 10_000.0, 60_000.0]))),
        ("batchSize", Value::Number(chance.pick(&[1.0, 7.0, 40.0, 100.0, 100.0, 100.0]))),
        ("partialFailure", Value::Text(chance.pick(&["quarantine", "resend"]).into())),
    ];
    Options::read(given.map(|(name, value)| (name.into(), value))).expect("these options are allowed")
}
