//! What the browser's store must do: the sentences of every store, and those that only a browser can be put to.

use crate::inbox::Told;
use crate::network::{fail_transactions_after, failed_transactions, lock_freed, other_version, sleep};
use crate::page::{Browser, Page};
use crate::sentences::{
    self, Browser as _, Claims, Page as _, adopt_freed, for_each_sentence, owners, puts, record, write,
};
use appizer_tracker::core::rows::changes::Changes;
use appizer_tracker::core::rows::{IDENTITY, LEASES, Operations, SEGMENTS, SEPARATOR};
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;

macro_rules! in_this_browser {
    ($($sentence:ident)*) => {
        $(
            #[wasm_bindgen_test]
            async fn $sentence() {
                sentences::$sentence::<Browser>().await;
            }
        )*
    };
}
for_each_sentence!(in_this_browser);

#[wasm_bindgen_test]
async fn a_row_of_a_newer_version_stays_where_it_is() {
    let browser = Browser::new(Claims::Locks);
    let page = browser.open_page("p").await;
    let newer = [SEGMENTS, "new/00000000", "9whatever"].join(&SEPARATOR.to_string());
    page.commit(&newer).await.unwrap();
    assert_eq!(owners(&page.adopt().await), ["new"]);
    assert!(page.load("new", None).await.iter().all(|record| record.ids.is_empty()));
    assert_eq!(browser.rows(SEGMENTS).await, ["new/00000000", "9whatever"]);
}

#[wasm_bindgen_test]
async fn a_page_of_another_project_is_never_claimed() {
    let browser = Browser::new(Claims::Locks);
    let page = browser.open_page("p").await;
    page.write(&puts("theirs.1", 0..1)).await;
    browser.leave_records("theirs.2", &[record("theirs.2", 0)]);
    assert!(page.adopt().await.is_empty());
    assert_eq!(browser.left(), ["theirs.2"]);
}

#[wasm_bindgen_test]
async fn pages_whose_adoption_fails_are_another_pages_to_adopt() {
    let browser = Browser::new(Claims::Locks);
    let (gone, unlucky) = (browser.open_page("p").await, browser.open_page("q").await);
    gone.write(&puts("p", 0..1)).await;
    browser.leave_records("p", &[record("p", 1)]);
    gone.leave(None);
    lock_freed(&["appizer:", &browser.instance, ":p"].concat()).await.unwrap();
    // Owners are found by one transaction, and what they left is read by the next.
    fail_transactions_after(&browser.instance, 1);
    unlucky.store.adopt();
    while failed_transactions() == 0 {
        JsFuture::from(sleep(1)).await.unwrap();
    }
    fail_transactions_after(&browser.instance, u32::MAX);
    assert_eq!(browser.left(), ["p"]);
    let next = browser.open_page("r").await;
    assert_eq!(owners(&adopt_freed(&next).await), ["p"]);
    assert_eq!(next.load("p", None).await, [record("p", 0), record("p", 1)]);
}

#[wasm_bindgen_test]
async fn a_lease_is_a_row_that_is_deleted_when_it_is_given_back() {
    let browser = Browser::new(Claims::Leases);
    let (first, second) = (browser.open_page("p").await, browser.open_page("q").await);
    assert!(first.store.leases());
    let holders = async || browser.rows(LEASES).await.into_iter().step_by(2).collect::<Vec<_>>();
    assert_eq!(holders().await, ["p", "q"]);
    first.leave(None);
    assert_eq!(holders().await, ["q"]);
    drop(browser);
    assert!(!second.store.leases());
}

#[wasm_bindgen_test]
async fn without_web_locks_an_adoption_that_fails_half_way_succeeds_at_the_next_look() {
    let browser = Browser::new(Claims::Leases);
    let page = browser.open_page("q").await;
    let puts = vec![record("p", 0), record("r", 0)];
    page.write(&Changes { puts, ..write("q") }).await;
    // Owners are found by one transaction, and the first lease is taken by the next.
    fail_transactions_after(&browser.instance, 2);
    page.store.adopt();
    while failed_transactions() == 0 {
        JsFuture::from(sleep(1)).await.unwrap();
    }
    fail_transactions_after(&browser.instance, u32::MAX);
    assert_eq!(owners(&page.adopt().await), ["p", "r"]);
}

#[wasm_bindgen_test]
async fn a_store_that_is_cleared_keeps_nothing_but_the_word_to_keep_nothing() {
    let browser = Browser::new(Claims::Locks);
    let page = browser.open_page("p").await;
    page.write(&puts("p", 0..1)).await;
    page.store.clear(Operations::of_opt_out().as_str());
    page.wait_for(|told| *told == Told::Cleared).await;
    assert!(page.load("p", None).await.is_empty());
    assert_eq!(browser.rows(IDENTITY).await, ["opt_out", "1"]);
}

#[wasm_bindgen_test]
async fn a_store_that_a_page_had_no_time_to_clear_is_cleared_as_it_opens() {
    let browser = Browser::new(Claims::Locks);
    browser.open_page("p").await.write(&puts("p", 0..1)).await;
    let page = browser.open_page("q").await;
    page.store.open(100, true);
    page.wait_for(|told| *told == Told::Cleared).await;
    page.wait_for(|told| *told == Told::Opened(100)).await;
    assert!(page.load("p", None).await.is_empty());
    assert!(browser.rows(IDENTITY).await[0].starts_with("identity."), "this page has entered since");
}

#[wasm_bindgen_test]
async fn a_store_opens_once_more_with_the_same_claims() {
    let browser = Browser::new(Claims::Locks);
    let page = browser.open_page("p").await;
    page.open().await;
    page.write(&puts("p", 0..1)).await;
    assert!(browser.open_page("q").await.adopt().await.is_empty());
}

#[wasm_bindgen_test]
async fn a_closed_store_refuses_in_words() {
    let browser = Browser::new(Claims::Locks);
    let page = browser.open_page("p").await;
    page.leave(None);
    let refused = commit_record(&page).await.unwrap_err();
    assert!(!refused.name.is_empty() && !refused.message.is_empty(), "{refused:?}");
}

#[wasm_bindgen_test]
async fn a_database_of_an_older_or_newer_version_of_this_library_serves_as_well() {
    for (version, stores) in [(1, "segments identity"), (7, "segments future")] {
        let browser = Browser::new(Claims::Locks);
        other_version(&["appizer-", &browser.instance].concat(), version, stores).await.unwrap();
        let page = browser.open_page("p").await;
        page.write(&puts("p", 0..1)).await;
        assert_eq!(page.load("p", None).await, [record("p", 0)]);
    }
}

#[wasm_bindgen_test]
async fn a_newer_version_may_change_the_database_under_way_and_the_page_opens_it_again() {
    let browser = Browser::new(Claims::Locks);
    let page = browser.open_page("p").await;
    page.write(&puts("p", 0..1)).await;
    other_version(&["appizer-", &browser.instance].concat(), 2, "future").await.unwrap();
    page.wait_for(|told| matches!(told, Told::Closed(_))).await;
    page.open().await;
    assert_eq!(page.load("p", None).await, [record("p", 0)]);
}

async fn commit_record(page: &Page) -> Result<(), crate::inbox::Failure> {
    page.commit(Operations::of_records(&[record("p", 0)]).as_str()).await
}
