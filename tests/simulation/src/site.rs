//! A site with many visitors and one key: real engines, each in a browser that keeps its store, and the endpoint with its
//! limit. Stores and shared rows answer at once, for it is the crowd that is looked at, and not the trouble of one browser.

mod browser;
mod endpoint;
mod relay;

use crate::chance::Chance;
use crate::sending::numbers_in;
use browser::{Browser, Told};
use endpoint::Endpoint;
use relay::Relay;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

pub use browser::Pacing;
pub use endpoint::Minute;

/// What a site is like. Times are milliseconds since its beginning.
#[derive(Debug, Clone)]
pub struct Plan {
    pub crowd: Crowd,
    pub pacing: Pacing,
    /// Mean time between two events of a page.
    pub event_every: u64,
    /// Requests that the endpoint takes in any minute.
    pub limit: usize,
    /// While it is down.
    pub down: (u64, u64),
    /// When visitors stop.
    pub end: u64,
    /// How long what they left may take to arrive then.
    pub drain: u64,
}

/// Who visits.
#[derive(Debug, Clone)]
pub enum Crowd {
    /// So many browsers with one page each, which stay.
    Staying(usize),
    /// Visitors arrive at random, so that this many are there at once on average. Each stays for `stay`; half of them come back,
    /// to the same browser, at any time within `return_within`.
    Passing { present: u64, stay: u64, return_within: u64 },
}

/// What became of an event.
#[derive(Debug, Clone, Copy)]
pub struct Event {
    /// When it was tracked.
    pub tracked: u32,
    /// When the endpoint took it first.
    pub delivered: Option<u32>,
    /// Where it is, if not there.
    pub place: Place,
}

/// Where an event is that was not delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In no store any more: settled as handed over, though the endpoint had refused it.
    Nowhere,
    /// In the store of a visitor who is here, or comes back.
    Queued,
    /// In the store of a visitor who never comes back.
    LeftBehind,
}

/// All that was seen.
#[derive(Debug)]
pub struct Record {
    pub events: Vec<Event>,
    pub minutes: Vec<Minute>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Happening {
    browser: usize,
    visit: u32,
    what: What,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    /// Somebody arrives for the first time; nobody's happening.
    Arrival,
    /// The relay looks whether a batch is due; nobody's happening.
    Relay,
    /// A visit begins.
    Come,
    Track,
    Timer,
    Reply {
        request: u32,
        status: u16,
    },
    Leave,
}

struct Site {
    plan: Plan,
    chance: Chance,
    now: u64,
    /// Those who never come back are gone from here.
    browsers: Vec<Option<Box<Browser>>>,
    ahead: BinaryHeap<Reverse<(u64, u64, Happening)>>,
    happenings: u64,
    endpoint: Endpoint,
    relay: Relay,
}

/// 2023: clocks in a browser are large numbers.
const START: u64 = 1_700_000_000_000;

/// Lives through it, with everything that is left to chance from `seed`.
pub fn live_through(plan: Plan, seed: u64) -> Record {
    let mut site = Site {
        chance: Chance::new(seed),
        now: 0,
        browsers: Vec::new(),
        ahead: BinaryHeap::new(),
        happenings: 0,
        endpoint: Endpoint::new(plan.limit, plan.down),
        relay: Relay::default(),
        plan,
    };
    site.begin();
    while let Some(Reverse((at, _, happening))) = site.ahead.pop() {
        if at > site.plan.end && (at > site.plan.end + site.plan.drain || site.endpoint.has_all()) {
            break;
        }
        site.now = at;
        site.happen(&happening);
    }
    site.end()
}

/// Minutes taken together.
pub fn sum(minutes: &[Minute]) -> Minute {
    minutes.iter().fold(Minute::default(), |sum, minute| sum.and(minute))
}

impl Site {
    fn begin(&mut self) {
        match self.plan.crowd {
            Crowd::Staying(browsers) => (0..browsers).for_each(|_| self.welcome()),
            Crowd::Passing { .. } => self.expect_arrival(),
        }
    }

    fn at(&mut self, at: u64, browser: usize, visit: u32, what: What) {
        self.happenings += 1;
        self.ahead.push(Reverse((at, self.happenings, Happening { browser, visit, what })));
    }

    fn happen(&mut self, happening: &Happening) {
        let &Happening { browser, visit, ref what } = happening;
        match what {
            What::Arrival => {
                self.expect_arrival();
                if self.is_new() {
                    self.welcome();
                }
            }
            What::Relay => self.relay(),
            What::Come => self.come(browser),
            _ if !self.is_there(browser, visit) => {}
            What::Track => self.track(browser),
            What::Timer => self.input(browser, Browser::wake),
            &What::Reply { request, status } => {
                self.input(browser, |browser, now| browser.hear(request, status, now));
            }
            What::Leave => self.leave(browser),
        }
    }

    /// Somebody who was never here: at the beginning everybody is, for nobody can come back yet.
    fn is_new(&mut self) -> bool {
        let Crowd::Passing { return_within, .. } = self.plan.crowd else { return false };
        let known = 50 * self.now.min(return_within) / return_within;
        !self.chance.percent(known as u32)
    }

    fn expect_arrival(&mut self) {
        let Crowd::Passing { present, stay, .. } = self.plan.crowd else { return };
        let at = self.now + self.chance.exponential(stay as f64 / present as f64);
        self.at(at, 0, 0, What::Arrival);
    }

    fn welcome(&mut self) {
        let browser = self.browsers.len();
        self.browsers.push(Some(Box::new(Browser::new(browser, self.plan.pacing))));
        self.come(browser);
    }

    fn come(&mut self, browser: usize) {
        let seed = self.chance.any();
        self.input(browser, |browser, now| browser.open(seed, now));
        let Some(here) = &self.browsers[browser] else { return };
        let visit = here.visit();
        let first = match self.plan.crowd {
            Crowd::Staying(_) => self.chance.between(0, 2 * self.plan.event_every),
            Crowd::Passing { stay, .. } => {
                self.at(self.now + stay, browser, visit, What::Leave);
                0
            }
        };
        self.at(self.now + first, browser, visit, What::Track);
    }

    fn is_there(&self, browser: usize, visit: u32) -> bool {
        self.browsers[browser].as_ref().is_some_and(|browser| browser.is_open() && browser.visit() == visit)
    }

    fn track(&mut self, browser: usize) {
        if self.now > self.plan.end {
            return;
        }
        let number = self.endpoint.note_tracked(self.now);
        self.input(browser, |browser, now| browser.track(number, now));
        let visit = self.browsers[browser].as_ref().map_or(0, |browser| browser.visit());
        let later = self.now + self.chance.between(0, 2 * self.plan.event_every);
        self.at(later, browser, visit, What::Track);
    }

    fn leave(&mut self, browser: usize) {
        self.input(browser, Browser::leave);
        let Crowd::Passing { return_within, .. } = self.plan.crowd else { return };
        if self.chance.percent(50) {
            let at = self.now + self.chance.between(1, return_within);
            self.at(at, browser, 0, What::Come);
        } else if let Some(gone) = self.browsers[browser].take() {
            self.endpoint.note_places(&gone, Place::LeftBehind);
        }
    }

    /// Something happens in a browser, and it does what follows from it.
    fn input(&mut self, place: usize, input: impl FnOnce(&mut Browser, u64)) {
        let Some(mut browser) = self.browsers[place].take() else { return };
        let now = START + self.now;
        input(&mut browser, now);
        while let Some(told) = browser.drain(now) {
            match told {
                Told::Request { request, body, at_exit } => {
                    let status = self.answer(&body, at_exit);
                    let at = self.now + self.chance.between(100, 300);
                    self.at(at, place, browser.visit(), What::Reply { request, status });
                }
                // The relay has confirmed whatever a page marks.
                Told::Mark(_) if self.plan.pacing == Pacing::Relay => {}
                Told::Mark(ids) => self.endpoint.note_mark(&ids, self.now),
            }
        }
        if let Some(at) = browser.new_timer() {
            self.at(at.saturating_sub(START).max(self.now), place, browser.visit(), What::Timer);
        }
        self.browsers[place] = Some(browser);
    }

    /// The status that a page's request is answered with.
    fn answer(&mut self, body: &str, at_exit: bool) -> u16 {
        let numbers = numbers_in(body).into_iter().map(|number| number as usize);
        if self.plan.pacing != Pacing::Relay {
            return self.endpoint.answer(numbers, at_exit, self.now);
        }
        if self.relay.is_empty() {
            self.at(self.now + relay::TICK, 0, 0, What::Relay);
        }
        self.relay.accept(numbers, self.now);
        200
    }

    /// Delivers the batches that are due.
    fn relay(&mut self) {
        while let Some(batch) = self.relay.take_batch(self.now) {
            let status = self.endpoint.answer(batch.into_iter(), false, self.now);
            assert_eq!(status, 200, "the relay keeps to the limit");
        }
        if !self.relay.is_empty() {
            self.at(self.now + relay::TICK, 0, 0, What::Relay);
        }
    }

    fn end(mut self) -> Record {
        for browser in self.browsers.iter().flatten() {
            self.endpoint.note_places(browser, Place::Queued);
        }
        self.endpoint.into_record()
    }
}
