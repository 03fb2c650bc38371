//! Tasks of a page's event loop: what the store, locks, timers and the network tell becomes the engine's input, as
//! `src/browser/driver/hearing.rs` has it.

use crate::disk::{Outcome, Work};
use crate::page::{Life, Task, Then};
use crate::world::World;
use appizer_tracker::core::engine::{Engine, StoreFailure};
use appizer_tracker::core::model::identity::Identity;

impl World {
    /// Runs a task of a page's event loop, now or when its time comes.
    pub fn deliver(&mut self, page: usize, task: Task) {
        match self.pages[page].life {
            Life::Dead => {
                if let Task::Connected { connection: Some(connection), .. } = task {
                    self.connections[connection] = false;
                }
            }
            _ => {
                self.pages[page].parked.push_back(task);
                self.come_to(page);
            }
        }
    }

    /// Runs a task now.
    pub fn run(&mut self, page: usize, task: Task) {
        match task {
            Task::Timer(number) => {
                if self.pages[page].timer.is_some_and(|(_, set)| set == number) {
                    self.pages[page].timer = None;
                    self.input(page, Engine::handle_timeout);
                }
            }
            Task::Renew(number) => self.renew_leases(page, number),
            Task::Online(online) => {
                if !self.pages[page].closed {
                    self.input(page, |engine, now| engine.handle_online(online, now));
                }
            }
            Task::Connected { owner, candidate, departures, connection: Some(connection) } => {
                let then = Then::Opened { owner, departures, connection };
                self.begin(page, connection, Work::Enter(candidate), then);
            }
            Task::Connected { departures, connection: None, .. } => self.open_failed(page, departures),
            Task::StoreClosed => self.input(page, Engine::handle_store_closed),
            Task::Locked { owner, granted, releases, then } => {
                self.take_lock(page, owner, granted, releases, then);
            }
            Task::Ended { then, outcome } => self.go_on(page, then, outcome),
            Task::Replied { flight, response } => self.hear_reply(page, flight, response),
        }
    }

    fn open_failed(&mut self, page: usize, departures: u32) {
        if self.pages[page].departures != departures {
            return;
        }
        self.ledger.exact = false;
        let claims = self.pages[page].engine.is_opening();
        self.note_page(page, format_args!("is refused a store"));
        self.input(page, |engine, now| engine.handle_open_failed("refused".into(), now));
        if claims {
            self.claim_left(page);
        }
    }

    fn go_on(&mut self, page: usize, then: Then, outcome: Outcome) {
        match (then, outcome) {
            (Then::Opened { departures, connection, .. }, Outcome::Failed { .. }) => {
                self.connections[connection] = false;
                self.open_failed(page, departures);
            }
            (Then::Opened { owner, departures, connection }, Outcome::Entered(identity)) => {
                if self.pages[page].departures != departures {
                    self.connections[connection] = false;
                } else if self.scenario.has_locks {
                    self.opened(page, connection, identity);
                } else {
                    let holder = owner.clone();
                    let then = Then::OwnLease { identity, connection, owner: owner.clone() };
                    let wall = self.wall + self.now;
                    self.begin(page, connection, Work::TakeLease { owner, holder, wall }, then);
                }
            }
            (Then::OwnLease { identity, connection, owner }, outcome) => {
                if let Outcome::Leased(true) = outcome {
                    self.pages[page].held.push(owner);
                }
                self.begin_renewals(page);
                self.opened(page, connection, identity);
            }
            (Then::Written { id, letters, connection }, outcome) => {
                if letters && matches!(outcome, Outcome::Done) {
                    self.begin(page, connection, Work::TrimLetters, Then::Nothing);
                }
                let failure = match outcome {
                    Outcome::Failed { quota: true } => Some(StoreFailure::Quota),
                    Outcome::Failed { quota: false } => Some(StoreFailure::Closed("refused".into())),
                    _ => None,
                };
                self.input(page, |engine, now| engine.handle_written(id, failure, now));
            }
            (Then::Loaded(owner), Outcome::Records(records)) => {
                self.note_page(page, format_args!("reads {} records of {owner}", records.len()));
                self.input(page, |engine, now| engine.handle_loaded(&owner, records, now));
            }
            (Then::Loaded(owner), _) => {
                self.input(page, |engine, _| engine.handle_load_failed(&owner));
            }
            (Then::Shared(id), outcome) => {
                let granted = if let Outcome::Granted(granted) = outcome { Some(*granted) } else { None };
                if self.trace.is_told() {
                    let text = format!("{granted:?}");
                    self.note_page(page, format_args!("is granted {text}"));
                }
                self.input(page, |engine, now| engine.handle_shared(id, granted, now));
            }
            (Then::Letters(_), _) => self.take_no_letters(page),
            (Then::Nothing | Then::Opened { .. }, _) => {}
            (then, outcome) => self.go_on_claiming(page, then, outcome),
        }
    }

    fn opened(&mut self, page: usize, connection: usize, identity: Identity) {
        self.pages[page].connection = Some(connection);
        self.input(page, |engine, now| engine.handle_opened(identity, now));
    }
}
