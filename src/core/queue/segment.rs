//! A segment in memory: what is still undelivered of it.

use crate::core::model::event::Envelope;
use crate::core::model::segment::{Record, SegmentKey};
use crate::core::model::text;
use crate::core::model::time::Clocks;
use crate::core::policy::limits;

/// A segment in memory.
#[derive(Debug, Clone)]
pub struct Segment {
    /// Its name in the store.
    pub key: SegmentKey,
    /// When it entered this page's queue, counted in segments: what a flush covers is told by it.
    pub order: u64,
    /// True if the segment was adopted from another page.
    pub adopted: bool,
    /// See [`Record`].
    pub at: u64,
    /// See [`Record`].
    pub old_since: Option<u64>,
    /// When it entered this page's memory, by the page's own clock.
    pub since: u64,
    /// Where it is kept.
    pub kept: Kept,
    /// The undelivered events, in the order of tracking.
    pub events: Vec<Queued>,
}

/// Where a segment is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// On its way into the store; it is sent only once it is there.
    Writing,
    /// In the store.
    Stored,
    /// In memory alone: the store is not open, or refused it.
    Memory,
}

/// An envelope and the request that carries it now.
#[derive(Debug, Clone)]
pub struct Queued {
    /// The sealed event.
    pub envelope: Envelope,
    /// The request it is in; 0 for none.
    pub request: u32,
    /// The part of a refused batch that it is to be sent with, and with nothing else; 0 for none.
    pub part: u32,
    /// True if a dead page handed the event over. It is not sent until its mark is settled or lifted.
    pub handed_over: bool,
}

/// Before a session's id. Inside of any other text the quotes would be escaped.
const SESSION: &[u8] = b"\"$session_id\":";
const SEPARATOR: &str = ",\n";

impl Segment {
    /// Returns the segment that a record holds, read at `now`; `None` where ids and envelopes differ in number.
    pub fn read(record: &Record, order: u64, kept: Kept, now: u64) -> Option<Self> {
        let mut events = Vec::new();
        let mut lines = record.events.split('\n');
        for id in record.ids.split(' ') {
            let line = lines.next().filter(|_| !record.ids.is_empty())?;
            let json = line.strip_suffix(",").unwrap_or(line).into();
            events.push(Queued::new(Envelope { id: id.into(), json }));
        }
        if lines.next().is_some() {
            return None;
        }
        let Record { at, old_since, .. } = *record;
        Some(Self { key: record.key.clone(), order, adopted: true, at, old_since, since: now, kept, events })
    }

    /// Returns the number of events that wait for a request.
    pub fn waiting(&self) -> usize {
        self.events.iter().filter(|queued| queued.is_waiting()).count()
    }

    /// Bytes of its envelopes.
    pub fn bytes(&self) -> usize {
        self.events.iter().map(|queued| queued.envelope.json.len()).sum()
    }

    /// The session its events were tracked in, as their text has it: those of a task have one in common.
    pub fn session(&self) -> Option<&[u8]> {
        let json = self.events.first()?.envelope.json.as_bytes();
        let start = json.windows(SESSION.len()).position(|part| part == SESSION)? + SESSION.len();
        json[start..].split(|&byte| byte == b',').next()
    }

    /// The record of what is still in the segment.
    pub fn record(&self) -> Record {
        let mut events = String::with_capacity(self.bytes() + self.events.len() * SEPARATOR.len());
        let mut ids = String::new();
        for queued in &self.events {
            if !ids.is_empty() {
                events.push_str(SEPARATOR);
            }
            text::push_word(&mut ids, &queued.envelope.id);
            events.push_str(&queued.envelope.json);
        }
        Record { key: self.key.clone(), at: self.at, old_since: self.old_since, ids, events }
    }

    /// Returns true if the segment is older than `max_age` beyond doubt: by the page's own clock, which is never set, or by
    /// two readings of the wall clock with [`limits::AGE_CONFIRMATION`] between them.
    pub fn is_outdated(&self, Clocks { now, wall }: Clocks, max_age: u64) -> bool {
        let confirmed = self.old_since.is_some_and(|since| since + limits::AGE_CONFIRMATION <= wall);
        self.since + max_age < now || (confirmed && self.looks_outdated(wall, max_age))
    }

    /// Notes what one reading of the wall clock says of the segment's age. Returns true if the record must be written again.
    pub fn note_age(&mut self, wall: u64, max_age: u64) -> bool {
        // A first reading from the future was that of a clock which has been set back since.
        let known = self.old_since.is_some_and(|since| since <= wall);
        let changes = self.adopted && !known && self.looks_outdated(wall, max_age);
        if changes {
            self.old_since = Some(wall);
        }
        changes
    }

    fn looks_outdated(&self, wall: u64, max_age: u64) -> bool {
        self.at + max_age < wall
    }
}

impl Queued {
    /// Returns true if the event may go into a request.
    pub fn is_waiting(&self) -> bool {
        self.request == 0 && !self.handed_over
    }

    /// An envelope that no request carries.
    pub fn new(envelope: Envelope) -> Self {
        Self { envelope, request: 0, part: 0, handed_over: false }
    }
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_segment_reads_back_from_its_record(jsons in prop::collection::vec("\\{[^\n]*\\}", 1..20)) {
            let events: Vec<_> = jsons.into_iter().enumerate()
                .map(|(n, json)| Queued::new(Envelope { id: ["e", &n.to_string()].concat(), json }))
                .collect();
            let key = SegmentKey::new("p", 0);
            let segment = Segment { key, order: 0, adopted: false, at: 5, old_since: None, since: 5, kept: Kept::Stored, events };
            let read = Segment::read(&segment.record(), 7, Kept::Stored, 9).unwrap();
            prop_assert_eq!(read.record(), segment.record());
            prop_assert!(read.adopted && read.order == 7);
        }

        #[test]
        fn no_record_makes_the_reader_panic(ids in any::<String>(), events in any::<String>()) {
            let record = Record { key: SegmentKey::from_text(ids.clone()), at: 0, old_since: None, ids, events };
            let _ = Segment::read(&record, 0, Kept::Stored, 0);
        }
    }

    #[test]
    fn a_record_with_an_id_too_many_is_corrupt() {
        let key = SegmentKey::new("p", 0);
        let record = Record { key, at: 0, old_since: None, ids: "a b".into(), events: "{}".into() };
        assert!(Segment::read(&record, 0, Kept::Stored, 0).is_none());
    }
}
