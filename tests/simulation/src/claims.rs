//! Whose records are whose: Web Locks, leases, and the look for pages that are gone, as `src/js/browser/store.js` does it.

use crate::disk::{Claimed, Outcome, Work};
use crate::network::State;
use crate::page::{Life, LockThen, Page, Search, Task, Then};
use crate::world::{Happening, World};
use appizer_tracker::core::policy::limits;

impl World {
    /// Asks the browser for a lock.
    pub fn ask_lock(&mut self, page: usize, owner: String, then: LockThen) {
        let releases = self.pages[page].releases;
        let at = self.now + self.chance.delay(2, 40);
        self.at(at, Happening::LockAsked { page, owner, releases, then });
    }

    /// The browser grants the lock if nobody has it.
    pub fn grant_lock(&mut self, page: usize, owner: String, releases: u32, then: LockThen) {
        if self.pages[page].life == Life::Dead {
            return;
        }
        let granted = !self.locks.contains_key(&owner);
        if granted {
            self.locks.insert(owner.clone(), page);
        }
        let at = self.now + self.chance.delay(2, 40);
        let task = Task::Locked { owner, granted, releases, then };
        self.at(at, Happening::Run { page, task });
    }

    /// The page hears whether it has the lock.
    pub fn take_lock(&mut self, page: usize, owner: String, granted: bool, releases: u32, then: LockThen) {
        let stale = self.pages[page].releases != releases;
        if granted && stale {
            self.let_go(page, owner.clone());
        } else if granted {
            self.pages[page].held.push(owner.clone());
        }
        match then {
            LockThen::Open { .. } => self.connect(page, owner, then),
            LockThen::Claim(search) => self.claimed(page, search, owner, granted && !stale),
        }
    }

    /// All claims are given back.
    pub fn release_claims(&mut self, page: usize, connection: Option<usize>) {
        self.pages[page].releases += 1;
        // An even number: no renewal is under way.
        self.pages[page].renewals += self.pages[page].renewals % 2;
        let held = std::mem::take(&mut self.pages[page].held);
        if self.scenario.has_locks {
            held.into_iter().for_each(|owner| self.let_go(page, owner));
        } else if let Some(connection) = connection.filter(|_| !held.is_empty()) {
            self.begin(page, connection, Work::DropLeases(held), Then::Nothing);
        }
    }

    fn let_go(&mut self, page: usize, owner: String) {
        let at = self.now + self.chance.between(0, 3);
        self.at(at, Happening::Unlocked { page, owner });
    }

    /// Leases are renewed from now on.
    pub fn begin_renewals(&mut self, page: usize) {
        self.pages[page].renewals += 1 + self.pages[page].renewals % 2;
        self.schedule_renewal(page);
    }

    fn schedule_renewal(&mut self, page: usize) {
        let task = Task::Renew(self.pages[page].renewals);
        let late = self.chance.delay(10, 60_000);
        self.at(self.now + u64::from(limits::LEASE_RENEWAL) + late, Happening::Run { page, task });
    }

    /// The interval of lease renewal is over.
    pub fn renew_leases(&mut self, page: usize, number: u32) {
        if self.pages[page].renewals != number {
            return;
        }
        self.schedule_renewal(page);
        if let Some(connection) = self.pages[page].connection {
            let rest = self.pages[page].held.clone();
            self.renew_next(page, rest, false, connection);
        }
    }

    fn renew_next(&mut self, page: usize, mut rest: Vec<String>, lost: bool, connection: usize) {
        let Some(owner) = rest.pop() else {
            if lost {
                self.note_page(page, format_args!("finds its lease taken"));
                self.ledger.exact = false;
                self.forget_requests(page, State::Open);
                let name = self.new_name(page);
                self.input(page, |engine, now| engine.handle_usurped(name, now));
            }
            return;
        };
        let holder = self.pages[page].engine.owner().into();
        let wall = self.wall + self.now;
        let then = Then::Renewed { rest, owner: owner.clone(), lost, connection };
        self.begin(page, connection, Work::TakeLease { owner, holder, wall }, then);
    }

    /// The search for orphans, or a renewal, goes on.
    pub fn go_on_claiming(&mut self, page: usize, then: Then, outcome: Outcome) {
        match (then, outcome) {
            (Then::Renewed { rest, owner, lost, connection }, Outcome::Leased(false)) => {
                self.pages[page].held.retain(|of| *of != owner);
                self.renew_next(page, rest, lost || !owner.is_empty(), connection);
            }
            (Then::Renewed { rest, lost, connection, .. }, _) => {
                self.renew_next(page, rest, lost, connection)
            }
            // The engine hears nothing, and looks again later.
            (Then::Owners(_), Outcome::Failed { .. }) => {}
            (Then::Owners(mut search), outcome) => {
                if let Outcome::Owners(owners) = outcome {
                    let new = owners.into_iter().filter(|owner| !search.rest.contains(owner));
                    search.rest.extend(new.collect::<Vec<_>>());
                }
                search.rest.reverse();
                self.claim_next(page, search);
            }
            (Then::Claimed(search, owner), outcome) => {
                let taken = matches!(outcome, Outcome::Leased(true));
                if taken {
                    self.pages[page].held.push(owner.clone());
                }
                self.claimed(page, search, owner, taken);
            }
            (Then::Adopted { owners, departures }, outcome) => {
                self.end_search(page, owners, departures, outcome)
            }
            _ => {}
        }
    }

    fn claimed(&mut self, page: usize, mut search: Search, owner: String, taken: bool) {
        if taken {
            search.taken.push(owner);
        }
        self.claim_next(page, search);
    }

    /// Looks for what pages that are gone left in the database and in `localStorage`.
    pub fn find_orphans(&mut self, page: usize) {
        if let Some(connection) = self.pages[page].connection {
            let search = self.begin_search(page, Some(connection));
            self.begin(page, connection, Work::Owners, Then::Owners(search));
        }
    }

    /// Claims what pages left in `localStorage`, where no database can be had; leases would need one.
    pub fn claim_left(&mut self, page: usize) {
        let mut search = self.begin_search(page, None);
        if !self.scenario.has_locks {
            search.taken = std::mem::take(&mut search.rest);
        }
        self.claim_next(page, search);
    }

    fn begin_search(&mut self, page: usize, connection: Option<usize>) -> Search {
        let Page { departures, ref engine, .. } = self.pages[page];
        let me = engine.owner().into();
        Search { connection, departures, me, rest: self.disk.local.owners(), taken: Vec::new() }
    }

    fn claim_next(&mut self, page: usize, mut search: Search) {
        let here = self.pages[page].departures == search.departures;
        while let Some(owner) = search.rest.pop() {
            if !here || self.pages[page].held.contains(&owner) {
                continue;
            }
            let Some(connection) = search.connection.filter(|_| !self.scenario.has_locks) else {
                return self.ask_lock(page, owner, LockThen::Claim(search));
            };
            let (holder, wall) = (search.me.clone(), self.wall + self.now);
            let then = Then::Claimed(search, owner.clone());
            return self.begin(page, connection, Work::TakeLease { owner, holder, wall }, then);
        }
        let claimed = self.disk.local.claimed(search.taken);
        match search.connection {
            Some(connection) => {
                let then = Then::Adopted { owners: claimed.owners.clone(), departures: search.departures };
                self.begin(page, connection, Work::Adopt(claimed), then);
            }
            None if here => self.take_left(page, claimed),
            None => {}
        }
    }

    fn take_left(&mut self, page: usize, Claimed { owners, records, .. }: Claimed) {
        let mut taken = false;
        self.input(page, |engine, now| taken = engine.handle_left(records, now));
        if taken && self.pages[page].life != Life::Dead {
            self.forget_left(&owners);
        }
    }

    fn end_search(&mut self, page: usize, owners: Vec<String>, departures: u32, outcome: Outcome) {
        let here = self.pages[page].departures == departures;
        let Outcome::Orphans(orphans) = outcome else {
            // A page that has left has given back all, and what it holds since its return is another store's.
            if here {
                self.release(page, &owners);
            }
            return;
        };
        self.forget_left(&owners);
        if !here {
            return;
        }
        for orphan in &orphans {
            self.note_page(page, format_args!("adopts {}: {:?}", orphan.owner, orphan.account));
        }
        self.pages[page].heard_success &= orphans.iter().all(|orphan| orphan.marks.is_empty());
        self.input(page, |engine, now| engine.handle_orphans(orphans, now));
    }

    fn forget_left(&mut self, owners: &[String]) {
        if self.disk.local.owners().iter().any(|owner| owners.contains(owner)) {
            self.disk.write_local(self.now).forget(owners);
        }
    }

    /// Gives back what cannot be adopted now: a lock; a lease ends by itself.
    fn release(&mut self, page: usize, owners: &[String]) {
        let held = std::mem::take(&mut self.pages[page].held);
        let (released, kept): (Vec<_>, Vec<_>) = held.into_iter().partition(|owner| owners.contains(owner));
        self.pages[page].held = kept;
        if self.scenario.has_locks {
            released.into_iter().for_each(|owner| self.let_go(page, owner));
        }
    }
}
