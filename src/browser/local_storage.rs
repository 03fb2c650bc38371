//! The `localStorage` of an instance, which may be forbidden, full, or absent in a worker.

use crate::browser::environment::unique_name;
use crate::browser::scope::scope;
use web_sys::Storage;

/// The texts of one instance.
#[derive(Debug, Clone)]
pub struct LocalStorage {
    prefix: String,
}

/// Names of the visitor's own word, which outlives everything else.
const OPT_OUT: &str = "opt_out";
const OPT_IN: &str = "opt_in";

/// Stands while the database holds what the visitor wants forgotten.
const FORGET: &str = "forget";

impl LocalStorage {
    /// Returns the texts of an instance.
    pub fn new(instance: &str) -> Self {
        Self { prefix: ["appizer:", instance, ":"].concat() }
    }

    /// Keeps a text; an empty one is removed.
    pub fn keep(&self, name: &str, text: &str) {
        let Some(storage) = storage() else { return };
        let key = self.key(name);
        // A full or forbidden storage keeps what it has. Writing costs many times what reading does: other pages are told.
        let _ = if text.is_empty() {
            storage.remove_item(&key)
        } else if storage.get_item(&key) == Ok(Some(text.into())) {
            Ok(())
        } else {
            storage.set_item(&key, text)
        };
    }

    /// Returns a text, empty if there is none; `None` where nothing can be read.
    pub fn find(&self, name: &str) -> Option<String> {
        storage()?.get_item(&self.key(name)).ok().map(Option::unwrap_or_default)
    }

    /// Returns the names that begin with `prefix`, without it.
    pub fn names(&self, prefix: &str) -> Vec<String> {
        let Some(storage) = storage() else { return Vec::new() };
        let prefix = self.key(prefix);
        let keys = (0..storage.length().unwrap_or_default()).filter_map(|place| storage.key(place).ok()?);
        keys.filter_map(|key| Some(key.strip_prefix(&prefix)?.into())).collect()
    }

    /// Returns true if the visitor has opted out.
    pub fn has_opted_out(&self) -> bool {
        self.find(OPT_OUT).is_some_and(|text| text == "1")
    }

    /// Returns true if the visitor has opted in.
    pub fn has_opted_in(&self) -> bool {
        self.find(OPT_IN).is_some_and(|text| text == "1")
    }

    /// Removes all texts but the visitor's word, and notes that the database is to be cleared.
    pub fn forget(&self) {
        for name in self.names("").iter().filter(|name| ![OPT_OUT, OPT_IN].contains(&name.as_str())) {
            self.keep(name, "");
        }
        self.keep(FORGET, "1");
    }

    /// Returns true if the database is still to be cleared.
    pub fn is_to_forget(&self) -> bool {
        self.find(FORGET).is_some_and(|text| !text.is_empty())
    }

    /// Notes that the database is cleared.
    pub fn note_forgotten(&self) {
        self.keep(FORGET, "");
    }

    fn key(&self, name: &str) -> String {
        [&self.prefix, name].concat()
    }
}

/// Returns a name that the pages of this tab share, empty where none can be kept; `None` but in Firefox
/// ([`crate::core::engine::Setup::tab`]).
pub fn tab_name() -> Option<String> {
    const TAB: &str = "appizer:tab";
    let is_firefox = scope().navigator().user_agent().is_ok_and(|agent| agent.contains("Firefox/"));
    is_firefox
        .then(|| {
            let storage = scope().session_storage().ok().flatten()?;
            let name = storage.get_item(TAB).ok()?.unwrap_or_else(unique_name);
            storage.set_item(TAB, &name).ok()?;
            Some(name)
        })
        .map(Option::unwrap_or_default)
}

fn storage() -> Option<Storage> {
    scope().local_storage().ok().flatten()
}
