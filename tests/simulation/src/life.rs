//! Pages that open, hide, freeze, go and die.

use crate::page::{Life, Page, Task};
use crate::weather::Weather;
use crate::world::{Happening, World};
use appizer_tracker::core::engine::{Engine, Setup};
use appizer_tracker::core::model::account::Account;
use std::collections::VecDeque;

impl World {
    /// A tab shows a new page with a tracker.
    pub fn open_page(&mut self, tab: usize) {
        let page = self.pages.len();
        let options = self.scenario.options(&mut self.chance);
        let setup = Setup {
            options,
            owner: format!("p{page}-0"),
            anonymous: format!("anon-{page}"),
            ua: "UA".into(),
            wall: self.wall + self.now,
            seed: self.chance.any(),
            online: self.sky != Weather::Offline,
            good_link: self.disk.local.good_link,
            fetch_outlives: self.scenario.has_keepalive,
            can_insure: self.scenario.can_insure,
            tab: None,
            opted_out: false,
            opted_in: false,
        };
        let origin = self.wall + self.now;
        self.pages.push(Page {
            tab,
            engine: Engine::new(setup, origin),
            life: Life::Visible,
            closed: false,
            away: true,
            incarnation: 0,
            source: 0,
            connection: None,
            departures: 0,
            releases: 0,
            held: Vec::new(),
            renewals: 0,
            timer: None,
            timers: 0,
            parked: VecDeque::new(),
            asleep_until: 0,
            answered_at: 0,
            flights: Vec::new(),
            taking: None,
            account: Account::default(),
            heard_success: false,
            insured: None,
            marked: String::new(),
            not_before: 0,
            dies_in: None,
            origin,
            born: self.now,
            slept: 0,
        });
        self.tabs[tab] = Some(page);
        self.drain(page);
    }

    /// The page in front of the user, if its code can run.
    pub fn shown(&self, tab: usize) -> Option<usize> {
        self.tabs[tab].filter(|&page| self.pages[page].is_awake(self.now))
    }

    /// The page cannot be seen any more.
    pub fn hide(&mut self, page: usize) {
        self.pages[page].life = Life::Hidden;
        self.note_page(page, format_args!("is hidden"));
        self.tell(page, Engine::handle_hidden);
    }

    /// The page is seen again.
    pub fn show(&mut self, page: usize) {
        self.pages[page].life = Life::Visible;
        self.note_page(page, format_args!("is visible"));
    }

    /// The page goes into the back/forward cache, or is frozen where it is.
    pub fn suspend(&mut self, page: usize, life: Life) {
        self.note_page(page, format_args!("is {life:?}"));
        self.tell(page, Engine::handle_exit);
        if life == Life::Cached {
            self.tell(page, Engine::handle_hidden);
        }
        if self.pages[page].life != Life::Dead {
            self.pages[page].life = life;
        }
    }

    /// A suspended page is on show again, and comes to all that has waited for it.
    pub fn resume(&mut self, page: usize) {
        self.pages[page].life = Life::Visible;
        self.note_page(page, format_args!("is back"));
        if !self.pages[page].closed {
            let name = self.new_name(page);
            self.tell(page, |engine, now| engine.handle_return(name, now));
        }
        self.come_to(page);
    }

    /// A page that can run again comes to all that has waited for it.
    pub fn come_to(&mut self, page: usize) {
        while self.pages[page].is_awake(self.now)
            && let Some(task) = self.pages[page].parked.pop_front()
        {
            self.run(page, task);
        }
    }

    /// The page is left for good: the user goes elsewhere, or closes the tab.
    pub fn unload(&mut self, page: usize, closes_tab: bool) {
        let (forgets_store, forgets_local) = self.scenario.forgets;
        let forgets_store = self.chance.percent(forgets_store);
        let forgets_local = self.chance.percent(forgets_local) && closes_tab;
        let kept = if forgets_local { Some(self.disk.local.clone()) } else { None };
        let begun = self.disk.pending.len();
        let what = if closes_tab { "is closed with its tab" } else { "is left" };
        self.note_page(page, format_args!("{what}"));
        self.tell(page, Engine::handle_exit);
        if self.pages[page].life == Life::Dead {
            return;
        }
        // A page's own last words come after ours, from its own handler of the same event.
        if self.chance.percent(10) {
            self.track(page, 1);
        }
        self.tell(page, Engine::handle_hidden);
        if let Some(kept) = kept {
            self.disk.local = kept;
        }
        if forgets_store {
            let pending = self.disk.pending.iter_mut().skip(begun);
            pending.filter(|begun| begun.page == page).for_each(|begun| begun.aborted = true);
        }
        self.bury(page, true);
    }

    /// The page dies without a word.
    pub fn kill(&mut self, page: usize, how: &str) {
        self.note_page(page, format_args!("{how}"));
        if self.chance.percent(50) {
            self.pay_insurance(page);
        }
        let pending = self.disk.pending.iter().filter(|begun| begun.page == page).count();
        let mut survive = if pending > 0 { self.chance.index(pending + 1) } else { 0 };
        for begun in self.disk.pending.iter_mut().filter(|begun| begun.page == page) {
            begun.aborted |= survive == 0;
            survive = survive.saturating_sub(1);
        }
        self.bury(page, true);
    }

    /// The browser sends what a page that died without a word had insured.
    fn pay_insurance(&mut self, page: usize) {
        if let Some(numbers) = self.pages[page].insured.take() {
            for number in numbers {
                self.ledger.events[number as usize].processed += 1;
            }
            self.note_page(page, format_args!("had insured what was unsent"));
        }
    }

    /// What is done with a page that is no more.
    pub fn bury(&mut self, page: usize, browser_lives: bool) {
        let dead = &mut self.pages[page];
        dead.life = Life::Dead;
        dead.dies_in = None;
        dead.parked.clear();
        dead.insured = None;
        let tab = dead.tab;
        if let Some(connection) = dead.connection.take() {
            self.connections[connection] = false;
        }
        if self.tabs[tab] == Some(page) {
            self.tabs[tab] = None;
        }
        self.strand(page, browser_lives);
        let owners: Vec<String> =
            self.locks.iter().filter(|(_, by)| **by == page).map(|(of, _)| of.clone()).collect();
        let late = self.chance.delay(5, 1_500);
        for owner in owners {
            self.at(self.now + late, Happening::Unlocked { page, owner });
        }
    }

    /// The whole browser dies, with all tabs; with a power cut the disk forgets its last writes.
    pub fn crash_browser(&mut self, power_cut: bool) {
        self.note("browser", format_args!("{}", if power_cut { "power cut" } else { "crashes" }));
        for page in 0..self.pages.len() {
            if self.pages[page].life != Life::Dead {
                self.bury(page, false);
            }
        }
        let survive = self.chance.index(self.disk.pending.len() + 1);
        self.disk.pending.iter_mut().skip(survive).for_each(|begun| begun.aborted = true);
        self.locks.clear();
        if self.disk.forget_local(self.now) {
            self.ledger.exact = false;
            self.good_link = self.disk.local.good_link;
            for number in
                self.disk.local.left.values().flatten().flat_map(|left| crate::ledger::numbers(&left.ids))
            {
                // What had moved into the database since is left a second time.
                let event = &mut self.ledger.events[number as usize];
                (event.deleted, event.acked) = (false, None);
            }
        }
        if power_cut && let Some(platter) = self.disk.platter.clone() {
            self.disk.pending.iter_mut().for_each(|begun| begun.aborted = true);
            self.forget_since(&platter);
            self.disk.stores = platter;
        }
    }

    /// Tells the page's engine of its life, unless the tracker is closed.
    fn tell(&mut self, page: usize, input: impl FnOnce(&mut Engine, u64)) {
        if !self.pages[page].closed {
            let good = self.disk.local.good_link;
            self.input(page, |engine, now| {
                engine.handle_link(good);
                input(engine, now);
            });
        }
    }

    /// The browser has a network, or none.
    pub fn tell_online(&mut self, online: bool) {
        for page in 0..self.pages.len() {
            if self.pages[page].life != Life::Dead {
                self.at(self.now, Happening::Run { page, task: Task::Online(online) });
            }
        }
    }
}
