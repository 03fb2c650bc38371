//! Many worlds, one after another.

use crate::check::{Verdict, judge};
use crate::world::Tally;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

/// What came of many worlds.
#[derive(Debug, Default)]
pub struct Summary {
    pub worlds: u64,
    /// Seeds of the worlds in which a rule was broken, and which rule.
    pub faults: Vec<(u64, String)>,
    pub tally: Tally,
    pub seconds: f64,
}

/// Judges one world; a panic of the engine's is a broken rule, too.
pub fn run(seed: u64, told: bool) -> Verdict {
    catch_unwind(AssertUnwindSafe(|| judge(seed, told))).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).into()));
        let fault = Some(format!("panic: {}", text.unwrap_or_default()));
        Verdict { tally: Tally::default(), fault, trace: String::new() }
    })
}

/// Judges the worlds of `seeds`, up to the first broken rule if that is enough.
pub fn run_all(seeds: Range<u64>, first_is_enough: bool, mut progress: impl FnMut(&Summary)) -> Summary {
    let mut summary = Summary::default();
    let begun = Instant::now();
    for seed in seeds {
        let verdict = run(seed, false);
        summary.worlds += 1;
        summary.tally.add(&verdict.tally);
        summary.faults.extend(verdict.fault.map(|fault| (seed, fault)));
        summary.seconds = begun.elapsed().as_secs_f64();
        if first_is_enough && !summary.faults.is_empty() {
            break;
        }
        progress(&summary);
    }
    summary
}

impl Summary {
    /// The run in a few lines.
    pub fn text(&self) -> String {
        let Tally { events, processed, repeats, requests, never_stored, lapsed, revived, spoiled, misjudged } =
            self.tally;
        let [lost, over_quota, limited, failed, forbidden, refused, partial] = misjudged;
        let hand_overs: u64 = misjudged.iter().sum();
        let per_minute = self.worlds as f64 / self.seconds * 60.0;
        let percent = |count: u64| 100.0 * count as f64 / events.max(1) as f64;
        format!(
            "{} worlds in {:.1} s, {per_minute:.0} a minute: {} with a broken rule\n\
             {events} events in {requests} requests: {processed} arrived, {repeats} of them again ({lapsed} after a lease \
             had lapsed), {never_stored} were with a page that died before they were stored, {revived} were given up under a \
             cap by one that died before that was stored, {spoiled} were dead letters of one that died before they were\n\
             {hand_overs} ({:.2} %) were settled as handed over though they had not arrived: {lost} lost on the way, \
             {over_quota} over the browser's quota, {limited} into a 429, {failed} into another failure, {forbidden} with \
             a refused key, {refused} into a refused batch, {partial} into a batch taken in part",
            self.worlds,
            self.seconds,
            self.faults.len(),
            percent(hand_overs),
        )
    }
}
