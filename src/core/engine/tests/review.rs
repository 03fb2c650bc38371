//! Cases that a review of the first version found: each failed before it was mended.

use super::model::*;
use crate::core::model::segment::Record;
use crate::core::policy::limits;

#[test]
fn a_late_success_does_not_settle_another_request_whose_own_late_reply_is_a_failure() {
    let mut disk = warm_disk();
    let mut page = Page::open(&mut disk, "a");
    page.track(&mut disk, 0..150);
    page.leave(&mut disk);
    assert_eq!(page.requests.len(), 2);
    page.input(&mut disk, |engine, now| engine.handle_return("a2".into(), now));
    page.respond(&mut disk, 200);
    let refused = ids(&page.respond(&mut disk, 429));
    page.wait_for_request(&mut disk);
    assert_eq!(page.requests.first().map(ids), Some(refused));
}

#[test]
fn a_known_failure_outlives_the_page_though_other_marks_are_undecided() {
    let mut disk = warm_disk();
    let mut x = Page::open(&mut disk, "x");
    x.track(&mut disk, 0..2);
    x.leave(&mut disk);
    let mut page = Page::open(&mut disk, "y");
    page.track(&mut disk, 10..12);
    page.leave(&mut disk);
    page.input(&mut disk, |engine, now| engine.handle_return("y2".into(), now));
    // The hand-over failed, and so did the repeat: the page knows it, and leaves without sending.
    page.respond(&mut disk, 500);
    page.respond(&mut disk, 500);
    page.leave(&mut disk);
    let mut next = Page::open(&mut disk, "z");
    next.wait_for_request(&mut disk);
    assert_eq!(ids(&next.requests[0]), [10, 11]);
}

fn left() -> Vec<Record> {
    let mut disk = Disk::default();
    let mut dead = Page::open(&mut disk, "dead");
    dead.pause(&mut disk);
    dead.track(&mut disk, 0..3);
    disk.records.into_values().collect()
}

#[test]
fn what_was_left_elsewhere_is_left_there_again_by_a_page_without_a_store() {
    let mut disk = Disk::default();
    let mut page = Page::opening("p", &[]);
    while page.engine.poll_effect().is_some() {}
    page.pause(&mut disk);
    page.input(&mut disk, |engine, now| engine.handle_open_failed("refused".into(), left(), now));
    page.leave(&mut disk);
    assert_eq!(disk.left.len(), 1);
}

#[test]
fn a_new_key_tells_nothing_of_what_was_handed_over_under_the_old_one() {
    let mut disk = warm_disk();
    let mut page = Page::open(&mut disk, "a");
    page.track(&mut disk, 0..5);
    page.leave(&mut disk);
    let mut next = Page::open(&mut disk, "b");
    next.input(&mut disk, |engine, now| engine.handle_key("k2".into(), now));
    assert_eq!(ids(&next.requests[0]), [0, 1, 2, 3, 4]);
}

#[test]
fn a_refusal_of_the_old_key_does_not_pause_the_new_one() {
    let mut disk = Disk::default();
    let mut page = Page::open(&mut disk, "a");
    page.track(&mut disk, 0..100);
    page.input(&mut disk, |engine, now| engine.handle_key("k2".into(), now));
    page.respond(&mut disk, 401);
    page.wait(&mut disk, 1_000);
    assert_eq!(page.requests.len(), 1);
}

#[test]
fn an_event_larger_than_a_batch_does_not_stop_the_queue() {
    let mut disk = Disk::default();
    let mut page = Page::open(&mut disk, "a");
    page.input(&mut disk, |engine, now| engine.handle_identify("u".repeat(limits::MAX_BATCH_BYTES), now));
    page.track(&mut disk, 0..1);
    page.input(&mut disk, |engine, now| engine.handle_identify("u".into(), now));
    page.track(&mut disk, 1..200);
    page.wait(&mut disk, 60_000);
    assert!(!page.requests.is_empty());
}

#[test]
fn no_deadline_lies_in_the_past() {
    let mut disk = Disk::default();
    let mut page = Page::open(&mut disk, "p");
    page.stalled = true;
    page.track(&mut disk, 0..100);
    page.input(&mut disk, |engine, now| engine.handle_hidden(now));
    let effects: Vec<_> = std::iter::from_fn(|| page.engine.poll_effect()).collect();
    let sent = effects
        .iter()
        .find_map(|e| match e {
            Effect::Send(r) => Some(r.id),
            _ => None,
        })
        .unwrap();
    page.engine.handle_response(sent, crate::core::policy::verdict::Response::default(), 0);
    page.now = 5_000;
    page.engine.handle_timeout(5_000);
    assert!(page.engine.next_timeout().is_none_or(|at| at > 5_000), "{:?}", page.engine.next_timeout());
}

#[test]
fn a_backlog_that_could_not_be_read_is_read_later() {
    let mut disk = Disk::default();
    let mut page = Page::open(&mut disk, "a");
    page.pause(&mut disk);
    page.track(&mut disk, 0..5);
    page.leave(&mut disk);
    let mut next = Page::opening("b", &[]);
    let mut refuses = true;
    for _ in 0..3 {
        while let Some(effect) = next.engine.poll_effect() {
            match effect {
                Effect::Load { owner, .. } if std::mem::take(&mut refuses) => {
                    next.engine.handle_load_failed(&owner)
                }
                effect => next.perform(effect, &mut disk),
            }
        }
        if next.requests.is_empty() {
            next.now += limits::ADOPT_INTERVAL;
            next.engine.handle_timeout(next.now);
        }
    }
    assert_eq!(next.requests.first().map(ids), Some(vec![0, 1, 2, 3, 4]));
}

#[test]
fn an_own_name_among_the_orphans_changes_nothing() {
    let mut disk = Disk::default();
    let mut page = Page::open(&mut disk, "p");
    page.track(&mut disk, 0..5);
    page.locks.clear();
    disk.locks.clear();
    page.wait(&mut disk, limits::DEFAULT_FLUSH_INTERVAL);
    assert_eq!(ids(&page.requests[0]), [0, 1, 2, 3, 4]);
}

#[test]
fn in_memory_what_was_delivered_while_hidden_is_not_left() {
    let mut disk = Disk::default();
    let mut page = Page::opening("p", &[]);
    while page.engine.poll_effect().is_some() {}
    page.input(&mut disk, |engine, now| engine.handle_open_failed("refused".into(), Vec::new(), now));
    page.track(&mut disk, 0..5);
    page.input(&mut disk, |engine, now| engine.handle_hidden(now));
    page.respond(&mut disk, 200);
    assert!(disk.left.is_empty());
}
