//! A page's store, with what it answered.

use crate::network::sleep;
use appizer_tracker::browser::store::{self, Answer, Store};
use appizer_tracker::core::model::identity::Identity;
use appizer_tracker::core::model::segment::Record;
use appizer_tracker::core::policy::options::{Options, Value};
use appizer_tracker::core::policy::project::Projects;
use appizer_tracker::core::policy::{entry, lease};
use appizer_tracker::core::rows::{self, Operations, SEGMENTS};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

type Heard = Rc<RefCell<Vec<(u32, u32, Option<String>, Option<String>)>>>;

pub struct Page {
    pub store: Store,
    heard: Heard,
    last_id: Cell<u32>,
}

impl Page {
    /// Opens the store as the page `owner`, and waits for its end.
    pub async fn open(instance: &str, owner: &str) -> Self {
        Self::open_as(instance, owner, "a").await.0
    }

    /// The same with the anonymous id it gets if there is none; the identity that there is.
    pub async fn open_as(instance: &str, owner: &str, anonymous: &str) -> (Self, Identity) {
        let heard = Heard::default();
        let (told, holder) = (heard.clone(), owner.to_string());
        let candidate = Identity { anonymous: anonymous.into(), user: None };
        let found = Rc::new(RefCell::new(candidate.clone()));
        let entered = Rc::clone(&found);
        let answer: Answer = Closure::new(move |kind, id, text: Option<String>, failure| {
            if kind == store::SHARE {
                return Some([text.as_deref().unwrap_or("1"), "+"].concat());
            }
            if kind == store::LEASE {
                return lease::take_row(text.as_deref(), &holder, js_sys::Date::now() as u64);
            }
            if kind == store::ENTER {
                let entry = entry::enter(&text.unwrap_or_default(), &projects(), &candidate, false);
                entered.replace(entry.identity);
                return Some(entry.operations.as_str().into());
            }
            if kind == store::CANDIDATES {
                return text;
            }
            told.borrow_mut().push((kind, id, text, failure));
            None
        });
        let store = store::make(instance, owner, 60_000, Box::leak(Box::new(answer)));
        store.open(1);
        let page = Self { store, heard, last_id: Cell::new(1) };
        page.answer(store::OPENED, 1).await.unwrap();
        let identity = found.borrow().clone();
        (page, identity)
    }

    /// The answer of a kind to a call: its text, or what the browser said where it refused.
    pub async fn answer(&self, kind: u32, id: u32) -> Result<Option<String>, String> {
        loop {
            let place = self.heard.borrow().iter().position(|told| (told.0, told.1) == (kind, id));
            if let Some(place) = place {
                let (_, _, text, failure) = self.heard.borrow_mut().remove(place);
                return failure.map_or(Ok(text), Err);
            }
            JsFuture::from(sleep(1)).await.unwrap();
        }
    }

    pub async fn commit(&self, operations: &Operations, letters: usize) -> Result<(), String> {
        let id = self.next_id();
        self.store.commit(id, operations.as_str(), letters as u32);
        self.answer(store::WRITTEN, id).await.map(drop)
    }

    /// Keys and rows after `lower` and up to `upper`, joined.
    pub async fn read(&self, of: &str, lower: &str, upper: &str, limit: usize) -> String {
        let id = self.next_id();
        self.store.read(store::LOADED, id, of, lower, upper, limit as u32);
        self.answer(store::LOADED, id).await.unwrap().unwrap()
    }

    pub async fn all(&self, of: &str) -> String {
        self.read(of, "", "\u{ffff}", 0).await
    }

    pub async fn records(&self) -> Vec<Record> {
        rows::records(&self.all(SEGMENTS).await)
    }

    /// The names of the pages whose records it could take.
    pub async fn adopted(&self) -> Vec<String> {
        self.store.adopt(7);
        let text = self.answer(store::ORPHANS, 7).await.unwrap().unwrap();
        rows::orphans(&text).into_iter().map(|orphan| orphan.owner).collect()
    }

    fn next_id(&self) -> u32 {
        self.last_id.set(self.last_id.get() + 1);
        self.last_id.get()
    }
}

pub fn projects() -> Projects {
    let options = Options::read([("apiKey".into(), Value::Text("k".into()))]);
    Projects::new(&options.expect("a key is all it takes"))
}
