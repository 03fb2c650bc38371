//! What the store must do, shown on the browser's own: rows, what is left outside it, whose they are.

use crate::network::{
    fail_transactions_after, failed_transactions, hide_locks, other_version, show_locks, sleep,
};
use crate::page::{Page, projects};
use appizer_tracker::browser::environment::unique_name;
use appizer_tracker::browser::store;
use appizer_tracker::core::model::account::{Account, DropReason};
use appizer_tracker::core::model::dead_letter::{DeadLetter, Reason};
use appizer_tracker::core::model::identity::Identity;
use appizer_tracker::core::model::mark::Mark;
use appizer_tracker::core::model::segment::{Record, SegmentKey};
use appizer_tracker::core::rows::changes::Changes;
use appizer_tracker::core::rows::{self, ACCOUNTS, DEAD_LETTERS, LEASES, MARKS, Operations, SEGMENTS};
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;

fn record(owner: &str, number: u32) -> Record {
    Record {
        key: SegmentKey::new(owner, number),
        at: 1_795_000_000_000,
        old_since: None,
        ids: "e1 e2".into(),
        events: "{\"n\":1},\n{\"n\":\"ü\"}".into(),
    }
}

fn write(owner: &str) -> Changes {
    Changes { owner: owner.into(), ..Changes::default() }
}

fn puts(records: &[Record]) -> Operations {
    Operations::of_records(records)
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

fn left_name(instance: &str, owner: &str) -> String {
    ["appizer:", instance, ":left:", owner].concat()
}

#[wasm_bindgen_test]
async fn a_record_reads_back_as_it_was_written_also_after_the_store_was_closed() {
    let instance = unique_name();
    let page = Page::open(&instance, "p").await;
    page.commit(&puts(&[record("p", 0), record("p", 1)]), 0).await.unwrap();
    page.store.leave("");
    let read = Page::open(&instance, "q").await.records().await;
    assert_eq!(read, [record("p", 0), record("p", 1)]);
}

#[wasm_bindgen_test]
async fn a_write_puts_and_deletes_records_and_accounts_as_a_whole() {
    let page = Page::open(&unique_name(), "p").await;
    let mut account = Account { accepted: 7, delivered: 3, ..Account::default() };
    account.drop(DropReason::MaxAge, 1);
    let first = Changes { puts: vec![record("p", 0)], account, ..write("p") };
    page.commit(&first.operations(), 0).await.unwrap();
    page.commit(&write("dead").operations(), 0).await.unwrap();
    let change = Changes {
        puts: vec![record("p", 1)],
        deletes: vec![SegmentKey::new("p", 0)],
        adopted_accounts: vec!["dead".into()],
        account,
        ..write("p")
    };
    page.commit(&change.operations(), 0).await.unwrap();
    assert_eq!(page.records().await, [record("p", 1)]);
    let accounts = page.all(ACCOUNTS).await;
    assert_eq!(rows::sum_of_accounts(&accounts, |_| true), account);
    assert_eq!(rows::fields(&accounts).next(), Some("p"));
}

#[wasm_bindgen_test]
async fn dead_letters_read_back_until_they_are_settled() {
    let page = Page::open(&unique_name(), "p").await;
    let letters = vec![letter("e1", 1_795_000_000_000), letter("e2", 1_795_000_000_000)];
    let buried = Changes { letters: letters.clone(), ..write("p") };
    page.commit(&buried.operations(), 0).await.unwrap();
    assert_eq!(rows::letters(&page.all(DEAD_LETTERS).await), letters);
    let settled = Changes { settled_letters: vec![letters[0].key()], ..write("p") };
    page.commit(&settled.operations(), 0).await.unwrap();
    assert_eq!(rows::letters(&page.all(DEAD_LETTERS).await), letters[1..]);
}

#[wasm_bindgen_test]
async fn the_oldest_dead_letters_make_room_for_new_ones() {
    let page = Page::open(&unique_name(), "p").await;
    let letters: Vec<_> = (0..1_003).map(|n| letter(&format!("e{n}"), n)).collect();
    let buried = Changes { letters: letters.clone(), ..write("p") };
    page.commit(&buried.operations(), 1_000).await.unwrap();
    assert_eq!(rows::letters(&page.all(DEAD_LETTERS).await), letters[3..]);
}

#[wasm_bindgen_test]
async fn pages_that_are_gone_are_those_of_records_accounts_and_marks_once_each() {
    let page = Page::open(&unique_name(), "p").await;
    let change = Changes { puts: vec![record("b", 0), record("b", 1), record("a", 0)], ..write("c") };
    page.commit(&change.operations(), 0).await.unwrap();
    let mark = Mark { to: 0xffff_ffff, at: 7, tab: "t".into(), ids: "e1 e2".into() };
    page.commit(&Operations::of_mark("d", &mark), 0).await.unwrap();
    page.store.adopt(3);
    let orphans = rows::orphans(&page.answer(store::ORPHANS, 3).await.unwrap().unwrap());
    let owners: Vec<_> = orphans.iter().map(|orphan| orphan.owner.as_str()).collect();
    assert_eq!(owners, ["a", "b", "c", "d"]);
    assert_eq!(orphans[3].marks, [mark]);
    assert!(page.adopted().await.is_empty(), "they are this page's by now");
}

#[wasm_bindgen_test]
async fn loading_goes_on_after_the_last_record_and_keeps_to_one_owner() {
    let page = Page::open(&unique_name(), "x").await;
    let all: Vec<_> = (0..12).map(|n| record("p", n)).chain([record("p-", 0), record("q", 0)]).collect();
    page.commit(&puts(&all), 0).await.unwrap();
    let first = rows::records(&page.read(SEGMENTS, "p/", "p0", 10).await);
    assert_eq!(first, all[..10]);
    let rest = rows::records(&page.read(SEGMENTS, first[9].key.as_str(), "p0", 10).await);
    assert_eq!(rest, all[10..12]);
}

#[wasm_bindgen_test]
async fn the_first_identity_stays_until_it_is_replaced() {
    let instance = unique_name();
    Page::open(&instance, "p").await.store.leave("");
    let (page, first) = Page::open_as(&instance, "q", "b").await;
    assert_eq!(first, Identity { anonymous: "a".into(), user: None });
    let named = Identity { user: Some("u1".into()), ..first };
    let change = Changes { identity: Some(named.clone()), project: projects().current(), ..write("q") };
    page.commit(&change.operations(), 0).await.unwrap();
    assert_eq!(Page::open_as(&instance, "r", "c").await.1, named);
}

#[wasm_bindgen_test]
async fn a_row_of_a_newer_version_stays_where_it_is() {
    let page = Page::open(&unique_name(), "p").await;
    let newer = ["segments", "new/00000000", "2whatever"].join(&rows::SEPARATOR.to_string());
    page.store.commit(9, &newer, 0);
    page.answer(store::WRITTEN, 9).await.unwrap();
    assert_eq!(page.adopted().await, ["new"]);
    assert!(page.records().await.iter().all(|record| record.ids.is_empty()));
    assert!(page.all(SEGMENTS).await.ends_with("2whatever"));
}

#[wasm_bindgen_test]
async fn a_mark_is_in_both_stores_until_another_page_looks() {
    let instance = unique_name();
    let page = Page::open(&instance, "p").await;
    let mark = Operations::of_mark("p", &Mark { to: 7, at: 7, tab: "t".into(), ids: "e1 e2".into() });
    page.store.leave(mark.as_str());
    let name = ["appizer:", &instance, ":left-mark:p"].concat();
    assert_eq!(store::find(&name).as_deref(), Some(mark.as_str()));
    let next = Page::open(&instance, "q").await;
    assert!(next.all(MARKS).await.ends_with("17:7:t e1 e2"));
    assert_eq!((store::find(&name), next.adopted().await), (Some(String::new()), vec!["p".to_string()]));
}

#[wasm_bindgen_test]
async fn records_left_elsewhere_move_in_when_a_store_opens_or_looks_for_them() {
    let instance = unique_name();
    store::keep(&left_name(&instance, "p"), puts(&[record("p", 0)]).as_str());
    let page = Page::open(&instance, "x").await;
    assert_eq!(page.records().await, [record("p", 0)]);
    store::keep(&left_name(&instance, "q"), puts(&[record("q", 0)]).as_str());
    assert_eq!(page.adopted().await, ["p", "q"]);
    assert_eq!(page.records().await, [record("p", 0), record("q", 0)]);
    assert_eq!(store::find(&left_name(&instance, "q")), Some(String::new()));
}

#[wasm_bindgen_test]
async fn names_in_local_storage_are_found_by_their_beginning() {
    let instance = unique_name();
    let (ours, theirs) = (left_name(&instance, "p"), left_name(&unique_name(), "p"));
    store::keep(&ours, "1");
    store::keep(&theirs, "1");
    assert_eq!(store::names(&left_name(&instance, "")), ours);
    store::keep(&ours, "");
    assert_eq!(store::names(&left_name(&instance, "")), "");
}

#[wasm_bindgen_test]
async fn what_was_left_and_cannot_be_read_is_passed_over() {
    let instance = unique_name();
    let unknown = ["unheard_of", "k", "1x"].join(&rows::SEPARATOR.to_string());
    for (owner, text) in [("x", "{broken"), ("y", unknown.as_str()), ("z", puts(&[record("z", 0)]).as_str())]
    {
        store::keep(&left_name(&instance, owner), text);
    }
    assert_eq!(Page::open(&instance, "p").await.records().await, [record("z", 0)]);
    assert_eq!(store::find(&left_name(&instance, "y")), Some(unknown));
}

#[wasm_bindgen_test]
async fn a_living_page_keeps_its_records_until_it_leaves() {
    let instance = unique_name();
    let (first, second) = (Page::open(&instance, "p").await, Page::open(&instance, "q").await);
    first.commit(&puts(&[record("p", 0)]), 0).await.unwrap();
    assert!(second.adopted().await.is_empty());
    first.store.leave("");
    // The browser hands a lock back in a task of its own.
    while second.adopted().await.is_empty() {}
    let third = Page::open(&instance, "r").await;
    assert!(third.adopted().await.is_empty(), "they are the second page's");
}

#[wasm_bindgen_test]
async fn pages_whose_adoption_fails_are_another_pages_to_adopt() {
    let instance = unique_name();
    let (gone, unlucky) = (Page::open(&instance, "p").await, Page::open(&instance, "q").await);
    gone.commit(&puts(&[record("p", 0)]), 0).await.unwrap();
    gone.store.leave("");
    fail_transactions_after(3);
    unlucky.store.adopt(7);
    while failed_transactions() == 0 {
        JsFuture::from(sleep(1)).await.unwrap();
    }
    fail_transactions_after(u32::MAX);
    let next = Page::open(&instance, "r").await;
    // The browser hands a lock back in a task of its own.
    while next.adopted().await.is_empty() {}
}

#[wasm_bindgen_test]
async fn without_web_locks_a_lease_keeps_them_until_it_is_given_back() {
    hide_locks();
    let instance = unique_name();
    let (first, second) = (Page::open(&instance, "p").await, Page::open(&instance, "q").await);
    assert!(first.store.leases());
    first.commit(&puts(&[record("p", 0)]), 0).await.unwrap();
    assert!(second.adopted().await.is_empty());
    first.store.leave("");
    let adopted = second.adopted().await;
    let leases = second.all(LEASES).await;
    show_locks();
    assert_eq!((adopted, second.store.leases()), (vec!["p".to_string()], false));
    let owners: Vec<_> = rows::fields(&leases).step_by(2).collect();
    assert_eq!(owners, ["p", "q"]);
}

#[wasm_bindgen_test]
async fn a_row_that_pages_change_at_once_loses_no_change() {
    let instance = unique_name();
    let (first, second) = (Page::open(&instance, "p").await, Page::open(&instance, "q").await);
    for page in [&first, &second, &first] {
        page.store.update(store::SHARE, store::SHARED, 5, rows::SHARED, &rows::pacing_key(7));
    }
    second.answer(store::SHARED, 5).await.unwrap();
    first.answer(store::SHARED, 5).await.unwrap();
    first.answer(store::SHARED, 5).await.unwrap();
    assert_eq!(rows::fields(&first.all(rows::SHARED).await).last(), Some("1+++"));
}

#[wasm_bindgen_test]
async fn a_store_that_is_cleared_keeps_nothing_but_the_word_to_keep_nothing() {
    let instance = unique_name();
    let page = Page::open(&instance, "p").await;
    page.commit(&puts(&[record("p", 0)]), 0).await.unwrap();
    let opt_out = ["appizer:", &instance, ":opt_out"].concat();
    store::keep(&opt_out, "1");
    store::keep(&left_name(&instance, "q"), puts(&[record("q", 0)]).as_str());
    page.store.clear(Operations::of_opt_out().as_str());
    assert!(page.records().await.is_empty());
    assert_eq!(page.all(rows::IDENTITY).await, "opt_out\u{1f}1");
    assert_eq!(store::find(&opt_out).as_deref(), Some("1"));
    assert_eq!(store::find(&left_name(&instance, "q")).as_deref(), Some(""));
}

#[wasm_bindgen_test]
async fn a_store_opens_once_more_with_the_same_claims() {
    let instance = unique_name();
    let page = Page::open(&instance, "p").await;
    page.store.open(2);
    page.answer(store::OPENED, 2).await.unwrap();
    page.commit(&puts(&[record("p", 0)]), 0).await.unwrap();
    assert!(Page::open(&instance, "q").await.adopted().await.is_empty());
}

#[wasm_bindgen_test]
async fn a_closed_store_refuses_in_words() {
    let page = Page::open(&unique_name(), "p").await;
    page.store.leave("");
    let refused = page.commit(&puts(&[record("p", 0)]), 0).await.unwrap_err();
    assert!(rows::fields(&refused).count() == 2 && rows::fields(&refused).all(|words| !words.is_empty()));
}

#[wasm_bindgen_test]
async fn a_database_of_an_older_or_newer_version_of_this_library_serves_as_well() {
    for (version, stores) in [(1, "segments identity"), (7, "segments future")] {
        let instance = unique_name();
        other_version(&["appizer-", &instance].concat(), version, stores).await.unwrap();
        let page = Page::open(&instance, "p").await;
        page.commit(&puts(&[record("p", 0)]), 0).await.unwrap();
        assert_eq!(page.records().await, [record("p", 0)]);
    }
}

#[wasm_bindgen_test]
async fn a_newer_version_may_change_the_database_under_way_and_the_page_opens_it_again() {
    let instance = unique_name();
    let page = Page::open(&instance, "p").await;
    page.commit(&puts(&[record("p", 0)]), 0).await.unwrap();
    other_version(&["appizer-", &instance].concat(), 2, "future").await.unwrap();
    page.answer(store::CLOSED, 1).await.unwrap();
    page.store.open(2);
    page.answer(store::OPENED, 2).await.unwrap();
    assert_eq!(page.records().await, [record("p", 0)]);
}
