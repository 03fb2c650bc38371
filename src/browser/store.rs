//! The queue's database. Object stores, all with keys beside their values:
//!
//! | store | key | value |
//! |---|---|---|
//! | `segments` | owner `/` number | format, ids, events |
//! | `accounts` | owner | the account's numbers |
//! | `identity` | `"identity"` | the anonymous id and the user |
//! | `leases` | owner | who has the owner's records and until when, where there are no Web Locks |
//! | `marks` | owner | where the owner's last requests went, and the ids of their events |
//! | `shared` | `"pacing"` | what all pages know of the endpoint, as text |
//! | `dead_letters` | time `/` event id | the event, what became of it, and why |

mod idb;
mod schema;

use crate::browser::environment::{property, set, strings};
use crate::browser::left;
use crate::browser::marks;
use crate::core::account::Account;
use crate::core::dead_letter::{DeadLetter, Reason};
use crate::core::effect::Write;
use crate::core::exit::Mark;
use crate::core::identity::Identity;
use crate::core::lease::Lease;
use crate::core::policy;
use crate::core::segment::{Record, SegmentKey};
use crate::core::shared::{self, Granted, Share};
use js_sys::{Array, Object};
use schema::{ACCOUNTS, DEAD_LETTERS, IDENTITY, LEASES, MARKS, SEGMENTS, SHARED};
use wasm_bindgen::prelude::*;
use web_sys::{IdbDatabase, IdbKeyRange, IdbObjectStore, IdbTransactionMode};

/// An open database.
pub struct Store {
    database: IdbDatabase,
}

const PACING: &str = "pacing";

/// What the browser said where it refused.
pub type Refused = String;

impl Store {
    /// Opens the queue's database, adds `candidate` as the identity if there is none, moves in the records
    /// that were left elsewhere, and returns the identity.
    pub async fn open(instance: &str, candidate: Identity) -> Result<(Self, Identity), Refused> {
        let database = schema::open(instance).await?;
        let (names, left) = left::find(instance);
        let transaction = idb::begin(&database, &[IDENTITY, SEGMENTS], IdbTransactionMode::Readwrite)?;
        let rows = idb::store(&transaction, IDENTITY)?;
        let row = idb::result(&idb::ask(rows.get(&IDENTITY.into()))?).await?;
        let identity = read_identity(&row).unwrap_or(candidate);
        put_identity(&rows, &identity)?;
        put_records(&idb::store(&transaction, SEGMENTS)?, &left)?;
        idb::committed(&transaction).await?;
        left::forget(&names);
        Ok((Self { database }, identity))
    }

    /// Begins the transaction at once; the future ends with it.
    pub fn write(&self, write: &Write) -> impl Future<Output = Result<(), Refused>> + use<> {
        let begun = self.begin_write(write);
        let grown = (!write.letters.is_empty()).then(|| self.database.clone());
        async move {
            idb::committed(&begun?).await?;
            match grown {
                Some(database) => drop_oldest_letters(&database).await,
                None => Ok(()),
            }
        }
    }

    /// Begins to write the mark at once; nobody waits for the end.
    pub fn keep_mark(&self, owner: &str, mark: &Mark) -> Result<(), Refused> {
        let transaction = idb::begin(&self.database, &[MARKS], IdbTransactionMode::Readwrite)?;
        let marks = idb::store(&transaction, MARKS)?;
        idb::ask(marks.put_with_key(&marks::to_object(mark), &owner.into()))?;
        idb::commit(&transaction);
        Ok(())
    }

    /// The marks of all pages.
    pub async fn marks(&self) -> Result<Vec<(String, Mark)>, Refused> {
        self.rows(MARKS, marks::read).await
    }

    /// Takes or renews `holder`'s lease of `owner`'s records, unless another page has them.
    pub async fn take_lease(&self, owner: &str, holder: &str, now: u64) -> Result<bool, Refused> {
        let transaction = idb::begin(&self.database, &[LEASES], IdbTransactionMode::Readwrite)?;
        let leases = idb::store(&transaction, LEASES)?;
        let row = idb::result(&idb::ask(leases.get(&owner.into()))?).await?;
        let Some(lease) = Lease::take(read_lease(&row).as_ref(), holder, now) else { return Ok(false) };
        let row = Object::new();
        set(&row, "holder", lease.holder);
        set(&row, "until", lease.until as f64);
        idb::ask(leases.put_with_key(&row, &owner.into()))?;
        idb::committed(&transaction).await.map(|()| true)
    }

    /// Puts the shared row through its `update`.
    pub async fn share(&self, share: &Share) -> Result<Granted, Refused> {
        let transaction = idb::begin(&self.database, &[SHARED], IdbTransactionMode::Readwrite)?;
        let rows = idb::store(&transaction, SHARED)?;
        let row = idb::result(&idb::ask(rows.get(&PACING.into()))?).await?;
        let (row, granted) = shared::update(row.as_string().as_deref(), share);
        if let Some(row) = row {
            idb::ask(rows.put_with_key(&row.into(), &PACING.into()))?;
        }
        idb::committed(&transaction).await.map(|()| granted)
    }

    /// Begins to clear everything but the shared row at once; nobody waits for the end.
    pub fn forget(&self) -> Result<(), Refused> {
        let stores = [SEGMENTS, ACCOUNTS, IDENTITY, DEAD_LETTERS, MARKS];
        let transaction = idb::begin(&self.database, &stores, IdbTransactionMode::Readwrite)?;
        for name in stores {
            idb::ask(idb::store(&transaction, name)?.clear())?;
        }
        idb::commit(&transaction);
        Ok(())
    }

    /// Begins to give leases back at once; nobody waits for the end.
    pub fn drop_leases(&self, owners: &[String]) -> Result<(), Refused> {
        let transaction = idb::begin(&self.database, &[LEASES], IdbTransactionMode::Readwrite)?;
        let leases = idb::store(&transaction, LEASES)?;
        for owner in owners {
            idb::ask(leases.delete(&owner.as_str().into()))?;
        }
        idb::commit(&transaction);
        Ok(())
    }

    /// Every page that left a record, an account or a mark, this one included.
    pub async fn owners(&self) -> Result<Vec<String>, Refused> {
        let stores = [SEGMENTS, ACCOUNTS, MARKS];
        let transaction = idb::begin(&self.database, &stores, IdbTransactionMode::Readonly)?;
        let marks = idb::ask(idb::store(&transaction, MARKS)?.get_all_keys())?;
        let segments = idb::ask(idb::store(&transaction, SEGMENTS)?.get_all_keys())?;
        let accounts = idb::ask(idb::store(&transaction, ACCOUNTS)?.get_all_keys())?;
        let keys = strings(&idb::result(&segments).await?);
        let mut owners: Vec<String> =
            keys.into_iter().map(|key| SegmentKey::from_text(key).owner().into()).collect();
        // Keys come in their order, an owner's together.
        owners.dedup();
        let accounts = strings(&idb::result(&accounts).await?);
        for owner in accounts.into_iter().chain(strings(&idb::result(&marks).await?)) {
            if !owners.contains(&owner) {
                owners.push(owner);
            }
        }
        Ok(owners)
    }

    /// The accounts of all pages.
    pub async fn accounts(&self) -> Result<Vec<(String, Account)>, Refused> {
        self.rows(ACCOUNTS, |row| Some(read_account(row))).await
    }

    /// A store's rows under their keys, but for those that cannot be read.
    async fn rows<T>(
        &self,
        store: &str,
        read: impl Fn(&JsValue) -> Option<T>,
    ) -> Result<Vec<(String, T)>, Refused> {
        let transaction = idb::begin(&self.database, &[store], IdbTransactionMode::Readonly)?;
        let rows = idb::store(&transaction, store)?;
        let (keys, rows) = (idb::ask(rows.get_all_keys())?, idb::ask(rows.get_all())?);
        let keys = strings(&idb::result(&keys).await?);
        let rows = Array::from(&idb::result(&rows).await?);
        Ok(keys.into_iter().zip(rows.iter()).filter_map(|(key, row)| Some((key, read(&row)?))).collect())
    }

    /// Records of `owner`, the next after `after`.
    pub async fn load(&self, owner: &str, after: Option<SegmentKey>) -> Result<Vec<Record>, Refused> {
        let transaction = idb::begin(&self.database, &[SEGMENTS], IdbTransactionMode::Readonly)?;
        let rows = idb::store(&transaction, SEGMENTS)?;
        let lower = after.map_or_else(|| [owner, "/"].concat(), |after| after.as_str().into());
        // "0" is the character after "/": the range is all keys that begin with the owner and a slash.
        let upper = [owner, "0"].concat();
        let range = idb::ask(IdbKeyRange::bound_with_lower_open(&lower.into(), &upper.into(), true))?;
        let limit = policy::LOAD_SEGMENTS as u32;
        let keys = idb::ask(rows.get_all_keys_with_key_and_limit(&range, limit))?;
        let values = idb::ask(rows.get_all_with_key_and_limit(&range, limit))?;
        let keys = strings(&idb::result(&keys).await?);
        let values = Array::from(&idb::result(&values).await?);
        let records = keys.into_iter().zip(values.iter());
        Ok(records.map(|(key, value)| left::read(SegmentKey::from_text(key), &value)).collect())
    }

    /// The dead letters.
    pub async fn letters(&self) -> Result<Vec<DeadLetter>, Refused> {
        let rows = self.rows(DEAD_LETTERS, |row| Some(read_letter(row))).await?;
        Ok(rows.into_iter().map(|(_, letter)| letter).collect())
    }

    /// Ends the connection once its transactions have; an open one would keep the page from the back/forward cache.
    pub fn close(&self) {
        self.database.close();
    }

    fn begin_write(&self, write: &Write) -> Result<web_sys::IdbTransaction, Refused> {
        let stores = [SEGMENTS, ACCOUNTS, IDENTITY, DEAD_LETTERS, MARKS];
        let transaction = idb::begin(&self.database, &stores, IdbTransactionMode::Readwrite)?;
        let segments = idb::store(&transaction, SEGMENTS)?;
        put_records(&segments, &write.puts)?;
        for key in &write.deletes {
            idb::ask(segments.delete(&key.as_str().into()))?;
        }
        let accounts = idb::store(&transaction, ACCOUNTS)?;
        idb::ask(accounts.put_with_key(&account_row(write.account), &write.owner.as_str().into()))?;
        for owner in &write.adopted_accounts {
            idb::ask(accounts.delete(&owner.as_str().into()))?;
        }
        let marks = idb::store(&transaction, MARKS)?;
        for owner in &write.settled_marks {
            idb::ask(marks.delete(&owner.as_str().into()))?;
        }
        let letters = idb::store(&transaction, DEAD_LETTERS)?;
        for key in &write.settled_letters {
            idb::ask(letters.delete(&key.as_str().into()))?;
        }
        for letter in &write.letters {
            idb::ask(letters.put_with_key(&letter_row(letter), &letter.key().into()))?;
        }
        if let Some(identity) = &write.identity {
            put_identity(&idb::store(&transaction, IDENTITY)?, identity)?;
        }
        idb::commit(&transaction);
        Ok(transaction)
    }
}

async fn drop_oldest_letters(database: &IdbDatabase) -> Result<(), Refused> {
    let transaction = idb::begin(database, &[DEAD_LETTERS], IdbTransactionMode::Readwrite)?;
    let letters = idb::store(&transaction, DEAD_LETTERS)?;
    let keys = strings(&idb::result(&idb::ask(letters.get_all_keys())?).await?);
    for key in keys.iter().take(keys.len().saturating_sub(policy::MAX_DEAD_LETTERS)) {
        idb::ask(letters.delete(&key.as_str().into()))?;
    }
    idb::committed(&transaction).await
}

fn letter_row(letter: &DeadLetter) -> Object {
    let row = Object::new();
    set(&row, "id", letter.id.as_str());
    set(&row, "json", letter.json.as_str());
    set(&row, "reason", letter.reason.as_str());
    set(&row, "status", letter.status);
    set(&row, "message", letter.message.as_str());
    set(&row, "at", letter.at as f64);
    row
}

fn read_lease(row: &JsValue) -> Option<Lease> {
    let until = property(row, "until")?.as_f64()? as u64;
    Some(Lease { holder: property(row, "holder")?.as_string()?, until })
}

fn read_letter(row: &JsValue) -> DeadLetter {
    let text = |name| property(row, name).and_then(|value| value.as_string()).unwrap_or_default();
    let number = |name| property(row, name).and_then(|value| value.as_f64()).unwrap_or_default();
    let reason = match text("reason").as_str() {
        "rejected" => Reason::Rejected,
        "corrupt" => Reason::Corrupt,
        _ => Reason::Uncertain,
    };
    DeadLetter {
        id: text("id"),
        json: text("json"),
        reason,
        status: number("status") as u16,
        message: text("message"),
        at: number("at") as u64,
    }
}

fn put_records(segments: &IdbObjectStore, records: &[Record]) -> Result<(), Refused> {
    for record in records {
        idb::ask(segments.put_with_key(&left::to_object(record), &record.key.as_str().into()))?;
    }
    Ok(())
}

fn put_identity(rows: &IdbObjectStore, identity: &Identity) -> Result<(), Refused> {
    let row = Object::new();
    set(&row, "anonymous", identity.anonymous.as_str());
    if let Some(user) = &identity.user {
        set(&row, "user", user.as_str());
    }
    idb::ask(rows.put_with_key(&row, &IDENTITY.into())).map(drop)
}

fn read_identity(row: &JsValue) -> Option<Identity> {
    let text = |name| property(row, name).and_then(|value| value.as_string());
    Some(Identity { anonymous: text("anonymous")?, user: text("user") })
}

fn account_row(account: Account) -> Object {
    let row = Object::new();
    account.columns().for_each(|(name, value)| set(&row, name, value as f64));
    row
}

fn read_account(row: &JsValue) -> Account {
    let mut account = Account::default();
    for (name, value) in account.columns_mut() {
        *value = property(row, name).and_then(|value| value.as_f64()).unwrap_or_default() as u64;
    }
    account
}
