//! Handles messages of the store and the browser that take more than a line.

use super::Driver;
use crate::browser::environment;
use crate::browser::store::Store;
use crate::core::engine::Engine;
use crate::core::rows::{self, Operations, SEPARATOR};

/// The prefixes, before an owner's name, of left rows in `localStorage`: records, and a mark.
const LEFT: [&str; 2] = ["left:", "left-mark:"];

impl Driver {
    /// See [`crate::browser::inbox::Inbox::enter`].
    pub fn enter(&self, identity_rows: &str) -> String {
        self.ask(|state| {
            let entry = state.engine.enter(identity_rows);
            let operations = entry.operations.as_str().to_owned();
            state.entry = Some(entry);
            operations
        })
    }

    /// See [`crate::browser::inbox::Inbox::admits`].
    pub fn admits(&self, owner: &str) -> bool {
        self.ask(|state| state.engine.projects().include_owner(owner))
    }

    /// See [`crate::browser::inbox::Inbox::left_owners`].
    pub fn left_owners(&self) -> String {
        let names: Vec<String> = LEFT.iter().flat_map(|prefix| self.local.names(prefix)).collect();
        names.join(SEPARATOR.encode_utf8(&mut [0; 4]))
    }

    /// See [`crate::browser::inbox::Inbox::left`].
    pub fn left(&self, owner: &str) -> String {
        let mut left = Operations::default();
        for prefix in LEFT {
            if let Some(operations) = self.readable_left(&[prefix, owner].concat()) {
                left.append(&operations);
            }
        }
        left.as_str().to_owned()
    }

    /// See [`crate::browser::inbox::Inbox::left_stored`].
    pub fn forget_left(&self, owner: &str) {
        for name in LEFT.map(|prefix| [prefix, owner].concat()) {
            if self.readable_left(&name).is_some() {
                self.local.keep(&name, "");
            }
        }
    }

    /// See [`crate::browser::inbox::Inbox::cleared`].
    pub fn note_forgotten(&self) {
        self.local.note_forgotten();
    }

    /// Rows of a newer version or of other code are left alone.
    fn readable_left(&self, name: &str) -> Option<Operations> {
        self.local.find(name).and_then(Operations::read)
    }

    /// See [`crate::browser::inbox::Inbox::opened`].
    pub fn hear_opened(&'static self, id: u32) {
        self.hear(|state, now| {
            if id != state.openings {
                return;
            }
            match state.entry.take() {
                Some(entry) if entry.opted_out => {
                    state.engine.handle_stored_opt_out(environment::unique_name(), now);
                }
                Some(entry) => state.engine.handle_opened(entry.identity, now),
                None => {}
            }
        });
    }

    /// See [`crate::browser::inbox::Inbox::open_failed`].
    pub fn hear_open_failed(&'static self, id: u32, message: String) {
        let mut claims = false;
        self.hear(|state, now| {
            if id == state.openings {
                // After its time the engine takes nothing more: what is left stays for the next page.
                claims = state.engine.is_opening();
                state.engine.handle_open_failed(message, now);
            }
        });
        if claims {
            self.with_store(Store::claim_left);
        }
    }

    /// See [`crate::browser::inbox::Inbox::take_left`].
    pub fn take_left(&'static self, operations: &str) -> bool {
        let mut taken = false;
        self.hear(|state, now| taken = state.engine.handle_left(rows::records_in(operations), now));
        taken
    }

    /// The browser tells of the page's life.
    pub(super) fn hear_life(&'static self, event: &str) {
        self.read_link();
        self.input(|engine, now| tell_life(engine, event, now));
    }
}

fn tell_life(engine: &mut Engine, event: &str, now: u64) {
    match event {
        "pagehide" | "freeze" => engine.handle_exit(now),
        "pageshow" | "resume" => {
            let owner = engine.projects().owner(&environment::unique_name());
            engine.handle_return(owner, now);
        }
        "online" => engine.handle_online(true, now),
        "offline" => engine.handle_online(false, now),
        "hidden" => engine.handle_hidden(now),
        _ => {}
    }
}
