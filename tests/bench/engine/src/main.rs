//! One scenario of the engine, for callgrind to count the instructions of: `engine-bench SCENARIO`. What prepares it is not
//! counted, only what runs inside [`measured`].

mod life;

use std::env;
use std::hint::black_box;

use appizer_tracker::core::model::event::{Draft, Seal};
use appizer_tracker::core::policy::limits;

use crate::life::{Page, line, tasks};

fn main() {
    let scenario = env::args().nth(1).unwrap_or_default();
    let delivered = match scenario.as_str() {
        "envelope" => {
            let line = line(1);
            let seal = Seal { user_id: "\"u\"", ua: "\"Mozilla/5.0\"", metadata: true };
            measured(|| {
                (0..1_000)
                    .filter(|_| {
                        black_box(Draft::parse(&line, limits::MAX_EVENT_BYTES))
                            .is_ok_and(|draft| !draft.seal(seal).json.is_empty())
                    })
                    .count()
            })
        }
        "life" => whole_life(10_000, 10_000),
        "trickle" => whole_life(2_000, 1),
        "backlog" => {
            let mut page = Page::open();
            tasks(10_000, 100).into_iter().for_each(|lines| page.track(lines));
            measured(|| page.deliver())
        }
        other => panic!("{other:?} is no scenario: envelope, life, trickle, backlog"),
    };
    println!("{scenario}: {delivered}");
}

/// From the hand-over to the last delivery.
fn whole_life(events: u32, each: u32) -> usize {
    let (tasks, mut page) = (tasks(events, each), Page::open());
    measured(|| {
        tasks.into_iter().for_each(|lines| page.track(lines));
        page.deliver()
    })
}

/// Callgrind begins and ends to count where this function does.
#[inline(never)]
#[unsafe(export_name = "measured")]
fn measured_inner(work: &mut dyn FnMut() -> usize) -> usize {
    work()
}

fn measured(work: impl FnOnce() -> usize) -> usize {
    let mut work = Some(work);
    measured_inner(&mut || work.take().map_or(0, |work| work()))
}
