//! What a key shared by many visitors promises, in crowds small enough for every run.

use simulation::fleet::{Figures, crowd};
use simulation::site::Pacing;

fn measured(present: u64) -> Figures {
    let figures = crowd(present, Pacing::Crowd, 6, 1);
    println!("{figures:#?}");
    figures
}

#[test]
fn below_the_keys_limit_nothing_is_lost_and_next_to_nothing_is_late() {
    for present in [1, 10] {
        let figures = measured(present);
        assert!(figures.tracked > 1_000);
        assert_eq!((figures.lost, figures.left_behind), (0.0, 0.0), "{present} at once");
        assert!(figures.late <= 0.01, "{present} at once");
    }
}

#[test]
fn close_to_the_limit_next_to_nothing_is_late() {
    assert!(measured(20).late <= 0.01);
}

#[test]
fn above_the_limit_it_is_used_and_batches_grow_fuller() {
    let (calm, crowded) = (measured(10), measured(100));
    assert!(crowded.accepted >= 95.0 && crowded.fill > 2.0 * calm.fill);
    assert!(crowded.limited < 0.5);
}

#[test]
fn through_a_relay_no_event_of_a_crowd_is_late_and_the_limit_is_kept() {
    let figures = crowd(100, Pacing::Relay, 6, 1);
    println!("{figures:#?}");
    assert!(figures.tracked > 1_000);
    assert_eq!((figures.late, figures.left_behind, figures.lost), (0.0, 0.0, 0.0));
    assert!(figures.busiest <= 95 && figures.fill > 10.0);
}

#[test]
fn the_same_seed_gives_the_same_crowd() {
    let [first, second] = [(); 2].map(|()| format!("{:?}", crowd(1, Pacing::Crowd, 1, 7)));
    assert_eq!(first, second);
}
