//! Web Locks that say "this page lives". The browser lets go of a dead page's locks by itself.

use crate::browser::environment::{self, LockManager, set};
use js_sys::{Array, Function, Object, Promise};
use std::cell::{Cell, RefCell};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

/// The locks this page holds: its own name's, and those of the pages it adopted from.
#[derive(Default)]
pub struct Locks {
    /// By owner; calling the function lets go.
    held: RefCell<Vec<(String, Function)>>,
    /// How often all were let go.
    releases: Cell<u32>,
}

impl Locks {
    /// Whether the browser has Web Locks here: it needs a secure context.
    pub fn available() -> bool {
        manager().is_some()
    }

    /// Takes `owner`'s lock if nobody holds it. A lock that is granted only after [`Locks::release`] is let go.
    pub async fn take(&self, instance: &str, owner: &str) -> bool {
        let Some(manager) = manager() else { return false };
        let name = ["appizer:", instance, ":", owner].concat();
        let releases = self.releases.get();
        let granted = JsFuture::from(request(&manager, &name)).await;
        let Ok(Ok(release)) = granted.map(JsCast::dyn_into::<Function>) else { return false };
        if self.releases.get() != releases {
            let _ = release.call0(&JsValue::UNDEFINED);
            return false;
        }
        self.held.borrow_mut().push((owner.into(), release));
        true
    }

    /// Whether this page holds `owner`'s lock.
    pub fn holds(&self, owner: &str) -> bool {
        self.held.borrow().iter().any(|(of, _)| of == owner)
    }

    /// Lets go of all of them.
    pub fn release(&self) {
        self.releases.set(self.releases.get() + 1);
        for (_, release) in self.held.take() {
            let _ = release.call0(&JsValue::UNDEFINED);
        }
    }
}

fn manager() -> Option<LockManager> {
    environment::navigator()?.locks()
}

/// A promise of the function that lets go of the lock, or of `null` where somebody else holds it.
fn request(manager: &LockManager, name: &str) -> Promise {
    let options = Object::new();
    set(&options, "ifAvailable", true);
    let mut held = None;
    let granted = Promise::new(&mut |resolve, _| {
        let granted = Closure::once_into_js(move |lock: JsValue| {
            if lock.is_null() {
                let _ = resolve.call1(&JsValue::UNDEFINED, &lock);
                return JsValue::UNDEFINED;
            }
            // The browser holds the lock for as long as this promise is pending.
            Promise::new(&mut |release, _| drop(resolve.call1(&JsValue::UNDEFINED, &release))).into()
        });
        held = Some(manager.request(name, &options, granted.unchecked_ref()));
    });
    // The browser's own promise matters only where it refuses before it grants.
    Promise::race(&held.into_iter().chain([granted]).collect::<Array>())
}
