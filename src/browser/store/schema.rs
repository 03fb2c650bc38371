//! The database's versions, stepped through one by one. A version is never changed once it is published.

use super::{Refused, idb};
use crate::browser::environment;
use wasm_bindgen::prelude::*;
use web_sys::{IdbDatabase, IdbOpenDbRequest};

pub const SEGMENTS: &str = "segments";
pub const ACCOUNTS: &str = "accounts";
pub const IDENTITY: &str = "identity";
pub const DEAD_LETTERS: &str = "dead_letters";
pub const MARKS: &str = "marks";
pub const LEASES: &str = "leases";
pub const SHARED: &str = "shared";

const VERSION: u32 = 1;

/// Opens the database of `instance` in the newest version.
pub async fn open(instance: &str) -> Result<IdbDatabase, Refused> {
    let factory = environment::indexed_db().ok_or("this browser gives no IndexedDB here")?;
    let request = idb::ask(factory.open_with_u32(&["appizer-", instance].concat(), VERSION))?;
    let upgraded = request.clone();
    let upgrade = Closure::once_into_js(move || create_stores(&upgraded));
    request.set_onupgradeneeded(Some(upgrade.unchecked_ref()));
    let database: IdbDatabase = idb::result(&request).await?.unchecked_into();
    // A newer version of this library waits for us to let go; our writes then fail and the queue goes on in memory.
    let closing = database.clone();
    let close = Closure::once_into_js(move || closing.close());
    database.set_onversionchange(Some(close.unchecked_ref()));
    Ok(database)
}

/// Version 1 has every store; a later one begins with what the version before left.
fn create_stores(request: &IdbOpenDbRequest) {
    if let Ok(database) = request.result().map(JsCast::unchecked_into::<IdbDatabase>) {
        for store in [SEGMENTS, ACCOUNTS, IDENTITY, DEAD_LETTERS, MARKS, LEASES, SHARED] {
            let _ = database.create_object_store(store);
        }
    }
}
