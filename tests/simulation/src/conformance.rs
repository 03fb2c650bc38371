//! The simulated storage passes the sentences that the browser's own store passes (tests/browser/store.rs).

use crate::disk::{Claimed, Disk, Outcome, Transaction, Work};
use crate::ledger::{Event, Ledger};
use crate::sentences::{self, Claims, for_each_sentence};
use appizer_tracker::core::model::account::Account;
use appizer_tracker::core::model::dead_letter::DeadLetter;
use appizer_tracker::core::model::identity::Identity;
use appizer_tracker::core::model::mark::Mark;
use appizer_tracker::core::model::orphan::Orphan;
use appizer_tracker::core::model::segment::{Record, SegmentKey};
use appizer_tracker::core::policy::shared_row::{Granted, Share};
use appizer_tracker::core::rows::changes::Changes;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

/// The storage of one browser and its Web Locks: who holds the lock of an owner.
struct Storage {
    disk: Disk<()>,
    ledger: Ledger,
    locks: BTreeMap<String, String>,
}

struct Browser {
    claims: Claims,
    storage: Rc<RefCell<Storage>>,
}

struct Page {
    owner: String,
    claims: Claims,
    storage: Rc<RefCell<Storage>>,
    held: RefCell<BTreeSet<String>>,
    granted: RefCell<BTreeMap<u32, Granted>>,
}

impl sentences::Browser for Browser {
    type Page = Page;

    fn new(claims: Claims) -> Self {
        let mut ledger = Ledger::new(claims == Claims::Locks);
        // The sentences' events: e0, e1 and so on.
        ledger.events.resize(2_000, Event::default());
        let storage = Storage { disk: Disk::new(false), ledger, locks: BTreeMap::new() };
        Self { claims, storage: Rc::new(RefCell::new(storage)) }
    }

    async fn open(&self, owner: &str, anonymous: &str) -> (Page, Identity) {
        let page = Page {
            owner: owner.into(),
            claims: self.claims,
            storage: Rc::clone(&self.storage),
            held: RefCell::default(),
            granted: RefCell::default(),
        };
        page.claim(owner);
        let candidate = Identity { anonymous: anonymous.into(), user: None };
        match page.run(Work::Enter(candidate)) {
            Outcome::Entered(identity) => (page, identity),
            outcome => unreachable!("{outcome:?}"),
        }
    }

    fn leave_records(&self, owner: &str, records: &[Record]) {
        let disk = &mut self.storage.borrow_mut().disk;
        disk.write_local(0).left.insert(owner.into(), records.into());
    }

    fn leave_mark(&self, owner: &str, mark: &Mark) {
        self.storage.borrow_mut().disk.write_local(0).marks.insert(owner.into(), mark.clone());
    }

    fn left(&self) -> Vec<String> {
        self.storage.borrow().disk.local.owners()
    }
}

impl Page {
    fn run(&self, work: Work) -> Outcome {
        let Storage { disk, ledger, .. } = &mut *self.storage.borrow_mut();
        disk.pending.push_back(Transaction { page: 0, work, aborted: false, over_quota: false, then: () });
        let (_, outcome) = disk.commit(ledger).expect("a transaction has begun");
        outcome
    }

    fn claim(&self, owner: &str) -> bool {
        let claimed = match self.claims {
            Claims::Locks => {
                let locks = &mut self.storage.borrow_mut().locks;
                *locks.entry(owner.into()).or_insert_with(|| self.owner.clone()) == self.owner
            }
            Claims::Leases => {
                let lease = Work::TakeLease { owner: owner.into(), holder: self.owner.clone(), wall: 0 };
                matches!(self.run(lease), Outcome::Leased(true))
            }
        };
        if claimed {
            self.held.borrow_mut().insert(owner.into());
        }
        claimed
    }

    /// Claims what can be claimed of these pages; returns what they left in `localStorage`.
    fn claim_all(&self, owners: BTreeSet<String>) -> Claimed {
        let rest = &owners - &self.held.borrow();
        let claimed = rest.into_iter().filter(|owner| self.claim(owner)).collect();
        self.storage.borrow().disk.local.claimed(claimed)
    }

    fn left_owners(&self) -> BTreeSet<String> {
        self.storage.borrow().disk.local.owners().into_iter().collect()
    }

    fn forget_left(&self, owners: &[String]) {
        self.storage.borrow_mut().disk.write_local(0).forget(owners);
    }
}

impl sentences::Page for Page {
    async fn write(&self, changes: &Changes) {
        // As the shell reads it.
        let write = Box::new(Changes::read(&changes.operations()));
        self.run(Work::Write { page: 0, id: 0, incarnation: 0, drops: None, write });
        if !changes.letters.is_empty() {
            self.run(Work::TrimLetters);
        }
    }

    async fn load(&self, owner: &str, after: Option<&SegmentKey>) -> Vec<Record> {
        match self.run(Work::Load { owner: owner.into(), after: after.cloned() }) {
            Outcome::Records(records) => records,
            outcome => unreachable!("{outcome:?}"),
        }
    }

    async fn account(&self) -> Account {
        let mut sum = Account::default();
        self.storage.borrow().disk.stores.accounts.values().for_each(|&account| sum.add(account));
        sum
    }

    async fn letters(&self) -> Vec<DeadLetter> {
        match self.run(Work::Letters) {
            Outcome::Letters(letters) => letters,
            outcome => unreachable!("{outcome:?}"),
        }
    }

    async fn adopt(&self) -> Vec<Orphan> {
        let mut owners = self.left_owners();
        match self.run(Work::Owners) {
            Outcome::Owners(stored) => owners.extend(stored),
            outcome => unreachable!("{outcome:?}"),
        }
        let claimed = self.claim_all(owners);
        let owners = claimed.owners.clone();
        match self.run(Work::Adopt(claimed)) {
            Outcome::Orphans(orphans) => {
                self.forget_left(&owners);
                orphans
            }
            outcome => unreachable!("{outcome:?}"),
        }
    }

    fn begin_share(&self, share: Share) {
        let id = share.id;
        match self.run(Work::Share(Box::new(share))) {
            Outcome::Granted(granted) => self.granted.borrow_mut().insert(id, *granted),
            outcome => unreachable!("{outcome:?}"),
        };
    }

    async fn granted(&self, share: u32) -> Granted {
        self.granted.borrow()[&share].clone()
    }

    async fn take_left(&self) -> Vec<Record> {
        let Claimed { owners, records, .. } = self.claim_all(self.left_owners());
        self.forget_left(&owners);
        records
    }

    fn leave(&self, mark: Option<&Mark>) {
        if let Some(mark) = mark.cloned() {
            self.run(Work::KeepMark { owner: self.owner.clone(), mark });
        }
        let held = self.held.take();
        match self.claims {
            Claims::Locks => self.storage.borrow_mut().locks.retain(|owner, _| !held.contains(owner)),
            Claims::Leases => drop(self.run(Work::DropLeases(held.into_iter().collect()))),
        }
    }
}

/// Runs a future that never waits.
fn finish(future: impl Future<Output = ()>) {
    let poll = pin!(future).poll(&mut Context::from_waker(Waker::noop()));
    assert_eq!(poll, Poll::Ready(()), "the simulated storage answers at once");
}

macro_rules! in_the_simulation {
    ($($sentence:ident)*) => {
        $(
            #[test]
            fn $sentence() {
                finish(sentences::$sentence::<Browser>());
            }
        )*
    };
}
for_each_sentence!(in_the_simulation);
