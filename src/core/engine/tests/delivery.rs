//! Rounds, requests, retries, answers and identities.

use super::model::*;
use crate::core::engine::notice::Waiting;
use crate::core::policy::limits;

#[test]
fn a_task_of_250_events_is_one_transaction_and_three_requests_in_order() {
    let mut disk = Disk::default();
    let mut page = Page::open(&mut disk, "p");
    page.track(&mut disk, 0..250);
    assert_eq!((page.writes, disk.records.len()), (1, 3));
    let sent: Vec<_> = (0..3).map(|_| ids(&page.respond(&mut disk, 200))).collect();
    assert_eq!(sent.iter().map(Vec::len).collect::<Vec<_>>(), [100, 100, 50]);
    assert_eq!(sent.concat(), (0..250).collect::<Vec<_>>());
    assert!(disk.records.is_empty() && page.requests.is_empty());
    assert_eq!(disk.accounts["p"], Account { accepted: 250, delivered: 250, ..Account::default() });
}

#[test]
fn a_few_events_wait_for_the_interval_and_then_go_together() {
    let mut disk = Disk::default();
    let mut page = Page::open(&mut disk, "p");
    page.track(&mut disk, 0..2);
    page.wait(&mut disk, 5_000);
    page.track(&mut disk, 2..3);
    page.wait(&mut disk, 4_999);
    assert!(page.requests.is_empty());
    page.wait(&mut disk, 1);
    assert_eq!(ids(&page.requests[0]), [0, 1, 2]);
}

#[test]
fn flush_skips_the_interval_and_tells_what_it_delivered() {
    let mut disk = Disk::default();
    let mut page = Page::open(&mut disk, "p");
    page.track(&mut disk, 0..3);
    page.input(&mut disk, |engine, now| engine.handle_flush(1, now));
    page.track(&mut disk, 3..4);
    page.respond(&mut disk, 200);
    let result = &page.answers[0];
    assert_eq!((result.delivered, result.queued, result.waiting), (3, 1, Some(Waiting::Interval)));
}

#[test]
fn flush_with_nothing_to_do_answers_at_once() {
    let mut disk = Disk::default();
    let mut page = Page::open(&mut disk, "p");
    page.input(&mut disk, |engine, now| engine.handle_flush(1, now));
    assert_eq!(page.answers.len(), 1);
    assert_eq!((page.answers[0].queued, page.answers[0].waiting), (0, None));
}

#[test]
fn flush_never_skips_a_backoff() {
    let mut disk = Disk::default();
    let mut page = Page::open(&mut disk, "p");
    page.track(&mut disk, 0..100);
    page.respond(&mut disk, 429);
    page.input(&mut disk, |engine, now| engine.handle_flush(1, now));
    assert_eq!((page.answers[0].queued, page.answers[0].waiting), (100, Some(Waiting::Backoff)));
    assert!(page.answers[0].until >= Some(limits::DEFAULT_FLUSH_INTERVAL) && page.requests.is_empty());
}

#[test]
fn a_failed_batch_goes_again_as_it_was_after_the_backoff() {
    let mut disk = Disk::default();
    let mut page = Page::open(&mut disk, "p");
    page.track(&mut disk, 0..100);
    let first = page.respond(&mut disk, 500);
    page.wait(&mut disk, limits::BACKOFF_BASE);
    assert_eq!(page.requests[0].body, first.body);
    page.respond(&mut disk, 200);
    assert!(disk.records.is_empty());
}

#[test]
fn a_request_without_an_answer_is_given_up_and_sent_again() {
    let mut disk = Disk::default();
    let mut page = Page::open(&mut disk, "p");
    page.track(&mut disk, 0..100);
    let first = page.requests[0].id;
    page.wait(&mut disk, limits::REQUEST_TIMEOUT + limits::BACKOFF_BASE);
    assert!(page.requests.len() == 1 && page.requests[0].id != first);
}

#[test]
fn events_keep_the_identity_they_were_tracked_under() {
    let mut disk = Disk::default();
    let mut page = Page::open(&mut disk, "p");
    page.track(&mut disk, 0..1);
    page.input(&mut disk, |engine, now| engine.handle_identify("u1".into(), now));
    page.track(&mut disk, 1..2);
    page.input(&mut disk, |engine, now| engine.handle_reset("anon-2".into(), now));
    page.track(&mut disk, 2..3);
    page.wait(&mut disk, limits::DEFAULT_FLUSH_INTERVAL);
    let body: serde_json::Value = serde_json::from_str(&page.requests[0].body).unwrap();
    let users: Vec<_> = (0..3).map(|n| body["events"][n]["user_id"].as_str().unwrap()).collect();
    assert_eq!(users, ["anon-p", "u1", "anon-2"]);
}

#[test]
fn the_anonymous_id_and_the_identified_user_are_the_same_on_the_next_visit() {
    let mut disk = Disk::default();
    let mut page = Page::open(&mut disk, "a");
    page.leave(&mut disk);
    let mut next = Page::open(&mut disk, "b");
    assert_eq!(next.engine.identity().anonymous, "anon-a");
    next.input(&mut disk, |engine, now| engine.handle_identify("u1".into(), now));
    next.leave(&mut disk);
    assert_eq!(Page::open(&mut disk, "c").engine.identity().user.as_deref(), Some("u1"));
}

#[test]
fn while_the_browser_says_that_it_is_offline_requests_are_tried_with_backoff_by_flush_and_at_exit() {
    let mut disk = Disk::default();
    let mut page = Page::open(&mut disk, "p");
    page.input(&mut disk, |engine, now| engine.handle_online(false, now));
    page.track(&mut disk, 0..100);
    for _ in 0..50 {
        page.respond(&mut disk, 0);
        let stats = page.engine.stats(Account::default(), page.now);
        assert_eq!(stats.waiting, Some(Waiting::Offline));
        page.wait_for_request(&mut disk);
    }
    assert!(page.now < 50 * limits::BACKOFF_CAP, "no pause begins");
    page.respond(&mut disk, 0);
    page.input(&mut disk, |engine, now| engine.handle_flush(1, now));
    assert_eq!(page.requests.len(), 1);
    page.respond(&mut disk, 200);
    page.track(&mut disk, 100..101);
    page.leave(&mut disk);
    assert_eq!(ids(&page.requests[0]), [100]);
}

#[test]
fn when_the_network_is_back_what_failed_without_it_is_sent_at_once() {
    let mut disk = Disk::default();
    let mut page = Page::open(&mut disk, "p");
    page.input(&mut disk, |engine, now| engine.handle_online(false, now));
    page.track(&mut disk, 0..100);
    page.respond(&mut disk, 0);
    page.input(&mut disk, |engine, now| engine.handle_online(true, now));
    assert_eq!(page.requests.len(), 1);
}
