//! IndexedDB's requests as futures. A request's promise settles inside the browser's own callback, so the
//! transaction is still active when the awaiting code goes on.

use super::Refused;
use crate::browser::environment::{describe, property};
use js_sys::{Array, Function, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    IdbDatabase, IdbObjectStore, IdbRequest, IdbRequestReadyState, IdbTransaction, IdbTransactionMode,
};

/// A call's result, with what it threw in words.
pub fn ask<T>(called: Result<T, JsValue>) -> Result<T, Refused> {
    called.map_err(|thrown| describe(&thrown))
}

/// A transaction over `stores`.
pub fn begin(
    database: &IdbDatabase,
    stores: &[&str],
    mode: IdbTransactionMode,
) -> Result<IdbTransaction, Refused> {
    let stores: Array = stores.iter().map(|&store| JsValue::from(store)).collect();
    ask(database.transaction_with_str_sequence_and_mode(&stores, mode))
}

/// A store of the transaction.
pub fn store(transaction: &IdbTransaction, name: &str) -> Result<IdbObjectStore, Refused> {
    ask(transaction.object_store(name))
}

/// The request's result, when it has one.
pub async fn result(request: &IdbRequest) -> Result<JsValue, Refused> {
    // It may have ended while an earlier request was awaited; then nobody would call any more.
    if request.ready_state() == IdbRequestReadyState::Pending {
        let ended = Promise::new(&mut |resolve, reject| {
            request.set_onsuccess(Some(&resolve));
            request.set_onerror(Some(&reject));
        });
        let _ = JsFuture::from(ended).await;
    }
    match request.error() {
        Ok(Some(error)) => Err(error.message()),
        _ => ask(request.result()),
    }
}

/// Has the transaction commit without waiting for its requests to be answered: one that is still open when its
/// page goes away may be lost. Browsers without the call commit by themselves a moment later.
pub fn commit(transaction: &IdbTransaction) {
    if let Some(commit) =
        property(transaction, "commit").and_then(|commit| commit.dyn_into::<Function>().ok())
    {
        let _ = commit.call0(transaction);
    }
}

/// The end of the transaction: committed, or refused as a whole.
pub async fn committed(transaction: &IdbTransaction) -> Result<(), Refused> {
    let ended = Promise::new(&mut |resolve, reject| {
        transaction.set_oncomplete(Some(&resolve));
        transaction.set_onabort(Some(&reject));
    });
    JsFuture::from(ended).await.map(drop).map_err(|_| match transaction.error() {
        Some(error) => error.message(),
        None => "the browser aborted it".into(),
    })
}
