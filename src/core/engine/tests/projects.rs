//! Projects that share a disk.

use super::model::*;
use crate::core::model::dead_letter::Disposal;
use crate::core::policy::project::Projects;

/// A page of the project with this key; `unique` is what is its own in its name.
fn open(disk: &mut Disk, unique: &str, key: &str, previous: &[&str]) -> Page {
    let key = ("apiKey", Value::Text(key.into()));
    let previous = ("previousApiKeys", Value::List(previous.iter().map(|key| (*key).into()).collect()));
    let options =
        Options::read([&key, &previous].map(|(name, value)| ((*name).into(), value.clone()))).unwrap();
    Page::open_with(disk, &Projects::new(&options).owner(unique), &[key, previous])
}

/// A page that tracks five events, is refused and goes.
fn leave_five(disk: &mut Disk, unique: &str, key: &str) {
    let mut page = open(disk, unique, key, &[]);
    page.pause(disk);
    page.track(disk, 0..5);
    page.leave(disk);
}

#[test]
fn a_page_neither_sends_nor_counts_what_was_tracked_for_another_project() {
    let mut disk = Disk::default();
    leave_five(&mut disk, "p1", "a");
    let mut other = open(&mut disk, "p2", "b", &[]);
    other.track(&mut disk, 5..6);
    other.wait_for_request(&mut disk);
    assert_eq!(ids(&other.respond(&mut disk, 200)), [5]);
    assert_eq!(disk.accounts[other.engine.owner()].accepted, 1);
    other.leave(&mut disk);
    let mut own = open(&mut disk, "p3", "a", &[]);
    assert_eq!(ids(&own.respond(&mut disk, 200)), [0, 1, 2, 3, 4]);
}

#[test]
fn what_was_tracked_under_a_previous_key_is_sent_with_the_new_one() {
    let mut disk = Disk::default();
    leave_five(&mut disk, "p1", "old");
    let mut page = open(&mut disk, "p2", "new", &["old"]);
    assert_eq!(ids(&page.respond(&mut disk, 200)).len(), 5);
    page.leave(&mut disk);

    // The disk remembers: a later page need not be told again.
    leave_five(&mut disk, "p3", "old");
    let mut later = open(&mut disk, "p4", "new", &[]);
    later.track(&mut disk, 5..105);
    while !later.requests.is_empty() {
        later.respond(&mut disk, 200);
    }
    assert!(disk.records.is_empty());
}

#[test]
fn what_was_tracked_before_a_page_got_a_new_key_is_sent_with_it_by_the_next_page_too() {
    let mut disk = Disk::default();
    let mut page = open(&mut disk, "p1", "old", &[]);
    page.track(&mut disk, 0..100);
    page.respond(&mut disk, 401);
    page.input(&mut disk, |engine, now| engine.handle_key("new".into(), now));
    page.respond(&mut disk, 503);
    page.leave(&mut disk);
    let mut next = open(&mut disk, "p2", "new", &[]);
    next.track(&mut disk, 100..200);
    while !next.requests.is_empty() {
        next.respond(&mut disk, 200);
    }
    assert!(disk.records.is_empty());
}

#[test]
fn a_page_of_another_project_leaves_its_dead_letters_alone() {
    let mut disk = Disk::default();
    let mut page = open(&mut disk, "p1", "a", &[]);
    page.track(&mut disk, 0..100);
    page.respond(&mut disk, 200);
    page.track(&mut disk, 100..101);
    page.wait_for_request(&mut disk);
    page.respond(&mut disk, 400);
    let letters: Vec<_> = disk.letters.values().cloned().collect();
    let mut other = open(&mut disk, "p2", "b", &[]);
    other.input(&mut disk, |engine, now| engine.handle_letters(letters.clone(), Disposal::Discard, now));
    assert_eq!(disk.letters.len(), 1);
    page.input(&mut disk, |engine, now| engine.handle_letters(letters, Disposal::Discard, now));
    assert!(disk.letters.is_empty());
}
