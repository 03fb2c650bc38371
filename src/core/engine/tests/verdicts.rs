//! Replies that do not confirm a delivery.

use super::model::*;
use crate::core::engine::notice::Waiting;
use crate::core::model::dead_letter::{Disposal, Reason};
use crate::core::policy::limits;
use crate::core::policy::verdict::Response;

#[test]
fn the_guilty_event_of_a_full_batch_is_found_and_the_other_99_arrive_in_order() {
    for guilty in [0, 1, 50, 98, 99] {
        let mut disk = Disk::default();
        let mut page = Page::open(&mut disk, "p");
        page.track(&mut disk, 0..100);
        let requests = page.respond_refusing(&mut disk, |id| id == guilty);
        assert!(requests <= 1 + limits::BISECT_REQUESTS as usize, "{requests}");
        let account = Account { accepted: 100, delivered: 99, rejected: 1, ..Account::default() };
        assert_eq!((disk.accounts["p"], disk.records.len()), (account, 0));
        let letter = disk.letters.values().next().unwrap();
        assert_eq!(letter.id, ["e", &guilty.to_string()].concat());
        assert_eq!((letter.reason, letter.status, disk.letters.len()), (Reason::Rejected, 400, 1));
    }
}

#[test]
fn a_server_that_refuses_everything_costs_its_budget_and_leaves_the_rest_uncertain() {
    let mut disk = Disk::default();
    let mut page = Page::open(&mut disk, "p");
    page.track(&mut disk, 0..300);
    let requests = page.respond_refusing(&mut disk, |_| true);
    assert!(requests <= 3 + limits::BISECT_REQUESTS as usize, "{requests}");
    let account = disk.accounts["p"];
    assert_eq!((account.rejected + account.uncertain, account.queued()), (300, 0));
    assert_eq!(disk.letters.len(), 300);
}

#[test]
fn a_batch_taken_in_part_becomes_dead_letters_of_unknown_fate() {
    let mut disk = Disk::default();
    let mut page = Page::open(&mut disk, "p");
    page.track(&mut disk, 0..100);
    page.input(&mut disk, |engine, now| engine.handle_flush(1, now));
    let taken =
        Response { status: 200, success: Some(true), processed_count: Some(60), ..Response::default() };
    page.respond_with(&mut disk, taken);
    assert_eq!((disk.accounts["p"].uncertain, disk.letters.len(), page.answers[0].rejected), (100, 100, 100));
    assert!(matches!(page.notices.last(), Some(Notice::DeadLetters { code: "uncertain", .. })));
}

#[test]
fn on_request_a_batch_taken_in_part_goes_again_at_once_and_then_like_any_failed_one() {
    let mut disk = Disk::default();
    let resend = [("partialFailure", Value::Text("resend".into()))];
    let mut page = Page::open_with(&mut disk, "p", &resend);
    page.track(&mut disk, 0..100);
    let taken =
        Response { status: 200, success: Some(true), processed_count: Some(60), ..Response::default() };
    let first = page.respond_with(&mut disk, taken.clone());
    let second = page.respond_with(&mut disk, taken);
    assert_eq!(first.body, second.body);
    assert!(
        page.requests.is_empty() && matches!(page.notices.last(), Some(Notice::Retry { attempt: 2, .. }))
    );
    page.wait(&mut disk, 2 * limits::BACKOFF_BASE);
    page.respond(&mut disk, 200);
    assert_eq!(disk.accounts["p"].delivered, 100);
}

#[test]
fn an_answer_that_names_the_failed_events_is_obeyed() {
    let mut disk = Disk::default();
    let mut page = Page::open(&mut disk, "p");
    page.track(&mut disk, 0..100);
    let named = Response { status: 200, success: Some(true), failed: vec![3, 7, 700], ..Response::default() };
    page.respond_with(&mut disk, named);
    assert_eq!(disk.letters.values().map(|letter| &letter.id).collect::<Vec<_>>(), ["e3", "e7"]);
    assert_eq!((disk.accounts["p"].delivered, disk.accounts["p"].rejected), (98, 2));
}

#[test]
fn a_refused_key_pauses_tells_it_once_and_is_tried_by_flush_and_once_an_hour_until_a_new_key_comes() {
    let mut disk = Disk::default();
    let mut page = Page::open(&mut disk, "p");
    page.track(&mut disk, 0..100);
    page.respond(&mut disk, 401);
    page.input(&mut disk, |engine, now| engine.handle_flush(1, now));
    assert!(page.answers.is_empty());
    page.respond(&mut disk, 401);
    assert_eq!(page.answers[0].waiting, Some(Waiting::Paused));
    page.wait(&mut disk, limits::PAUSE - 1);
    assert!(page.requests.is_empty());
    page.wait(&mut disk, 1);
    page.respond(&mut disk, 401);
    let told =
        page.notices.iter().filter(|notice| matches!(notice, Notice::Paused { reason: "forbidden", .. }));
    assert_eq!(told.count(), 1);
    page.input(&mut disk, |engine, now| engine.handle_key("k2".into(), now));
    page.respond(&mut disk, 200);
    assert_eq!(disk.accounts["p"].delivered, 100);
}

#[test]
fn an_address_without_an_endpoint_is_told_apart_from_a_refused_key() {
    let mut disk = Disk::default();
    let mut page = Page::open(&mut disk, "p");
    page.track(&mut disk, 0..100);
    page.respond(&mut disk, 404);
    assert!(matches!(page.notices.last(), Some(Notice::Paused { reason: "not_found", status: 404, .. })));
}

#[test]
fn answers_that_are_not_the_endpoints_are_retried_and_then_pause() {
    let mut disk = Disk::default();
    let mut page = Page::open(&mut disk, "p");
    page.track(&mut disk, 0..100);
    for _ in 0..limits::MAX_MALFORMED {
        page.wait_for_request(&mut disk);
        page.respond_with(&mut disk, Response { status: 200, ..Response::default() });
    }
    assert!(matches!(page.notices.last(), Some(Notice::Paused { reason: "bad_response", .. })));
    assert_eq!((page.requests.len(), disk.accounts["p"].queued()), (0, 100));
}

#[test]
fn dead_letters_are_sent_again_with_their_ids_or_forgotten_as_the_page_wants() {
    let mut disk = Disk::default();
    let mut page = Page::open(&mut disk, "p");
    page.track(&mut disk, 0..100);
    let named = Response { status: 200, success: Some(true), failed: vec![3, 7], ..Response::default() };
    page.respond_with(&mut disk, named);
    let letters: Vec<_> = disk.letters.values().cloned().collect();
    page.input(&mut disk, |engine, now| engine.handle_letters(letters[..1].to_vec(), Disposal::Resend, now));
    assert_eq!(ids(&page.respond(&mut disk, 200)), [3]);
    page.input(&mut disk, |engine, now| engine.handle_letters(letters[1..].to_vec(), Disposal::Discard, now));
    assert!(disk.letters.is_empty());
    assert_eq!((disk.accounts["p"].accepted, disk.accounts["p"].delivered), (101, 99));
}
