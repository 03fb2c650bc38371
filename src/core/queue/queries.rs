//! Queries on the queue.

use super::Queue;
use super::segment::Kept;

impl Queue {
    /// Returns the order of the newest segment: `holds(last_order())` asks for everything queued so far.
    pub fn last_order(&self) -> u64 {
        self.next_order - 1
    }

    /// Returns the number of events in memory, including those in requests.
    pub fn len(&self) -> usize {
        self.events
    }

    /// Returns the bytes of the events in memory.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Returns true if the in-memory queue is empty.
    pub fn is_empty(&self) -> bool {
        self.segments.is_empty()
    }

    /// Returns true if any event waits for a request.
    pub fn has_waiting(&self) -> bool {
        self.fills(1)
    }

    /// Returns the id of the newest event that waits for a request.
    pub fn newest_waiting(&self) -> Option<&str> {
        for segment in self.segments.iter().rev() {
            if let Some(queued) = segment.events.iter().rfind(|queued| queued.is_waiting()) {
                return Some(&queued.envelope.id);
            }
        }
        None
    }

    /// Returns true if at least `events` events wait for a request.
    pub fn fills(&self, events: usize) -> bool {
        let mut waiting = 0;
        self.segments.iter().any(|segment| {
            waiting += segment.waiting();
            waiting >= events
        })
    }

    /// Returns true if one of the page's own events that entered at or before `order` is undelivered.
    pub fn holds(&self, order: u64) -> bool {
        self.segments.iter().any(|segment| !segment.adopted && segment.order <= order)
    }

    /// Returns true if an event that entered at or before `order` waits for a request.
    pub fn awaits_request(&self, order: u64) -> bool {
        let mut ready = self.segments.iter().take_while(|segment| segment.kept != Kept::Writing);
        ready.any(|segment| segment.order <= order && segment.waiting() > 0)
    }

    /// Returns true if adopted events are in requests or wait for one.
    pub fn has_adopted_work(&self) -> bool {
        let mut adopted = self.segments.iter().take_while(|segment| segment.adopted);
        adopted.any(|segment| segment.events.iter().any(|queued| !queued.handed_over))
    }
}
