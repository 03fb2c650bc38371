//! Requests of the engine's: checked as they leave, carried, answered.

use crate::network::{Fate, Flight, State};
use crate::page::Life;
use crate::weather::Weather;
use crate::world::{Happening, World};
use appizer_tracker::core::engine::effect::Request;
use appizer_tracker::core::policy::limits;
use appizer_tracker::core::policy::shared_row::{Granted, Share};
use appizer_tracker::core::policy::verdict::{Response, Verdict, verdict};

/// What browsers allow of bodies that outlive a page.
const KEEPALIVE_QUOTA: usize = 64 * 1024;

impl World {
    /// A page sends a request.
    pub fn send(&mut self, page: usize, request: &Request) {
        let numbers = numbers_in(&request.body);
        let flight = self.flights.len();
        let silent = request.at_exit && !self.scenario.has_keepalive;
        if self.pages[page].insured.is_some() {
            self.ledger.blame(|| format!("page{page} sends what is insured, too"));
        }
        let keepalive = request.keepalive && self.scenario.has_keepalive;
        self.check_request(page, request, &numbers);
        let first = numbers.first().copied().unwrap_or_default();
        let (count, bytes) = (numbers.len(), request.body.len());
        let how = match (request.at_exit, keepalive) {
            (true, _) => "at exit",
            (_, true) => "keepalive",
            _ => "ordinary",
        };
        self.note_page(
            page,
            format_args!("sends #{flight}: {count} events from e{first}, {bytes} bytes, {how}"),
        );
        let sender = (page, self.pages[page].incarnation);
        self.ledger.note_sent(flight, sender, &numbers);
        self.tally.requests += 1;
        let outliving = self.outliving(page);
        let spent = if self.scenario.trouble.quota_spent { 50_000 } else { 0 };
        let over_quota = keepalive && outliving + bytes + spent > KEEPALIVE_QUOTA;
        self.flights.push(Flight {
            page,
            incarnation: self.pages[page].incarnation,
            request: request.id,
            sent_at: self.pages[page].clock(self.now),
            numbers,
            bytes,
            keepalive,
            outlives: request.keepalive,
            to: Some(self.destination(page)),
            state: State::Open,
            fate: if over_quota { Fate::OverQuota } else { Fate::UnderWay },
            silent,
        });
        self.pages[page].flights.push(flight);
        if over_quota {
            self.at(self.now, Happening::Reply { flight, response: Response::default() });
        } else {
            let at = self.now + self.chance.delay(80, 3_000);
            self.at(at, Happening::Arrival(flight));
        }
    }

    /// What one page was asked to wait all wait, once the shared row knows of it.
    pub fn check_grant(&mut self, page: usize, share: &Share, granted: &Granted) {
        let until = self.disk.stores.asked.get(&share.to).copied().unwrap_or_default();
        let early = until.saturating_sub(share.clocks.wall);
        if granted.tokens > 0 && early > 0 && !self.scenario.had_clock_trouble {
            self.ledger
                .blame(|| format!("page{page} is granted a request {early} ms before Retry-After lets it"));
        }
    }

    fn check_request(&mut self, page: usize, request: &Request, numbers: &[u32]) {
        let (count, bytes) = (numbers.len(), request.body.len());
        let batch_size = self.pages[page].engine.options().batch_size;
        let most = if request.at_exit { limits::MAX_BATCH_EVENTS } else { batch_size };
        if count == 0 || count > most {
            self.ledger.blame(|| format!("a request carries {count} events, not 1 to {most}"));
        }
        if bytes > limits::MAX_BATCH_BYTES && count > 1 {
            self.ledger.blame(|| format!("a request of {count} events has {bytes} bytes"));
        }
        let outliving = self.outliving(page) + bytes;
        if request.keepalive && outliving > limits::EXIT_SHARE_BYTES {
            self.ledger.blame(|| format!("page{page} lets {outliving} bytes outlive it"));
        }
        if !request.at_exit {
            self.check_rate(page);
        }
        let clock = self.pages[page].clock(self.now);
        let not_before = self.pages[page].not_before;
        let comparable = self.ledger.exact && !self.has_mixed_keys && !self.scenario.had_clock_trouble;
        if clock < not_before && comparable {
            let early = not_before - clock;
            self.ledger.blame(|| format!("page{page} sends {early} ms before Retry-After lets it"));
        }
    }

    /// The limit of a key holds over all tabs, but where the row that they share was lost or clocks were set.
    fn check_rate(&mut self, page: usize) {
        let now = self.now;
        let sent = self.sent.entry(self.pages[page].engine.destination()).or_default();
        sent.note(now);
        let (count, most) = (sent.count(now), self.scenario.requests_per_minute);
        let comparable =
            self.ledger.exact && !self.scenario.had_clock_trouble && !self.scenario.had_power_cuts;
        if comparable && count as f64 > most {
            self.ledger.blame(|| format!("{count} requests in a minute, and the limit is {most}"));
        }
    }

    /// Bytes of the page's requests that are to outlive it, as far as it can know.
    fn outliving(&self, page: usize) -> usize {
        let incarnation = self.pages[page].incarnation;
        let flights = self.pages[page].flights.iter().map(|&flight| &self.flights[flight]);
        let known = flights.filter(|flight| flight.keepalive && flight.incarnation == incarnation);
        known.map(|flight| flight.bytes).sum()
    }

    /// A page gives a request up.
    pub fn abort(&mut self, page: usize, request: u32) {
        let mine = self.pages[page].flights.iter().copied();
        let Some(flight) = mine.rev().find(|&flight| self.flights[flight].request == request) else { return };
        self.note_page(page, format_args!("gives #{flight} up"));
        let waited = self.pages[page].clock(self.now) - self.flights[flight].sent_at;
        if waited >= limits::REQUEST_TIMEOUT {
            self.good_link = None;
        }
        self.close(flight);
        if self.chance.percent(50) {
            self.ground(flight);
        }
    }

    /// The page knows no more of its request.
    pub fn close(&mut self, flight: usize) {
        let page = self.flights[flight].page;
        self.flights[flight].state = State::Closed;
        self.pages[page].flights.retain(|&other| other != flight);
        self.ledger.note_closed(flight, &self.flights[flight].numbers, self.now);
    }

    /// A request does not get any further.
    pub fn ground(&mut self, flight: usize) {
        if self.flights[flight].fate == Fate::UnderWay {
            self.flights[flight].fate = Fate::Lost;
        }
    }

    /// The page does not know any more what replies to requests in this state would tell it: what it left to the browser, when it
    /// sends elsewhere from now on, or all that is open, when another page has taken it for dead.
    pub fn forget_requests(&mut self, page: usize, state: State) {
        for &flight in &self.pages[page].flights {
            let forgotten = &mut self.flights[flight];
            forgotten.to = forgotten.to.filter(|_| forgotten.state != state);
        }
    }

    /// The page goes away: requests that outlive it are left to the browser.
    pub fn depart(&mut self, page: usize) {
        let to = self.destination(page);
        for flight in self.pages[page].flights.clone() {
            let left = &mut self.flights[flight];
            if left.state == State::Open && left.outlives {
                left.state = State::Departed;
                left.to = left.to.filter(|&sent| sent == to);
                for &number in &left.numbers {
                    let event = &mut self.ledger.events[number as usize];
                    event.handed = Some(flight);
                    event.flight = None;
                }
            }
        }
    }

    /// A request comes to where the server is, or would.
    pub fn arrive(&mut self, flight: usize) {
        if self.flights[flight].fate != Fate::UnderWay {
            return;
        }
        let (sky, now) = (self.sky, self.now);
        let ledger = &mut self.ledger;
        let answer =
            self.server.answer(&mut self.flights[flight], sky, now, &self.scenario, ledger, &mut self.chance);
        let fate = self.flights[flight].fate;
        let status = answer.as_ref().map_or(0, |answer| answer.status);
        self.note("server", format_args!("#{flight}: {fate:?}, {status}"));
        let longest = if sky == Weather::Hanging { 90_000 } else { 3_000 };
        let usual = if sky == Weather::Hanging { 60_000 } else { 80 };
        if let Some(response) = answer.filter(|_| !self.flights[flight].silent) {
            let at = self.now + self.chance.delay(usual, longest);
            self.at(at, Happening::Reply { flight, response });
        }
    }

    /// A page hears the end of its request.
    pub fn hear_reply(&mut self, page: usize, flight: usize, response: Response) {
        let state = self.flights[flight].state;
        if state == State::Closed {
            return;
        }
        let incarnation = self.flights[flight].incarnation;
        let heard = !self.pages[page].away && state == State::Open;
        let current = heard && incarnation == self.pages[page].incarnation;
        let late = if current { "" } else { " (late)" };
        self.note_page(page, format_args!("hears {} to #{flight}{late}", response.status));
        self.close(flight);
        let meaning = verdict(&response, self.flights[flight].numbers.len());
        self.note_meaning(page, flight, meaning, &response, current);
        let request = self.flights[flight].request;
        self.input(page, |engine, now| engine.handle_response(request, response, now));
    }

    fn note_meaning(
        &mut self,
        page: usize,
        flight: usize,
        meaning: Verdict,
        response: &Response,
        current: bool,
    ) {
        let flight = &self.flights[flight];
        let by = (page, flight.incarnation);
        for (place, &number) in flight.numbers.iter().enumerate() {
            let event = &mut self.ledger.events[number as usize];
            match meaning {
                Verdict::Delivered if current => event.acked = Some(by),
                Verdict::Named if current && !response.failed.contains(&place) => event.acked = Some(by),
                Verdict::Partial | Verdict::Refused | Verdict::Named => event.suspect = true,
                _ => {}
            }
        }
        let (to, sent_as) = (flight.to, flight.incarnation);
        // A page remembers what it left behind at its last departure.
        let now = self.pages[page].incarnation;
        let known = current || sent_as == now || (sent_as + 1 == now && !self.pages[page].away);
        let mine = &mut self.pages[page];
        if current && let Some(asked) = response.retry_after.filter(|_| meaning == Verdict::Retry) {
            let wait = Self::obeyed(asked);
            mine.not_before = mine.not_before.max(mine.clock(self.now) + wait);
        }
        let success = matches!(meaning, Verdict::Delivered | Verdict::Named | Verdict::Partial);
        mine.heard_success |= known && success;
        if known && to == Some(self.destination(page)) {
            self.good_link = match meaning {
                Verdict::Delivered | Verdict::Named | Verdict::Partial => to,
                Verdict::Refused => self.good_link,
                _ => None,
            };
        }
    }

    /// Everything that a dead page had under way, but for what the browser goes on with.
    pub fn strand(&mut self, page: usize, browser_lives: bool) {
        self.depart(page);
        for flight in self.pages[page].flights.clone() {
            let outlives = browser_lives && self.flights[flight].keepalive;
            if !outlives && self.chance.percent(60) {
                self.ground(flight);
            }
            self.close(flight);
        }
        debug_assert!(self.pages[page].life == Life::Dead);
    }
}

/// The numbers that `World::track` put into the properties of a body's events.
pub fn numbers_in(body: &str) -> Vec<u32> {
    let rest = body.split("{\"n\":").skip(1);
    rest.filter_map(|rest| rest.split([',', '}']).next()?.parse().ok()).collect()
}
