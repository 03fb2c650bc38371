//! The door to `src/js/store.js`, which holds the queue's database, its copies in `localStorage` and its locks.

use wasm_bindgen::prelude::*;

/// What is told of the store and of requests: the kind, the number of the call it answers, a text, and what the browser said
/// where it refused: the error's name and message. What it returns is for [`LEASE`], [`SHARE`], [`ENTER`] and [`CANDIDATES`]
/// alone.
pub type Answer = Closure<dyn FnMut(u32, u32, Option<String>, Option<String>) -> Option<String>>;

/// Makes the store of a page: `make`, or what JavaScript gives in its place, so that it can let go of the store of an instance
/// that has trapped.
pub type MakeStore = Box<dyn Fn(&str, &str, u32, &Answer) -> Store>;

/// The store is open.
pub const OPENED: u32 = 0;
/// A transaction has ended.
pub const WRITTEN: u32 = 1;
/// What pages that are gone left: [`crate::core::rows::orphans`].
pub const ORPHANS: u32 = 2;
/// A lease's row, for the row that is to take its place.
pub const LEASE: u32 = 3;
/// Another page has taken this one for dead.
pub const USURPED: u32 = 4;
/// Records of a page that is gone.
pub const LOADED: u32 = 5;
/// All accounts, for `stats`.
pub const STATS: u32 = 6;
/// The dead letters, to be told.
pub const LETTERS: u32 = 7;
/// The dead letters, to be sent again.
pub const RESEND: u32 = 8;
/// The dead letters, to be forgotten.
pub const DISCARD: u32 = 9;
/// The row of [`crate::core::policy::shared_row`], for the row that is to take its place.
pub const SHARE: u32 = 10;
/// That row is written, or could not be.
pub const SHARED: u32 = 11;
/// The browser closed the store.
pub const CLOSED: u32 = 12;
/// What came of a request: [`crate::core::policy::verdict::Response::read`]. Neither text nor failure where nothing will be heard.
pub const RESPONSE: u32 = 13;
/// What the browser tells of the page's life: [`crate::browser::lifecycle::tell`].
pub const LIFE: u32 = 14;
/// The identity rows, read as the page opens the store, for the operations that are to be carried out in the same transaction.
pub const ENTER: u32 = 15;
/// Names of pages that left something, for the names of those that may be adopted.
pub const CANDIDATES: u32 = 16;

#[wasm_bindgen(module = "/src/js/store.js")]
extern "C" {
    /// The store of one page's life; a page that comes back opens another.
    pub type Store;

    /// The store of the page `owner`, not open yet. `renewal` is how often leases are renewed, in milliseconds.
    #[wasm_bindgen(js_name = makeStore)]
    pub fn make(instance: &str, owner: &str, renewal: u32, answer: &Answer) -> Store;

    /// Opens it, once more if it was closed; answered by [`ENTER`], then by [`OPENED`].
    #[wasm_bindgen(method)]
    pub fn open(this: &Store, id: u32);

    /// Whether leases take the place of Web Locks.
    #[wasm_bindgen(method, getter)]
    pub fn leases(this: &Store) -> bool;

    /// Begins a transaction at once; answered by [`WRITTEN`]. Of the dead letters the newest `letters` are kept, all for 0.
    #[wasm_bindgen(method)]
    pub fn commit(this: &Store, id: u32, operations: &str, letters: u32);

    /// Reads keys and rows after `lower` and up to `upper`, at most `limit` if it is not 0; answered by `kind`. What is
    /// committed while [`RESEND`] or [`DISCARD`] is answered is of the same transaction.
    #[wasm_bindgen(method)]
    pub fn read(this: &Store, kind: u32, id: u32, store: &str, lower: &str, upper: &str, limit: u32);

    /// Puts a row through `kind`, which is asked in the midst of a transaction; answered by `done` when that has ended.
    #[wasm_bindgen(method)]
    pub fn update(this: &Store, kind: u32, done: u32, id: u32, store: &str, key: &str);

    /// Clears what the visitor did at once, also where it is kept elsewhere; then carries out `operations` in the same
    /// transaction.
    #[wasm_bindgen(method)]
    pub fn clear(this: &Store, operations: &str);

    /// Looks for what pages that are gone left; answered by [`ORPHANS`].
    #[wasm_bindgen(method)]
    pub fn adopt(this: &Store, id: u32);

    /// Keeps `operations` everywhere, gives the claims back and closes the database.
    #[wasm_bindgen(method)]
    pub fn leave(this: &Store, operations: &str);

    /// Keeps a text in `localStorage`; an empty one is forgotten.
    pub fn keep(name: &str, text: &str);

    /// A text that was kept, empty if there is none; `None` where the browser lets nothing be read.
    pub fn find(name: &str) -> Option<String>;

    /// See [`crate::core::engine::Setup::tab`].
    #[wasm_bindgen(js_name = tabName)]
    pub fn tab_name() -> Option<String>;

    /// Forgets all that `localStorage` keeps for the queue, but that the visitor has opted out.
    #[wasm_bindgen(js_name = forgetAll)]
    pub fn forget_all(instance: &str);

    /// The names in `localStorage` that begin with `prefix`, as a joined text.
    pub fn names(prefix: &str) -> String;
}
