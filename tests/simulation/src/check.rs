//! The end of a world: everything mends, time passes, and then it must all add up.

use crate::network::Fate;
use crate::page::{Life, Page};
use crate::time::{HOUR, MINUTE};
use crate::weather::Weather;
use crate::world::{Storage, Tally, World};
use appizer_tracker::core::engine::notice::Waiting;
use appizer_tracker::core::model::account::Account;
use appizer_tracker::core::policy::limits;

/// What came of a world.
pub struct Verdict {
    pub tally: Tally,
    /// The rule that was broken.
    pub fault: Option<String>,
    /// Its story, if it was to be told.
    pub trace: String,
}

/// Longer than any world.
const FOREVER: u64 = u64::MAX / 2;

/// Lets the world `seed` happen and judges it.
pub fn judge(seed: u64, told: bool) -> Verdict {
    let mut world = World::new(seed, told);
    world.run_until(FOREVER, |world| world.left_to_do > 0);
    if world.ledger.fault.is_none() {
        world.settle();
    }
    if world.ledger.fault.is_none() {
        world.check();
    }
    Verdict { tally: world.tally, fault: world.ledger.fault, trace: world.trace.text() }
}

impl World {
    /// Everything mends. Pages that live get what they have delivered; then all tabs are closed but for a new one, which
    /// gets the rest delivered.
    fn settle(&mut self) {
        self.mend();
        let wakes = self.pages.iter().map(|page| page.asleep_until).max().unwrap_or_default();
        let end = self.now.max(wakes) + 3 * HOUR;
        self.run_until(end, |_| true);
        self.run_while_progressing(|world| {
            (0..world.pages.len()).any(|page| world.waits_for_something(page).is_some())
        });
        for page in 0..self.pages.len() {
            if let Some((queued, waiting)) = self.waits_for_something(page) {
                self.ledger
                    .blame(|| format!("page{page} still has {queued} events, waiting for {waiting:?}"));
            }
        }
        for page in 0..self.pages.len() {
            if self.pages[page].life != Life::Dead {
                self.unload(page, true);
            }
        }
        self.run_until(self.now + MINUTE, |_| true);
        self.close_the_books();
    }

    /// From here on nothing goes wrong any more, and nobody sleeps.
    fn mend(&mut self) {
        self.note("world", format_args!("everything mends"));
        self.set_sky(Weather::Good);
        self.storage = Storage::Good;
        self.scenario.server_limit = None;
        self.scenario.guilty = 0;
        self.scenario.trouble = Default::default();
        for page in 0..self.pages.len() {
            self.pages[page].dies_in = None;
            match self.pages[page].life {
                Life::Frozen => self.resume(page),
                Life::Hidden => self.show(page),
                Life::Cached => self.bury(page, true),
                _ => {}
            }
        }
    }

    /// A last page adopts what all others left. Leases of the dead end by themselves; then a success settles what was handed over.
    fn close_the_books(&mut self) {
        self.open_page(0);
        let last = self.pages.len() - 1;
        self.run_until(self.now + 10 * MINUTE, |_| true);
        self.track(last, 1);
        let end = self.now + 3 * HOUR;
        self.run_until(end, |_| true);
        if self.run_while_progressing(|_| true) {
            self.ledger.blame(|| "something is still being sent when all should be quiet".into());
        }
        let idle = self.pages[last].engine.next_timeout();
        let soon = self.pages[last].clock(self.now) + limits::ADOPT_INTERVAL;
        if idle.is_none_or(|at| at > soon) {
            self.ledger.blame(|| format!("the last page does not just look out for orphans: {idle:?}"));
        }
    }

    /// Runs on as long as it is asked for and something gets on: a few requests a minute of one event each take their time, and in a
    /// crowd an interval takes more than an hour, and the try after it waits for another. Whether something got on to the end.
    fn run_while_progressing(&mut self, wanted: impl Fn(&Self) -> bool) -> bool {
        let mut seen = (0, 0);
        for _ in 0..500 {
            let now = self.progress();
            if seen == now || !wanted(self) {
                break;
            }
            seen = now;
            self.run_until(self.now + 6 * HOUR, |_| true);
        }
        seen != self.progress()
    }

    /// Returns the number of requests sent and of events queued. Events that become too old leave the queue without a request.
    fn progress(&self) -> (u64, u64) {
        let queued =
            |page: &Page| page.engine.stats(Account::default(), page.clock(self.now)).account.queued();
        (self.tally.requests, self.pages.iter().map(queued).sum())
    }

    /// In good weather a page's events go out: none is stuck, but for what a mark keeps back.
    fn waits_for_something(&self, page: usize) -> Option<(u64, Option<Waiting>)> {
        let page = &self.pages[page];
        if page.life == Life::Dead || page.closed {
            return None;
        }
        let stats = page.engine.stats(Account::default(), page.clock(self.now));
        let queued = stats.account.queued();
        (queued > 0 && stats.waiting != Some(Waiting::Reply)).then_some((queued, stats.waiting))
    }

    fn check(&mut self) {
        self.ledger.note_unwritten(self.scenario.is_capped);
        self.check_events();
        self.check_quiet();
        self.check_accounts();
    }

    fn check_events(&mut self) {
        let letters = self.disk.stores.letters.values();
        let mut kept: Vec<u32> = letters.flat_map(|letter| crate::ledger::numbers(&letter.id)).collect();
        kept.sort_unstable();
        self.tally.events += self.ledger.events.len() as u64;
        self.tally.lapsed += self.ledger.lapsed.unwrap_or_default();
        self.tally.revived += self.ledger.revived;
        let mut lost = Vec::new();
        for (number, event) in self.ledger.events.iter().enumerate() {
            let number = number as u32;
            self.tally.processed += u64::from(event.processed > 0);
            self.tally.repeats += u64::from(event.processed.saturating_sub(1));
            self.tally.never_stored += u64::from(!event.committed && event.processed == 0);
            let found = event.processed > 0
                || event.discarded
                || kept.binary_search(&number).is_ok()
                || event.dropped;
            self.tally.spoiled += u64::from(event.committed && event.spoiled && !found);
            let accounted = found || event.spoiled;
            if event.committed && !accounted {
                lost.push(number);
            }
        }
        for number in lost {
            self.judge_loss(number);
        }
    }

    /// A lost event: a hand-over that was settled though nothing had arrived, or a broken promise.
    fn judge_loss(&mut self, number: u32) {
        let event = &self.ledger.events[number as usize];
        let settled = self.ledger.settled.contains(&number);
        let fate = event.handed.map(|flight| self.flights[flight].fate);
        let place = match fate.filter(|_| settled) {
            Some(Fate::Lost) => 0,
            Some(Fate::OverQuota) => 1,
            Some(Fate::Limited) => 2,
            Some(Fate::Failed) => 3,
            Some(Fate::Forbidden) => 4,
            Some(Fate::Refused) => 5,
            Some(Fate::Partial) => 6,
            _ => {
                return self.ledger.blame(|| format!("e{number} is lost: it was in the database ({fate:?})"));
            }
        };
        self.tally.misjudged[place] += 1;
    }

    fn check_quiet(&mut self) {
        let stores = &self.disk.stores;
        let garbled = |ids: &str| ids.is_empty();
        let records = stores.segments.values().filter(|record| !garbled(&record.ids));
        let records: Vec<&str> = records.map(|record| record.key.as_str()).collect();
        if let Some(key) = records.first() {
            let key = key.to_string();
            self.ledger.blame(|| format!("record {key} is still in the database"));
        }
        if let Some(owner) = self.disk.stores.marks.keys().next().cloned() {
            self.ledger.blame(|| format!("the mark of {owner} is still in the database"));
        }
        if let Some(owner) = self.disk.local.marks.keys().next().cloned() {
            self.ledger.blame(|| format!("the mark of {owner} is still in localStorage"));
        }
        if let Some(owner) = self.disk.local.left.keys().next().cloned() {
            self.ledger.blame(|| format!("what {owner} left is still in localStorage"));
        }
        let accounts = self.disk.stores.accounts.len();
        if accounts > 1 {
            self.ledger.blame(|| format!("{accounts} accounts are left, and one page"));
        }
    }

    fn check_accounts(&mut self) {
        let mut sum = Account::default();
        self.disk.stores.accounts.values().for_each(|&account| sum.add(account));
        let dropped = sum.dropped.storage_lost
            + sum.dropped.max_queue_events
            + sum.dropped.max_queue_bytes
            + sum.dropped.max_age
            + sum.dropped.quota
            + sum.dropped.corrupt;
        if sum.accepted != sum.delivered + sum.handed_over + sum.rejected + sum.uncertain + dropped {
            self.ledger.blame(|| format!("the account does not add up though nothing is queued: {sum:?}"));
        }
        let mut expected = self.ledger.expected;
        // An adopted account and the records it speaks of may part ways, to two pages; and an account that speaks of events
        // which are gone may meet events of which none speaks.
        expected.accepted = (expected.accepted + dropped).saturating_sub(self.ledger.dropped_from_store);
        expected.dropped = sum.dropped;
        // What a page gives up on its way out is counted by whoever adopts it, if it was stored before.
        if self.scenario.is_capped {
            expected.accepted = sum.accepted;
        }
        if self.ledger.exact && sum != expected {
            self.ledger.blame(|| format!("the account says {sum:?}, but it was {expected:?}"));
        }
    }
}
