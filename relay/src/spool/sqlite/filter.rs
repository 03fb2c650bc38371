//! A Bloom filter over the known ids of past days: nearly every event is new, and one look into memory says so in place of
//! thirty into the file.
//!
//! Days that are over never change, so that a filter once built stays right for its days. Until it is built, and for days
//! that have ended since, the tables are asked.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use super::open;
use super::read::known_days;
use crate::spool::SpoolError;

/// Bits for each id; with [`PROBES`] one new id in 2,000 is looked up in vain.
const BITS_PER_ID: u64 = 16;

const PROBES: usize = 8;

/// The smallest filter: 128 KiB.
const LEAST_BITS: u64 = 1 << 20;

/// The ids of some days.
#[derive(Debug)]
pub(super) struct Filter {
    /// It was built on this day.
    today: i64,
    /// Days before it of which there are ids.
    days: BTreeSet<i64>,
    bits: Vec<u64>,
}

impl Filter {
    fn new(today: i64, days: BTreeSet<i64>, ids: u64) -> Self {
        let bits = (ids * BITS_PER_ID).max(LEAST_BITS).next_power_of_two();
        Self { today, days, bits: vec![0; (bits / 64) as usize] }
    }

    /// Returns false if the id is certainly none of these days'.
    pub(super) fn may_hold(&self, id: &[u8; 16]) -> bool {
        self.places(id).all(|place| self.bits[place / 64] & (1 << (place % 64)) != 0)
    }

    /// Returns true if the ids of this day are in it.
    pub(super) fn covers(&self, day: i64) -> bool {
        self.days.contains(&day)
    }

    fn add(&mut self, id: &[u8; 16]) {
        for place in self.places(id) {
            self.bits[place / 64] |= 1 << (place % 64);
        }
    }

    /// Returns the places of an id. Ids are hashes: their halves are random numbers already.
    fn places(&self, id: &[u8; 16]) -> impl Iterator<Item = usize> + use<> {
        let half = |bytes: &[u8]| u64::from_be_bytes(bytes.try_into().unwrap_or_default());
        let (first, step) = (half(&id[..8]), half(&id[8..]) | 1);
        let mask = self.bits.len() as u64 * 64 - 1;
        (0..PROBES as u64).map(move |probe| (first.wrapping_add(probe.wrapping_mul(step)) & mask) as usize)
    }
}

/// The filter of a spool, built beside the work.
#[derive(Clone, Debug, Default)]
pub(super) struct Slot(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    filter: Option<Arc<Filter>>,
    building: bool,
}

impl Slot {
    /// Returns the filter, if there is one.
    pub(super) fn get(&self) -> Option<Arc<Filter>> {
        self.lock().filter.clone()
    }

    /// Gives the filter up: a day that was over has begun again, by a clock that was set back.
    pub(super) fn clear(&self) {
        self.lock().filter = None;
    }

    /// Builds a filter of the days before `today` on a thread of its own, unless there is one or it is being built.
    pub(super) fn refresh(&self, path: &Path, today: i64) {
        let mut state = self.lock();
        let fresh = state.filter.as_ref().is_some_and(|filter| filter.today == today);
        if fresh || state.building {
            return;
        }
        state.building = true;
        drop(state);
        let (slot, path) = (self.clone(), PathBuf::from(path));
        let built = thread::Builder::new().name("spool-filter".into()).spawn(move || {
            let filter = build(&path, today);
            let mut state = slot.lock();
            state.building = false;
            // Without one the tables are asked, and the next round tries again.
            state.filter = filter.ok().map(Arc::new);
        });
        if built.is_err() {
            self.lock().building = false;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn build(path: &Path, today: i64) -> Result<Filter, SpoolError> {
    let connection = open::attach(path)?;
    // Each page is read once.
    connection.pragma_update(None, "cache_size", -1_024)?;
    let days: BTreeSet<i64> = known_days(&connection)?.into_iter().filter(|day| *day < today).collect();
    let mut ids = 0;
    for day in &days {
        ids += connection
            .query_row(&format!("SELECT count(*) FROM known_{day}"), [], |row| row.get::<_, i64>(0))?;
    }
    let mut filter = Filter::new(today, days.clone(), ids as u64);
    for day in days {
        let mut select = connection.prepare(&format!("SELECT id FROM known_{day}"))?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            filter.add(&row.get(0)?);
        }
    }
    Ok(filter)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spool::EventId;

    #[test]
    fn what_is_in_it_is_always_found_and_what_is_not_hardly_ever() {
        let mut filter = Filter::new(0, BTreeSet::new(), 10_000);
        let id = |n: u32| EventId::new("site", &n.to_string()).0;
        (0..10_000).for_each(|n| filter.add(&id(n)));
        assert!((0..10_000).all(|n| filter.may_hold(&id(n))));
        let false_finds = (10_000..20_000).filter(|n| filter.may_hold(&id(*n))).count();
        assert!(false_finds < 100, "{false_finds} of 10,000");
    }
}
