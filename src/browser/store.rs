//! The door to `src/js/browser/store.js`, which holds the queue's database and its locks.

use crate::browser::inbox::Inbox;
use js_sys::Function;
use wasm_bindgen::prelude::*;

/// Makes the store of a page that tells `inbox` of everything: [`make`], or what JavaScript gives in its place, so that it can
/// let go of the store of an instance that has trapped.
pub type MakeStore = Box<dyn Fn(&str, &str, u32, Inbox) -> Store>;

/// A maker that calls a JavaScript function like `makeStore`.
pub fn maker(function: Function) -> MakeStore {
    Box::new(move |instance, owner, renewal, inbox| {
        let (instance, owner, renewal, inbox) = (instance.into(), owner.into(), renewal.into(), inbox.into());
        let made = function.call4(&JsValue::UNDEFINED, &instance, &owner, &renewal, &inbox);
        made.unwrap_or_default().unchecked_into()
    })
}

#[wasm_bindgen(module = "/src/js/browser/store.js")]
extern "C" {
    /// The store of one page's life; a page that comes back opens another.
    #[derive(Clone)]
    pub type Store;

    /// The store of the page `owner`, not open yet. `renewal` is how often leases are renewed, in milliseconds.
    #[wasm_bindgen(js_name = makeStore)]
    pub fn make(instance: &str, owner: &str, renewal: u32, inbox: Inbox) -> Store;
}

#[wasm_bindgen]
extern "C" {
    /// Opens it, once more if it was closed; cleared first where a page had no time to do so.
    #[wasm_bindgen(method)]
    pub fn open(this: &Store, id: u32, clears: bool);

    /// Returns true if leases take the place of Web Locks.
    #[wasm_bindgen(method, getter)]
    pub fn leases(this: &Store) -> bool;

    /// Begins a transaction at once. Of the dead letters the newest `letters` are kept, all for 0.
    #[wasm_bindgen(method)]
    pub fn commit(this: &Store, id: u32, operations: &str, letters: u32);

    /// Reads keys and rows of records after `lower` and up to `upper`, at most `limit`.
    #[wasm_bindgen(method)]
    pub fn load(this: &Store, id: u32, lower: &str, upper: &str, limit: u32);

    /// Reads all accounts.
    #[wasm_bindgen(method, js_name = readAccounts)]
    pub fn read_accounts(this: &Store, id: u32);

    /// Reads all dead letters.
    #[wasm_bindgen(method, js_name = readLetters)]
    pub fn read_letters(this: &Store, id: u32);

    /// Reads all dead letters; what is committed while the inbox is told of them is of the same transaction.
    #[wasm_bindgen(method, js_name = takeLetters)]
    pub fn take_letters(this: &Store, id: u32, resends: bool);

    /// Puts the row that pages share under `key` through [`Inbox::share`], in the midst of a transaction.
    #[wasm_bindgen(method)]
    pub fn share(this: &Store, id: u32, key: &str);

    /// Clears what the visitor did at once; then carries out `operations` in the same transaction.
    #[wasm_bindgen(method)]
    pub fn clear(this: &Store, operations: &str);

    /// Looks for what pages that are gone left, and takes it.
    #[wasm_bindgen(method)]
    pub fn adopt(this: &Store);

    /// Claims what pages left in `localStorage`, where no database can be had.
    #[wasm_bindgen(method, js_name = claimLeft)]
    pub fn claim_left(this: &Store);

    /// Commits `operations`, gives the claims back and closes the database.
    #[wasm_bindgen(method)]
    pub fn leave(this: &Store, operations: &str);
}
