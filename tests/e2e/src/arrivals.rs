//! What the collector holds, counted.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use anyhow::{Context, Result};
use collector::{Collector, StoredEvent, StoredRequest};
use serde_json::Value;

/// Everything that came, in the order in which it came.
#[derive(Clone, Debug)]
pub struct Arrivals {
    /// The events, repeats included.
    pub events: Vec<StoredEvent>,
    /// The requests, failed ones included.
    pub requests: Vec<StoredRequest>,
}

impl Arrivals {
    /// As it is now.
    pub fn at(collector: &Collector) -> Result<Self> {
        let events = collector.events().context("cannot read the events")?;
        let requests = collector.requests().context("cannot read the requests")?;
        Ok(Self { events, requests })
    }

    /// The ids, each once, in the order in which they first came.
    pub fn ids(&self) -> Vec<&str> {
        let mut seen = BTreeSet::new();
        let ids = self.events.iter().filter_map(|event| event.event_id.as_deref());
        ids.filter(|id| seen.insert(*id)).collect()
    }

    /// How many events came that had come before.
    pub fn repeats(&self) -> usize {
        self.events.len() - self.ids().len()
    }

    /// The numbers `n` that `steps` of `pages/module.html` gave to its events, in the order in which they first
    /// came. A number that came under two ids is there twice.
    pub fn steps(&self) -> Vec<u64> {
        let mut seen = BTreeSet::new();
        let steps = self.events.iter().filter_map(|event| Some((event, event.step()?)));
        steps.filter(|(event, n)| seen.insert((*n, &event.event_id))).map(|(_, n)| n).collect()
    }

    /// The first event of that name.
    pub fn named(&self, name: &str) -> Result<&StoredEvent> {
        let event = self.events.iter().find(|event| event.event_name == name);
        event.with_context(|| format!("no event {name:?} came: {self}"))
    }

    /// The most requests that came in any 60 s.
    pub fn busiest_minute(&self) -> usize {
        let mut times = Vec::from_iter(self.requests.iter().map(|request| request.received_at));
        times.sort_unstable();
        let within = |from: usize| times[from..].iter().take_while(|&&at| at < times[from] + 60_000).count();
        (0..times.len()).map(within).max().unwrap_or_default()
    }

    /// The events of each request that brought any.
    pub fn batches(&self) -> Vec<Vec<&StoredEvent>> {
        let mut batches = BTreeMap::<i64, Vec<&StoredEvent>>::new();
        for event in &self.events {
            batches.entry(event.request_id).or_default().push(event);
        }
        batches.into_values().collect()
    }
}

/// For a failure's message: who came, by numbers, and how the requests ended.
impl fmt::Display for Arrivals {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (events, ids) = (self.events.len(), self.ids().len());
        writeln!(out, "{events} events with {ids} different ids, in {} requests:", self.requests.len())?;
        for request in &self.requests {
            let status = request.status.map_or("no answer".into(), |status| status.to_string());
            let fault = request.fault.as_deref().unwrap_or("no fault");
            writeln!(out, "  {}: {} events, {status}, {fault}", request.id, request.event_count)?;
        }
        Ok(())
    }
}

/// What the journeys ask of an event.
pub trait Tracked {
    /// Its number, if `steps` tracked it.
    fn step(&self) -> Option<u64>;
    /// A property; null if it has none of that name.
    fn property(&self, name: &str) -> &Value;
    /// The page that tracked it: the part of the id that all its events share.
    fn page(&self) -> Option<&str>;
}

impl Tracked for StoredEvent {
    fn step(&self) -> Option<u64> {
        self.property("n").as_u64()
    }

    fn property(&self, name: &str) -> &Value {
        self.properties.as_ref().and_then(|properties| properties.get(name)).unwrap_or(&Value::Null)
    }

    fn page(&self) -> Option<&str> {
        Some(self.event_id.as_deref()?.rsplit_once('-')?.0)
    }
}
