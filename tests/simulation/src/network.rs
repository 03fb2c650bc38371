//! Requests on their way, and what the sky and the server make of them.

use crate::chance::Chance;
use crate::ledger::Ledger;
use crate::scenario::Scenario;
use crate::time::LastMinute;
use crate::weather::Weather;
use appizer_tracker::core::policy::verdict::Response;

/// A request on its way.
#[derive(Debug)]
pub struct Flight {
    /// The page that sent it, in which incarnation, and its own number for it.
    pub page: usize,
    pub incarnation: u32,
    pub request: u32,
    /// When, by the page's own clock.
    pub sent_at: u64,
    /// The events it carries.
    pub numbers: Vec<u32>,
    pub bytes: usize,
    pub keepalive: bool,
    /// Whether the engine takes it for one that outlives its page.
    pub outlives: bool,
    /// Where to: see `exit::destination`. None where its page asks no more what its reply says of that.
    pub to: Option<u32>,
    /// What the page knows of it.
    pub state: State,
    /// What became of it at the server.
    pub fate: Fate,
    /// A beacon, whose reply nobody sees.
    pub silent: bool,
}

/// What a request's page knows of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// The page waits for the reply.
    Open,
    /// The page has gone away since, and left it to the browser.
    Departed,
    /// Answered, given up, or its page is dead.
    Closed,
}

/// What became of a request on the other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// It has not arrived yet.
    UnderWay,
    /// The server has taken what is in it.
    Taken,
    /// It never arrived.
    Lost,
    /// The browser did not let it out: too much is to outlive the page already.
    OverQuota,
    /// 429.
    Limited,
    /// Another failure.
    Failed,
    /// 401, 403, 404.
    Forbidden,
    /// 400, 413, 422.
    Refused,
    /// Taken in part.
    Partial,
}

/// The endpoint.
#[derive(Debug, Default)]
pub struct Server {
    /// When it took requests in the last minute.
    recent: LastMinute,
}

impl Server {
    /// Answers a request that has arrived; `None` is no answer at all.
    pub fn answer(
        &mut self,
        flight: &mut Flight,
        sky: Weather,
        now: u64,
        scenario: &Scenario,
        ledger: &mut Ledger,
        chance: &mut Chance,
    ) -> Option<Response> {
        let sky = if sky == Weather::Wild { chance.pick(&Weather::ALL) } else { sky };
        let lost = match sky {
            Weather::Offline | Weather::Blocked => true,
            Weather::Lossy => chance.percent(30),
            _ => false,
        };
        if lost {
            flight.fate = Fate::Lost;
            return Some(Response::default());
        }
        if flight.silent && !chance.percent(50) {
            flight.fate = Fate::Forbidden;
            return None;
        }
        let response = self.decide(flight, sky, now, scenario, ledger, chance);
        if sky == Weather::Lossy && chance.percent(40) {
            return Some(Response::default());
        }
        Some(response)
    }

    fn decide(
        &mut self,
        flight: &mut Flight,
        sky: Weather,
        now: u64,
        scenario: &Scenario,
        ledger: &mut Ledger,
        chance: &mut Chance,
    ) -> Response {
        let asks = chance.percent(60);
        let asked = asks.then(|| chance.pick(&[0, 1_000, 20_000, 60_000, 600_000, 10_000_000]));
        let retry_after = asked.filter(|_| scenario.reads_retry_after);
        let mut fail = |fate, status| {
            flight.fate = fate;
            Response { status, success: Some(false), retry_after, ..Response::default() }
        };
        match sky {
            Weather::Down => return fail(Fate::Failed, chance.pick(&[500, 502, 503])),
            Weather::Limited => return fail(Fate::Limited, 429),
            Weather::Early => return fail(Fate::Failed, chance.pick(&[408, 425])),
            Weather::Forbidden => return fail(Fate::Forbidden, chance.pick(&[401, 403, 404])),
            Weather::Refusing => return fail(Fate::Refused, chance.pick(&[400, 413, 422])),
            _ => {}
        }
        if let Some(limit) = scenario.server_limit {
            if self.recent.count(now) >= limit as usize {
                return fail(Fate::Limited, 429);
            }
            self.recent.note(now);
        }
        if flight.numbers.iter().any(|&number| ledger.events[number as usize].guilty) {
            return fail(Fate::Refused, 400);
        }
        if sky == Weather::Malformed {
            flight.fate = Fate::Failed;
            let success = chance.percent(50).then_some(false);
            return Response { status: 200, success, ..Response::default() };
        }
        accept(flight, sky, ledger, chance)
    }
}

fn accept(flight: &mut Flight, sky: Weather, ledger: &mut Ledger, chance: &mut Chance) -> Response {
    let sent = flight.numbers.len();
    let partial = matches!(sky, Weather::Partial | Weather::Named);
    let failed: Vec<usize> = (0..sent).filter(|_| partial && chance.percent(30)).collect();
    for (place, &number) in flight.numbers.iter().enumerate() {
        if !failed.contains(&place) {
            ledger.events[number as usize].processed += 1;
        }
    }
    flight.fate = if failed.is_empty() { Fate::Taken } else { Fate::Partial };
    let count = (sent - failed.len()) as u64;
    let told = sky == Weather::Partial || chance.percent(80);
    Response {
        status: chance.pick(&[200, 200, 200, 202]),
        success: Some(true),
        processed_count: told.then_some(count),
        failed: if sky == Weather::Named { failed } else { Vec::new() },
        ..Response::default()
    }
}
