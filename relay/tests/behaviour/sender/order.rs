//! Which batch goes when.

use relay::policy::{MINUTE, SECOND};
use relay::sender::Pace;

use super::world::{Mode, World};

#[test]
fn a_full_batch_goes_at_once_and_a_smaller_one_after_the_linger() {
    let mut world = World::new(Pace::default());
    let start = world.now;
    world.accept(130);
    world.run(10 * SECOND);
    let sizes: Vec<usize> = world.requests.iter().map(Vec::len).collect();
    assert_eq!(sizes, [100, 30]);
    assert!(
        world.starts[0] - start < 10 && (2_000..2_010).contains(&(world.starts[1] - start)),
        "{:?}",
        world.starts
    );
}

#[test]
fn events_that_come_within_the_linger_share_a_batch() {
    let mut world = World::new(Pace::default());
    for _ in 0..4 {
        world.accept(10);
        world.run(450);
    }
    world.drain();
    assert_eq!(world.requests.iter().map(Vec::len).collect::<Vec<_>>(), [40]);
}

#[test]
fn a_backlog_drains_at_the_limit_with_full_batches() {
    let mut world = World::new(Pace::default());
    world.accept(30_000);
    world.run(MINUTE);
    assert_eq!(world.starts.len(), 95);
    assert!(world.requests.iter().all(|request| request.len() == 100));
    world.run(MINUTE);
    assert_eq!(world.starts.len(), 190);
    world.check_limit();
}

#[test]
fn two_requests_are_in_flight_and_no_more() {
    let mut world = World::new(Pace::default());
    world.latency = 5_000;
    world.accept(1_000);
    world.run(4_900);
    assert_eq!(world.starts.len(), 2);
}

#[test]
fn an_attempt_that_took_too_long_to_record_is_recorded_again_before_it_is_sent() {
    let mut world = World::new(Pace::default());
    world.recording = 5_001;
    world.accept(100);
    world.run(6_000);
    assert!(world.starts.is_empty());
    world.recording = 10;
    world.drain();
    assert_eq!(world.requests.len(), 1);
}

#[test]
fn after_an_outage_new_events_arrive_within_a_minute_while_the_backlog_drains() {
    let mut world = World::new(Pace::default());
    world.mode = Mode::Failing(503);
    // An hour of 1,000 visitors in a tenth of its length: 6,000 events a minute.
    for _ in 0..6 {
        world.accept(6_000);
        world.run(MINUTE);
    }
    let backlog = world.tracked;
    world.mode = Mode::Up;
    world.run(MINUTE);
    let mut latest = 0;
    for _ in 0..5 {
        for _ in 0..60 {
            world.accept(100);
            world.run(SECOND);
            latest = latest.max(world.wait_of_oldest(backlog));
        }
    }
    assert!(latest <= MINUTE, "a new event was {latest} ms late");
    assert!(
        (0..backlog).any(|n| !world.taken.contains_key(&n)),
        "the backlog was gone too soon to show anything"
    );
    world.drain();
    world.check();
}

#[test]
fn old_events_get_a_share_even_if_new_ones_could_use_all_of_the_limit() {
    let mut world = World::new(Pace::default());
    world.mode = Mode::Failing(503);
    world.accept(20_000);
    world.run(2 * MINUTE);
    let old = world.tracked;
    world.mode = Mode::Up;
    for _ in 0..180 {
        world.accept(200);
        world.run(SECOND);
    }
    let delivered = (0..old).filter(|n| world.taken.contains_key(n)).count();
    assert!(delivered > 4_000, "{delivered} of {old} old events in three minutes");
    world.drain();
    world.check();
}

#[test]
fn an_answer_of_429_is_waited_for_as_asked_or_a_minute() {
    for (retry_after, wait) in [(Some(7_000), 7_000), (None, MINUTE)] {
        let mut world = World::new(Pace::default());
        world.mode = Mode::Limited(retry_after);
        world.accept(100);
        world.run(100);
        world.mode = Mode::Up;
        let limited = world.starts[0] + world.latency;
        world.drain();
        assert_eq!(world.starts.len(), 2);
        assert!(world.starts[1] >= limited + wait, "{:?}", world.starts);
    }
}

#[test]
fn while_the_endpoint_fails_one_request_at_a_time_tries_and_no_batch_is_added() {
    let mut world = World::new(Pace::default());
    world.mode = Mode::Failing(503);
    world.accept(2_000);
    world.run(30 * MINUTE);
    let distinct: std::collections::BTreeSet<_> = world.requests.iter().map(|request| request[0]).collect();
    assert_eq!(distinct.len(), 2, "batches of unknown fate stay as few as were in flight");
    // Waits are drawn from up to 32 seconds.
    assert!((60..240).contains(&world.starts.len()), "{}", world.starts.len());
    world.mode = Mode::Up;
    world.run(MINUTE);
    assert_eq!(world.depth().waiting, 0);
}
