//! The queue by itself.

use super::*;
use crate::core::rows::changes::Changes;
use proptest::prelude::*;

fn read(records: &Operations) -> Vec<Record> {
    rows::records_in(records.as_str())
}

fn envelopes(from: usize, count: usize) -> Vec<Envelope> {
    (from..from + count)
        .map(|n| Envelope {
            id: ["e", &n.to_string()].concat(),
            json: ["{\"n\":", &n.to_string(), "}"].concat(),
        })
        .collect()
}

#[test]
fn a_task_of_250_events_becomes_segments_of_100_100_and_50() {
    let mut queue = Queue::new("p".into());
    let keys = queue.push(envelopes(0, 250), Kept::Writing, Clocks::default());
    let sizes: Vec<_> =
        read(&queue.records(&keys, 0).records).iter().map(|record| record.ids.split(' ').count()).collect();
    assert_eq!(sizes, [100, 100, 50]);
}

#[test]
fn nothing_is_sent_before_it_is_stored_unless_the_page_leaves() {
    let mut queue = Queue::new("p".into());
    let keys = queue.push(envelopes(0, 3), Kept::Writing, Clocks::default());
    assert!(queue.take_batch(1, 100, 1000, false).is_none());
    queue.mark(&keys, Kept::Stored);
    assert_eq!(queue.take_batch(1, 2, 1000, false).map(|batch| batch.len()), Some(2));
    queue.push(envelopes(3, 2), Kept::Writing, Clocks::default());
    assert_eq!(queue.take_batch(2, 100, 1000, true).map(|batch| batch.len()), Some(3));
}

#[test]
fn a_segment_sent_in_part_is_rewritten_with_its_rest() {
    let mut queue = Queue::new("p".into());
    let keys = queue.push(envelopes(0, 150), Kept::Stored, Clocks::default());
    queue.take_batch(1, 120, 100_000, false).unwrap();
    let removal = queue.remove(1);
    assert_eq!(removal.events.len(), 120);
    assert_eq!(Changes::read(&removal.deletes).deletes, [keys[0].clone()]);
    let rest = read(&removal.puts.records);
    assert_eq!((&rest[0].key, rest[0].ids.split(' ').count()), (&keys[1], 30));
    assert_eq!(removal.puts.keys, [keys[1].clone()]);
}

#[test]
fn the_halves_of_a_split_batch_go_by_themselves_and_before_what_came_later() {
    let mut queue = Queue::new("p".into());
    queue.push(envelopes(0, 5), Kept::Stored, Clocks::default());
    queue.take_batch(1, 100, 1000, false).unwrap();
    queue.push(envelopes(5, 2), Kept::Stored, Clocks::default());
    queue.split(1, [1, 2]);
    let sizes = [2, 3, 4].map(|request| queue.take_batch(request, 100, 1000, false).unwrap().len());
    assert_eq!(sizes, [2, 3, 2]);
}

/// A queue of records that dead pages left, each `(session, events)`.
fn left_by(sessions: &[(&str, usize)]) -> Queue {
    let mut queue = Queue::new("p".into());
    for &(session, count) in sessions {
        let json = ["{\"properties\":{\"$session_id\":\"", session, "\",\"$time\":\"t\"}}"].concat();
        let events =
            (0..count).map(|n| Envelope { id: [session, &n.to_string()].concat(), json: json.clone() });
        queue.push(events.collect(), Kept::Stored, Clocks::default());
    }
    queue
}

#[test]
fn a_batch_ends_with_a_session_where_that_costs_no_request() {
    let sizes = |sessions: &[(&str, usize)]| {
        let mut queue = left_by(sessions);
        let batches = (1..).map_while(|request| queue.take_batch(request, 100, 1 << 19, false));
        batches.map(|batch| batch.len()).collect::<Vec<_>>()
    };
    assert_eq!(sizes(&[("a", 60), ("b", 90)]), [60, 90]);
    assert_eq!(sizes(&[("a", 50), ("b", 40), ("c", 160)]), [90, 100, 60]);
    assert_eq!(sizes(&[("a", 60), ("b", 40)]), [100], "one request is enough");
    assert_eq!(sizes(&[("a", 10), ("b", 190)]), [100, 100], "a third request would be needed");
    assert_eq!(sizes(&[("a", 30), ("a", 40), ("a", 80)]), [100, 50], "one session of three tasks");
}

const DAY: u64 = limits::AGE_CONFIRMATION;

#[test]
fn an_own_event_is_outdated_by_the_page_s_own_clock_whatever_the_wall_clock_says() {
    let mut queue = Queue::new("p".into());
    queue.push(envelopes(0, 1), Kept::Stored, Clocks { now: 4, wall: 0 });
    queue.push(envelopes(1, 1), Kept::Stored, Clocks { now: 6, wall: 0 });
    let mut left = |now, wall| queue.remove_outdated(Clocks { now, wall }, 10).events.len();
    assert_eq!((left(14, 1000 * DAY), left(15, 0), left(16, 0), left(17, 0)), (0, 1, 0, 1));
}

#[test]
fn an_adopted_event_is_outdated_when_two_readings_of_the_wall_clock_a_day_apart_say_so() {
    let mut dead = Queue::new("dead".into());
    dead.push(envelopes(0, 2), Kept::Writing, Clocks { now: 0, wall: 5 });
    let mut queue = Queue::new("p".into());
    queue.adopt(read(&dead.unstored()), Kept::Stored, 0);
    let young = queue.remove_outdated(Clocks { now: 1, wall: 15 }, 10);
    assert_eq!(young, Removal::default());
    let first = queue.remove_outdated(Clocks { now: 2, wall: 16 }, 10);
    assert_eq!((first.events.len(), read(&first.puts.records)[0].old_since), (0, Some(16)));

    // Another page finds the note of the first.
    let mut next = Queue::new("next".into());
    next.adopt(read(&first.puts.records), Kept::Stored, 0);
    let mut left = |wall| next.remove_outdated(Clocks { now: 1, wall }, 10).events.len();
    assert_eq!((left(15 + DAY), left(16 + DAY)), (0, 2));
}

#[test]
fn a_first_reading_from_a_clock_that_was_set_back_since_does_not_count() {
    let record = Record {
        key: SegmentKey::new("dead", 0),
        at: 5,
        old_since: Some(400 * DAY),
        ids: "e0".into(),
        events: "{}".into(),
    };
    let mut queue = Queue::new("p".into());
    queue.adopt(vec![record], Kept::Stored, 0);
    let mut left = |wall| queue.remove_outdated(Clocks { now: 1, wall }, 10).events.len();
    assert_eq!((left(100 * DAY), left(101 * DAY)), (0, 1));
}

#[test]
fn what_a_dead_page_left_goes_first() {
    let mut dead = Queue::new("dead".into());
    dead.push(envelopes(0, 2), Kept::Writing, Clocks::default());
    let mut queue = Queue::new("p".into());
    queue.push(envelopes(2, 1), Kept::Stored, Clocks::default());
    assert_eq!(queue.adopt(read(&dead.unstored()), Kept::Stored, 0), (2, vec![]));
    let batch = queue.take_batch(1, 100, 1000, false).unwrap();
    assert_eq!(batch.into_body(), "{\"events\":[{\"n\":0},{\"n\":1},{\"n\":2}]}");
}

proptest! {
    /// However sessions follow on each other, they need as many requests as they would without regard to them.
    #[test]
    fn sessions_cost_no_request(sizes in prop::collection::vec(1_usize..130, 1..20), max_events in 1_usize..=100) {
        let names = Vec::from_iter((0..sizes.len()).map(|n| ["s", &n.to_string()].concat()));
        let sessions = Vec::from_iter(names.iter().map(String::as_str).zip(sizes.iter().copied()));
        let mut queue = left_by(&sessions);
        let requests = (1..).map_while(|request| queue.take_batch(request, max_events, 1 << 20, false)).count();
        prop_assert_eq!(requests, sizes.iter().sum::<usize>().div_ceil(max_events));
    }

    /// Whatever is pushed, taken, delivered and put back: every event is delivered once, in order, if the
    /// batches are; and no batch is over its limits.
    #[test]
    fn every_event_leaves_the_queue_exactly_once_and_in_order(
        steps in prop::collection::vec((0_usize..130, 1_usize..100, 40_usize..600, any::<bool>()), 1..30)
    ) {
        let mut queue = Queue::new("p".into());
        let (mut pushed, mut delivered) = (0, Vec::new());
        let drain = vec![(0, 100, 1_000, true); 40];
        for (request, (push, max_events, max_bytes, delivers)) in (1..).zip(steps.into_iter().chain(drain)) {
            queue.push(envelopes(pushed, push), Kept::Memory, Clocks::default());
            pushed += push;
            let Some(batch) = queue.take_batch(request, max_events, max_bytes, false) else { continue };
            prop_assert!(batch.len() <= max_events && batch.bytes() <= max_bytes);
            if delivers {
                delivered.extend(queue.remove(request).events.into_iter().map(|event| event.id));
            } else {
                queue.release(request);
            }
        }
        let rest = queue.len();
        prop_assert_eq!(delivered.len() + rest, pushed);
        let bytes: usize = envelopes(delivered.len(), rest).iter().map(|event| event.json.len()).sum();
        prop_assert_eq!(queue.bytes(), bytes);
        prop_assert!(delivered.iter().enumerate().all(|(n, id)| id[1..] == n.to_string()));
    }
}
