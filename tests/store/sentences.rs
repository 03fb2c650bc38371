//! What the core expects of a store, as sentences. The simulation's store and the browser's own both pass them: a store that
//! is simulated otherwise than it is proves nothing.

use appizer_tracker::core::model::account::{Account, DropReason};
use appizer_tracker::core::model::dead_letter::{DeadLetter, Reason};
use appizer_tracker::core::model::identity::Identity;
use appizer_tracker::core::model::mark::Mark;
use appizer_tracker::core::model::orphan::Orphan;
use appizer_tracker::core::model::segment::{Record, SegmentKey};
use appizer_tracker::core::model::time::Clocks;
use appizer_tracker::core::policy::limits;
use appizer_tracker::core::policy::options::{Options, Value};
use appizer_tracker::core::policy::project::Projects;
use appizer_tracker::core::policy::shared_row::{Granted, Share, update};
use appizer_tracker::core::rows::changes::Changes;

/// How a page claims its records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claims {
    Locks,
    Leases,
}

/// A browser whose storage has nothing of this instance yet.
pub trait Browser {
    type Page: Page;

    fn new(claims: Claims) -> Self;

    /// Opens the store as the page `owner`. Returns the identity, too, which is `anonymous` if there was none.
    async fn open(&self, owner: &str, anonymous: &str) -> (Self::Page, Identity);

    /// Keeps records outside the database, as a page does until its store has confirmed them.
    fn leave_records(&self, owner: &str, records: &[Record]);

    /// Keeps a mark outside the database, as a page does when it leaves.
    fn leave_mark(&self, owner: &str, mark: &Mark);

    /// Returns the pages of which something is kept outside the database, sorted.
    fn left(&self) -> Vec<String>;
}

/// A page with an open store.
pub trait Page {
    /// Waits until the changes are committed.
    async fn write(&self, changes: &Changes);

    /// Reads the next records of `owner`.
    async fn load(&self, owner: &str, after: Option<&SegmentKey>) -> Vec<Record>;

    /// Returns the sum of all accounts.
    async fn account(&self) -> Account;

    async fn letters(&self) -> Vec<DeadLetter>;

    /// Claims pages that are gone.
    async fn adopt(&self) -> Vec<Orphan>;

    /// Begins to put the shared row through an update.
    fn begin_share(&self, share: Share);

    /// Waits for what was granted.
    async fn granted(&self, share: u32) -> Granted;

    /// Claims what pages left outside the database and takes it, as a page without a database does.
    async fn take_left(&self) -> Vec<Record>;

    fn leave(&self, mark: Option<&Mark>);
}

/// Expands to `$test! { … }` with the names of all sentences.
macro_rules! for_each_sentence {
    ($test:ident) => {
        $test! {
            a_record_reads_back_as_it_was_written_also_after_its_page_has_left
            a_write_puts_and_deletes_records_and_accounts_as_a_whole
            dead_letters_read_back_until_they_are_settled
            the_oldest_dead_letters_make_room_for_new_ones
            pages_that_are_gone_are_found_by_record_account_or_mark_once_each
            loading_goes_on_after_the_last_record_and_keeps_to_one_owner
            the_first_identity_stays_until_it_is_replaced
            a_living_page_keeps_its_records_until_it_leaves
            without_web_locks_a_lease_keeps_them_until_it_is_given_back
            a_row_that_pages_change_at_once_loses_no_change
            a_page_that_leaves_stores_its_mark
            records_and_a_mark_left_outside_the_database_move_in_when_their_page_is_claimed
            what_a_living_page_keeps_outside_the_database_stays_there
            a_record_left_outside_the_database_replaces_the_stored_one
            without_a_database_what_pages_left_outside_it_is_taken_once
        }
    };
}
pub(crate) use for_each_sentence;

pub fn record(owner: &str, number: u32) -> Record {
    Record {
        key: SegmentKey::new(owner, number),
        at: 1_795_000_000_000,
        old_since: None,
        ids: "e1 e2".into(),
        events: "{\"n\":1},\n{\"n\":\"ü\"}".into(),
    }
}

pub fn write(owner: &str) -> Changes {
    Changes { owner: owner.into(), ..Changes::default() }
}

pub fn puts(owner: &str, numbers: std::ops::Range<u32>) -> Changes {
    Changes { puts: numbers.map(|number| record(owner, number)).collect(), ..write(owner) }
}

pub fn owners(orphans: &[Orphan]) -> Vec<&str> {
    let mut owners: Vec<_> = orphans.iter().map(|orphan| &*orphan.owner).collect();
    owners.sort_unstable();
    owners
}

/// Looks again until a lock that was given back is free: browsers free it in a task of its own.
pub async fn adopt_freed(page: &impl Page) -> Vec<Orphan> {
    loop {
        let orphans = page.adopt().await;
        if !orphans.is_empty() {
            return orphans;
        }
    }
}

pub fn projects() -> Projects {
    let options = Options::read([("apiKey".into(), Value::Text("k".into()))]);
    Projects::new(&options.expect("a key is all it takes"))
}

fn letter(id: &str, at: u64) -> DeadLetter {
    let reason = if at.is_multiple_of(2) { Reason::Rejected } else { Reason::Uncertain };
    DeadLetter {
        id: id.into(),
        json: "{\"n\":1}".into(),
        reason,
        status: 400,
        message: "no\n".into(),
        at,
        project: Some(7),
    }
}

fn mark() -> Mark {
    Mark { to: 0xffff_ffff, at: 7, tab: "t".into(), ids: "e1 e2".into() }
}

async fn open<B: Browser>(browser: &B, owner: &str) -> B::Page {
    browser.open(owner, "a").await.0
}

pub async fn a_record_reads_back_as_it_was_written_also_after_its_page_has_left<B: Browser>() {
    let browser = B::new(Claims::Locks);
    let page = open(&browser, "p").await;
    page.write(&puts("p", 0..2)).await;
    page.leave(None);
    let next = open(&browser, "q").await;
    assert_eq!(next.load("p", None).await, [record("p", 0), record("p", 1)]);
}

pub async fn a_write_puts_and_deletes_records_and_accounts_as_a_whole<B: Browser>() {
    let browser = B::new(Claims::Locks);
    let page = open(&browser, "p").await;
    let mut account = Account { accepted: 7, delivered: 3, ..Account::default() };
    account.drop(DropReason::MaxAge, 1);
    page.write(&Changes { account, ..puts("p", 0..1) }).await;
    page.write(&Changes { account, ..write("dead") }).await;
    let change = Changes {
        deletes: vec![SegmentKey::new("p", 0)],
        adopted_accounts: vec!["dead".into()],
        account,
        ..puts("p", 1..2)
    };
    page.write(&change).await;
    assert_eq!(page.load("p", None).await, [record("p", 1)]);
    assert_eq!(page.account().await, account);
}

pub async fn dead_letters_read_back_until_they_are_settled<B: Browser>() {
    let browser = B::new(Claims::Locks);
    let page = open(&browser, "p").await;
    let letters = vec![letter("e1", 1_795_000_000_000), letter("e2", 1_795_000_000_000)];
    page.write(&Changes { letters: letters.clone(), ..write("p") }).await;
    assert_eq!(page.letters().await, letters);
    page.write(&Changes { settled_letters: vec![letters[0].key()], ..write("p") }).await;
    assert_eq!(page.letters().await, letters[1..]);
}

pub async fn the_oldest_dead_letters_make_room_for_new_ones<B: Browser>() {
    let browser = B::new(Claims::Locks);
    let page = open(&browser, "p").await;
    let most = limits::MAX_DEAD_LETTERS as u64;
    let letters: Vec<_> = (0..most + 3).map(|n| letter(&format!("e{n}"), n)).collect();
    page.write(&Changes { letters: letters.clone(), ..write("p") }).await;
    assert_eq!(page.letters().await, letters[3..]);
}

pub async fn pages_that_are_gone_are_found_by_record_account_or_mark_once_each<B: Browser>() {
    let browser = B::new(Claims::Locks);
    let gone = open(&browser, "d").await;
    gone.leave(Some(&mark()));
    let page = open(&browser, "p").await;
    let puts = vec![record("b", 0), record("b", 1), record("a", 0)];
    let account = Account { accepted: 6, ..Account::default() };
    page.write(&Changes { puts, account, ..write("c") }).await;
    let mut orphans = Vec::new();
    while orphans.len() < 4 {
        orphans.extend(adopt_freed(&page).await);
    }
    orphans.sort_unstable_by(|one, other| one.owner.cmp(&other.owner));
    assert_eq!(owners(&orphans), ["a", "b", "c", "d"]);
    assert_eq!((orphans[2].account, &orphans[3].marks), (account, &vec![mark()]));
    assert!(page.adopt().await.is_empty(), "they are this page's by now");
}

pub async fn loading_goes_on_after_the_last_record_and_keeps_to_one_owner<B: Browser>() {
    let browser = B::new(Claims::Locks);
    let page = open(&browser, "x").await;
    let all: Vec<_> = (0..12).map(|n| record("p", n)).chain([record("p-", 0), record("q", 0)]).collect();
    page.write(&Changes { puts: all.clone(), ..write("x") }).await;
    let first = page.load("p", None).await;
    assert_eq!(first, all[..limits::LOAD_SEGMENTS]);
    let rest = page.load("p", Some(&first[limits::LOAD_SEGMENTS - 1].key)).await;
    assert_eq!(rest, all[limits::LOAD_SEGMENTS..12]);
}

pub async fn the_first_identity_stays_until_it_is_replaced<B: Browser>() {
    let browser = B::new(Claims::Locks);
    open(&browser, "p").await.leave(None);
    let (page, first) = browser.open("q", "b").await;
    assert_eq!(first, Identity { anonymous: "a".into(), user: None });
    let named = Identity { user: Some("u1".into()), ..first };
    let project = projects().current();
    page.write(&Changes { identity: Some(named.clone()), project, ..write("q") }).await;
    assert_eq!(browser.open("r", "c").await.1, named);
}

pub async fn a_living_page_keeps_its_records_until_it_leaves<B: Browser>() {
    let browser = B::new(Claims::Locks);
    let (first, second) = (open(&browser, "p").await, open(&browser, "q").await);
    first.write(&puts("p", 0..1)).await;
    assert!(second.adopt().await.is_empty());
    first.leave(None);
    assert_eq!(owners(&adopt_freed(&second).await), ["p"]);
    let third = open(&browser, "r").await;
    assert!(third.adopt().await.is_empty(), "they are the second page's");
}

pub async fn without_web_locks_a_lease_keeps_them_until_it_is_given_back<B: Browser>() {
    let browser = B::new(Claims::Leases);
    let (first, second) = (open(&browser, "p").await, open(&browser, "q").await);
    first.write(&puts("p", 0..1)).await;
    assert!(second.adopt().await.is_empty());
    first.leave(None);
    assert_eq!(owners(&second.adopt().await), ["p"]);
    let third = open(&browser, "r").await;
    assert!(third.adopt().await.is_empty(), "they are the second page's");
}

pub async fn a_row_that_pages_change_at_once_loses_no_change<B: Browser>() {
    let browser = B::new(Claims::Locks);
    let pages = [open(&browser, "p").await, open(&browser, "q").await];
    let clocks = Clocks { now: 1_795_000_000_000, wall: 1_795_000_000_000 };
    let mut granted = 0;
    let share = |id| Share { id, to: 7, clocks, want: 30, per_minute: Some(100), ..Share::default() };
    for id in 0..4 {
        pages[id % 2].begin_share(share(id as u32));
    }
    for id in 0..4 {
        granted += pages[id % 2].granted(id as u32).await.tokens;
    }
    pages[0].begin_share(Share { want: 100, ..share(4) });
    let (_, alone) = update(None, &Share { want: 100, ..share(5) });
    assert!(granted > 30, "more than one page was granted something");
    assert_eq!(granted + pages[0].granted(4).await.tokens, alone.tokens);
}

pub async fn a_page_that_leaves_stores_its_mark<B: Browser>() {
    let browser = B::new(Claims::Locks);
    let (page, next) = (open(&browser, "p").await, open(&browser, "q").await);
    page.leave(Some(&mark()));
    let [orphan] = &adopt_freed(&next).await[..] else { panic!("one page is gone") };
    assert_eq!((&*orphan.owner, &orphan.marks), ("p", &vec![mark()]));
}

pub async fn records_and_a_mark_left_outside_the_database_move_in_when_their_page_is_claimed<B: Browser>() {
    let browser = B::new(Claims::Locks);
    browser.leave_records("p", &[record("p", 0)]);
    let page = open(&browser, "x").await;
    assert_eq!((page.load("p", None).await, browser.left()), (vec![], vec!["p".into()]));
    browser.leave_mark("q", &mark());
    let mut orphans = page.adopt().await;
    orphans.sort_unstable_by(|one, other| one.owner.cmp(&other.owner));
    assert_eq!(owners(&orphans), ["p", "q"]);
    assert_eq!(orphans[1].marks, [mark()]);
    assert_eq!((page.load("p", None).await, browser.left()), (vec![record("p", 0)], vec![]));
}

pub async fn what_a_living_page_keeps_outside_the_database_stays_there<B: Browser>() {
    let browser = B::new(Claims::Locks);
    let (first, second) = (open(&browser, "p").await, open(&browser, "q").await);
    browser.leave_records("p", &[record("p", 0)]);
    assert!(second.adopt().await.is_empty());
    assert_eq!((second.load("p", None).await, browser.left()), (vec![], vec!["p".into()]));
    first.leave(None);
    assert_eq!(owners(&adopt_freed(&second).await), ["p"]);
    assert_eq!((second.load("p", None).await, browser.left()), (vec![record("p", 0)], vec![]));
}

pub async fn a_record_left_outside_the_database_replaces_the_stored_one<B: Browser>() {
    let browser = B::new(Claims::Locks);
    let page = open(&browser, "p").await;
    page.write(&puts("p", 0..1)).await;
    let shorter = Record { ids: "e2".into(), events: "{\"n\":\"ü\"}".into(), ..record("p", 0) };
    browser.leave_records("p", std::slice::from_ref(&shorter));
    page.leave(None);
    let next = open(&browser, "q").await;
    adopt_freed(&next).await;
    assert_eq!(next.load("p", None).await, [shorter]);
}

pub async fn without_a_database_what_pages_left_outside_it_is_taken_once<B: Browser>() {
    let browser = B::new(Claims::Locks);
    browser.leave_records("p", &[record("p", 0)]);
    let living = open(&browser, "l").await;
    browser.leave_records("l", &[record("l", 0)]);
    let page = open(&browser, "q").await;
    assert_eq!(page.take_left().await, [record("p", 0)]);
    assert_eq!(browser.left(), ["l"]);
    living.leave(None);
}
