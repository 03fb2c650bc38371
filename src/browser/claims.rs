//! Whose records are this page's to send: its own, and those of pages that are gone. Web Locks say so, or leases in the
//! store where there are none (they need a secure context).

use crate::browser::lock::Locks;
use crate::browser::store::Store;
use crate::core::policy;
use gloo_timers::callback::Interval;
use js_sys::Date;
use std::cell::RefCell;

/// The claims of one page.
pub struct Claims {
    instance: String,
    locks: Locks,
    leased: RefCell<Vec<String>>,
    renewal: RefCell<Option<Interval>>,
}

impl Claims {
    /// No claims yet.
    pub fn new(instance: String) -> Self {
        Self { instance, locks: Locks::default(), leased: RefCell::default(), renewal: RefCell::default() }
    }

    /// Takes the page's own lock, before there is a store: a page must never look dead while it lives.
    pub async fn take_own_lock(&self, owner: &str) {
        if Locks::available() {
            self.locks.take(&self.instance, owner).await;
        }
    }

    /// Takes the page's own lease where there are no locks, and calls `renew` whenever it is to be renewed.
    pub async fn take_own_lease(&self, store: &Store, owner: &str, renew: impl FnMut() + 'static) {
        if !Locks::available() {
            self.take(store, owner, owner).await;
            self.renewal.replace(Some(Interval::new(policy::LEASE_RENEWAL, renew)));
        }
    }

    /// Claims the records of `owner` for the page `me`, if that page is gone.
    pub async fn take(&self, store: &Store, owner: &str, me: &str) -> bool {
        if Locks::available() {
            return self.locks.take(&self.instance, owner).await;
        }
        let taken = store.take_lease(owner, me, Date::now() as u64).await == Ok(true);
        if taken {
            self.leased.borrow_mut().push(owner.into());
        }
        taken
    }

    /// Whether `owner`'s records are this page's.
    pub fn holds(&self, owner: &str) -> bool {
        self.locks.holds(owner) || self.leased.borrow().iter().any(|of| of == owner)
    }

    /// Renews every lease. Whether another page has taken one, because this page did not come to it in time.
    pub async fn renew(&self, store: &Store, me: &str) -> bool {
        let leased = self.leased.borrow().clone();
        let mut lost = false;
        for owner in leased {
            if store.take_lease(&owner, me, Date::now() as u64).await == Ok(false) {
                lost = true;
                // It is not this page's to give back any more.
                self.leased.borrow_mut().retain(|of| *of != owner);
            }
        }
        lost
    }

    /// Gives all claims back.
    pub fn release(&self, store: Option<&Store>) {
        self.locks.release();
        self.renewal.replace(None);
        let leased = self.leased.take();
        if let Some(store) = store.filter(|_| !leased.is_empty()) {
            // Where it fails the leases end by themselves.
            let _ = store.drop_leases(&leased);
        }
    }
}
