//! A sender, an SQLite spool that is reopened after each crash, and a model of the endpoint.

use std::collections::{BTreeMap, BTreeSet};

use appizer_tracker::core::model::time::NEVER;
use appizer_tracker::core::policy::verdict::Response;
use relay::policy::{DAY, MINUTE};
use relay::sender::{Decision, Pace, Plan, State, Step};
use relay::spool::sqlite::Store;
use relay::spool::{Arrival, Attempt, BatchId, Depth, Letters, NewEvent};
use tempfile::TempDir;

pub const SITE: &str = "site";

/// What the endpoint does with a batch.
#[derive(Clone, Debug, PartialEq)]
pub enum Mode {
    /// Takes it, but for the events at fault.
    Up,
    /// Takes it and names the events at fault.
    Naming,
    /// Answers with this status and takes nothing.
    Failing(u16),
    /// Asks to wait.
    Limited(Option<u64>),
    /// Takes it, and the answer is lost.
    Mute,
}

/// The next crash.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Crash {
    /// After an attempt was recorded, before its request.
    AfterBegin,
    /// After an answer, before its outcome is recorded.
    BeforeSettle,
    /// After an outcome was recorded, before the sender knows.
    AfterSettle,
}

struct Flight {
    attempt: Attempt,
    response: Response,
    lands_at: u64,
}

pub struct World {
    pub plan: Plan,
    pub mode: Mode,
    /// How long the endpoint takes.
    pub latency: u64,
    /// How long recording an attempt takes.
    pub recording: u64,
    pub crash: Option<Crash>,
    pub now: u64,
    /// When requests started.
    pub starts: Vec<u64>,
    /// Numbers of the events of each request, in order.
    pub requests: Vec<Vec<usize>>,
    /// Events by number: how often the endpoint took it.
    pub taken: BTreeMap<usize, u32>,
    /// Events by number: how often it was sent without a reply that was heard and recorded.
    excuses: BTreeMap<usize, u32>,
    pub tracked: usize,
    tracked_at: Vec<u64>,
    /// Events at which the endpoint says 400.
    pub bad: BTreeSet<usize>,
    /// Events at which the endpoint fails with 500.
    pub poison: BTreeSet<usize>,
    members: BTreeMap<BatchId, Vec<String>>,
    flights: Vec<Flight>,
    pace: Pace,
    store: Store,
    folder: TempDir,
}

impl World {
    pub fn new(pace: Pace) -> Self {
        let folder = in_memory_folder();
        let store = Store::open(&folder.path().join("spool.sqlite")).unwrap();
        Self {
            plan: Plan::new(pace),
            mode: Mode::Up,
            latency: 200,
            recording: 1,
            crash: None,
            now: DAY * 20_000,
            starts: Vec::new(),
            requests: Vec::new(),
            taken: BTreeMap::new(),
            excuses: BTreeMap::new(),
            tracked: 0,
            tracked_at: Vec::new(),
            bad: BTreeSet::new(),
            poison: BTreeSet::new(),
            members: BTreeMap::new(),
            flights: Vec::new(),
            pace,
            store,
            folder,
        }
    }

    /// Accepts new events.
    pub fn accept(&mut self, count: usize) {
        let numbers = self.tracked..self.tracked + count;
        self.tracked += count;
        self.tracked_at.resize(self.tracked, self.now);
        let events = numbers.map(|n| NewEvent { id: None, json: n.to_string() }).collect();
        self.store.accept(&[Arrival { site: SITE.into(), events, at: self.now }]).unwrap();
    }

    /// Runs the sender for some time.
    pub fn run(&mut self, ms: u64) {
        let end = self.now + ms;
        while self.now < end {
            let wake = self.step(end).min(end);
            self.now = wake.max(self.now);
            self.land();
        }
    }

    /// Runs the sender until nothing waits; panics if that takes more than six hours.
    pub fn drain(&mut self) {
        let deadline = self.now + DAY / 4;
        while self.depth().waiting > 0 || self.plan.is_busy() {
            assert!(self.now < deadline, "the spool never empties: {:?}", self.depth());
            self.run(self.pace.linger);
        }
    }

    /// Kills the relay and starts it again. What is in flight stays with the endpoint.
    pub fn crash(&mut self) {
        self.crash = None;
        for flight in std::mem::take(&mut self.flights) {
            self.excuse(&flight.attempt);
        }
        self.store = Store::open(&self.folder.path().join("spool.sqlite")).unwrap();
        self.plan = Plan::new(self.pace);
        self.recover();
    }

    pub fn depth(&mut self) -> Depth {
        self.store.depth(SITE, self.now).unwrap()
    }

    /// Numbers of the events that are dead letters.
    pub fn dead(&mut self) -> BTreeSet<usize> {
        let letters = self.store.letters(&Letters::default()).unwrap();
        letters.iter().map(|letter| letter.event.parse().unwrap()).collect()
    }

    pub fn state(&self) -> State {
        self.plan.state()
    }

    /// Checks what holds at the end of every life.
    pub fn check(&mut self) {
        let dead = self.dead();
        for n in 0..self.tracked {
            let taken = self.taken.get(&n).copied().unwrap_or(0);
            assert!(taken > 0 || dead.contains(&n), "event {n} is lost");
            let excuses = self.excuses.get(&n).copied().unwrap_or(0);
            assert!(
                taken <= 1 + excuses,
                "event {n} was taken {taken} times, {excuses} of them without a reply"
            );
        }
        let depth = self.depth();
        assert_eq!(depth.accepted, depth.waiting + depth.delivered + depth.dead);
        self.check_limit();
    }

    /// Checks that no minute held more starts than the limit.
    pub fn check_limit(&self) {
        for window in self.starts.windows(self.pace.starts_per_minute + 1) {
            let (first, last) = (window[0], window[window.len() - 1]);
            assert!(last - first >= MINUTE, "{} requests from {first} to {last}", window.len());
        }
    }

    /// Returns how long the oldest event after the first `old` ones has waited, or waits.
    pub fn wait_of_oldest(&self, old: usize) -> u64 {
        let oldest = (old..self.tracked).find(|n| !self.taken.contains_key(n));
        oldest.map_or(0, |n| self.now - self.tracked_at[n])
    }

    fn recover(&mut self) {
        let recovered = self.store.recover(SITE, self.now).unwrap();
        self.plan.recover(&recovered, self.now);
    }

    /// Does all that can be done now; returns when there is more to do.
    fn step(&mut self, end: u64) -> u64 {
        while self.now < end {
            let waiting = self.store.waiting(SITE, self.plan.boundary()).unwrap();
            match self.plan.next(self.now, self.now, &waiting) {
                Step::Look => {}
                Step::Begin(claim) => {
                    let begun_at = self.now;
                    let attempt = self.store.begin(SITE, claim, begun_at).unwrap();
                    self.now += self.recording;
                    if self.crash == Some(Crash::AfterBegin) {
                        self.crash();
                    } else if self.plan.begun(attempt.as_ref(), self.now) {
                        self.send(attempt.unwrap());
                    }
                }
                Step::Wait(until) | Step::Idle(until) => {
                    let landing = self.flights.iter().map(|flight| flight.lands_at).min().unwrap_or(NEVER);
                    return until.min(landing);
                }
            }
        }
        end
    }

    fn send(&mut self, attempt: Attempt) {
        let members = self.members.entry(attempt.batch.id).or_insert_with(|| attempt.events.clone());
        assert_eq!(*members, attempt.events, "a batch changed");
        assert!(self.flights.len() < self.pace.in_flight);
        self.starts.push(self.now);
        let response = self.answer(&numbers(&attempt));
        if response.status == 0 {
            self.excuse(&attempt);
        }
        self.flights.push(Flight { attempt, response, lands_at: self.now + self.latency });
    }

    fn answer(&mut self, numbers: &[usize]) -> Response {
        self.requests.push(numbers.to_vec());
        let faulty = |faults: &BTreeSet<usize>| -> Vec<usize> {
            (0..numbers.len()).filter(|place| faults.contains(&numbers[*place])).collect()
        };
        let (bad, poison) = (faulty(&self.bad), faulty(&self.poison));
        let status = match self.mode {
            Mode::Failing(status) => status,
            Mode::Limited(retry_after) => {
                return Response { status: 429, retry_after, ..Response::default() };
            }
            _ if !poison.is_empty() => 500,
            Mode::Up if !bad.is_empty() => 400,
            Mode::Mute => 0,
            Mode::Up | Mode::Naming => 200,
        };
        let failed = if status == 200 { bad } else { Vec::new() };
        if status == 200 || self.mode == Mode::Mute && poison.is_empty() {
            for (place, n) in numbers.iter().enumerate() {
                if !failed.contains(&place) {
                    *self.taken.entry(*n).or_default() += 1;
                }
            }
        }
        let count = (numbers.len() - failed.len()) as u64;
        Response {
            status,
            success: (status == 200).then_some(true),
            processed_count: (status == 200).then_some(count),
            failed,
            ..Response::default()
        }
    }

    /// Hears the answers that have come.
    fn land(&mut self) {
        while let Some(place) = self.flights.iter().position(|flight| flight.lands_at <= self.now) {
            let flight = self.flights.remove(place);
            let batch = flight.attempt.batch.id;
            match self.plan.answered(
                batch,
                &flight.response,
                self.now,
                self.now.wrapping_mul(2_654_435_761) as u32,
            ) {
                Decision::Again => {}
                Decision::Settle(_) if self.crash == Some(Crash::BeforeSettle) => {
                    self.excuse(&flight.attempt);
                    self.crash();
                }
                Decision::Settle(outcome) => {
                    let settled = self.store.settle(batch, &outcome, self.now).unwrap();
                    if self.crash == Some(Crash::AfterSettle) {
                        self.crash();
                    } else {
                        self.plan.settled(batch, &settled);
                    }
                }
            }
        }
    }

    fn excuse(&mut self, attempt: &Attempt) {
        for n in numbers(attempt) {
            *self.excuses.entry(n).or_default() += 1;
        }
    }
}

fn numbers(attempt: &Attempt) -> Vec<usize> {
    attempt.events.iter().map(|json| json.parse().unwrap()).collect()
}

/// A folder in memory where there is one: a property test commits some 10,000 times.
fn in_memory_folder() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}
