//! What JavaScript tells becomes the engine's input, or the answer to a call of the page's.

use super::{Driver, State, to_js};
use crate::browser::environment;
use crate::browser::lifecycle;
use crate::browser::store::{self, Store};
use crate::core::dead_letter::Disposal;
use crate::core::engine::StoreFailure;
use crate::core::members::Member;
use crate::core::rows;
use crate::core::shared;
use crate::core::verdict::Response;

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
                return rows::take_lease(text.as_deref(), state.engine.owner(), environment::clocks().wall);
            }
            store::SHARE => {
                let mut state = self.state.borrow_mut();
                let (share, answer) = state.sharing.iter_mut().find(|(share, _)| share.id == id)?;
                let (row, granted) = shared::update(text.as_deref(), share);
                *answer = Some(granted);
                return row;
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
        let State { engine, store, sharing, .. } = &mut *state;
        let mut answer = None;
        match kind {
            store::WRITTEN => engine.handle_written(id, failure.as_deref().map(read_failure), now),
            store::STATS => {
                let others = rows::accounts_without(&text, engine.owner());
                let leases = store.as_ref().is_some_and(Store::leases);
                answer = Some(to_js(&engine.stats(others, now).members(leases)));
            }
            store::LETTERS => {
                let mut letters = Vec::new();
                for letter in rows::letters(&text) {
                    letters.push(Member::Object(letter.members()));
                }
                answer = Some(to_js(&Member::List(letters)));
            }
            store::RESEND | store::DISCARD => {
                let letters = rows::letters(&text);
                let disposal = if kind == store::RESEND { Disposal::Resend } else { Disposal::Discard };
                answer = Some((letters.len() as u32).into());
                engine.handle_letters(letters, disposal, now);
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
            _ if !current => {}
            store::CLOSED => engine.handle_store_closed(now),
            store::OPENED => match failure {
                None => {
                    let identity = rows::read_identity(&text).unwrap_or_else(|| engine.identity().clone());
                    engine.handle_opened(identity, now);
                }
                Some(failure) => {
                    // After its time the engine takes nothing more: what is left stays for the next page.
                    let left =
                        if engine.is_opening() { store::take_left(&self.instance) } else { String::new() };
                    engine.handle_open_failed(message(&failure), rows::records_in(&left), now);
                }
            },
            store::ORPHANS => engine.handle_orphans(rows::orphans(&text), now),
            store::LOADED => {
                let owner = std::mem::take(&mut state.loading);
                let engine = &mut state.engine;
                if refused {
                    engine.handle_load_failed(&owner);
                } else {
                    engine.handle_loaded(&owner, rows::records(&text), now);
                }
            }
            _ => engine.handle_usurped(environment::unique_name(), now),
        }
        drop(state);
        self.drain();
        if let Some(answer) = answer {
            self.settle(id, &answer);
        }
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
