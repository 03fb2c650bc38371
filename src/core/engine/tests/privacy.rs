//! The visitor's word.

use super::model::*;

fn is_empty(disk: &Disk) -> bool {
    disk.records.is_empty()
        && disk.accounts.is_empty()
        && disk.letters.is_empty()
        && disk.identity.is_none()
        && disk.left.is_empty()
        && disk.good_link.is_none()
        && disk.marks.is_empty()
}

#[test]
fn an_opt_out_empties_the_queue_and_the_store_and_nothing_is_taken_or_stored_after_it() {
    let mut disk = warm_disk();
    let mut page = Page::open(&mut disk, "p");
    page.track(&mut disk, 0..150);
    page.input(&mut disk, |engine, now| engine.handle_opt_out("a2".into(), now));
    page.track(&mut disk, 150..160);
    page.input(&mut disk, |engine, now| engine.handle_identify("u".into(), now));
    page.input(&mut disk, |engine, now| engine.handle_flush(1, now));
    page.wait(&mut disk, 3_600_000);
    page.leave(&mut disk);
    assert!(page.requests.is_empty() && is_empty(&disk), "{disk:?}");
    let account = page.engine.stats(Account::default(), page.now).account;
    assert_eq!((account.accepted, account.dropped.opt_out, account.queued()), (150, 150, 0));
    assert!(
        page.notices.iter().any(|notice| matches!(notice, Notice::Rejected { code: Refusal::OptedOut, .. }))
    );
}

#[test]
fn a_page_of_a_visitor_who_opted_out_leaves_no_trace_until_an_opt_in() {
    let mut disk = Disk::default();
    let mut page = Page::opening_in("p", &[], |setup| setup.opted_out = true);
    page.drain(&mut disk);
    page.track(&mut disk, 0..5);
    page.leave(&mut disk);
    page.input(&mut disk, |engine, now| engine.handle_return("p2".into(), now));
    page.wait(&mut disk, 3_600_000);
    assert!(page.openings == 0 && is_empty(&disk) && disk.shared.is_empty(), "{disk:?}");
    page.input(&mut disk, |engine, now| engine.handle_opt_in(now));
    page.track(&mut disk, 5..7);
    assert_eq!((page.openings, disk.records.len()), (1, 1));
    page.wait_for_request(&mut disk);
    assert_eq!(ids(&page.respond(&mut disk, 200)), [5, 6]);
}

#[test]
fn in_memory_nothing_is_stored_and_everything_is_delivered() {
    let mut disk = Disk::default();
    let mut page = Page::opening("p", &[("persistence", Value::Text("memory".into()))]);
    page.drain(&mut disk);
    page.track(&mut disk, 0..100);
    page.respond(&mut disk, 200);
    page.track(&mut disk, 100..103);
    page.input(&mut disk, |engine, now| engine.handle_hidden(now));
    page.leave(&mut disk);
    assert_eq!(ids(&page.requests[0]), [100, 101, 102]);
    assert!(page.openings == 0 && is_empty(&disk) && disk.shared.is_empty(), "{disk:?}");
    assert!(page.notices.iter().all(|notice| !matches!(notice, Notice::Degraded { .. })));
}

#[test]
fn an_opt_out_that_only_the_store_remembers_gives_up_what_the_page_has_taken_and_is_told() {
    let mut disk = Disk::default();
    let mut page = Page::opening("p", &[]);
    while page.engine.poll_effect().is_some() {}
    page.stalled = true;
    page.track(&mut disk, 0..5);
    page.stalled = false;
    page.input(&mut disk, |engine, now| engine.handle_stored_opt_out("next".into(), now));
    assert!(page.notices.contains(&Notice::OptedOut));
    assert!(page.notices.contains(&Notice::Dropped { reason: "opt_out", count: 5 }));
    assert!(disk.records.is_empty() && disk.accounts.is_empty() && disk.left.is_empty());
    page.track(&mut disk, 5..10);
    page.wait(&mut disk, 100_000);
    assert!(page.requests.is_empty() && disk.records.is_empty());
}
