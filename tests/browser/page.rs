//! A page's store in this browser, with what it told.

use crate::inbox::{Failure, Left, Notes, TestInbox, Told, make_store};
use crate::network::{hide_locks, show_locks, sleep};
use crate::sentences::{self, Claims};
use appizer_tracker::browser::environment::unique_name;
use appizer_tracker::browser::store::Store;
use appizer_tracker::core::model::account::Account;
use appizer_tracker::core::model::dead_letter::DeadLetter;
use appizer_tracker::core::model::identity::Identity;
use appizer_tracker::core::model::mark::Mark;
use appizer_tracker::core::model::orphan::Orphan;
use appizer_tracker::core::model::segment::{Record, SegmentKey};
use appizer_tracker::core::policy::limits;
use appizer_tracker::core::policy::shared_row::{Granted, Share};
use appizer_tracker::core::rows::changes::Changes;
use appizer_tracker::core::rows::{self, Operations};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen(inline_js = "
export const storedRows = (instance, store) => new Promise((resolve, reject) => {
  const request = indexedDB.open(`appizer-${instance}`);
  request.onerror = () => reject(request.error);
  request.onsuccess = () => {
    const rows = request.result.transaction(store).objectStore(store);
    const fields = [];
    rows.openCursor().onsuccess = ({ target: { result: cursor } }) => {
      if (cursor) {
        fields.push(cursor.key, cursor.value);
        cursor.continue();
      } else {
        request.result.close();
        resolve(fields);
      }
    };
  };
});
")]
extern "C" {
    #[wasm_bindgen(catch, js_name = storedRows)]
    async fn read_rows(instance: &str, store: &str) -> Result<js_sys::Array, JsValue>;
}

/// Reads a store's keys and rows, one after the other.
pub async fn stored_rows(instance: &str, store: &str) -> Vec<String> {
    let fields = read_rows(instance, store).await.unwrap();
    fields.iter().map(|field| field.as_string().unwrap()).collect()
}

/// The storage of an instance that no other test has.
pub struct Browser {
    pub instance: String,
    claims: Claims,
    left: Left,
}

pub struct Page {
    pub store: Store,
    notes: Rc<RefCell<Notes>>,
    last_id: Cell<u32>,
}

impl Browser {
    /// See [`stored_rows`].
    pub async fn rows(&self, store: &str) -> Vec<String> {
        stored_rows(&self.instance, store).await
    }

    pub async fn open_page(&self, owner: &str) -> Page {
        sentences::Browser::open(self, owner, "a").await.0
    }

    fn leave(&self, owner: &str, operations: Operations) {
        self.left.borrow_mut().entry(owner.into()).or_default().push(operations);
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if self.claims == Claims::Leases {
            show_locks();
        }
    }
}

impl sentences::Browser for Browser {
    type Page = Page;

    fn new(claims: Claims) -> Self {
        if claims == Claims::Leases {
            hide_locks();
        }
        Self { instance: unique_name(), claims, left: Left::default() }
    }

    async fn open(&self, owner: &str, anonymous: &str) -> (Page, Identity) {
        let notes = Rc::new(RefCell::new(Notes {
            owner: owner.into(),
            identity: Identity { anonymous: anonymous.into(), user: None },
            told: Vec::new(),
            shares: Vec::new(),
            left: Rc::clone(&self.left),
        }));
        let store = make_store(&self.instance, owner, limits::LEASE_RENEWAL, TestInbox::new(&notes));
        let page = Page { store, notes, last_id: Cell::new(0) };
        page.open().await;
        let identity = page.notes.borrow().identity.clone();
        (page, identity)
    }

    fn leave_records(&self, owner: &str, records: &[Record]) {
        self.leave(owner, Operations::of_records(records));
    }

    fn leave_mark(&self, owner: &str, mark: &Mark) {
        self.leave(owner, Operations::of_mark(owner, mark));
    }

    fn left(&self) -> Vec<String> {
        self.left.borrow().keys().cloned().collect()
    }
}

impl Page {
    /// Opens the store, the first time or once more. Returns the number of the opening.
    pub async fn open(&self) -> u32 {
        let id = self.next_id();
        self.store.open(id, false);
        let failed = |told: &Told| matches!(told, Told::OpenFailed(..));
        let told = self.wait_for(|told| *told == Told::Opened(id) || failed(told)).await;
        assert_eq!(told, Told::Opened(id));
        id
    }

    /// Waits for the first notice that is wanted.
    pub async fn wait_for(&self, is_wanted: impl Fn(&Told) -> bool) -> Told {
        loop {
            let place = self.notes.borrow().told.iter().position(&is_wanted);
            if let Some(place) = place {
                return self.notes.borrow_mut().told.remove(place);
            }
            JsFuture::from(sleep(1)).await.unwrap();
        }
    }

    /// Commits operations; none of the dead letters makes room.
    pub async fn commit(&self, operations: &str) -> Result<(), Failure> {
        self.commit_letters(operations, 0).await
    }

    async fn commit_letters(&self, operations: &str, letters: usize) -> Result<(), Failure> {
        let id = self.next_id();
        self.store.commit(id, operations, letters as u32);
        match self.wait_for(|told| matches!(told, Told::Written(of, _) if *of == id)).await {
            Told::Written(_, result) => result,
            told => unreachable!("{told:?}"),
        }
    }

    fn next_id(&self) -> u32 {
        self.last_id.set(self.last_id.get() + 1);
        self.last_id.get()
    }
}

impl sentences::Page for Page {
    async fn write(&self, changes: &Changes) {
        let letters = if changes.letters.is_empty() { 0 } else { limits::MAX_DEAD_LETTERS };
        self.commit_letters(changes.operations().as_str(), letters).await.unwrap();
    }

    async fn load(&self, owner: &str, after: Option<&SegmentKey>) -> Vec<Record> {
        let id = self.next_id();
        let lower = after.map_or_else(|| [owner, "/"].concat(), |after| after.as_str().into());
        self.store.load(id, &lower, &[owner, "0"].concat(), limits::LOAD_SEGMENTS as u32);
        match self.wait_for(|told| matches!(told, Told::Loaded(of, _) if *of == id)).await {
            Told::Loaded(_, text) => rows::records(&text),
            told => unreachable!("{told:?}"),
        }
    }

    async fn account(&self) -> Account {
        let id = self.next_id();
        self.store.read_accounts(id);
        match self.wait_for(|told| matches!(told, Told::Accounts(of, _) if *of == id)).await {
            Told::Accounts(_, text) => rows::sum_of_accounts(&text, |_| true),
            told => unreachable!("{told:?}"),
        }
    }

    async fn letters(&self) -> Vec<DeadLetter> {
        let id = self.next_id();
        self.store.read_letters(id);
        match self.wait_for(|told| matches!(told, Told::Letters(of, _) if *of == id)).await {
            Told::Letters(_, text) => rows::letters(&text),
            told => unreachable!("{told:?}"),
        }
    }

    async fn adopt(&self) -> Vec<Orphan> {
        self.store.adopt();
        match self.wait_for(|told| matches!(told, Told::Orphans(_))).await {
            Told::Orphans(text) => rows::orphans(&text),
            told => unreachable!("{told:?}"),
        }
    }

    fn begin_share(&self, share: Share) {
        let (id, key) = (share.id, rows::pacing_key(share.to));
        self.notes.borrow_mut().shares.push((share, None));
        self.store.share(id, &key);
    }

    async fn granted(&self, share: u32) -> Granted {
        self.wait_for(|told| *told == Told::Shared(share, true)).await;
        let notes = self.notes.borrow();
        let (_, granted) = notes.shares.iter().find(|(of, _)| of.id == share).unwrap();
        granted.clone().unwrap()
    }

    async fn take_left(&self) -> Vec<Record> {
        self.store.claim_left();
        match self.wait_for(|told| matches!(told, Told::TakenLeft(_))).await {
            Told::TakenLeft(text) => rows::records_in(&text),
            told => unreachable!("{told:?}"),
        }
    }

    fn leave(&self, mark: Option<&Mark>) {
        let owner = self.notes.borrow().owner.clone();
        let operations = mark.map(|mark| Operations::of_mark(&owner, mark)).unwrap_or_default();
        self.store.leave(operations.as_str());
    }
}
