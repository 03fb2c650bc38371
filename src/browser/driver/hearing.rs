//! What JavaScript tells becomes the engine's input, or the answer to a call of the page's.

use super::{Driver, State, name};
use crate::browser::environment;
use crate::browser::lifecycle;
use crate::browser::store;
use crate::core::engine::{Engine, StoreFailure};
use crate::core::model::dead_letter::Disposal;
use crate::core::model::segment::Record;
use crate::core::policy::lease;
use crate::core::policy::shared_row;
use crate::core::policy::verdict::Response;
use crate::core::rows;

impl Driver {
    /// What JavaScript tells; what it returns is for the two that are asked in the midst of a transaction.
    pub(super) fn answer(
        &'static self,
        kind: u32,
        id: u32,
        text: Option<String>,
        failure: Option<String>,
    ) -> Option<String> {
        match kind {
            store::LEASE => {
                let state = self.state.borrow();
                return lease::take_row(text.as_deref(), state.engine.owner(), environment::clocks().wall);
            }
            store::SHARE => {
                let mut state = self.state.borrow_mut();
                let (share, answer) = state.sharing.iter_mut().find(|(share, _)| share.id == id)?;
                let (row, granted) = shared_row::update(text.as_deref(), share);
                *answer = Some(granted);
                return row;
            }
            store::ENTER => {
                let mut state = self.state.borrow_mut();
                let entry = state.engine.enter(text.as_deref().unwrap_or_default());
                let operations = entry.operations.as_str().into();
                state.entry = Some(entry);
                return Some(operations);
            }
            store::CANDIDATES => {
                let state = self.state.borrow();
                let names = text.unwrap_or_default();
                let mine: Vec<_> =
                    rows::fields(&names).filter(|of| state.engine.projects().include_owner(of)).collect();
                return Some(mine.join(rows::SEPARATOR.encode_utf8(&mut [0; 4])));
            }
            store::LIFE => self.read_link(),
            _ => {}
        }
        self.hear(kind, id, text, failure);
        None
    }

    /// What the store tells, what became of requests, and what becomes of the page.
    pub(super) fn hear(&'static self, kind: u32, id: u32, text: Option<String>, failure: Option<String>) {
        let refused = text.is_none();
        let text = text.unwrap_or_default();
        let mut state = self.state.borrow_mut();
        let now = state.read_clocks();
        let current = id == state.openings;
        let State { engine, sharing, entry, .. } = &mut *state;
        match kind {
            store::WRITTEN => engine.handle_written(id, failure.as_deref().map(read_failure), now),
            store::STATS => {
                let counts = |of: &str| of != engine.owner() && engine.projects().include_owner(of);
                let others = rows::sum_of_accounts(&text, counts);
                engine.handle_accounts(id, Some(others), now);
            }
            store::LETTERS => engine.handle_dead_letters(id, rows::letters(&text)),
            store::RESEND | store::DISCARD => {
                let disposal = if kind == store::RESEND { Disposal::Resend } else { Disposal::Discard };
                engine.handle_taken_letters(id, disposal, rows::letters(&text), now);
            }
            store::SHARED => {
                if let Some(place) = sharing.iter().position(|(share, _)| share.id == id) {
                    let (_, granted) = sharing.swap_remove(place);
                    engine.handle_shared(id, granted.filter(|_| failure.is_none()), now);
                }
            }
            store::RESPONSE => {
                let response = if refused {
                    failure.map(Response::failed)
                } else {
                    Some(Response::read(&text, environment::clocks().wall))
                };
                if let Some(response) = response {
                    engine.handle_response(id, response, now);
                }
            }
            store::LIFE => lifecycle::tell(engine, &text, now),
            // Their locks are held by the store, whichever opening of the database has found them.
            store::ORPHANS => engine.handle_orphans(rows::orphans(&text), now),
            _ if !current => {}
            store::CLOSED => engine.handle_store_closed(now),
            store::OPENED => match (failure, entry.take()) {
                (None, Some(entry)) if entry.opted_out => {
                    engine.handle_stored_opt_out(environment::unique_name(), now);
                }
                (None, Some(entry)) => engine.handle_opened(entry.identity, now),
                (failure, _) => {
                    // After its time the engine takes nothing more: what is left stays for the next page.
                    let left = if engine.is_opening() { self.take_left(engine) } else { Vec::new() };
                    engine.handle_open_failed(message(&failure.unwrap_or_default()), left, now);
                }
            },
            store::LOADED => {
                let owner = std::mem::take(&mut state.loading);
                let engine = &mut state.engine;
                if refused {
                    engine.handle_load_failed(&owner);
                } else {
                    engine.handle_loaded(&owner, rows::records(&text), now);
                }
            }
            _ => engine.handle_usurped(engine.projects().owner(&environment::unique_name()), now),
        }
        drop(state);
        self.drain();
    }

    /// Takes the records that pages of the same projects left in `localStorage`.
    fn take_left(&self, engine: &Engine) -> Vec<Record> {
        let prefix = name(&self.instance, "left:");
        let mut records = Vec::new();
        for place in rows::fields(&store::names(&prefix)) {
            if engine.projects().include_owner(&place[prefix.len()..]) {
                records.extend(rows::records_in(&store::find(place).unwrap_or_default()));
                store::keep(place, "");
            }
        }
        records
    }
}

/// The message of an error that `store.js` tells as its name and its message.
fn message(failure: &str) -> String {
    rows::fields(failure).last().unwrap_or_default().into()
}

fn read_failure(failure: &str) -> StoreFailure {
    if failure.starts_with("QuotaExceededError") {
        StoreFailure::Quota
    } else {
        StoreFailure::Closed(message(failure))
    }
}
