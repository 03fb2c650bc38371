//! What becomes of batches that the endpoint does not simply take.

use relay::policy::{MINUTE, PAUSE};
use relay::sender::{Pace, State};

use super::world::{Mode, World};

#[test]
fn one_bad_event_of_a_full_batch_becomes_a_dead_letter_and_the_rest_is_delivered() {
    let mut world = World::new(Pace::default());
    world.bad.insert(63);
    world.accept(100);
    world.drain();
    world.check();
    assert_eq!(world.dead().into_iter().collect::<Vec<_>>(), [63]);
    assert!(world.starts.len() <= 15, "{} requests", world.starts.len());
}

#[test]
fn named_events_become_dead_letters_without_a_search() {
    let mut world = World::new(Pace::default());
    world.mode = Mode::Naming;
    world.bad.extend([3, 99]);
    world.accept(100);
    world.drain();
    assert_eq!((world.starts.len(), world.dead().into_iter().collect::<Vec<_>>()), (1, vec![3, 99]));
}

#[test]
fn halves_of_refused_batches_wait_behind_healthy_ones_and_still_get_a_fifth() {
    let mut world = World::new(Pace::default());
    world.bad.extend((0..2_000).filter(|n| n % 10 == 0));
    world.accept(2_000);
    // Enough healthy batches for the whole time.
    world.accept(60_000);
    world.run(5 * MINUTE);
    let suspects = world.requests.iter().filter(|request| request[0] < 2_000 && request.len() < 100).count();
    let healthy = world.requests.iter().filter(|request| request.len() == 100).count();
    assert!(suspects >= 5 * 16, "{suspects} requests for halves in five minutes");
    assert!(healthy >= 5 * 60, "{healthy} requests for healthy batches in five minutes");
    world.drain();
    world.check();
    assert_eq!(world.dead().len(), 200, "no event but the bad ones became a dead letter");
}

#[test]
fn an_event_at_which_the_endpoint_always_fails_does_not_hold_up_the_rest() {
    let mut world = World::new(Pace::default());
    world.poison.insert(42);
    world.accept(100);
    for _ in 0..60 {
        world.accept(100);
        world.run(10_000);
    }
    world.drain();
    world.check();
    assert_eq!(world.dead().into_iter().collect::<Vec<_>>(), [42]);
}

#[test]
fn several_such_events_do_not_either() {
    let mut world = World::new(Pace::default());
    world.poison.extend([42, 142, 242, 342]);
    for _ in 0..200 {
        world.accept(100);
        world.run(10_000);
    }
    world.drain();
    world.check();
    assert_eq!(world.dead().into_iter().collect::<Vec<_>>(), [42, 142, 242, 342]);
}

#[test]
fn an_endpoint_that_fails_at_everything_makes_no_dead_letters() {
    let mut world = World::new(Pace::default());
    world.mode = Mode::Failing(500);
    world.accept(500);
    world.run(60 * MINUTE);
    assert!(world.dead().is_empty());
    assert_eq!(world.depth().waiting, 500);
}

#[test]
fn a_refused_key_pauses_delivery_and_is_tried_again_every_few_minutes() {
    for status in [401, 403, 404] {
        let mut world = World::new(Pace::default());
        world.mode = Mode::Failing(status);
        world.accept(100);
        world.run(4 * PAUSE);
        assert_eq!(world.state(), State::Paused);
        assert!((3..=5).contains(&world.starts.len()), "{} tries", world.starts.len());
        world.mode = Mode::Up;
        world.run(PAUSE + MINUTE);
        assert_eq!((world.state(), world.depth().waiting), (State::Up, 0));
    }
}

#[test]
fn answers_that_are_not_the_endpoints_are_failures_and_then_a_pause() {
    let mut world = World::new(Pace::default());
    world.mode = Mode::Failing(204);
    world.accept(100);
    world.run(1_000);
    assert_eq!(world.state(), State::Failing);
    world.run(10 * MINUTE);
    assert_eq!(world.state(), State::Paused);
    assert_eq!(world.depth().waiting, 100);
}

#[test]
fn a_lost_reply_sends_the_same_batch_again() {
    let mut world = World::new(Pace::default());
    world.mode = Mode::Mute;
    world.accept(100);
    world.run(100);
    world.mode = Mode::Up;
    world.accept(50);
    world.drain();
    world.check();
    assert_eq!(world.taken[&0], 2);
    assert_eq!(world.taken[&120], 1);
}
