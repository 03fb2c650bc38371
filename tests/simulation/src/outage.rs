//! A day of a site with many visitors, one key, the documented limit, and an hour in which the server is down.

use crate::chance::Chance;
use crate::sending::numbers_in;
use appizer_tracker::core::effect::Effect;
use appizer_tracker::core::engine::{Engine, Setup};
use appizer_tracker::core::options::{Options, Value};
use appizer_tracker::core::shared;
use appizer_tracker::core::verdict::Response;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// What the day is like.
#[derive(Debug, Clone)]
pub struct Day {
    pub browsers: usize,
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
#[derive(Debug, Default)]
pub struct Outcome {
    pub tracked: usize,
    pub delivered: usize,
    pub repeated: usize,
    pub requests: usize,
    pub limited: usize,
    pub failed: usize,
    /// Events in requests that were taken.
    pub carried: usize,
    /// Requests that the server took.
    pub taken: usize,
    /// Events that waited when the server came back.
    pub backlog: usize,
    /// Milliseconds from then until all of those were delivered.
    pub drained_after: Option<u64>,
}

struct Browser {
    engine: Engine,
    row: Option<String>,
    timer: Option<u64>,
}

enum Next {
    Track,
    Timer,
    Reply { request: u32, response: Response },
}

struct Site {
    day: Day,
    chance: Chance,
    now: u64,
    browsers: Vec<Browser>,
    ahead: BinaryHeap<Reverse<(u64, usize)>>,
    nexts: Vec<Option<(usize, Next)>>,
    free: Vec<usize>,
    recent: VecDeque<u64>,
    /// For each event whether it was delivered.
    delivered: Vec<bool>,
    /// Of the backlog, what is not delivered yet.
    waiting: usize,
    backlog_end: usize,
    outcome: Outcome,
}

const START: u64 = 1_700_000_000_000;
const DAY: u64 = 24 * 60 * 60 * 1000;

/// Lives through the day.
pub fn live_through(day: Day, seed: u64) -> Outcome {
    let mut site = Site::new(day, seed);
    let up = START + site.day.down.1;
    let mut counted = false;
    while let Some(Reverse((at, place))) = site.ahead.pop() {
        if at > START + site.day.end + DAY {
            break;
        }
        if !counted && at >= up {
            counted = true;
            site.note_backlog();
        }
        site.now = at;
        site.free.push(place);
        if let Some((browser, next)) = site.nexts[place].take() {
            site.happen(browser, next);
        }
        let done = site.outcome.delivered == site.delivered.len();
        if at > START + site.day.end && done {
            break;
        }
    }
    Outcome { tracked: site.delivered.len(), ..site.outcome }
}

impl Site {
    fn new(day: Day, seed: u64) -> Self {
        let mut site = Self {
            chance: Chance::new(seed),
            now: START,
            browsers: Vec::new(),
            ahead: BinaryHeap::new(),
            nexts: Vec::new(),
            free: Vec::new(),
            recent: VecDeque::new(),
            delivered: Vec::new(),
            waiting: 0,
            backlog_end: 0,
            outcome: Outcome::default(),
            day,
        };
        for browser in 0..site.day.browsers {
            let options = Options::read([("apiKey".into(), Value::Text("key".into()))]);
            let setup = Setup {
                options: options.expect("a key is all it takes"),
                owner: format!("b{browser}"),
                anonymous: format!("anon-{browser}"),
                ua: String::new(),
                seed: site.chance.any(),
                online: true,
                good_link: None,
                fetch_outlives: true,
                can_insure: false,
                tab: None,
                opted_out: false,
            };
            site.browsers.push(Browser { engine: Engine::new(setup, START), row: None, timer: None });
            site.drain(browser);
            let first = START + site.chance.between(0, 2 * site.day.event_every);
            site.at(first, browser, Next::Track);
        }
        site
    }

    fn at(&mut self, at: u64, browser: usize, next: Next) {
        let place = self.free.pop().unwrap_or(self.nexts.len());
        if place == self.nexts.len() {
            self.nexts.push(None);
        }
        self.nexts[place] = Some((browser, next));
        self.ahead.push(Reverse((at, place)));
    }

    fn happen(&mut self, browser: usize, next: Next) {
        let now = self.now;
        match next {
            Next::Track => {
                if now > START + self.day.end {
                    return;
                }
                let number = self.delivered.len().to_string();
                self.delivered.push(false);
                let line = ["e", &number, "\tt\t\"click\"\t{\"n\":", &number, "}"].concat();
                self.browsers[browser].engine.handle_track(line, now);
                let later = now + self.chance.between(0, 2 * self.day.event_every);
                self.at(later, browser, Next::Track);
            }
            Next::Timer => {
                if self.browsers[browser].timer.is_some_and(|at| at <= now) {
                    self.browsers[browser].timer = None;
                    self.browsers[browser].engine.handle_timeout(now);
                }
            }
            Next::Reply { request, response } => {
                self.browsers[browser].engine.handle_response(request, response, now);
            }
        }
        self.drain(browser);
    }

    /// A browser whose store answers at once.
    fn drain(&mut self, browser: usize) {
        let now = self.now;
        while let Some(effect) = self.browsers[browser].engine.poll_effect() {
            let Browser { engine, row, .. } = &mut self.browsers[browser];
            match effect {
                Effect::Open { identity, .. } => engine.handle_opened(identity, now),
                Effect::Write(write) => engine.handle_written(write.id, None, now),
                Effect::FindOrphans => engine.handle_orphans(Vec::new(), now),
                Effect::Share(share) => {
                    let (written, granted) = shared::update(row.as_deref(), &share);
                    *row = written.or(row.take());
                    engine.handle_shared(share.id, Some(granted), now);
                }
                Effect::Send(request) => {
                    let response = self.answer(&request.body);
                    let at = now + self.chance.between(100, 300);
                    self.at(at, browser, Next::Reply { request: request.id, response });
                }
                _ => {}
            }
        }
        let next = self.browsers[browser].engine.next_timeout();
        if next != self.browsers[browser].timer {
            self.browsers[browser].timer = next;
            if let Some(at) = next {
                self.at(at.max(now), browser, Next::Timer);
            }
        }
    }

    fn answer(&mut self, body: &str) -> Response {
        let since = self.now - START;
        self.outcome.requests += 1;
        if (self.day.down.0..self.day.down.1).contains(&since) {
            self.outcome.failed += 1;
            return Response { status: 503, ..Response::default() };
        }
        while self.recent.front().is_some_and(|&at| at + 60_000 <= self.now) {
            self.recent.pop_front();
        }
        if self.recent.len() >= self.day.limit {
            self.outcome.limited += 1;
            return Response { status: 429, ..Response::default() };
        }
        self.recent.push_back(self.now);
        let numbers = numbers_in(body);
        self.outcome.taken += 1;
        self.outcome.carried += numbers.len();
        for number in numbers {
            let number = number as usize;
            if std::mem::replace(&mut self.delivered[number], true) {
                self.outcome.repeated += 1;
            } else {
                self.outcome.delivered += 1;
                self.waiting -= usize::from(number < self.backlog_end);
            }
        }
        if self.backlog_end > 0 && self.waiting == 0 && self.outcome.drained_after.is_none() {
            self.outcome.drained_after = Some(since - self.day.down.1);
        }
        Response { status: 200, success: Some(true), ..Response::default() }
    }

    fn note_backlog(&mut self) {
        self.backlog_end = self.delivered.len();
        self.waiting = self.delivered.iter().filter(|&&delivered| !delivered).count();
        self.outcome.backlog = self.waiting;
    }
}

/// The day of issue: a thousand browsers, a hundred requests a minute, an hour without a server. Whether nothing was lost.
pub fn run(browsers: usize, event_every: u64) -> bool {
    const HOUR: u64 = 60 * 60 * 1000;
    let day = Day { browsers, limit: 100, event_every, down: (8 * HOUR, 9 * HOUR), end: DAY };
    println!(
        "{browsers} browsers, an event every {} s each, one key, 100 requests a minute, the server down from 8:00 to 9:00",
        event_every / 1000
    );
    let outcome = live_through(day, 1);
    let Outcome {
        tracked,
        delivered,
        repeated,
        requests,
        limited,
        failed,
        carried,
        taken,
        backlog,
        drained_after,
    } = outcome;
    let percent = |part: usize, whole: usize| 100.0 * part as f64 / whole.max(1) as f64;
    println!("tracked {tracked}, delivered {delivered}, lost {}, repeated {repeated}", tracked - delivered);
    println!(
        "{requests} requests: {taken} taken, {limited} answered 429 ({:.1} %), {failed} into the outage",
        percent(limited, requests)
    );
    println!("a batch that was taken carried {:.1} events", carried as f64 / taken.max(1) as f64);
    match drained_after {
        Some(ms) => println!(
            "{backlog} events waited at 9:00; the last of them arrived {:.1} min later",
            ms as f64 / 60_000.0
        ),
        None => println!("{backlog} events waited at 9:00; not all of them arrived"),
    }
    tracked == delivered
}
