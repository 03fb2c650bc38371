//! An inbox that notes what a store tells, and answers its questions as the driver does.

use crate::sentences::projects;
use appizer_tracker::browser::environment::clocks;
use appizer_tracker::browser::store::Store;
use appizer_tracker::core::model::identity::Identity;
use appizer_tracker::core::policy::shared_row::{self, Granted, Share};
use appizer_tracker::core::policy::{entry, lease};
use appizer_tracker::core::rows::{Operations, SEPARATOR};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use wasm_bindgen::prelude::*;

/// What a store told; the number is that of the call.
#[derive(Debug, PartialEq)]
pub enum Told {
    Opened(u32),
    OpenFailed(u32, String),
    Closed(u32),
    Written(u32, Result<(), Failure>),
    Orphans(String),
    TakenLeft(String),
    Loaded(u32, String),
    Accounts(u32, String),
    Letters(u32, String),
    Shared(u32, bool),
    Cleared,
}

/// An error of the browser.
#[derive(Debug, PartialEq)]
pub struct Failure {
    pub name: String,
    pub message: String,
}

/// What pages keep outside the database, by owner: operations.
pub type Left = Rc<RefCell<BTreeMap<String, Vec<Operations>>>>;

/// What a page and its inbox know.
pub struct Notes {
    pub owner: String,
    /// Who the visitor is, once the store is open.
    pub identity: Identity,
    pub told: Vec<Told>,
    pub shares: Vec<(Share, Option<Granted>)>,
    pub left: Left,
}

/// What `makeStore` takes for the inbox of a tracker.
#[wasm_bindgen]
pub struct TestInbox(Rc<RefCell<Notes>>);

#[wasm_bindgen(module = "/src/js/browser/store.js")]
extern "C" {
    #[wasm_bindgen(js_name = makeStore)]
    pub fn make_store(instance: &str, owner: &str, renewal: u32, inbox: TestInbox) -> Store;
}

impl TestInbox {
    pub fn new(notes: &Rc<RefCell<Notes>>) -> Self {
        Self(Rc::clone(notes))
    }

    fn note(&self, told: Told) {
        self.0.borrow_mut().told.push(told);
    }
}

#[wasm_bindgen]
impl TestInbox {
    pub fn enter(&self, identity_rows: &str) -> String {
        let mut notes = self.0.borrow_mut();
        let entry = entry::enter(identity_rows, &projects(), &notes.identity, false);
        notes.identity = entry.identity;
        entry.operations.as_str().into()
    }

    #[wasm_bindgen(js_name = leftOwners)]
    pub fn left_owners(&self) -> String {
        let owners: Vec<_> = self.0.borrow().left.borrow().keys().cloned().collect();
        owners.join(&SEPARATOR.to_string())
    }

    pub fn admits(&self, owner: &str) -> bool {
        projects().include_owner(owner)
    }

    pub fn left(&self, owner: &str) -> String {
        let mut left = Operations::default();
        let notes = self.0.borrow();
        notes.left.borrow().get(owner).into_iter().flatten().for_each(|operations| left.append(operations));
        left.as_str().into()
    }

    pub fn lease(&self, row: Option<String>) -> Option<String> {
        lease::take_row(row.as_deref(), &self.0.borrow().owner, clocks().wall)
    }

    pub fn share(&self, id: u32, row: Option<String>) -> Option<String> {
        let mut notes = self.0.borrow_mut();
        let (share, answer) = notes.shares.iter_mut().find(|(share, _)| share.id == id)?;
        let (row, granted) = shared_row::update(row.as_deref(), share);
        *answer = Some(granted);
        row
    }

    pub fn opened(&self, id: u32) {
        self.note(Told::Opened(id));
    }

    #[wasm_bindgen(js_name = openFailed)]
    pub fn open_failed(&self, id: u32, error: &js_sys::Error) {
        self.note(Told::OpenFailed(id, error.message().into()));
    }

    pub fn closed(&self, id: u32) {
        self.note(Told::Closed(id));
    }

    pub fn written(&self, id: u32) {
        self.note(Told::Written(id, Ok(())));
    }

    #[wasm_bindgen(js_name = writeFailed)]
    pub fn write_failed(&self, id: u32, error: &js_sys::Error) {
        let failure = Failure { name: error.name().into(), message: error.message().into() };
        self.note(Told::Written(id, Err(failure)));
    }

    pub fn orphans(&self, orphans: String) {
        self.note(Told::Orphans(orphans));
    }

    #[wasm_bindgen(js_name = leftStored)]
    pub fn left_stored(&self, owner: &str) {
        self.0.borrow().left.borrow_mut().remove(owner);
    }

    #[wasm_bindgen(js_name = takeLeft)]
    pub fn take_left(&self, operations: String) -> bool {
        self.note(Told::TakenLeft(operations));
        true
    }

    pub fn loaded(&self, id: u32, records: String) {
        self.note(Told::Loaded(id, records));
    }

    pub fn accounts(&self, id: u32, accounts: Option<String>) {
        self.note(Told::Accounts(id, accounts.expect("accounts can be read")));
    }

    pub fn letters(&self, id: u32, letters: String) {
        self.note(Told::Letters(id, letters));
    }

    pub fn shared(&self, id: u32, written: bool) {
        self.note(Told::Shared(id, written));
    }

    pub fn cleared(&self) {
        self.note(Told::Cleared);
    }
}
