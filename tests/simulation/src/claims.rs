//! Whose records are whose: Web Locks, leases, and the look for pages that are gone, as `claims.rs`, `lock.rs` and
//! `Driver::find_orphans` do it.

use crate::disk::{Outcome, Work};
use crate::network::State;
use crate::page::{LockThen, Search, Task, Then};
use crate::world::{Happening, World};
use appizer_tracker::core::model::orphan::Orphan;
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
        if self.pages[page].life == crate::page::Life::Dead {
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
            (Then::MovedIn(search), outcome) => {
                if let Outcome::MovedIn(_, names) = outcome {
                    self.forget_moved_in(&names);
                }
                let (work, then): (Work, fn(Search) -> Then) = if search.claimed {
                    (Work::Accounts, Then::Accounts)
                } else {
                    (Work::Owners, Then::Owners)
                };
                self.begin(page, search.connection, work, then(search));
            }
            (Then::Owners(mut search), outcome) => {
                if let Outcome::Owners(owners) = outcome {
                    search.rest = owners;
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
            (Then::Accounts(mut search), outcome) => {
                if let Outcome::Accounts(accounts) = outcome {
                    search.accounts = accounts;
                }
                self.begin(page, search.connection, Work::Marks, Then::Marks(search));
            }
            (Then::Marks(search), outcome) => self.end_search(page, search, outcome),
            _ => {}
        }
    }

    fn claimed(&mut self, page: usize, mut search: Search, owner: String, taken: bool) {
        if taken {
            search.taken.push(owner);
        }
        self.claim_next(page, search);
    }

    fn claim_next(&mut self, page: usize, mut search: Search) {
        let here = self.pages[page].departures == search.departures;
        while let Some(owner) = search.rest.pop() {
            if !here || self.pages[page].held.contains(&owner) {
                continue;
            }
            if self.scenario.has_locks {
                return self.ask_lock(page, owner, LockThen::Claim(search));
            }
            let (holder, connection) = (search.me.clone(), search.connection);
            let wall = self.wall + self.now;
            let then = Then::Claimed(search, owner.clone());
            return self.begin(page, connection, Work::TakeLease { owner, holder, wall }, then);
        }
        // What a page left after the first look moves in under its lock.
        search.claimed = true;
        self.begin(page, search.connection, Work::MoveIn(None), Then::MovedIn(search));
    }

    fn end_search(&mut self, page: usize, search: Search, outcome: Outcome) {
        if self.pages[page].departures != search.departures {
            return;
        }
        let stored = if let Outcome::Marks(marks) = outcome { marks } else { Default::default() };
        let orphans = search.taken.into_iter().map(|owner| {
            let account = search.accounts.get(&owner).copied().unwrap_or_default();
            let marks = stored.get(&owner).cloned().into_iter().collect();
            Orphan { owner, account, marks }
        });
        let orphans: Vec<Orphan> = orphans.collect();
        for orphan in &orphans {
            self.note_page(page, format_args!("adopts {}: {:?}", orphan.owner, orphan.account));
        }
        self.pages[page].heard_success &= orphans.iter().all(|orphan| orphan.marks.is_empty());
        self.input(page, |engine, now| engine.handle_orphans(orphans, now));
    }
}
