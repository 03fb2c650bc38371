//! A run: what is measured how often, and in which order.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::results::{self, Measurements, Results, Row};
use crate::scene::{Burst, Scene};
use crate::size::{self, Size};
use crate::targets::grouped;
use crate::trackers::{BARE, EMPTY, OURS, OURS_JS, Tracker};

/// How much of it.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    quick: bool,
    /// Repetitions of what takes a second.
    often: usize,
    /// Of what takes some peers half a minute.
    seldom: usize,
    /// How many events a burst has.
    bursts: [u32; 2],
    /// How long a peer's events of a burst are waited for.
    limits: [Duration; 2],
    /// Backlogs.
    growth: &'static [(&'static str, u32)],
}

impl Plan {
    /// To see that all works.
    pub const QUICK: Self = Self {
        quick: true,
        often: 1,
        seldom: 1,
        bursts: [100, 1_000],
        limits: [Duration::from_secs(6), Duration::from_secs(6)],
        growth: &[("100", 100), ("1,000", 1_000)],
    };

    /// To be kept.
    pub const WHOLE: Self = Self {
        quick: false,
        often: 5,
        seldom: 1,
        bursts: [1_000, 10_000],
        limits: [Duration::from_secs(12), Duration::from_secs(20)],
        growth: &[("100", 100), ("1,000", 1_000), ("10,000", 10_000), ("100,000", 100_000)],
    };

    /// In words for the report.
    fn title(&self, measure: Measure) -> String {
        match measure {
            Measure::Start => "its start".into(),
            Measure::Burst(which) => format!("{} calls", grouped(self.bursts[which].into())),
            Measure::Memory => format!("memory with {} events queued", grouped(self.bursts[1].into())),
            Measure::Idle => "an idle hour".into(),
        }
    }
}

/// One kind of measurement.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Measure {
    Start,
    /// The first or the second of [`Plan::bursts`].
    Burst(usize),
    Memory,
    Idle,
}

#[derive(Debug, Default)]
struct Run {
    measurements: Measurements,
    sizes: BTreeMap<&'static str, Size>,
    failures: BTreeMap<&'static str, Vec<String>>,
}

/// Measures all of these.
pub async fn all(scene: &mut Scene, compared: &[Tracker], plan: Plan) -> Result<Results> {
    let mut run = Run::default();
    let begun = Instant::now();
    println!("── growth");
    for _ in 0..plan.often.div_ceil(3) {
        for &(name, events) in plan.growth.iter().filter(|_| compared.contains(&OURS)) {
            run.growth(scene, name, events).await?;
        }
    }
    for round in 0..plan.often {
        println!("── round {} of {}, after {:.0} s", round + 1, plan.often, begun.elapsed().as_secs_f64());
        for measure in [Measure::Start, Measure::Burst(0), Measure::Burst(1), Measure::Memory, Measure::Idle]
        {
            run.round(scene, compared, plan, measure, round).await?;
        }
    }
    println!("── done in {:.0} s", begun.elapsed().as_secs_f64());
    run.results(scene, compared, plan)
}

impl Run {
    /// One kind of measurement of every tracker, each time in another order.
    async fn round(
        &mut self,
        scene: &mut Scene,
        compared: &[Tracker],
        plan: Plan,
        measure: Measure,
        round: usize,
    ) -> Result<()> {
        let mut order = Vec::from_iter(compared.iter().copied().chain([EMPTY]));
        let places = order.len();
        order.rotate_left(round % places);
        if round % 2 == 1 {
            order.reverse();
        }
        for tracker in order.into_iter().filter(|&tracker| takes_part(tracker, measure, plan, round)) {
            if let Err(error) = self.one(scene, tracker, plan, measure).await {
                println!("   {}: {measure:?}: {:.200}", tracker.name, format!("{error:#}"));
                self.failures.entry(tracker.name).or_default().push(plan.title(measure));
                scene.sink.refuse(false);
                scene.restart().await?;
            }
        }
        Ok(())
    }

    async fn one(&mut self, scene: &mut Scene, tracker: Tracker, plan: Plan, measure: Measure) -> Result<()> {
        let name = tracker.name;
        match measure {
            Measure::Start => {
                let (start, loaded) = scene.measure_start(tracker).await?;
                self.sizes.insert(name, size::of(&loaded)?);
                self.add(name, "start", &[("callable", start.callable), ("ready", start.ready)]);
                self.add(name, "start", &[("cpu", start.cpu)]);
                if tracker != OURS_JS {
                    self.add(name, "start", &[("memory", start.memory)]);
                }
                start.blocked.iter().for_each(|&ms| self.add(name, "start", &[("blocked", ms)]));
            }
            Measure::Burst(which) => {
                let (count, limit) = (plan.bursts[which], plan.limits[which]);
                let Burst { micros, arrived, repeats, requests, bytes, last, cpu, longest } =
                    scene.measure_burst(tracker, count, limit).await?;
                let prefix = ["small", "large"][which];
                self.add(name, prefix, &[("micros", micros), ("arrived", arrived), ("repeats", repeats)]);
                self.add(name, prefix, &[("requests", requests), ("bytes", bytes), ("last", last)]);
                self.add(name, prefix, &[("cpu", cpu), ("longest", longest)]);
            }
            Measure::Memory => {
                let bytes = scene.measure_memory(tracker, plan.bursts[1]).await?;
                self.add(name, "memory", &[("queued", bytes)]);
            }
            Measure::Idle => {
                let idle = scene.measure_idle(tracker).await?;
                // Its clock stands still from now on.
                scene.restart().await?;
                self.add(
                    name,
                    "idle",
                    &[("timers", idle.timers), ("requests", idle.requests), ("cpu", idle.cpu)],
                );
            }
        }
        Ok(())
    }

    async fn growth(&mut self, scene: &mut Scene, name: &'static str, events: u32) -> Result<()> {
        let growth = scene.measure_growth(events, Duration::from_secs(60)).await?;
        self.add(
            name,
            "growth",
            &[("events", f64::from(events)), ("ready", growth.ready), ("cpu", growth.cpu)],
        );
        self.add(name, "growth", &[("queued", growth.queued_memory), ("backlog", growth.backlog_memory)]);
        self.add(
            name,
            "growth",
            &[("last", growth.last), ("requests", growth.requests), ("arrived", growth.arrived)],
        );
        Ok(())
    }

    fn add(&mut self, of: &'static str, prefix: &str, values: &[(&str, f64)]) {
        for (measure, value) in values {
            self.measurements.add(of, format!("{prefix}_{measure}"), *value);
        }
    }

    fn results(mut self, scene: &Scene, compared: &[Tracker], plan: Plan) -> Result<Results> {
        let mut trackers = Vec::new();
        for &tracker in compared.iter().chain([&EMPTY]) {
            let size = self.sizes.remove(tracker.name).unwrap_or_default();
            let failures = self.failures.remove(tracker.name).unwrap_or_default();
            trackers.push(Row::of(tracker, size, &self.measurements, failures)?);
        }
        let growth = plan.growth.iter().map(|(name, _)| Row {
            title: (*name).into(),
            name: (*name).into(),
            version: String::new(),
            size: Size::default(),
            figures: self.measurements.figures(name),
            failures: Vec::new(),
        });
        Ok(Results {
            date: results::now()?,
            browser: scene.version.clone(),
            machine: results::machine(),
            quick: plan.quick,
            growth: growth.collect(),
            trackers,
        })
    }
}

/// What takes a peer half a minute is not repeated as often as what takes a second.
fn takes_part(tracker: Tracker, measure: Measure, plan: Plan, round: usize) -> bool {
    let quick = [OURS, OURS_JS, BARE].contains(&tracker);
    match measure {
        // Its memory is an ArrayBuffer, which is neither in the heap's figure nor in WebAssembly's.
        Measure::Memory if tracker == OURS_JS => false,
        Measure::Start => true,
        _ if tracker == EMPTY => false,
        Measure::Burst(_) if quick => true,
        Measure::Burst(0) => round < plan.seldom.max(plan.often / 3),
        Measure::Memory | Measure::Idle if quick => round < plan.often.div_ceil(2),
        Measure::Burst(_) | Measure::Memory | Measure::Idle => round < plan.seldom,
    }
}
