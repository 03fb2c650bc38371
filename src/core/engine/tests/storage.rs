//! Into the queue, with and without a store.

use super::model::*;
use crate::core::policy::limits;

#[test]
fn nothing_is_sent_before_the_store_has_it() {
    let mut disk = Disk::default();
    let mut page = Page::open(&mut disk, "p");
    page.stalled = true;
    page.track(&mut disk, 0..100);
    page.wait(&mut disk, limits::STORE_TIMEOUT - 1);
    let waiting: Vec<_> = std::iter::from_fn(|| page.engine.poll_effect()).collect();
    assert!(waiting.iter().all(|effect| !matches!(effect, Effect::Send(_))), "{waiting:?}");
    page.stalled = false;
    waiting.into_iter().for_each(|effect| page.perform(effect, &mut disk));
    page.drain(&mut disk);
    assert_eq!(page.requests.len(), 1);
}

#[test]
fn without_a_store_the_queue_is_kept_in_memory_and_says_so() {
    let mut disk = Disk::default();
    let mut page = Page::opening("p", &[]);
    while page.engine.poll_effect().is_some() {}
    page.input(&mut disk, |engine, now| engine.handle_open_failed("refused".into(), now));
    page.track(&mut disk, 0..100);
    assert!(matches!(page.notices[0], Notice::Degraded { fallback: "memory_queue", .. }));
    assert_eq!(page.engine.stats(Account::default(), 0).storage, "memory");
    page.respond(&mut disk, 200);
    assert_eq!((page.writes, page.engine.stats(Account::default(), 0).account.delivered), (0, 100));
}

#[test]
fn an_opening_without_an_end_is_given_up() {
    let mut disk = Disk::default();
    let mut page = Page::opening("p", &[]);
    page.stalled = true;
    page.track(&mut disk, 0..100);
    page.wait(&mut disk, limits::OPEN_TIMEOUT);
    assert_eq!(page.engine.stats(Account::default(), page.now).storage, "memory");
}

#[test]
fn a_line_at_fault_harms_no_other() {
    let mut disk = Disk::default();
    let mut page = Page::open(&mut disk, "p");
    page.input(&mut disk, |engine, now| {
        engine.handle_track("e0\tt\t\"a\"\t\ne1\tt\t\"\"\t\ne2\tt\t\"c\"\t".into(), now)
    });
    assert_eq!(page.engine.stats(Account::default(), 0).account.queued(), 2);
    assert!(matches!(page.notices.last(), Some(Notice::Rejected { code: Refusal::InvalidName, .. })));
}

#[test]
fn a_store_that_opens_late_takes_over_what_was_queued_in_memory() {
    let mut disk = Disk::default();
    let mut page = Page::opening("p", &[]);
    page.stalled = true;
    page.track(&mut disk, 0..5);
    page.wait(&mut disk, limits::OPEN_TIMEOUT);
    assert_eq!(page.engine.stats(Account::default(), page.now).storage, "memory");
    page.stalled = false;
    page.drain(&mut disk);
    assert_eq!(
        (page.engine.stats(Account::default(), page.now).storage, disk.records.len()),
        ("indexeddb", 1)
    );
    page.wait_for_request(&mut disk);
    page.respond(&mut disk, 200);
    assert_eq!((disk.records.len(), disk.accounts["p"].delivered), (0, 5));
}

#[test]
fn a_store_that_the_browser_closed_is_opened_again_and_gets_everything_that_is_undelivered() {
    let mut disk = Disk::default();
    let mut page = Page::open(&mut disk, "p");
    page.track(&mut disk, 0..150);
    // The user has deleted the site's data.
    (disk.records, disk.accounts, disk.identity) = Default::default();
    page.input(&mut disk, |engine, now| engine.handle_store_closed(now));
    assert_eq!((page.openings, disk.records.len(), disk.accounts["p"].queued()), (2, 2, 150));
    assert!(page.notices.iter().any(|notice| matches!(notice, Notice::Degraded { .. })));
    page.respond(&mut disk, 200);
    page.wait_for_request(&mut disk);
    page.respond(&mut disk, 200);
    assert_eq!((disk.records.len(), disk.accounts["p"].delivered), (0, 150));
}

#[test]
fn a_deletion_that_failed_is_made_good_so_that_nothing_is_sent_again() {
    let mut disk = Disk::default();
    let mut page = Page::open(&mut disk, "p");
    page.track(&mut disk, 0..100);
    page.failures.push(StoreFailure::Closed("dead handle".into()));
    page.respond(&mut disk, 200);
    assert_eq!((page.openings, disk.records.len(), disk.accounts["p"].delivered), (2, 0, 100));
}

#[test]
fn a_store_that_refuses_every_write_is_asked_for_seldom() {
    let mut disk = Disk::default();
    let mut page = Page::open(&mut disk, "p");
    page.pause(&mut disk);
    for failure in [StoreFailure::Closed("no".into()), StoreFailure::Quota] {
        page.openings = 0;
        page.failures = vec![failure; 10_000];
        page.track(&mut disk, 0..10);
        page.wait(&mut disk, 3_600_000);
        assert!((50..=62).contains(&page.openings), "{}", page.openings);
        page.failures.clear();
    }
    page.refuses = true;
    page.openings = 0;
    page.input(&mut disk, |engine, now| engine.handle_store_closed(now));
    page.wait(&mut disk, 3_600_000);
    assert!((50..=62).contains(&page.openings), "{}", page.openings);
}

#[test]
fn where_there_is_no_room_the_oldest_events_make_some_and_it_is_told() {
    let mut disk = Disk::default();
    let mut page = Page::open(&mut disk, "p");
    page.pause(&mut disk);
    page.track(&mut disk, 0..100);
    page.failures.push(StoreFailure::Quota);
    page.track(&mut disk, 100..120);
    let told = page.notices.iter().find_map(|notice| match notice {
        Notice::Dropped { reason, count } => Some((*reason, *count)),
        _ => None,
    });
    assert_eq!(told, Some(("quota", 30)));
    assert_eq!((disk.accounts["p"].dropped.quota, disk.accounts["p"].queued()), (30, 90));
    page.input(&mut disk, |engine, now| engine.handle_flush(1, now));
    assert_eq!(ids(&page.requests[0]), (30..120).collect::<Vec<_>>());
}

#[test]
fn a_record_that_cannot_be_read_is_set_aside_and_the_rest_goes_on() {
    let mut disk = Disk::default();
    let mut page = Page::open(&mut disk, "a");
    page.pause(&mut disk);
    page.track(&mut disk, 0..250);
    page.leave(&mut disk);
    let mut records = disk.records.values_mut();
    records.next().unwrap().events.truncate(40);
    // A record of a newer version.
    let newer = records.next().unwrap();
    (newer.ids, newer.events) = Default::default();
    let newer = newer.key.clone();
    let mut next = Page::open(&mut disk, "b");
    assert_eq!(ids(&next.respond(&mut disk, 200)), (200..250).collect::<Vec<_>>());
    assert_eq!(disk.accounts["b"].dropped.corrupt, 100);
    assert_eq!(disk.letters.len(), 1);
    assert_eq!(disk.records.into_keys().collect::<Vec<_>>(), [newer.as_str()]);
}

#[test]
fn the_oldest_events_make_room_under_each_cap() {
    for (option, value, kept, reason) in [
        ("maxQueueEvents", 60.0, 40..100, "max_queue_events"),
        ("maxQueueBytes", 65_536.0, 0..0, "max_queue_bytes"),
        ("maxAge", 60_000.0, 50..100, "max_age"),
    ] {
        let mut disk = Disk::default();
        let mut page = Page::open_with(&mut disk, "p", &[(option, Value::Number(value))]);
        page.pause(&mut disk);
        page.track(&mut disk, 0..50);
        page.wait(&mut disk, 70_000);
        page.track(&mut disk, 50..if reason == "max_queue_bytes" { 1000 } else { 100 });
        let told = page
            .notices
            .iter()
            .any(|notice| matches!(notice, Notice::Dropped { reason: told, .. } if *told == reason));
        assert!(told, "{reason}: {:?}", page.notices);
        let dropped = serde_json::to_value(disk.accounts["p"].members()).unwrap()["dropped"].clone();
        assert!(dropped[reason].as_f64().is_some_and(|number| number > 0.0), "{dropped}");
        if !kept.is_empty() {
            page.input(&mut disk, |engine, now| engine.handle_flush(1, now));
            assert_eq!(ids(&page.requests[0]), kept.collect::<Vec<_>>(), "{reason}");
        } else {
            let bytes: usize = disk.records.values().map(|record| record.events.len()).sum();
            assert!((60_000..=65_536 + 2_000).contains(&bytes), "{bytes}");
        }
    }
}

#[test]
fn a_store_that_stops_answering_is_opened_anew_and_everything_goes_on() {
    let mut disk = Disk::default();
    let mut page = Page::open(&mut disk, "p");
    page.track(&mut disk, 0..100);
    // The deletion of what is delivered, and a question to the shared row, get no answer.
    page.silent = true;
    page.respond(&mut disk, 200);
    page.track(&mut disk, 100..200);
    page.wait(&mut disk, limits::STORE_TIMEOUT - 1);
    assert!(page.requests.is_empty());
    page.silent = false;
    page.wait(&mut disk, 1);
    assert_eq!((page.openings, page.engine.stats(Account::default(), page.now).storage), (2, "indexeddb"));
    assert_eq!(ids(&page.requests[0]), (100..200).collect::<Vec<_>>());
    page.respond(&mut disk, 200);
    assert_eq!((disk.records.len(), disk.accounts["p"].delivered), (0, 200));
}

#[test]
fn a_backlog_that_a_silent_store_keeps_to_itself_is_read_when_the_store_is_back() {
    let mut disk = Disk::default();
    let mut page = Page::open(&mut disk, "a");
    page.pause(&mut disk);
    page.track(&mut disk, 0..5);
    page.leave(&mut disk);
    let mut next = Page::opening("b", &[]);
    next.deaf_to_loads = true;
    next.drain(&mut disk);
    next.deaf_to_loads = false;
    next.wait(&mut disk, 2 * limits::STORE_TIMEOUT);
    assert_eq!(ids(&next.requests[0]), [0, 1, 2, 3, 4]);
}
