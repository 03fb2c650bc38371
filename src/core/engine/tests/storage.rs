//! Into the queue, with and without a store.

use super::model::*;
use crate::core::engine::*;

#[test]
fn nothing_is_sent_before_the_store_has_it() {
    let mut disk = Disk::default();
    let mut page = Page::open(&mut disk, "p");
    page.stalled = true;
    page.track(&mut disk, 0..100);
    page.wait(&mut disk, 60_000);
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
    page.input(&mut disk, |engine, now| engine.handle_open_failed("refused".into(), Vec::new(), now));
    page.track(&mut disk, 0..100);
    assert!(matches!(page.notices[0], Notice::Degraded { fallback: "memory_queue", .. }));
    assert_eq!(page.engine.stats(&[], 0).storage, "memory");
    page.respond(&mut disk, 200);
    assert_eq!((page.writes, page.engine.stats(&[], 0).delivered), (0, 100));
}

#[test]
fn an_opening_without_an_end_is_given_up() {
    let mut disk = Disk::default();
    let mut page = Page::opening("p", &[]);
    page.stalled = true;
    page.track(&mut disk, 0..100);
    page.wait(&mut disk, policy::OPEN_TIMEOUT);
    assert_eq!(page.engine.stats(&[], page.now).storage, "memory");
}

#[test]
fn a_line_at_fault_harms_no_other() {
    let mut disk = Disk::default();
    let mut page = Page::open(&mut disk, "p");
    page.input(&mut disk, |engine, now| {
        engine.handle_track("e0\tt\t\"a\"\t\ne1\tt\t\"\"\t\ne2\tt\t\"c\"\t".into(), now)
    });
    assert_eq!(page.engine.stats(&[], 0).queued, 2);
    assert!(matches!(page.notices.last(), Some(Notice::Rejected { code: Refusal::InvalidName, .. })));
}
