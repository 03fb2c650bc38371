//! Adoption of a dead page's records.

use super::model::*;
use crate::core::model::account::DropReason;
use crate::core::policy::limits;

#[test]
fn events_of_a_living_page_are_nobody_elses() {
    let mut disk = Disk::default();
    let mut first = Page::open(&mut disk, "a");
    first.track(&mut disk, 0..5);
    let second = Page::open(&mut disk, "b");
    assert!(second.requests.is_empty());
    first.wait(&mut disk, limits::DEFAULT_FLUSH_INTERVAL);
    assert_eq!(ids(&first.requests[0]).len(), 5);
}

#[test]
fn a_page_that_has_only_just_gone_is_found_at_the_second_look() {
    let mut disk = Disk::default();
    let mut page = Page::open(&mut disk, "a");
    page.pause(&mut disk);
    page.track(&mut disk, 0..5);
    let mut next = Page::open(&mut disk, "b");
    page.leave(&mut disk);
    assert!(next.requests.is_empty());
    next.wait(&mut disk, limits::ADOPT_SOON);
    assert_eq!(ids(&next.requests[0]).len(), 5);
}

#[test]
fn a_page_that_was_taken_for_dead_leaves_its_events_to_the_other_and_goes_on() {
    let mut disk = Disk::default();
    let mut page = Page::open(&mut disk, "a");
    page.track(&mut disk, 0..5);
    // Its claim has ended without its doing.
    disk.locks.clear();
    page.locks.clear();
    let mut other = Page::open(&mut disk, "b");
    page.input(&mut disk, |engine, now| engine.handle_usurped("a2".into(), now));
    assert!(page.requests.is_empty());
    assert_eq!(ids(&other.respond(&mut disk, 200)).len(), 5);
    page.track(&mut disk, 5..6);
    page.wait_for_request(&mut disk);
    assert_eq!(ids(&page.respond(&mut disk, 200)), [5]);
    assert_eq!(disk.accounts["a2"], Account { accepted: 1, delivered: 1, ..Account::default() });
}

#[test]
fn a_large_backlog_is_read_piece_by_piece() {
    let mut disk = Disk::default();
    let mut page = Page::open(&mut disk, "a");
    page.pause(&mut disk);
    page.track(&mut disk, 0..3000);
    page.leave(&mut disk);
    let mut next = Page::open(&mut disk, "b");
    let mut sent = Vec::new();
    while !next.requests.is_empty() {
        assert!(next.engine.queue.len() <= limits::LOAD_SEGMENTS * limits::MAX_SEGMENT_EVENTS);
        sent.extend(ids(&next.respond(&mut disk, 200)));
    }
    assert_eq!(sent, (0..3000).collect::<Vec<_>>());
}

#[test]
fn records_that_vanished_are_accounted_for_as_lost() {
    let mut disk = Disk::default();
    let mut page = Page::open(&mut disk, "a");
    page.pause(&mut disk);
    page.track(&mut disk, 0..150);
    page.leave(&mut disk);
    disk.records.pop_first();
    let mut next = Page::open(&mut disk, "b");
    next.respond(&mut disk, 200);
    let mut lost = Account { accepted: 150, delivered: 50, ..Account::default() };
    lost.drop(DropReason::StorageLost, 100);
    assert_eq!(disk.accounts["b"], lost);
}

#[test]
fn a_reading_that_fails_costs_neither_the_store_nor_the_backlog() {
    let mut disk = Disk::default();
    let mut page = Page::open(&mut disk, "a");
    page.pause(&mut disk);
    page.track(&mut disk, 0..5);
    page.leave(&mut disk);
    let mut next = Page::opening("b", &[]);
    next.failing_loads = 1;
    next.drain(&mut disk);
    next.wait(&mut disk, limits::STORE_TIMEOUT + 1);
    assert_eq!(next.engine.stats(Account::default(), next.now).storage, "indexeddb");
    next.wait(&mut disk, limits::ADOPT_INTERVAL);
    assert_eq!(ids(&next.requests[0]).len(), 5);
}

#[test]
fn a_store_that_closes_in_the_midst_of_a_reading_is_opened_again_and_read() {
    let mut disk = Disk::default();
    let mut page = Page::open(&mut disk, "a");
    page.pause(&mut disk);
    page.track(&mut disk, 0..5);
    page.leave(&mut disk);
    let mut next = Page::opening("b", &[]);
    next.deaf_to_loads = true;
    next.drain(&mut disk);
    next.deaf_to_loads = false;
    next.input(&mut disk, |engine, now| engine.handle_store_closed(now));
    next.wait(&mut disk, limits::ADOPT_INTERVAL);
    assert_eq!(ids(&next.requests[0]).len(), 5);
    assert_eq!(next.engine.stats(Account::default(), next.now).storage, "indexeddb");
}
