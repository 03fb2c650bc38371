//! What this page has to deliver: its own segments, and those it adopted from pages that are gone.

pub mod batch;
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
    /// Events in all segments, and their bytes: asked for at every task.
    events: usize,
    bytes: usize,
}

/// How the store must change after events left the queue.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Removal {
    /// The events that left, in the order of their batch.
    pub events: Vec<Envelope>,
    /// Segments sent in part, with their rest.
    pub puts: Puts,
    /// Segments that are empty now.
    pub deletes: Operations,
}

/// Records on their way into the store.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Puts {
    /// Where they are kept.
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
    /// An empty queue of the page `owner`.
    pub fn new(owner: String) -> Self {
        Self { owner, next_number: 0, next_order: 1, segments: Vec::new(), events: 0, bytes: 0 }
    }

    /// The page whose segments `push` makes.
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

    /// Adds what another page left, ahead of the page's own, but for what was taken from elsewhere before. Returns the number
    /// of events, and the records that cannot be read.
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

    /// The writing of these segments has ended: they are kept where `kept` says.
    pub fn mark(&mut self, keys: &[SegmentKey], kept: Kept) {
        let mut left = keys.len();
        for segment in self.segments.iter_mut().rev() {
            // What is being written stands near the end, as in `records`.
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
    /// Events still being written go along only when the page is `leaving` and there is no later.
    pub fn take_batch(
        &mut self,
        request: u32,
        max_events: usize,
        max_bytes: usize,
        leaving: bool,
    ) -> Option<Batch> {
        let whole = if leaving { max_events } else { self.whole_sessions(max_events, max_bytes) };
        let mut batch = Batch::new(request);
        // Writes may end out of their order where one is refused at once: what is younger waits, too.
        let ready = |segment: &&mut Segment| leaving || segment.kept != Kept::Writing;
        let mut part = None;
        'segments: for segment in self.segments.iter_mut().take_while(ready) {
            for queued in segment.events.iter_mut().filter(|queued| queued.is_waiting()) {
                let apart = *part.get_or_insert(queued.part) != queued.part;
                // One that is too large for any batch goes alone: the endpoint decides on it.
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

    /// Takes out what `request` carried: it needs no sending any more.
    pub fn remove(&mut self, request: u32) -> Removal {
        self.remove_if(&mut |_, queued| queued.request == request)
    }

    /// Takes out what was handed over and has arrived.
    pub fn remove_handed_over(&mut self, arrived: impl Fn(&str) -> bool) -> Removal {
        // Only adopted events were, and a long queue of the page's own is not searched at every success.
        if self.adopted_segments() == 0 {
            return Removal::default();
        }
        self.remove_if(&mut |_, queued| queued.handed_over && arrived(&queued.envelope.id))
    }

    /// Keeps back the adopted events that were handed over, and no others.
    pub fn keep_back(&mut self, was_handed_over: impl Fn(&str) -> bool) {
        for segment in self.segments.iter_mut().take_while(|segment| segment.adopted) {
            for queued in &mut segment.events {
                queued.handed_over = was_handed_over(&queued.envelope.id);
            }
        }
    }

    /// Takes out the oldest events that wait, until their number, or their bytes, are no less than these.
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

    /// Takes out the waiting events of segments that are older than `max_age` beyond doubt ([`Segment::is_outdated`]). The
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

    /// The records of segments are gone from the store: they are kept in memory alone.
    pub fn lose_store(&mut self) {
        self.segments.iter_mut().for_each(|segment| segment.kept = Kept::Memory);
    }

    /// Takes out everything.
    pub fn clear(&mut self) {
        self.segments.clear();
        (self.events, self.bytes) = (0, 0);
    }

    /// Segments that are kept in memory alone are on their way into the store from now on; returns their records.
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

    /// How many events the next of several batches holds, of at most `max_events`: a batch ends with a session where that costs
    /// no further request.
    fn whole_sessions(&self, max_events: usize, max_bytes: usize) -> usize {
        let ready = || self.segments.iter().take_while(|segment| segment.kept != Kept::Writing);
        // What size cuts into batches is not told beforehand.
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

    /// Takes out the events for which `leaves` returns true; it is given the order of their segment, and the event.
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

    /// Puts back what `request` carried: it is to be sent again, in its old place.
    pub fn release(&mut self, request: u32) {
        self.each_carried(request, &mut |queued| queued.request = 0);
    }

    /// Puts back what `request` carried, to be sent again in two halves, each by itself.
    pub fn split(&mut self, request: u32, parts: [u32; 2]) {
        let (mut carried, mut seen) = (0, 0);
        self.each_carried(request, &mut |_| carried += 1);
        self.each_carried(request, &mut |queued| {
            queued.request = 0;
            queued.part = parts[usize::from(seen >= carried / 2)];
            seen += 1;
        });
    }

    /// Records of the newest segments, those under these keys, `room` bytes in all: a task may have tracked megabytes, and room
    /// that is doubled until it is enough is never given back.
    pub fn records(&self, keys: &[SegmentKey], room: usize) -> Puts {
        // They stand at the end: a long queue is not searched for what has just been added to it.
        let newest = self.segments.len().saturating_sub(keys.len());
        let mut puts = Puts { keys: Vec::new(), records: Operations::with_room(room) };
        for segment in self.segments.iter().skip(newest) {
            if keys.contains(&segment.key) {
                puts.push(segment);
            }
        }
        puts
    }

    /// Records of what the store has not confirmed.
    pub fn unstored(&self) -> Operations {
        let mut records = Operations::default();
        for segment in &self.segments {
            if segment.kept != Kept::Stored {
                records.put_record(&segment.record());
            }
        }
        records
    }

    /// Events in memory, whether in a request or not.
    pub fn len(&self) -> usize {
        self.events
    }

    /// Bytes of the events in memory.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether nothing is queued in memory.
    pub fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    /// Whether any event waits for a request.
    pub fn has_waiting(&self) -> bool {
        self.fills(1)
    }

    /// The id of the newest event that waits for a request.
    pub fn newest_waiting(&self) -> Option<&str> {
        for segment in self.segments.iter().rev() {
            if let Some(queued) = segment.events.iter().rfind(|queued| queued.is_waiting()) {
                return Some(&queued.envelope.id);
            }
        }
        None
    }

    /// Whether `events` or more wait for a request.
    pub fn fills(&self, events: usize) -> bool {
        let mut waiting = 0;
        self.segments.iter().any(|segment| {
            waiting += segment.waiting();
            waiting >= events
        })
    }

    /// Whether an event of this page's own that entered at or before `order` is still undelivered.
    pub fn holds(&self, order: u64) -> bool {
        self.segments.iter().any(|segment| !segment.adopted && segment.order <= order)
    }

    /// Whether such an event waits for a request.
    pub fn awaits_request(&self, order: u64) -> bool {
        let mut ready = self.segments.iter().take_while(|segment| segment.kept != Kept::Writing);
        ready.any(|segment| segment.order <= order && segment.waiting() > 0)
    }

    /// Whether events of other pages are in requests or wait for one.
    pub fn has_adopted_work(&self) -> bool {
        let mut adopted = self.segments.iter().take_while(|segment| segment.adopted);
        adopted.any(|segment| segment.events.iter().any(|queued| !queued.handed_over))
    }

    /// Ids of what `request` carries, separated by spaces.
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

    /// The order of the newest segment: `holds(last_order())` asks for everything queued so far.
    pub fn last_order(&self) -> u64 {
        self.next_order - 1
    }

    /// Segments that came from other pages; they stand first.
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
