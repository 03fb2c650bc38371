//! Insurance: a request that the browser sends if the page dies.

use super::model::*;
use crate::core::policy::limits;

/// A page that can be insured, on a disk where the last reply was a success.
fn insured(disk: &mut Disk) -> Page {
    *disk = warm_disk();
    let good_link = disk.good_link;
    let mut page =
        Page::opening_in("p", &[], |setup| (setup.can_insure, setup.good_link) = (true, good_link));
    page.drain(disk);
    page
}

fn events(page: &Page) -> usize {
    page.insured.as_ref().map_or(0, |body| body.matches("event_name").count())
}

#[test]
fn unsent_events_are_given_to_the_browser_after_a_moment_and_taken_back_before_they_are_sent() {
    let mut disk = Disk::default();
    let mut page = insured(&mut disk);
    page.track(&mut disk, 0..3);
    assert_eq!(events(&page), 0);
    page.wait(&mut disk, limits::INSURANCE_DELAY);
    assert_eq!(events(&page), 3);
    page.track(&mut disk, 3..5);
    page.wait(&mut disk, limits::INSURANCE_DELAY);
    assert_eq!(events(&page), 5);
    page.wait_for_request(&mut disk);
    assert_eq!(events(&page), 0);
    page.respond(&mut disk, 200);
    page.wait(&mut disk, 60_000);
    assert_eq!((events(&page), page.requests.len()), (0, 0));
}

#[test]
fn a_page_that_leaves_takes_back_what_it_gave() {
    let mut disk = Disk::default();
    let mut page = insured(&mut disk);
    page.track(&mut disk, 0..3);
    page.wait(&mut disk, limits::INSURANCE_DELAY);
    page.leave(&mut disk);
    assert_eq!((events(&page), ids(&page.requests[0]).len()), (0, 3));
}

#[test]
fn nothing_is_given_before_the_endpoint_has_answered_or_while_it_fails() {
    let mut disk = Disk::default();
    let mut page = insured(&mut disk);
    page.engine.handle_link(None);
    page.track(&mut disk, 0..3);
    page.wait(&mut disk, 5_000);
    assert_eq!(events(&page), 0);
    page.wait_for_request(&mut disk);
    page.respond(&mut disk, 200);
    page.track(&mut disk, 3..5);
    page.wait(&mut disk, 5_000);
    assert_eq!(events(&page), 2);
    page.wait_for_request(&mut disk);
    page.respond(&mut disk, 503);
    page.wait(&mut disk, 10);
    assert_eq!(events(&page), 0);
}

#[test]
fn what_is_given_keeps_to_its_limits() {
    let mut disk = Disk::default();
    let mut page = insured(&mut disk);
    page.input(&mut disk, |engine, now| engine.handle_identify("u".repeat(4_000), now));
    page.track(&mut disk, 0..99);
    page.wait(&mut disk, limits::INSURANCE_DELAY);
    let body = page.insured.as_ref().map_or(0, String::len);
    assert!((limits::INSURANCE_BYTES - 5_000..=limits::INSURANCE_BYTES).contains(&body), "{body}");
}
