//! Messages from the store, and its questions within a transaction. JavaScript holds an [`Inbox`] and calls it.

use crate::browser::driver::Driver;
use crate::browser::environment;
use crate::browser::scope::property;
use crate::browser::transport::message_of;
use crate::core::engine::StoreFailure;
use crate::core::model::dead_letter::Disposal;
use crate::core::policy::{lease, shared_row};
use crate::core::rows;
use wasm_bindgen::prelude::*;

/// A tracker's ear. `id` is the number of the call that is answered, or of the opening of the database that is meant.
#[wasm_bindgen(skip_typescript)]
pub struct Inbox {
    driver: &'static Driver,
}

impl Inbox {
    /// Creates the inbox of a tracker.
    pub fn new(driver: &'static Driver) -> Self {
        Self { driver }
    }
}

/// Questions: what is returned is carried out in the transaction that asks.
#[wasm_bindgen]
impl Inbox {
    /// The identity rows were read as the database was opened. Returns operations.
    pub fn enter(&self, identity_rows: &str) -> String {
        self.driver.enter(identity_rows)
    }

    /// Returns the names of the pages that left something in `localStorage`, joined.
    #[wasm_bindgen(js_name = leftOwners)]
    pub fn left_owners(&self) -> String {
        self.driver.left_owners()
    }

    /// Returns true if this page may adopt what that one left.
    pub fn admits(&self, owner: &str) -> bool {
        self.driver.admits(owner)
    }

    /// Called when a page is claimed. Returns the operations that it left in `localStorage`.
    pub fn left(&self, owner: &str) -> String {
        self.driver.left(owner)
    }

    /// A lease's row was read. Returns the row that is to take its place, if it is the page's to take.
    pub fn lease(&self, row: Option<String>) -> Option<String> {
        self.driver
            .ask(|state| lease::take_row(row.as_deref(), state.engine.owner(), environment::clocks().wall))
    }

    /// The row that pages share was read. Returns the row that is to take its place.
    pub fn share(&self, id: u32, row: Option<String>) -> Option<String> {
        self.driver.ask(|state| {
            let (share, answer) = state.sharing.iter_mut().find(|(share, _)| share.id == id)?;
            let (row, granted) = shared_row::update(row.as_deref(), share);
            *answer = Some(granted);
            row
        })
    }
}

/// Notices.
#[wasm_bindgen]
impl Inbox {
    /// The database is open.
    pub fn opened(&self, id: u32) {
        self.driver.hear_opened(id);
    }

    /// The database cannot be opened.
    #[wasm_bindgen(js_name = openFailed)]
    pub fn open_failed(&self, id: u32, error: &JsValue) {
        self.driver.hear_open_failed(id, message_of(error));
    }

    /// The browser closed the database.
    pub fn closed(&self, id: u32) {
        self.driver.hear(|state, now| {
            if id == state.openings {
                state.engine.handle_store_closed(now);
            }
        });
    }

    /// A transaction is committed.
    pub fn written(&self, id: u32) {
        self.driver.input(|engine, now| engine.handle_written(id, None, now));
    }

    /// A transaction failed.
    #[wasm_bindgen(js_name = writeFailed)]
    pub fn write_failed(&self, id: u32, error: &JsValue) {
        let is_quota = property(error, "name").is_some_and(|name| name == "QuotaExceededError");
        let failure = if is_quota { StoreFailure::Quota } else { StoreFailure::Closed(message_of(error)) };
        self.driver.input(|engine, now| engine.handle_written(id, Some(failure), now));
    }

    /// Called when the visitor's data is cleared.
    pub fn cleared(&self) {
        self.driver.note_forgotten();
    }

    /// Pages that are gone were claimed: [`rows::orphans`].
    pub fn orphans(&self, orphans: &str) {
        self.driver.input(|engine, now| engine.handle_orphans(rows::orphans(orphans), now));
    }

    /// Called when the page's left rows are in the database, or taken over.
    #[wasm_bindgen(js_name = leftStored)]
    pub fn left_stored(&self, owner: &str) {
        self.driver.forget_left(owner);
    }

    /// These operations were left by pages that are claimed, and no database can be had. Returns true if they are taken.
    #[wasm_bindgen(js_name = takeLeft)]
    pub fn take_left(&self, operations: &str) -> bool {
        self.driver.take_left(operations)
    }

    /// Records of a page that is gone were read.
    pub fn loaded(&self, id: u32, records: &str) {
        self.driver.hear(|state, now| {
            if id == state.openings {
                let owner = std::mem::take(&mut state.loading);
                state.engine.handle_loaded(&owner, rows::records(records), now);
            }
        });
    }

    /// Records of a page that is gone could not be read.
    #[wasm_bindgen(js_name = loadFailed)]
    pub fn load_failed(&self, id: u32) {
        self.driver.hear(|state, _| {
            if id == state.openings {
                let owner = std::mem::take(&mut state.loading);
                state.engine.handle_load_failed(&owner);
            }
        });
    }

    /// All accounts were read; `None` where that failed.
    pub fn accounts(&self, id: u32, accounts: Option<String>) {
        self.driver.input(|engine, now| {
            let counts = |of: &str| of != engine.owner() && engine.projects().include_owner(of);
            let others = accounts.map(|accounts| rows::sum_of_accounts(&accounts, counts));
            engine.handle_accounts(id, others, now);
        });
    }

    /// All dead letters were read.
    pub fn letters(&self, id: u32, letters: &str) {
        self.driver.input(|engine, _| engine.handle_dead_letters(id, rows::letters(letters)));
    }

    /// All dead letters were read, in a transaction that lasts until this call returns.
    #[wasm_bindgen(js_name = takenLetters)]
    pub fn taken_letters(&self, id: u32, letters: &str, resends: bool) {
        let disposal = if resends { Disposal::Resend } else { Disposal::Discard };
        let letters = rows::letters(letters);
        self.driver.input(|engine, now| engine.handle_taken_letters(id, disposal, letters, now));
    }

    /// The row that pages share is written, or could not be.
    pub fn shared(&self, id: u32, written: bool) {
        self.driver.hear(|state, now| {
            if let Some(place) = state.sharing.iter().position(|(share, _)| share.id == id) {
                let (_, granted) = state.sharing.swap_remove(place);
                state.engine.handle_shared(id, granted.filter(|_| written), now);
            }
        });
    }

    /// Another page has taken a lease of this one's.
    pub fn usurped(&self, id: u32) {
        self.driver.hear(|state, now| {
            if id == state.openings {
                let owner = state.engine.projects().owner(&environment::unique_name());
                state.engine.handle_usurped(owner, now);
            }
        });
    }
}
