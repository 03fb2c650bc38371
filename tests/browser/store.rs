//! What every store must do, shown on IndexedDB.

use appizer_tracker::browser::environment::unique_name;
use appizer_tracker::browser::left;
use appizer_tracker::browser::marks;
use appizer_tracker::browser::store::Store;
use appizer_tracker::core::account::{Account, DropReason};
use appizer_tracker::core::dead_letter::{DeadLetter, Reason};
use appizer_tracker::core::effect::Write;
use appizer_tracker::core::exit::Mark;
use appizer_tracker::core::identity::Identity;
use appizer_tracker::core::policy;
use appizer_tracker::core::segment::{Record, SegmentKey};
use wasm_bindgen_test::wasm_bindgen_test;

fn identity(anonymous: &str) -> Identity {
    Identity { anonymous: anonymous.into(), user: None }
}

fn record(owner: &str, number: u32) -> Record {
    Record {
        key: SegmentKey::new(owner, number),
        at: 1_795_000_000_000,
        ids: "e1 e2".into(),
        events: "{\"n\":1},\n{\"n\":\"ü\"}".into(),
    }
}

fn write(owner: &str) -> Write {
    Write {
        id: 1,
        puts: Vec::new(),
        deletes: Vec::new(),
        owner: owner.into(),
        account: Account::default(),
        adopted_accounts: Vec::new(),
        identity: None,
        letters: Vec::new(),
        settled_letters: Vec::new(),
        settled_marks: Vec::new(),
    }
}

fn letter(id: &str, at: u64) -> DeadLetter {
    let reason = if at.is_multiple_of(2) { Reason::Rejected } else { Reason::Uncertain };
    DeadLetter { id: id.into(), json: "{\"n\":1}".into(), reason, status: 400, message: "no".into(), at }
}

async fn open(instance: &str) -> Store {
    Store::open(instance, identity("a")).await.unwrap().0
}

#[wasm_bindgen_test]
async fn a_record_reads_back_as_it_was_written_also_after_the_store_was_closed() {
    let instance = unique_name();
    let store = open(&instance).await;
    store.write(&Write { puts: vec![record("p", 0), record("p", 1)], ..write("p") }).await.unwrap();
    store.close();
    let read = open(&instance).await.load("p", None).await.unwrap();
    assert_eq!(read, [record("p", 0), record("p", 1)]);
}

#[wasm_bindgen_test]
async fn a_write_puts_and_deletes_records_and_accounts_as_a_whole() {
    let store = open(&unique_name()).await;
    let mut account = Account { accepted: 7, delivered: 3, ..Account::default() };
    account.drop(DropReason::MaxAge, 1);
    store.write(&Write { puts: vec![record("p", 0)], account, ..write("p") }).await.unwrap();
    store.write(&write("dead")).await.unwrap();
    let change = Write {
        puts: vec![record("p", 1)],
        deletes: vec![SegmentKey::new("p", 0)],
        adopted_accounts: vec!["dead".into()],
        account,
        ..write("p")
    };
    store.write(&change).await.unwrap();
    assert_eq!(store.load("p", None).await.unwrap(), [record("p", 1)]);
    assert_eq!(store.accounts().await.unwrap(), [("p".to_string(), account)]);
}

#[wasm_bindgen_test]
async fn dead_letters_read_back_until_they_are_settled() {
    let store = open(&unique_name()).await;
    let letters = vec![letter("e1", 1_795_000_000_000), letter("e2", 1_795_000_000_000)];
    store.write(&Write { letters: letters.clone(), ..write("p") }).await.unwrap();
    assert_eq!(store.letters().await.unwrap(), letters);
    store.write(&Write { settled_letters: vec![letters[0].key()], ..write("p") }).await.unwrap();
    assert_eq!(store.letters().await.unwrap(), letters[1..]);
}

#[wasm_bindgen_test]
async fn the_oldest_dead_letters_make_room_for_new_ones() {
    let store = open(&unique_name()).await;
    let letters: Vec<_> =
        (0..policy::MAX_DEAD_LETTERS + 3).map(|n| letter(&format!("e{n}"), n as u64)).collect();
    store.write(&Write { letters: letters.clone(), ..write("p") }).await.unwrap();
    assert_eq!(store.letters().await.unwrap(), letters[3..]);
}

#[wasm_bindgen_test]
async fn owners_are_those_of_records_and_of_accounts_once_each() {
    let store = open(&unique_name()).await;
    store
        .write(&Write { puts: vec![record("b", 0), record("b", 1), record("a", 0)], ..write("c") })
        .await
        .unwrap();
    assert_eq!(store.owners().await.unwrap(), ["a", "b", "c"]);
}

#[wasm_bindgen_test]
async fn loading_goes_on_after_the_last_record_and_keeps_to_one_owner() {
    let store = open(&unique_name()).await;
    let limit = policy::LOAD_SEGMENTS as u32;
    let puts = (0..limit + 2).map(|n| record("p", n)).chain([record("p-", 0), record("q", 0)]).collect();
    store.write(&Write { puts, ..write("p") }).await.unwrap();
    let first = store.load("p", None).await.unwrap();
    assert_eq!(first.len(), policy::LOAD_SEGMENTS);
    let rest = store.load("p", Some(first[first.len() - 1].key.clone())).await.unwrap();
    assert_eq!(rest, [record("p", limit), record("p", limit + 1)]);
}

#[wasm_bindgen_test]
async fn the_first_identity_stays_until_it_is_replaced() {
    let instance = unique_name();
    open(&instance).await.close();
    let (store, first) = Store::open(&instance, identity("b")).await.unwrap();
    assert_eq!(first, identity("a"));
    let named = Identity { user: Some("u1".into()), ..first };
    store.write(&Write { identity: Some(named.clone()), ..write("p") }).await.unwrap();
    assert_eq!(Store::open(&instance, identity("c")).await.unwrap().1, named);
}

#[wasm_bindgen_test]
async fn a_mark_is_in_both_stores_until_it_is_settled() {
    let instance = unique_name();
    let store = open(&instance).await;
    let mark = Mark { to: 0xffff_ffff, ids: "e1 e2".into() };
    store.keep_mark("p", &mark).unwrap();
    marks::keep(&instance, "p", &mark);
    assert_eq!(store.marks().await.unwrap(), [("p".to_string(), mark.clone())]);
    assert_eq!(store.owners().await.unwrap(), ["p"]);
    assert_eq!((marks::find(&instance, "p"), marks::find(&instance, "q")), (Some(mark), None));
    store.write(&Write { settled_marks: vec!["p".into()], ..write("q") }).await.unwrap();
    marks::forget(&instance, "p");
    assert_eq!((store.marks().await.unwrap(), marks::find(&instance, "p")), (Vec::new(), None));
}

#[wasm_bindgen_test]
async fn a_lease_is_its_holders_until_it_ends_or_is_given_back() {
    let store = open(&unique_name()).await;
    assert!(store.take_lease("p", "p", 1_000).await.unwrap());
    assert!(!store.take_lease("p", "q", 2_000).await.unwrap());
    assert!(store.take_lease("p", "p", 3_000).await.unwrap());
    assert!(!store.take_lease("p", "q", 1_001 + policy::LEASE).await.unwrap());
    assert!(store.take_lease("p", "q", 3_001 + policy::LEASE).await.unwrap());
    store.drop_leases(&["p".into()]).unwrap();
    assert!(store.take_lease("p", "r", 3_002 + policy::LEASE).await.unwrap());
}

#[wasm_bindgen_test]
async fn records_left_elsewhere_move_in_when_the_store_opens() {
    let instance = unique_name();
    left::keep(&instance, "p", &[record("p", 0)]);
    let store = open(&instance).await;
    assert_eq!(store.load("p", None).await.unwrap(), [record("p", 0)]);
    assert!(left::find(&instance).1.is_empty());
}

#[wasm_bindgen_test]
async fn a_closed_store_refuses_in_words() {
    let store = open(&unique_name()).await;
    store.close();
    assert!(!store.write(&write("p")).await.unwrap_err().is_empty());
}
