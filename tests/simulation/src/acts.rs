//! What chance does in a world: users, the network, the machine.

use crate::disk::{Local, Stores};
use crate::ledger::numbers;
use crate::network::State;
use crate::page::{Life, Task};
use crate::weather::Weather;
use crate::world::{Happening, Storage, World};
use std::collections::BTreeSet;

impl World {
    /// The next thing that chance does.
    pub fn act(&mut self) {
        if self.left_to_do == 0 {
            return;
        }
        self.left_to_do -= 1;
        let tab = self.chance.index(self.tabs.len());
        match self.chance.weighed(&[70, 12, 8, 10]) {
            0 => self.act_in(tab),
            1 => self.change_sky(),
            2 => self.open_somewhere(tab),
            _ => self.trouble(tab),
        }
        let (usual, longest) = self.scenario.pace;
        let at = self.now + self.chance.delay(usual, longest);
        if self.left_to_do > 0 {
            self.at(at, Happening::Act);
        }
    }

    fn open_somewhere(&mut self, tab: usize) {
        match self.tabs[tab].map(|page| self.pages[page].life) {
            None => self.open_page(tab),
            Some(Life::Frozen) => self.resume_tab(tab),
            Some(Life::Hidden) => self.show(self.tabs[tab].unwrap_or_default()),
            Some(_) => {}
        }
    }

    fn resume_tab(&mut self, tab: usize) {
        if let Some(page) = self.tabs[tab] {
            self.resume(page);
        }
    }

    fn act_in(&mut self, tab: usize) {
        let Some(page) = self.shown(tab) else { return self.open_somewhere(tab) };
        if self.scenario.trouble.kills && self.chance.percent(2) {
            self.pages[page].dies_in = Some(self.chance.between(0, 3) as u32);
        }
        match self.chance.weighed(&[40, 6, 6, 4, 10, 4, 6, 4, 3, 3, 2, 2]) {
            0 => self.track_some(page),
            1 => {
                let call = self.chance.any() as u32;
                self.note_page(page, format_args!("flush is called"));
                self.input(page, |engine, now| engine.handle_flush(call, now));
            }
            2 if self.pages[page].life == Life::Visible => self.hide(page),
            2 | 3 => self.show(page),
            4 => self.navigate(page),
            5 => self.suspend(page, Life::Frozen),
            6 => {
                if self.chance.percent(50) {
                    self.track_some(page);
                }
                if self.pages[page].life != Life::Dead {
                    self.unload(page, true);
                }
            }
            7 => {
                let user = format!("user-{}", self.chance.between(1, 3));
                self.input(page, |engine, now| engine.handle_identify(user, now));
            }
            8 => {
                let anonymous = format!("anon-{}", self.chance.any());
                self.input(page, |engine, now| engine.handle_reset(anonymous, now));
            }
            9 => self.dispose_of_letters(page),
            10 => self.close_tracker(page),
            _ => self.change_key(page),
        }
    }

    fn track_some(&mut self, page: usize) {
        let count = match self.chance.weighed(&[60, 25, 10, 5]) {
            0 => self.chance.between(1, 4),
            1 => self.chance.between(5, 30),
            2 => self.chance.between(90, 130),
            _ => self.chance.between(200, 400),
        };
        self.track(page, count);
    }

    /// A task of the page's calls `track` so many times.
    pub fn track(&mut self, page: usize, count: u64) {
        let mut lines = String::new();
        let source = self.pages[page].source;
        let from = self.ledger.events.len();
        if self.pages[page].closed {
            return;
        }
        for _ in 0..count {
            let guilty = self.scenario.guilty > 0 && self.chance.between(1, 1_000) <= self.scenario.guilty;
            let number = self.ledger.new_event(source, guilty).to_string();
            lines.extend(["e", &number, "\tt\t\"click\"\t{\"n\":", &number]);
            if self.scenario.has_large_events && self.chance.percent(5) {
                let length = self.chance.between(500, 30_000) as usize;
                lines.extend([",\"fill\":\"", &"x".repeat(length), "\""]);
            }
            lines.push_str("}\n");
        }
        self.note_page(page, format_args!("tracks {count} events from e{from}"));
        self.input(page, |engine, now| engine.handle_track(lines, now));
    }

    /// The user goes to another page of the site, in the same tab.
    fn navigate(&mut self, page: usize) {
        let tab = self.pages[page].tab;
        if self.chance.percent(30) {
            self.track_some(page);
        }
        if self.pages[page].life == Life::Dead {
            return;
        }
        let cached = (0..self.pages.len())
            .rfind(|&other| self.pages[other].tab == tab && self.pages[other].life == Life::Cached);
        if self.chance.percent(40) {
            self.suspend(page, Life::Cached);
        } else {
            self.unload(page, false);
        }
        self.tabs[tab] = None;
        match cached.filter(|_| self.chance.percent(50)) {
            Some(back) => {
                self.tabs[tab] = Some(back);
                self.resume(back);
            }
            None => self.open_page(tab),
        }
    }

    /// `close`, after which the page may start another tracker.
    fn close_tracker(&mut self, page: usize) {
        if self.pages[page].closed {
            return;
        }
        self.note_page(page, format_args!("closes the tracker"));
        let good = self.disk.local.good_link;
        self.input(page, |engine, now| {
            engine.handle_link(good);
            engine.handle_close(now);
        });
        if self.pages[page].life == Life::Dead {
            return;
        }
        self.pages[page].closed = true;
        if self.chance.percent(50) {
            self.open_page(self.pages[page].tab);
        }
    }

    fn change_key(&mut self, page: usize) {
        let key = format!("key-{}", self.chance.between(1, 2));
        self.note_page(page, format_args!("is given {key}"));
        if *self.pages[page].engine.options().api_key != key {
            self.has_mixed_keys = true;
            self.forget_requests(page, State::Departed);
        }
        self.input(page, |engine, now| engine.handle_key(key, now));
    }

    fn change_sky(&mut self) {
        let skies = self.scenario.skies.len();
        let sky = self.scenario.skies[self.chance.index(skies)];
        self.set_sky(sky);
    }

    /// The sky changes, and pages are told whether there is a network.
    pub fn set_sky(&mut self, sky: Weather) {
        let before = std::mem::replace(&mut self.sky, sky);
        if before != sky {
            self.note("sky", format_args!("{sky:?}"));
            if (before == Weather::Offline) != (sky == Weather::Offline) {
                self.tell_online(sky != Weather::Offline);
            }
        }
    }

    fn trouble(&mut self, tab: usize) {
        let trouble = self.scenario.trouble.clone();
        let kinds = [
            trouble.kills,
            trouble.browser_crashes,
            trouble.power_cuts,
            trouble.clocks,
            trouble.storage,
            trouble.wipes,
            trouble.corruption,
        ];
        let weights = [6, 2, 2, 4, 4, 1, 2];
        let mut weights: Vec<u32> =
            weights.iter().zip(kinds).map(|(&w, is)| if is { w } else { 0 }).collect();
        weights.push(2);
        match self.chance.weighed(&weights) {
            0 => {
                if let Some(page) = self.tabs[tab] {
                    self.kill(page, "is killed");
                }
            }
            1 => self.crash_browser(false),
            2 => self.crash_browser(true),
            3 => self.move_clocks(),
            4 => {
                let kinds = [Storage::Good, Storage::Hanging, Storage::Refused, Storage::Full, Storage::Slow];
                self.storage = self.chance.pick(&kinds);
                let storage = self.storage;
                self.note("disk", format_args!("{storage:?}"));
                if self.chance.percent(20) {
                    self.close_connections();
                }
            }
            5 => self.wipe(),
            6 => self.corrupt(),
            _ => {}
        }
    }

    fn move_clocks(&mut self) {
        if self.chance.percent(50) {
            let by = self.chance.pick(&[1_000, 3_600_000, 90_000_000]);
            self.wall = if self.chance.percent(50) { self.wall + by } else { self.wall - by };
            return self.note("clock", format_args!("the wall clock is set by {by} ms"));
        }
        let length = self.chance.pick(&[10_000, 120_000, 4_000_000]);
        let stops = self.chance.percent(50);
        self.note("clock", format_args!("the machine sleeps for {length} ms"));
        let wakes = self.now + length;
        for page in 0..self.pages.len() {
            self.at(wakes, Happening::Wake { page });
        }
        for page in self.pages.iter_mut().filter(|page| page.life != Life::Dead) {
            let longer = wakes.saturating_sub(page.asleep_until.max(self.now));
            page.asleep_until = wakes.max(page.asleep_until);
            page.slept += if stops { longer } else { 0 };
        }
    }

    fn close_connections(&mut self) {
        self.note("disk", format_args!("closes its connections"));
        for page in 0..self.pages.len() {
            if self.pages[page].connection.is_some_and(|connection| self.connections[connection]) {
                self.at(self.now, Happening::Run { page, task: Task::StoreClosed });
            }
        }
        self.connections.iter_mut().for_each(|connection| *connection = false);
        self.disk.pending.iter_mut().for_each(|begun| begun.aborted = true);
        self.ledger.exact = false;
    }

    /// The user deletes the site's data.
    fn wipe(&mut self) {
        self.close_connections();
        self.note("disk", format_args!("is wiped"));
        self.forget_since(&Stores::default());
        self.disk.stores = Stores::default();
        *self.disk.write_local(self.now) = Local::default();
    }

    /// A record cannot be read any more.
    fn corrupt(&mut self) {
        let count = self.disk.stores.segments.len();
        if count == 0 {
            return;
        }
        let place = self.chance.index(count);
        let record = self.disk.stores.segments.values_mut().nth(place);
        let Some(record) = record else { return };
        let ids = std::mem::take(&mut record.ids);
        record.events.truncate(record.events.len() / 2);
        let key = record.key.as_str().to_string();
        self.ledger.exact = false;
        for number in numbers(&ids) {
            self.ledger.events[number as usize].committed = false;
        }
        self.note("disk", format_args!("garbles {key}"));
    }

    /// The database is what it was once: what has come since is not to be found any more, and what has gone is back.
    pub fn forget_since(&mut self, kept: &Stores) {
        self.ledger.exact = false;
        let records = |stores: &Stores| -> BTreeSet<u32> {
            stores.segments.values().flat_map(|record| numbers(&record.ids)).collect()
        };
        let letters = |stores: &Stores| -> BTreeSet<u32> {
            stores.letters.values().flat_map(|letter| numbers(&letter.id)).collect()
        };
        let (queued, dead) = (records(kept), &letters(kept) - &records(kept));
        for number in records(&self.disk.stores).into_iter().chain(letters(&self.disk.stores)) {
            if !queued.contains(&number) && !dead.contains(&number) {
                self.ledger.events[number as usize].committed = false;
            }
        }
        for number in queued {
            let event = &mut self.ledger.events[number as usize];
            (event.deleted, event.acked, event.discarded, event.committed) = (false, None, false, true);
        }
        for number in dead {
            let event = &mut self.ledger.events[number as usize];
            (event.deleted, event.discarded, event.committed) = (true, false, true);
        }
    }
}
