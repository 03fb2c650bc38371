//! Random lives of pages on one disk.

use super::model::*;
use crate::core::policy::limits;
use proptest::prelude::*;
use std::collections::BTreeSet;

#[derive(Debug, Clone)]
enum Step {
    Track(u32),
    Wait(u64),
    /// As long as the page means to send something some time.
    WaitForRequest,
    Answer(u16),
    Flush,
    Hide,
    Online(bool),
    /// The page leaves properly, and another takes its place.
    Leave,
    /// The page dies without a word, and another takes its place.
    Crash,
    Return,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (1_u32..130).prop_map(Step::Track),
        4 => (0_u64..20_000).prop_map(Step::Wait),
        6 => prop_oneof![3 => Just(200), 1 => Just(0), 1 => Just(429), 1 => Just(503)].prop_map(Step::Answer),
        1 => Just(Step::Flush),
        1 => Just(Step::Hide),
        1 => any::<bool>().prop_map(Step::Online),
        1 => Just(Step::Leave),
        1 => Just(Step::Crash),
        1 => Just(Step::Return),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// Whatever pages, networks and crashes do: every event the disk had is confirmed in the end, or was handed over
    /// by a page that left a mark; no request is over the limit, no event is in two requests of a page at once, and
    /// the account is exact.
    #[test]
    fn every_committed_event_is_confirmed_or_was_handed_over_in_the_end(steps in prop::collection::vec(step(), 1..60)) {
        let mut disk = Disk::default();
        let (mut pages, mut tracked, mut confirmed, mut handed_over) = (0, 0, BTreeSet::new(), BTreeSet::new());
        let mut open = |disk: &mut Disk| {
            pages += 1;
            Page::open(disk, &["p", &pages.to_string()].concat())
        };
        let mut page = open(&mut disk);
        let end = [Step::Leave, Step::Online(true), Step::Track(1), Step::Flush].into_iter()
            .chain((0..200).flat_map(|_| [Step::WaitForRequest, Step::Answer(200)]))
            .chain([Step::Wait(limits::MAX_RETRY_AFTER)]);
        for step in steps.into_iter().chain(end) {
            match step {
                Step::Track(count) => {
                    page.track(&mut disk, tracked..tracked + count);
                    tracked += count;
                }
                Step::Wait(ms) => page.wait(&mut disk, ms),
                Step::WaitForRequest if page.engine.queue.has_waiting() => page.wait_for_request(&mut disk),
                Step::WaitForRequest => page.wait(&mut disk, limits::ADOPT_INTERVAL),
                Step::Answer(status) if !page.requests.is_empty() => {
                    let request = page.respond(&mut disk, status);
                    prop_assert!(ids(&request).len() <= limits::MAX_BATCH_EVENTS);
                    confirmed.extend(ids(&request).into_iter().filter(|_| status == 200));
                }
                Step::Answer(_) => {}
                Step::Flush => page.input(&mut disk, |engine, now| engine.handle_flush(1, now)),
                Step::Hide => page.input(&mut disk, |engine, now| engine.handle_hidden(now)),
                Step::Online(online) => page.input(&mut disk, |engine, now| engine.handle_online(online, now)),
                Step::Return => {
                    page.leave(&mut disk);
                    handed_over.extend(page.requests.drain(..).filter(|sent| sent.keepalive).flat_map(|sent| ids(&sent)));
                    let owner = page.engine.queue.owner().to_string() + "r";
                    page.input(&mut disk, |engine, now| engine.handle_return(owner, now));
                }
                Step::Leave | Step::Crash => {
                    if let Step::Leave = step {
                        page.leave(&mut disk);
                        handed_over.extend(page.requests.iter().filter(|sent| sent.keepalive).flat_map(ids));
                    }
                    disk.locks.clear();
                    page = open(&mut disk);
                }
            }
            let in_requests: Vec<_> = page.requests.iter().flat_map(ids).collect();
            prop_assert_eq!(in_requests.iter().collect::<BTreeSet<_>>().len(), in_requests.len());
        }
        prop_assert_eq!(confirmed.union(&handed_over).count(), tracked as usize);
        prop_assert!(disk.records.is_empty() && disk.marks.is_empty() && disk.accounts.len() <= 1);
        let account = disk.accounts.values().next().copied().unwrap_or_default();
        prop_assert_eq!((account.accepted, account.queued()), (tracked.into(), 0));
        prop_assert_eq!(account.delivered + account.handed_over, u64::from(tracked));
        prop_assert!(account.delivered <= confirmed.len() as u64);
    }
}
