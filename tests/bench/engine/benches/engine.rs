//! The engine by the clock: `cargo bench --package engine-bench`.

#[path = "../src/life.rs"]
mod life;

use appizer_tracker::core::model::event::{Draft, Seal};
use appizer_tracker::core::policy::limits;
use divan::{Bencher, black_box};

use crate::life::{Page, line, tasks};

fn main() {
    divan::main();
}

#[divan::bench]
fn one_line_becomes_an_envelope(bencher: Bencher<'_, '_>) {
    let line = line(1);
    let seal = Seal { user_id: "\"u\"", ua: "\"Mozilla/5.0\"", metadata: true };
    bencher.bench(|| Draft::parse(black_box(&line), limits::MAX_EVENT_BYTES).map(|draft| draft.seal(seal)));
}

/// All in one task, then all delivered.
#[divan::bench(args = [100, 1_000, 10_000, 100_000])]
fn a_burst_from_hand_over_to_delivery(bencher: Bencher<'_, '_>, events: u32) {
    bencher.with_inputs(|| (tasks(events, events), Page::open())).bench_values(|(tasks, mut page)| {
        tasks.into_iter().for_each(|lines| page.track(lines));
        page.deliver()
    });
}

/// One event a task while nothing is delivered.
#[divan::bench(args = [100, 1_000, 10_000])]
fn single_events_pile_up(bencher: Bencher<'_, '_>, events: u32) {
    bencher.with_inputs(|| (tasks(events, 1), Page::open())).bench_values(|(tasks, mut page)| {
        tasks.into_iter().for_each(|lines| page.track(lines));
        page
    });
}

/// What was queued before goes out.
#[divan::bench(args = [100, 1_000, 10_000, 100_000])]
fn a_backlog_is_delivered(bencher: Bencher<'_, '_>, events: u32) {
    let queued = || {
        let mut page = Page::open();
        tasks(events, 100).into_iter().for_each(|lines| page.track(lines));
        page
    };
    bencher.with_inputs(queued).bench_values(|mut page| page.deliver());
}
