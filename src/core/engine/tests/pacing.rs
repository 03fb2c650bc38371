//! Pages that share a store respect each other's waits and the key's limit.

use super::model::*;
use crate::core::engine::notice::Waiting;
use crate::core::policy::limits;
use crate::core::policy::random::Random;
use crate::core::policy::verdict::Response;

#[test]
fn a_failure_in_one_tab_holds_the_others_back_and_one_of_them_tries_again() {
    let mut disk = Disk::default();
    let mut first = Page::open(&mut disk, "a");
    let mut second = Page::open(&mut disk, "b");
    first.track(&mut disk, 0..100);
    first.respond(&mut disk, 429);
    second.track(&mut disk, 100..200);
    assert!(second.requests.is_empty());
    assert_eq!(second.engine.stats(Account::default(), 0).waiting, Some(Waiting::Backoff));
    second.wait_for_request(&mut disk);
    first.wait(&mut disk, second.now);
    assert!(first.requests.is_empty(), "the other one is trying");
    second.respond(&mut disk, 200);
    first.wait_for_request(&mut disk);
}

#[test]
fn each_fresh_page_tries_a_stored_pause_once_then_it_holds_and_is_told_with_its_reason() {
    let mut disk = Disk::default();
    let mut page = Page::open(&mut disk, "a");
    page.track(&mut disk, 0..100);
    page.respond_with(
        &mut disk,
        Response { status: 401, message: "no such key".into(), ..Response::default() },
    );
    page.leave(&mut disk);
    let mut next = Page::open(&mut disk, "b");
    next.respond_with(
        &mut disk,
        Response { status: 401, message: "no such key".into(), ..Response::default() },
    );
    assert!(matches!(next.notices.last(), Some(Notice::Paused { reason: "forbidden", status: 401, .. })));
    next.wait(&mut disk, limits::PAUSE / 2);
    assert!(next.requests.is_empty());
    next.leave(&mut disk);

    let mut third = Page::open(&mut disk, "c");
    let stats = third.engine.stats(Account::default(), 0);
    let reason = stats.last_error.map(|error| error.message);
    assert_eq!((stats.waiting, reason.as_deref()), (Some(Waiting::Request), Some("no such key")));
    third.respond(&mut disk, 200);
    assert_eq!(disk.accounts["c"].delivered, 100);
}

#[test]
fn a_pause_ends_with_another_key() {
    let mut disk = Disk::default();
    let mut next = Page::open(&mut disk, "b");
    next.track(&mut disk, 0..100);
    next.respond(&mut disk, 401);
    let stats = next.engine.stats(Account::default(), 0);
    assert_eq!(
        (stats.waiting, stats.last_error.map(|error| error.status)),
        (Some(Waiting::Paused), Some(401))
    );
    next.input(&mut disk, |engine, now| engine.handle_key("k2".into(), now));
    assert_eq!(ids(&next.requests[0]).len(), 100);
}

#[test]
fn a_key_that_comes_before_the_row_has_the_old_ones_pause_is_tried_at_once() {
    let mut disk = Disk::default();
    let mut page = Page::open(&mut disk, "p");
    page.track(&mut disk, 0..100);
    page.stalled = true;
    page.respond(&mut disk, 401);
    page.input(&mut disk, |engine, now| engine.handle_key("k2".into(), now));
    page.stalled = false;
    page.drain(&mut disk);
    assert_eq!(ids(&page.requests[0]).len(), 100);
}

#[test]
fn two_tabs_together_keep_to_the_limit_and_say_that_they_wait_for_it() {
    let mut disk = Disk::default();
    let limit = [("requestsPerMinute", Value::Number(20.0)), ("batchSize", Value::Number(1.0))];
    let mut tabs = ["a", "b"].map(|name| Page::open_with(&mut disk, name, &limit));
    let mut sent = 0;
    for (n, tab) in tabs.iter_mut().enumerate() {
        tab.track(&mut disk, n as u32 * 100..n as u32 * 100 + 50);
        while !tab.requests.is_empty() {
            tab.respond(&mut disk, 200);
            sent += 1;
        }
    }
    assert!((6..=20).contains(&sent), "{sent}");
    assert!(tabs.iter().any(|tab| tab.engine.stats(Account::default(), 0).waiting == Some(Waiting::Limit)));
    tabs[0].wait_for_request(&mut disk);
    assert!(tabs[0].now >= 1_000);
}

#[test]
fn a_relay_lifts_the_limit_of_requests_and_an_endpoint_that_is_none_restores_it() {
    let mut disk = Disk::default();
    let limit = [("requestsPerMinute", Value::Number(20.0)), ("batchSize", Value::Number(1.0))];
    let mut page = Page::open_with(&mut disk, "p", &limit);
    page.track(&mut disk, 0..200);
    let success = Response { status: 200, success: Some(true), ..Response::default() };
    for _ in 0..100 {
        page.respond_with(&mut disk, Response { relay: true, ..success.clone() });
    }
    assert_eq!(page.now, 0, "a hundred requests have gone at once");
    while !page.requests.is_empty() {
        page.respond_with(&mut disk, success.clone());
    }
    let stats = page.engine.stats(Account::default(), 0);
    assert_eq!(stats.waiting, Some(Waiting::Limit));
    assert!(stats.account.queued() > 70, "{stats:?}");
}

#[test]
fn an_error_of_a_relay_lifts_no_limit() {
    let mut disk = Disk::default();
    let limit = [("requestsPerMinute", Value::Number(20.0)), ("batchSize", Value::Number(1.0))];
    let mut page = Page::open_with(&mut disk, "p", &limit);
    page.track(&mut disk, 0..200);
    page.respond_with(&mut disk, Response { status: 503, relay: true, ..Response::default() });
    page.wait_for_request(&mut disk);
    while !page.requests.is_empty() {
        page.respond(&mut disk, 200);
    }
    assert_eq!(page.engine.stats(Account::default(), page.now).waiting, Some(Waiting::Limit));
}

#[test]
fn a_page_that_goes_away_needs_no_answer_for_its_one_request() {
    let mut disk = warm_disk();
    let mut page = Page::open(&mut disk, "p");
    page.track(&mut disk, 0..250);
    page.leave(&mut disk);
    let at_exit = page.requests.iter().filter(|request| request.at_exit).count();
    assert!((1..=1 + limits::TOKENS_AHEAD as usize).contains(&at_exit));
}

#[test]
fn where_nothing_ever_answers_a_page_soon_hardly_tries() {
    let mut disk = Disk::default();
    let mut page = Page::open(&mut disk, "p");
    page.track(&mut disk, 0..100);
    let mut tries = 0;
    while page.now < 24 * 3_600_000 {
        page.wait_for_request(&mut disk);
        page.respond(&mut disk, 0);
        tries += 1;
    }
    assert!((60..=200).contains(&tries), "{tries} in a day");
    assert!(page.notices.iter().any(|notice| matches!(notice, Notice::Paused { reason: "unreachable", .. })));
}

#[test]
fn the_more_crowded_a_key_the_fewer_pages_send_at_exit_and_none_marks() {
    let mut sent = 0;
    for n in 0..100_u64 {
        let mut disk = warm_disk();
        let mut page = Page::open(&mut disk, "p");
        page.engine.random = Random::new(n);
        for _ in 0..6 {
            page.track(&mut disk, 0..100);
            page.wait_for_request(&mut disk);
            page.respond(&mut disk, 429);
        }
        page.wait_for_request(&mut disk);
        page.respond(&mut disk, 200);
        page.track(&mut disk, 0..1);
        page.leave(&mut disk);
        sent += page.requests.iter().filter(|request| request.at_exit).count();
        assert!(disk.marks.is_empty());
    }
    assert!((1..50).contains(&sent), "{sent}");
}

#[test]
fn in_a_crowd_batches_grow_fuller() {
    let mut disk = Disk::default();
    let mut page = Page::open(&mut disk, "p");
    let mut sizes = Vec::new();
    for n in 0..4_000 {
        page.track(&mut disk, n..n + 1);
        page.wait(&mut disk, 5_000);
        if !page.requests.is_empty() {
            let limited = Response { status: 429, retry_after: Some(1_000), ..Response::default() };
            let answered = Response { status: 200, success: Some(true), ..Response::default() };
            sizes.push(ids(&page.respond_with(&mut disk, if n < 100 { limited } else { answered })).len());
        }
    }
    assert!(sizes[0] <= 3 && sizes.iter().any(|&size| size > 10), "{sizes:?}");
    assert!(sizes.last().is_some_and(|&last| last < 10), "and smaller again: {sizes:?}");
}
