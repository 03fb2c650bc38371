//! Whatever happens and whenever the relay dies: nothing is lost, nothing is sent twice without a reason, and the limit
//! holds.

use proptest::prelude::*;
use relay::sender::Pace;

use super::world::{Crash, Mode, World};

#[derive(Clone, Debug)]
enum Action {
    Accept(usize),
    Bad(usize),
    Poison(usize),
    Run(u64),
    Mode(Mode),
    Latency(u64),
    Recording(u64),
    Crash,
    CrashAt(Crash),
}

fn action() -> impl Strategy<Value = Action> {
    let mode = prop_oneof![
        4 => Just(Mode::Up),
        2 => Just(Mode::Naming),
        1 => prop_oneof![Just(500), Just(503), Just(204), Just(401), Just(302)].prop_map(Mode::Failing),
        1 => prop::option::of(0_u64..200_000).prop_map(Mode::Limited),
        2 => Just(Mode::Mute),
    ];
    let crash = prop_oneof![Just(Crash::AfterBegin), Just(Crash::BeforeSettle), Just(Crash::AfterSettle)];
    prop_oneof![
        5 => (1_usize..260).prop_map(Action::Accept),
        1 => (1_usize..40).prop_map(Action::Bad),
        1 => (1_usize..10).prop_map(Action::Poison),
        6 => (1_u64..150_000).prop_map(Action::Run),
        4 => (1_u64..3_000).prop_map(Action::Run),
        3 => mode.prop_map(Action::Mode),
        1 => (0_u64..30_000).prop_map(Action::Latency),
        1 => (0_u64..7_000).prop_map(Action::Recording),
        2 => Just(Action::Crash),
        3 => crash.prop_map(Action::CrashAt),
    ]
}

fn live(limit: usize, actions: &[Action]) {
    let mut world = World::new(Pace { starts_per_minute: limit, ..Pace::default() });
    for action in actions {
        match action {
            Action::Accept(count) => world.accept(*count),
            Action::Bad(before_end) => {
                world.accept(5);
                let n = world.tracked.saturating_sub(*before_end);
                world.bad.insert(n);
            }
            Action::Poison(before_end) => {
                world.accept(2);
                let n = world.tracked.saturating_sub(*before_end);
                world.poison.insert(n);
            }
            Action::Run(ms) => world.run(*ms),
            Action::Mode(mode) => world.mode = mode.clone(),
            Action::Latency(ms) => world.latency = *ms,
            Action::Recording(ms) => world.recording = *ms,
            Action::Crash => world.crash(),
            Action::CrashAt(crash) => world.crash = Some(*crash),
        }
    }
    world.crash = None;
    (world.mode, world.latency, world.recording) = (Mode::Up, 200, 1);
    // An event at which the endpoint fails is recognised by others that go through meanwhile.
    for _ in 0..2_000 {
        let dead = world.dead();
        if world.poison.is_subset(&dead) {
            break;
        }
        world.accept(1);
        world.run(20_000);
    }
    world.drain();
    world.check();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, max_shrink_iters: 300, ..ProptestConfig::default() })]

    #[test]
    fn no_confirmed_event_is_lost_or_repeated_without_a_recorded_attempt_and_the_limit_holds(
        limit in prop_oneof![Just(12_usize), Just(95)],
        actions in prop::collection::vec(action(), 1..40),
    ) {
        live(limit, &actions);
    }
}

#[test]
fn a_crash_at_every_step_repeats_at_most_what_was_in_flight() {
    for crash in [Crash::AfterBegin, Crash::BeforeSettle, Crash::AfterSettle] {
        let mut world = World::new(Pace::default());
        for _ in 0..20 {
            world.accept(300);
            world.crash = Some(crash);
            world.run(10_000);
        }
        world.drain();
        world.check();
        let repeats: u32 = world.taken.values().map(|taken| taken - 1).sum();
        assert!(repeats <= 20 * 200, "{repeats} after 20 crashes {crash:?}");
        assert_eq!(repeats == 0, crash == Crash::AfterBegin, "{crash:?}: {repeats}");
    }
}
