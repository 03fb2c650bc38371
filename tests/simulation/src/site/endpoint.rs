//! The endpoint: what it takes, what it refuses, and the account of both.

use super::browser::Browser;
use super::{Event, Place, Record};
use crate::ledger::numbers;
use crate::time::{LastMinute, MINUTE};

/// What a minute saw.
#[derive(Debug, Clone, Copy, Default)]
pub struct Minute {
    /// Requests that were taken.
    pub taken: usize,
    /// Requests answered 429.
    pub limited: usize,
    /// Requests while the endpoint was down.
    pub failed: usize,
    /// Events in the requests that were taken.
    pub carried: usize,
    /// Those that had been taken before.
    pub repeated: usize,
    /// Requests of pages that were leaving, and those of them that were answered 429.
    pub at_exit: usize,
    pub limited_at_exit: usize,
    /// Events that a page has marked as handed over, though they were refused.
    pub marked_in_vain: usize,
    /// The most requests that were taken in 60 s up to a request of this minute.
    pub busiest: usize,
}

impl Minute {
    /// Part of the answers that were 429.
    pub fn limited_share(&self) -> f64 {
        self.limited as f64 / (self.taken + self.limited).max(1) as f64
    }

    pub(super) fn and(self, other: &Self) -> Self {
        Self {
            taken: self.taken + other.taken,
            limited: self.limited + other.limited,
            failed: self.failed + other.failed,
            carried: self.carried + other.carried,
            repeated: self.repeated + other.repeated,
            at_exit: self.at_exit + other.at_exit,
            limited_at_exit: self.limited_at_exit + other.limited_at_exit,
            marked_in_vain: self.marked_in_vain + other.marked_in_vain,
            busiest: self.busiest.max(other.busiest),
        }
    }
}

#[derive(Debug)]
pub(super) struct Endpoint {
    limit: usize,
    down: (u64, u64),
    /// When requests of the last minute were taken.
    recent: LastMinute,
    events: Vec<Event>,
    delivered: usize,
    minutes: Vec<Minute>,
}

impl Endpoint {
    pub(super) fn new(limit: usize, down: (u64, u64)) -> Self {
        let (recent, events, minutes) = (LastMinute::default(), Vec::new(), Vec::new());
        Self { limit, down, recent, events, delivered: 0, minutes }
    }

    /// The number of a new event.
    pub(super) fn note_tracked(&mut self, now: u64) -> usize {
        self.events.push(Event { tracked: now as u32, delivered: None, place: Place::Nowhere });
        self.events.len() - 1
    }

    /// The status that a request is answered with.
    pub(super) fn answer(&mut self, numbers: impl Iterator<Item = usize>, at_exit: bool, now: u64) -> u16 {
        let status = self.decide(now);
        let busiest = self.recent.count(now);
        let minute = self.minute(now);
        minute.at_exit += usize::from(at_exit);
        minute.busiest = minute.busiest.max(busiest);
        match status {
            200 => {
                minute.taken += 1;
                numbers.for_each(|number| self.take(number, now));
            }
            429 => {
                minute.limited += 1;
                minute.limited_at_exit += usize::from(at_exit);
            }
            _ => minute.failed += 1,
        }
        status
    }

    /// A page has left a mark.
    pub(super) fn note_mark(&mut self, ids: &str, now: u64) {
        let events = &self.events;
        let refused = numbers(ids).filter(|&number| events[number as usize].delivered.is_none()).count();
        self.minute(now).marked_in_vain += refused;
    }

    /// Notes where the events are that a browser keeps.
    pub(super) fn note_places(&mut self, browser: &Browser, place: Place) {
        for number in browser.kept().flat_map(numbers) {
            self.events[number as usize].place = place;
        }
    }

    pub(super) fn has_all(&self) -> bool {
        self.delivered == self.events.len()
    }

    pub(super) fn into_record(self) -> Record {
        Record { events: self.events, minutes: self.minutes }
    }

    fn decide(&mut self, now: u64) -> u16 {
        if (self.down.0..self.down.1).contains(&now) {
            return 503;
        }
        if self.recent.count(now) >= self.limit {
            return 429;
        }
        self.recent.note(now);
        200
    }

    fn take(&mut self, number: usize, now: u64) {
        let repeated = self.events[number].delivered.is_some();
        self.events[number].delivered.get_or_insert(now as u32);
        self.delivered += usize::from(!repeated);
        let minute = self.minute(now);
        minute.carried += 1;
        minute.repeated += usize::from(repeated);
    }

    fn minute(&mut self, now: u64) -> &mut Minute {
        let place = (now / MINUTE) as usize;
        if self.minutes.len() <= place {
            self.minutes.resize(place + 1, Minute::default());
        }
        &mut self.minutes[place]
    }
}
