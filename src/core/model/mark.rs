//! The note of a hand-over: a request given to the browser at exit whose reply is not seen.

use crate::core::model::text::push_word;

/// The note of a hand-over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// [`destination`] of the requests.
    pub to: u32,
    /// When the page left, in milliseconds since 1970.
    pub at: u64,
    /// The tab of the page, where that matters ([`crate::core::engine::Setup::tab`]); of letters, digits, `_` and `-`.
    pub tab: String,
    /// Ids of the events, separated by spaces.
    pub ids: String,
}

impl Mark {
    /// A mark of a departure's requests; none where nothing was on its way.
    pub fn new(to: u32, at: u64, tab: &str, requests: &[(u32, String)]) -> Option<Self> {
        let mut ids = String::new();
        requests.iter().for_each(|(_, of)| push_word(&mut ids, of));
        (!ids.is_empty()).then(|| Self { to, at, tab: tab.into(), ids })
    }
}
