//! The page's queue: its own segments, and those it adopted from pages that are gone.

pub mod batch;
mod queries;
pub mod segment;

use crate::core::model::event::Envelope;
use crate::core::model::segment::{Record, SegmentKey};
use crate::core::model::text;
use crate::core::model::time::Clocks;
use crate::core::policy::limits;
use crate::core::rows::{self, Operations};
use batch::Batch;
use segment::{Kept, Queued, Segment};

/// Segments in sending order: adopted ones, which are older, before the page's own.
#[derive(Debug)]
pub struct Queue {
    owner: String,
    next_number: u32,
    next_order: u64,
    segments: Vec<Segment>,
    /// The number of events in all segments, and their bytes. Kept, because every task asks for them.
    events: usize,
    bytes: usize,
}

/// Events that left the queue, and the changes of the store that follow.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Removal {
    /// The events that left, in the order of their batch.
    pub events: Vec<Envelope>,
    /// Segments that keep some of their events.
    pub puts: Puts,
    /// Deletions of the segments that became empty.
    pub deletes: Operations,
}

/// Records to write into the store.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Puts {
    /// Their keys.
    pub keys: Vec<SegmentKey>,
    /// The records.
    pub records: Operations,
}

impl Puts {
    fn push(&mut self, segment: &Segment) {
        self.keys.push(segment.key.clone());
        self.records.put_record(&segment.record());
    }
}

impl Queue {
    /// Creates an empty queue of the page `owner`.
    pub fn new(owner: String) -> Self {
        Self { owner, next_number: 0, next_order: 1, segments: Vec::new(), events: 0, bytes: 0 }
    }

    /// Returns the page that owns the segments made by `push`.
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// Adds a task's envelopes as segments and returns their keys.
    pub fn push(&mut self, envelopes: Vec<Envelope>, kept: Kept, clocks: Clocks) -> Vec<SegmentKey> {
        let mut keys = Vec::new();
        for envelope in envelopes {
            let is_full = |segment: &Segment| segment.events.len() == limits::MAX_SEGMENT_EVENTS;
            if keys.is_empty() || self.segments.last().is_some_and(is_full) {
                let key = SegmentKey::new(&self.owner, self.next_number);
                self.next_number += 1;
                let order = self.take_order();
                keys.push(key.clone());
                self.segments.push(Segment {
                    key,
                    order,
                    adopted: false,
                    at: clocks.wall,
                    old_since: None,
                    since: clocks.now,
                    kept,
                    events: Vec::new(),
                });
            }
            self.events += 1;
            self.bytes += envelope.json.len();
            if let Some(segment) = self.segments.last_mut() {
                segment.events.push(Queued::new(envelope));
            }
        }
        keys
    }

    /// Adds the records of another page ahead of the page's own, except those already in the queue. Returns the number of events added,
    /// and the records that cannot be parsed.
    pub fn adopt(&mut self, records: Vec<Record>, kept: Kept, now: u64) -> (usize, Vec<Record>) {
        let (mut events, mut corrupt) = (0, Vec::new());
        for record in records {
            if self.segments.iter().any(|segment| segment.key == record.key) {
                continue;
            }
            let order = self.take_order();
            match Segment::read(&record, order, kept, now) {
                Some(segment) => {
                    events += segment.events.len();
                    self.count(&segment);
                    let place = self.adopted_segments();
                    self.segments.insert(place, segment);
                }
                None => corrupt.push(record),
            }
        }
        (events, corrupt)
    }

    /// Notes where these segments are kept once their write has ended.
    pub fn mark(&mut self, keys: &[SegmentKey], kept: Kept) {
        let mut left = keys.len();
        for segment in self.segments.iter_mut().rev() {
            // Segments being written are near the end, as in `records`.
            if left == 0 {
                break;
            }
            if segment.kept == Kept::Writing && keys.contains(&segment.key) {
                segment.kept = kept;
                left -= 1;
            }
        }
    }

    /// Takes the oldest events that no request carries into a batch of at most `max_events` and `max_bytes`.
    /// Events still being written are included only when the page is `leaving`.
    pub fn take_batch(
        &mut self,
        request: u32,
        max_events: usize,
        max_bytes: usize,
        leaving: bool,
    ) -> Option<Batch> {
        let whole = if leaving { max_events } else { self.whole_sessions(max_events, max_bytes) };
        let mut batch = Batch::new(request);
        // Writes may end out of order if one is refused at once; younger segments wait, too.
        let ready = |segment: &&mut Segment| leaving || segment.kept != Kept::Writing;
        let mut part = None;
        'segments: for segment in self.segments.iter_mut().take_while(ready) {
            for queued in segment.events.iter_mut().filter(|queued| queued.is_waiting()) {
                let apart = *part.get_or_insert(queued.part) != queued.part;
                // An event too large for any batch is sent alone; the endpoint decides.
                let max_bytes = if batch.is_empty() && !leaving { usize::MAX } else { max_bytes };
                // Half of a refused batch is a batch already.
                let max_events = if queued.part == 0 { whole } else { max_events };
                if apart || batch.len() == max_events || !batch.add(&queued.envelope.json, max_bytes) {
                    break 'segments;
                }
                queued.request = request;
            }
        }
        (!batch.is_empty()).then_some(batch)
    }

    /// Removes the events that `request` carried.
    pub fn remove(&mut self, request: u32) -> Removal {
        self.remove_if(&mut |_, queued| queued.request == request)
    }

    /// Removes handed-over events that have arrived.
    pub fn remove_handed_over(&mut self, arrived: impl Fn(&str) -> bool) -> Removal {
        // Only adopted events can be handed over, and a long queue of the page's own is not searched at every success.
        if self.adopted_segments() == 0 {
            return Removal::default();
        }
        self.remove_if(&mut |_, queued| queued.handed_over && arrived(&queued.envelope.id))
    }

    /// Keeps the adopted events that were handed over from being sent, and releases all others.
    pub fn keep_back(&mut self, was_handed_over: impl Fn(&str) -> bool) {
        for segment in self.segments.iter_mut().take_while(|segment| segment.adopted) {
            for queued in &mut segment.events {
                queued.handed_over = was_handed_over(&queued.envelope.id);
            }
        }
    }

    /// Removes the oldest waiting events until at least `events` events and `bytes` bytes are removed.
    pub fn remove_oldest(&mut self, events: usize, bytes: usize) -> Removal {
        let (mut taken, mut taken_bytes) = (0, 0);
        self.remove_if(&mut |_, queued| {
            let leaves = queued.request == 0 && (taken < events || taken_bytes < bytes);
            if leaves {
                taken += 1;
                taken_bytes += queued.envelope.json.len();
            }
            leaves
        })
    }

    /// Removes the waiting events of segments that are older than `max_age` beyond doubt ([`Segment::is_outdated`]). The
    /// removal also puts the records that were found too old for the first time.
    pub fn remove_outdated(&mut self, clocks: Clocks, max_age: u64) -> Removal {
        let outdated = self.segments.iter().filter(|segment| segment.is_outdated(clocks, max_age));
        let outdated: Vec<u64> = outdated.map(|segment| segment.order).collect();
        let mut removal = Removal::default();
        if !outdated.is_empty() {
            removal = self.remove_if(&mut |order, queued| outdated.contains(&order) && queued.request == 0);
        }
        for segment in self.segments.iter_mut().take_while(|segment| segment.adopted) {
            if segment.note_age(clocks.wall, max_age) && segment.kept == Kept::Stored {
                removal.puts.push(segment);
            }
        }
        removal
    }

    /// Notes that the store lost all records: every segment is in memory alone.
    pub fn lose_store(&mut self) {
        self.segments.iter_mut().for_each(|segment| segment.kept = Kept::Memory);
    }

    /// Removes everything.
    pub fn clear(&mut self) {
        self.segments.clear();
        (self.events, self.bytes) = (0, 0);
    }

    /// Returns the records of segments kept in memory alone, and notes that they are being written.
    pub fn restore(&mut self) -> Puts {
        let mut puts = Puts::default();
        for segment in &mut self.segments {
            if segment.kept == Kept::Memory {
                segment.kept = Kept::Writing;
                puts.push(segment);
            }
        }
        puts
    }

    /// Returns the number of events for the next batch, at most `max_events`. A batch ends with a session if that costs no further
    /// request.
    fn whole_sessions(&self, max_events: usize, max_bytes: usize) -> usize {
        let ready = || self.segments.iter().take_while(|segment| segment.kept != Kept::Writing);
        // Where bytes limit the batches, their number is not known beforehand.
        let all = if self.bytes > max_bytes { 0 } else { ready().map(Segment::waiting).sum() };
        let is_free = |taken: usize| (all - taken).div_ceil(max_events) < all.div_ceil(max_events);
        let (mut taken, mut end, mut last) = (0, max_events, None);
        for segment in ready() {
            if all <= max_events || taken > max_events {
                break;
            }
            let session = segment.session();
            if last.replace(session).is_some_and(|last| last != session) && taken > 0 && is_free(taken) {
                end = taken;
            }
            taken += segment.waiting();
        }
        end
    }

    /// Removes the events for which `leaves` returns true. Its arguments are the segment's order and the event.
    fn remove_if(&mut self, leaves: &mut dyn FnMut(u64, &Queued) -> bool) -> Removal {
        let mut removal = Removal::default();
        self.segments.retain_mut(|segment| {
            let before = segment.events.len();
            let order = segment.order;
            segment.events.retain_mut(|queued| {
                let leaves = leaves(order, queued);
                if leaves {
                    removal.events.push(std::mem::take(&mut queued.envelope));
                }
                !leaves
            });
            match segment.events.len() {
                0 => removal.deletes.delete(rows::SEGMENTS, segment.key.as_str()),
                rest if rest < before => removal.puts.push(segment),
                _ => {}
            }
            !segment.events.is_empty()
        });
        self.events -= removal.events.len();
        self.bytes -= removal.events.iter().map(|event| event.json.len()).sum::<usize>();
        removal
    }

    /// Returns the events of `request` to the queue, in their old places.
    pub fn release(&mut self, request: u32) {
        self.each_carried(request, &mut |queued| queued.request = 0);
    }

    /// Returns the events of `request` to the queue in two halves, each of which is sent by itself.
    pub fn split(&mut self, request: u32, parts: [u32; 2]) {
        let (mut carried, mut seen) = (0, 0);
        self.each_carried(request, &mut |_| carried += 1);
        self.each_carried(request, &mut |queued| {
            queued.request = 0;
            queued.part = parts[usize::from(seen >= carried / 2)];
            seen += 1;
        });
    }

    /// Returns the records of the newest segments, which have these keys, in a text with `room` bytes of capacity: a task may have
    /// tracked megabytes, and WebAssembly memory that grew by doubling is never given back.
    pub fn records(&self, keys: &[SegmentKey], room: usize) -> Puts {
        // The newest segments are at the end, so that a long queue is not searched.
        let newest = self.segments.len().saturating_sub(keys.len());
        let mut puts = Puts { keys: Vec::new(), records: Operations::with_room(room) };
        for segment in self.segments.iter().skip(newest) {
            if keys.contains(&segment.key) {
                puts.push(segment);
            }
        }
        puts
    }

    /// Returns the records that the store has not confirmed.
    pub fn unstored(&self) -> Operations {
        let mut records = Operations::default();
        for segment in &self.segments {
            if segment.kept != Kept::Stored {
                records.put_record(&segment.record());
            }
        }
        records
    }

    /// Returns the ids of the events that `request` carries, separated by spaces.
    pub fn ids(&mut self, request: u32) -> String {
        let mut ids = String::new();
        self.each_carried(request, &mut |queued| text::push_word(&mut ids, &queued.envelope.id));
        ids
    }

    fn each_carried(&mut self, request: u32, act: &mut dyn FnMut(&mut Queued)) {
        for segment in &mut self.segments {
            for queued in &mut segment.events {
                if queued.request == request {
                    act(queued);
                }
            }
        }
    }

    /// Returns the number of adopted segments, which come first.
    fn adopted_segments(&self) -> usize {
        self.segments.iter().take_while(|segment| segment.adopted).count()
    }

    fn count(&mut self, segment: &Segment) {
        self.events += segment.events.len();
        self.bytes += segment.bytes();
    }

    fn take_order(&mut self) -> u64 {
        self.next_order += 1;
        self.next_order - 1
    }
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests;
