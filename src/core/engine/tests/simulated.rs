//! Cases that the simulation found: each failed before it was mended.

use super::model::*;
use crate::core::policy::limits;
use crate::core::policy::verdict::Response;

#[test]
fn an_account_of_zeros_is_taken_over_like_any_other() {
    let mut disk = Disk::default();
    let mut page = Page::open(&mut disk, "a");
    page.input(&mut disk, |engine, now| engine.handle_identify("u".into(), now));
    page.leave(&mut disk);
    assert_eq!(disk.accounts.len(), 1);
    Page::open(&mut disk, "b");
    assert_eq!(disk.accounts.keys().collect::<Vec<_>>(), ["b"]);
}

#[test]
fn a_request_that_cannot_outlive_its_page_ends_with_it_though_the_page_is_only_frozen() {
    let mut disk = Disk::default();
    let mut page = Page::open(&mut disk, "a");
    page.input(&mut disk, |engine, now| engine.handle_identify("u".repeat(limits::EXIT_SHARE_BYTES), now));
    page.track(&mut disk, 0..1);
    page.input(&mut disk, |engine, now| engine.handle_flush(1, now));
    assert!(!page.requests[0].keepalive);
    page.leave(&mut disk);
    assert!(page.requests.is_empty());
}

#[test]
fn a_failure_is_remembered_for_the_next_page_though_it_is_no_news_to_this_one() {
    let mut disk = Disk::default();
    let mut first = Page::open(&mut disk, "a");
    let mut second = Page::open(&mut disk, "b");
    second.track(&mut disk, 0..100);
    second.respond(&mut disk, 200);
    assert!(disk.good_link.is_some());
    first.track(&mut disk, 100..200);
    first.respond(&mut disk, 503);
    assert_eq!(disk.good_link, None);
}

#[test]
fn what_was_handed_over_makes_room_like_any_other_so_that_a_success_can_come() {
    let mut disk = warm_disk();
    let capped = [("maxQueueEvents", Value::Number(5.0))];
    let mut page = Page::open_with(&mut disk, "a", &capped);
    page.track(&mut disk, 0..5);
    page.leave(&mut disk);
    let mut next = Page::open_with(&mut disk, "b", &capped);
    next.track(&mut disk, 5..6);
    next.wait(&mut disk, limits::DEFAULT_FLUSH_INTERVAL);
    assert_eq!(ids(&next.respond(&mut disk, 200)), [5]);
    assert!(disk.records.is_empty() && disk.marks.is_empty());
}

#[test]
fn a_late_reply_under_the_old_key_vouches_for_nothing_under_the_new_one() {
    let mut disk = warm_disk();
    let mut page = Page::open(&mut disk, "a");
    page.track(&mut disk, 0..5);
    page.leave(&mut disk);
    page.input(&mut disk, |engine, now| engine.handle_return("a2".into(), now));
    page.input(&mut disk, |engine, now| engine.handle_key("k2".into(), now));
    page.respond(&mut disk, 200);
    page.track(&mut disk, 5..6);
    page.leave(&mut disk);
    assert!(!disk.marks.contains_key("a2"));
}

#[test]
fn an_opening_that_hangs_for_ever_is_followed_by_another() {
    let mut disk = Disk::default();
    let mut page = Page::opening("p", &[]);
    while page.engine.poll_effect().is_some() {}
    page.stalled = true;
    page.wait(&mut disk, limits::OPEN_TIMEOUT);
    while page.engine.poll_effect().is_some() {}
    page.stalled = false;
    page.wait(&mut disk, limits::REOPEN_INTERVAL);
    assert_eq!(page.engine.stats(Account::default(), page.now).storage, "indexeddb");
}

#[test]
fn a_page_that_was_frozen_before_it_could_share_a_failure_still_waits_for_it() {
    let mut disk = Disk::default();
    let mut page = Page::open(&mut disk, "a");
    page.track(&mut disk, 0..100);
    page.silent = true;
    let limited = Response { status: 429, retry_after: Some(90_000), ..Response::default() };
    page.respond_with(&mut disk, limited);
    page.leave(&mut disk);
    page.silent = false;
    page.input(&mut disk, |engine, now| engine.handle_return("a2".into(), now));
    // The row's next answer does not include it.
    for online in [false, true, false, true] {
        page.input(&mut disk, |engine, now| engine.handle_online(online, now));
    }
    page.wait(&mut disk, 89_999);
    assert!(page.requests.is_empty());
    page.wait_for_request(&mut disk);
}

#[test]
fn a_request_under_an_old_key_is_no_part_of_a_mark_under_the_new_one_and_vouches_for_nothing_later() {
    let mut disk = Disk::default();
    let mut page = Page::open(&mut disk, "a");
    page.track(&mut disk, 0..100);
    page.input(&mut disk, |engine, now| engine.handle_key("k2".into(), now));
    let new_key = destination(page.engine.options());
    page.input(&mut disk, |engine, _| engine.handle_link(Some(new_key)));
    page.leave(&mut disk);
    assert!(disk.marks.is_empty());
    page.input(&mut disk, |engine, now| engine.handle_return("a2".into(), now));
    page.respond(&mut disk, 200);
    assert_eq!(disk.good_link, None);
}

#[test]
fn records_that_vanished_are_in_the_stored_account_too() {
    let mut disk = Disk::default();
    let mut page = Page::open(&mut disk, "a");
    page.track(&mut disk, 0..5);
    page.leave(&mut disk);
    disk.records.clear();
    Page::open(&mut disk, "b");
    assert_eq!(disk.accounts["b"].queued(), 0);
}

#[test]
fn a_page_that_goes_away_gives_nothing_up_under_a_cap_which_it_could_not_note() {
    let mut disk = Disk::default();
    let mut page = Page::open_with(&mut disk, "a", &[("maxQueueEvents", Value::Number(5.0))]);
    page.pause(&mut disk);
    page.track(&mut disk, 0..5);
    page.leave(&mut disk);
    page.track(&mut disk, 5..6);
    assert_eq!(page.engine.stats(Account::default(), page.now).account.dropped.max_queue_events, 0);
}

#[test]
fn a_page_that_has_left_gives_nothing_up_for_a_store_without_room() {
    let mut disk = Disk::default();
    let mut page = Page::open(&mut disk, "a");
    page.pause(&mut disk);
    page.stalled = true;
    page.track(&mut disk, 0..8);
    let writing = std::iter::from_fn(|| page.engine.poll_effect());
    let ids: Vec<u32> = writing
        .filter_map(|effect| if let Effect::Write(write) = effect { Some(write.id) } else { None })
        .collect();
    page.stalled = false;
    page.leave(&mut disk);
    page.input(&mut disk, |engine, now| engine.handle_written(ids[0], Some(StoreFailure::Quota), now));
    assert_eq!(disk.left[0].ids, "e0 e1 e2 e3 e4 e5 e6 e7");
}

#[test]
fn of_two_copies_of_a_record_that_pages_left_elsewhere_one_is_sent() {
    let mut disk = Disk::default();
    let mut page = Page::open(&mut disk, "a");
    page.pause(&mut disk);
    page.track(&mut disk, 0..3);
    let left: Vec<_> = disk.records.values().cycle().take(2).cloned().collect();
    let mut page = Page::opening("p", &[]);
    while page.engine.poll_effect().is_some() {}
    page.input(&mut disk, |engine, now| engine.handle_open_failed("refused".into(), now));
    page.input(&mut disk, |engine, now| assert!(engine.handle_left(left, now)));
    page.wait_for_request(&mut disk);
    assert_eq!(ids(&page.requests[0]), [0, 1, 2]);
}

#[test]
fn what_is_delivered_is_not_kept_elsewhere_any_more_by_the_time_that_it_is_deleted() {
    let mut disk = Disk::default();
    let mut page = Page::open(&mut disk, "a");
    page.silent = true;
    page.track(&mut disk, 0..5);
    page.input(&mut disk, |engine, now| engine.handle_hidden(now));
    page.stalled = true;
    page.respond(&mut disk, 200);
    let effects = std::iter::from_fn(|| page.engine.poll_effect());
    let first =
        effects.into_iter().find(|effect| matches!(effect, Effect::Write(_) | Effect::KeepElsewhere { .. }));
    assert!(matches!(first, Some(Effect::KeepElsewhere { .. })), "{first:?}");
}
