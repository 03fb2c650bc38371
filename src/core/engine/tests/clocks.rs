//! Clocks that are set, and devices that sleep.

use super::model::*;
use crate::core::engine::notice::{Notice, Waiting};
use crate::core::policy::limits;
use crate::core::policy::verdict::Response;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

/// A page whose wall clock is that far ahead of its own clock from the start.
fn open(disk: &mut Disk, owner: &str, wall_ahead: i64) -> Page {
    let mut page = Page::opening_in(owner, &[], |setup| setup.wall = wall_ahead as u64);
    page.wall_ahead = wall_ahead;
    page.drain(disk);
    page
}

#[test]
fn a_wait_is_measured_by_the_page_s_own_clock_and_told_by_the_wall_clock() {
    let mut disk = Disk::default();
    let mut page = Page::open(&mut disk, "p");
    // The device slept, and the page's own clock stood still.
    page.wall_ahead = 8 * HOUR;
    page.track(&mut disk, 0..100);
    page.respond_with(&mut disk, Response { status: 503, retry_after: Some(3_000), ..Response::default() });
    let stats = page.engine.stats(Account::default(), page.now);
    let until = stats.until.expect("the wait has an end") as i64;
    assert_eq!(stats.waiting, Some(Waiting::Backoff));
    assert!((8 * HOUR + 3_000..=8 * HOUR + 4_000).contains(&until), "{until}");
    page.wait_for_request(&mut disk);
    assert!((3_000..=4_000).contains(&page.now), "{}", page.now);
}

#[test]
fn tabs_whose_own_clocks_disagree_agree_on_a_wait() {
    let mut disk = Disk::default();
    let mut slept = open(&mut disk, "a", 8 * HOUR);
    let mut other = open(&mut disk, "b", 8 * HOUR);
    (other.now, other.wall_ahead) = (8 * HOUR as u64, 0);
    slept.track(&mut disk, 0..100);
    slept.respond_with(&mut disk, Response { status: 503, retry_after: Some(5_000), ..Response::default() });
    other.track(&mut disk, 100..200);
    assert!(other.requests.is_empty());
    other.wait_for_request(&mut disk);
    let waited = other.now as i64 - 8 * HOUR;
    assert!((5_000..=6_000).contains(&waited), "{waited}");
}

#[test]
fn a_wait_stored_by_a_clock_that_was_a_year_ahead_lasts_as_long_as_the_server_asked() {
    let mut disk = Disk::default();
    let mut page = open(&mut disk, "a", 365 * DAY);
    page.track(&mut disk, 0..100);
    page.respond_with(&mut disk, Response { status: 503, retry_after: Some(5_000), ..Response::default() });
    page.leave(&mut disk);
    let mut next = open(&mut disk, "b", DAY);
    assert!(next.requests.is_empty());
    next.wait_for_request(&mut disk);
    assert!((5_000..=6_000).contains(&next.now), "{}", next.now);
}

#[test]
fn events_tracked_while_the_clock_was_two_months_behind_are_delivered_when_it_is_right() {
    let mut disk = Disk::default();
    let mut page = open(&mut disk, "a", 0);
    page.pause(&mut disk);
    page.track(&mut disk, 0..20);
    // Set right while the page lives, and on the next visit.
    page.wall_ahead = 60 * DAY;
    page.track(&mut disk, 20..40);
    page.leave(&mut disk);
    let mut next = open(&mut disk, "b", 60 * DAY);
    assert_eq!(ids(&next.respond(&mut disk, 200)).len(), 40);
    assert_eq!(disk.accounts["b"].delivered, 40);
}

#[test]
fn events_that_two_visits_a_day_apart_find_too_old_are_dropped() {
    let mut disk = Disk::default();
    let mut page = open(&mut disk, "a", 0);
    page.pause(&mut disk);
    page.track(&mut disk, 0..20);
    page.leave(&mut disk);
    for (owner, day, dropped) in [("b", 31, 0), ("c", 31, 0), ("d", 32, 20)] {
        let mut visit = open(&mut disk, owner, day * DAY);
        visit.requests.clear();
        assert_eq!(disk.accounts[owner].dropped.max_age, dropped, "{owner}");
        let told =
            visit.notices.iter().any(|notice| matches!(notice, Notice::Dropped { reason: "max_age", .. }));
        assert_eq!(told, dropped > 0);
        visit.leave(&mut disk);
    }
    assert!(limits::MAX_AGE < 31 * DAY as u64);
}
