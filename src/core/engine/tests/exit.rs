//! Pages that go away, and what becomes of what they had.

use super::model::*;
use crate::core::engine::notice::Waiting;
use crate::core::policy::limits;
use crate::core::rows;

/// A page that left five events with the browser, and the next page on the same disk.
fn handed_over(disk: &mut Disk) -> (Page, Page) {
    *disk = warm_disk();
    let mut page = Page::open(disk, "a");
    page.track(disk, 0..5);
    page.leave(disk);
    assert!(page.requests[0].keepalive && page.requests[0].at_exit && ids(&page.requests[0]).len() == 5);
    let next = Page::open(disk, "b");
    assert!(
        next.requests.is_empty() && next.engine.stats(Account::default(), 0).waiting == Some(Waiting::Reply)
    );
    (page, next)
}

#[test]
fn what_was_handed_over_is_kept_back_and_settled_by_the_next_success() {
    let mut disk = Disk::default();
    let (_, mut next) = handed_over(&mut disk);
    next.track(&mut disk, 5..6);
    next.wait(&mut disk, limits::DEFAULT_FLUSH_INTERVAL);
    assert_eq!(ids(&next.respond(&mut disk, 200)), [5]);
    let account = Account { accepted: 6, delivered: 1, handed_over: 5, ..Account::default() };
    assert_eq!(disk.accounts, [("b".into(), account)].into());
    assert!(disk.records.is_empty() && disk.marks.is_empty());
}

#[test]
fn a_failure_decides_nothing_about_what_was_handed_over() {
    let mut disk = Disk::default();
    let (_, mut next) = handed_over(&mut disk);
    next.track(&mut disk, 5..6);
    for status in [429, 500, 0] {
        next.wait_for_request(&mut disk);
        assert_eq!(ids(&next.respond(&mut disk, status)), [5]);
    }
    assert_eq!((disk.records.len(), disk.marks.len()), (2, 1));
}

#[test]
fn a_refused_key_lifts_the_mark_and_the_events_go_again() {
    let mut disk = Disk::default();
    let (_, mut next) = handed_over(&mut disk);
    next.track(&mut disk, 5..6);
    next.wait_for_request(&mut disk);
    next.respond(&mut disk, 401);
    next.input(&mut disk, |engine, now| engine.handle_key("k2".into(), now));
    assert_eq!(ids(&next.respond(&mut disk, 200)), [0, 1, 2, 3, 4, 5]);
    assert!(disk.records.is_empty() && disk.marks.is_empty());
}

#[test]
fn a_mark_that_nobody_kept_costs_a_repeat_and_no_loss() {
    let mut disk = warm_disk();
    let mut page = Page::open(&mut disk, "a");
    page.track(&mut disk, 0..5);
    page.leave(&mut disk);
    disk.marks.clear();
    let mut next = Page::open(&mut disk, "b");
    assert_eq!(ids(&next.respond(&mut disk, 200)), [0, 1, 2, 3, 4]);
}

#[test]
fn without_a_good_reply_before_nothing_is_marked_and_it_goes_again() {
    let mut disk = Disk::default();
    let mut page = Page::open(&mut disk, "a");
    page.track(&mut disk, 0..5);
    page.leave(&mut disk);
    assert!(page.requests.len() == 1 && disk.marks.is_empty());
    let mut next = Page::open(&mut disk, "b");
    assert_eq!(ids(&next.respond(&mut disk, 200)), [0, 1, 2, 3, 4]);
    next.track(&mut disk, 5..6);
    next.leave(&mut disk);
    assert_eq!(disk.marks["b"].ids, "e5");
}

#[test]
fn what_was_handed_over_to_another_endpoint_or_key_is_sent_again() {
    let mut disk = warm_disk();
    let mut page = Page::open(&mut disk, "a");
    page.track(&mut disk, 0..5);
    page.leave(&mut disk);
    let elsewhere = [("endpoint", Value::Text("/elsewhere".into()))];
    let mut next = Page::open_with(&mut disk, "b", &elsewhere);
    assert_eq!(ids(&next.respond(&mut disk, 200)).len(), 5);
    assert!(disk.marks.is_empty());
}

#[test]
fn the_late_reply_to_a_page_back_from_the_cache_settles_what_it_handed_over() {
    let mut disk = warm_disk();
    let mut page = Page::open(&mut disk, "a");
    page.track(&mut disk, 0..5);
    page.leave(&mut disk);
    page.input(&mut disk, |engine, now| engine.handle_return("a2".into(), now));
    page.respond(&mut disk, 200);
    assert_eq!((page.requests.len(), disk.accounts["a2"].handed_over), (0, 5));
    assert!(disk.records.is_empty() && disk.marks.is_empty());
}

#[test]
fn a_reply_that_is_overdue_at_exit_leaves_no_mark() {
    for (waited, marked) in [(limits::DOUBTFUL_REPLY - 1, true), (limits::DOUBTFUL_REPLY, false)] {
        let mut disk = warm_disk();
        let mut page = Page::open(&mut disk, "a");
        page.track(&mut disk, 0..5);
        page.input(&mut disk, |engine, now| engine.handle_flush(1, now));
        page.wait(&mut disk, waited);
        page.leave(&mut disk);
        assert_eq!(disk.marks.contains_key("a"), marked);
    }
}

#[test]
fn a_request_that_fails_while_its_page_goes_away_is_taken_off_the_mark() {
    let mut disk = warm_disk();
    let mut page = Page::open(&mut disk, "a");
    page.track(&mut disk, 0..2);
    page.input(&mut disk, |engine, now| engine.handle_flush(1, now));
    page.track(&mut disk, 2..5);
    page.leave(&mut disk);
    assert_eq!((page.requests.len(), disk.marks["a"].ids.as_str()), (2, "e0 e1 e2 e3 e4"));
    // The page's own requests have used up what may outlive it: the browser says so before the page is gone.
    page.respond(&mut disk, 0);
    assert_eq!(disk.marks["a"].ids, "e2 e3 e4");
    page.track(&mut disk, 5..6);
    assert_eq!(disk.marks["a"].ids, "e2 e3 e4", "the link is not trusted any more");
    page.respond(&mut disk, 0);
    let mut next = Page::open(&mut disk, "b");
    assert_eq!(ids(&next.respond(&mut disk, 200)), [0, 1, 2, 3, 4, 5]);
    assert!(disk.records.is_empty() && disk.marks.is_empty());
}

#[test]
fn the_late_failure_of_what_was_handed_over_has_it_sent_again() {
    for before_return in [true, false] {
        let mut disk = warm_disk();
        let mut page = Page::open(&mut disk, "a");
        page.track(&mut disk, 0..5);
        page.leave(&mut disk);
        if before_return {
            page.respond(&mut disk, 500);
        }
        page.input(&mut disk, |engine, now| engine.handle_return("a2".into(), now));
        if !before_return {
            page.respond(&mut disk, 500);
        }
        page.wait_for_request(&mut disk);
        assert_eq!(ids(&page.respond(&mut disk, 200)), [0, 1, 2, 3, 4]);
        assert!(disk.records.is_empty() && disk.marks.is_empty());
    }
}

#[test]
fn an_ordinary_request_on_its_way_when_the_page_leaves_is_handed_over_if_it_outlives_the_page() {
    let mut disk = warm_disk();
    let mut page = Page::open(&mut disk, "a");
    page.track(&mut disk, 0..100);
    assert!(page.requests[0].keepalive);
    page.leave(&mut disk);
    let next = Page::open(&mut disk, "b");
    assert_eq!((page.requests.len(), next.requests.len()), (1, 0));
}

#[test]
fn what_is_given_to_the_browser_at_exit_keeps_to_its_share() {
    let mut disk = Disk::default();
    let mut page = Page::open(&mut disk, "p");
    page.track(&mut disk, 0..1000);
    page.input(&mut disk, |engine, now| engine.handle_hidden(now));
    page.leave(&mut disk);
    let outliving = page.requests.iter().filter(|request| request.keepalive);
    assert!(outliving.map(|request| request.body.len()).sum::<usize>() <= limits::EXIT_SHARE_BYTES);
    assert!(page.requests.iter().all(|request| ids(request).len() <= 100));
}

#[test]
fn an_event_tracked_while_the_page_already_leaves_goes_along() {
    let mut disk = Disk::default();
    let mut page = Page::open(&mut disk, "p");
    page.leave(&mut disk);
    page.track(&mut disk, 0..1);
    assert_eq!(ids(&page.requests[0]), [0]);
    assert_eq!(disk.left.len(), 1);
}

#[test]
fn a_page_that_leaves_before_the_store_is_open_sends_and_leaves_what_it_tracked() {
    let mut disk = Disk::default();
    let mut page = Page::opening("p", &[]);
    page.stalled = true;
    page.track(&mut disk, 0..3);
    page.leave(&mut disk);
    page.stalled = false;
    page.drain(&mut disk);
    assert_eq!(ids(&page.requests[0]), [0, 1, 2]);
    assert_eq!(disk.left[0].ids, "e0 e1 e2");
}

#[test]
fn what_is_being_written_when_a_page_is_hidden_is_kept_elsewhere_until_it_is_in_the_store() {
    let mut disk = Disk::default();
    let mut page = Page::open(&mut disk, "p");
    page.stalled = true;
    page.track(&mut disk, 0..150);
    page.input(&mut disk, |engine, now| engine.handle_hidden(now));
    let effects: Vec<_> = std::iter::from_fn(|| page.engine.poll_effect()).collect();
    let kept = effects
        .iter()
        .any(|effect| matches!(effect, Effect::KeepElsewhere { unstored } if rows::records_in(unstored.as_str()).len() == 2));
    assert!(kept, "{effects:?}");
    page.stalled = false;
    effects.into_iter().for_each(|effect| page.perform(effect, &mut disk));
    page.drain(&mut disk);
    assert_eq!((disk.left.len(), disk.records.len()), (0, 2));
}

#[test]
fn what_a_hidden_page_sends_next_waits_so_that_it_may_outlive_the_page_too() {
    let mut disk = Disk::default();
    let mut page = Page::open(&mut disk, "p");
    page.stalled = true;
    page.track(&mut disk, 0..1000);
    page.input(&mut disk, |engine, now| engine.handle_hidden(now));
    page.stalled = false;
    page.drain(&mut disk);
    assert!(!page.requests.is_empty() && page.requests.iter().all(|request| request.at_exit));
    while page.requests[0].at_exit {
        page.respond(&mut disk, 200);
    }
    assert!(page.requests[0].keepalive);
}

#[test]
fn a_closed_tracker_refuses_events_and_answers_flush() {
    let mut disk = Disk::default();
    let mut page = Page::open(&mut disk, "p");
    page.input(&mut disk, Engine::handle_close);
    page.track(&mut disk, 0..1);
    page.input(&mut disk, |engine, now| engine.handle_flush(1, now));
    assert!(matches!(page.notices.last(), Some(Notice::Rejected { code: Refusal::Closed, .. })));
    assert_eq!((page.answers.len(), disk.records.len()), (1, 0));
}

#[test]
fn where_fetch_cannot_outlive_the_page_only_a_beacon_with_a_key_is_marked() {
    for (beacon, marks) in [(None, 0), (Some(("beaconUrl", Value::Text("/beacon".into()))), 1)] {
        let mut disk = warm_disk();
        let good_link = disk.good_link;
        let options: Vec<_> = beacon.into_iter().collect();
        let mut page = Page::opening_in("p", &options, |setup| {
            (setup.fetch_outlives, setup.good_link) = (false, good_link)
        });
        page.drain(&mut disk);
        page.track(&mut disk, 0..100);
        assert!(!page.requests[0].keepalive);
        page.track(&mut disk, 100..103);
        page.leave(&mut disk);
        assert_eq!((page.requests.last().map(ids), disk.marks.len()), (Some(vec![100, 101, 102]), marks));
        assert!(disk.marks.values().all(|mark| mark.ids == "e100 e101 e102"));
    }
}

#[test]
fn where_no_key_is_needed_a_beacon_is_marked_like_a_request() {
    let mut disk = Disk::default();
    let mut page = Page::opening_in("p", &[], |setup| {
        setup.options.api_key.clear();
        (setup.fetch_outlives, setup.good_link) = (false, Some(destination(&setup.options)));
    });
    page.drain(&mut disk);
    page.track(&mut disk, 0..3);
    page.leave(&mut disk);
    assert!(disk.marks.values().any(|mark| mark.ids == "e0 e1 e2"), "{:?}", disk.marks);
}

#[test]
fn a_failure_that_another_page_has_seen_since_keeps_a_page_from_marking() {
    let mut disk = warm_disk();
    let mut page = Page::open(&mut disk, "p");
    page.track(&mut disk, 0..3);
    page.input(&mut disk, |engine, _| engine.handle_link(None));
    page.leave(&mut disk);
    assert_eq!((page.requests.len(), disk.marks.len()), (1, 0));
}

#[test]
fn where_a_browser_drops_requests_as_it_quits_a_mark_counts_only_for_a_page_that_knows_it_lived_on() {
    let open = |disk: &mut Disk, owner: &str, tab: &str, now: u64| {
        let good_link = disk.good_link;
        let mut page = Page::opening_in(owner, &[], |setup| {
            (setup.tab, setup.good_link) = (Some(tab.into()), good_link);
        });
        page.now = now;
        page.engine.began = now;
        page.drain(disk);
        page
    };
    for (next_tab, next_begins, kept_back) in
        [("t1", 60_000, true), ("t2", 60_000, false), ("t2", 5_000, true)]
    {
        let mut disk = warm_disk();
        let mut page = open(&mut disk, "a", "t1", 0);
        page.wait(&mut disk, 10_000);
        page.track(&mut disk, 0..5);
        page.leave(&mut disk);
        let mut next = open(&mut disk, "b", next_tab, next_begins);
        next.wait(&mut disk, limits::ADOPT_SOON);
        assert_eq!(next.requests.is_empty(), kept_back, "{next_tab} {next_begins}");
        next.track(&mut disk, 5..6);
        while !disk.records.is_empty() {
            next.wait_for_request(&mut disk);
            next.respond(&mut disk, 200);
        }
        assert!(disk.marks.is_empty());
    }
}

#[test]
fn the_last_request_of_a_closed_tracker_is_taken_off_its_mark_if_it_fails() {
    let mut disk = warm_disk();
    let mut page = Page::open(&mut disk, "a");
    page.track(&mut disk, 0..5);
    page.input(&mut disk, Engine::handle_close);
    assert_eq!(disk.marks["a"].ids, "e0 e1 e2 e3 e4");
    page.respond(&mut disk, 0);
    let next = Page::open(&mut disk, "b");
    assert_eq!(next.requests.first().map(ids), Some(vec![0, 1, 2, 3, 4]));
}
