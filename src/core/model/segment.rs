//! The queue's record: up to 100 envelopes that were written together, under the page that wrote them.

use crate::core::model::text;

/// Names a segment: its owner and its place in the owner's order. Keys sort as they were written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SegmentKey(String);

/// A segment as the store keeps it: two texts, so that a hundred events cost what one costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Where it is kept.
    pub key: SegmentKey,
    /// When its events were tracked, in milliseconds since 1970 by the clock of that time.
    pub at: u64,
    /// When a page first found it older than `maxAge`, in milliseconds since 1970.
    pub old_since: Option<u64>,
    /// Event ids, separated by spaces.
    pub ids: String,
    /// Envelopes, separated by `,` and a newline: the inside of a batch's array, ready to send.
    pub events: String,
}

const DIGITS: usize = 8;

impl SegmentKey {
    /// The key of `owner`'s segment number `number`.
    pub fn new(owner: &str, number: u32) -> Self {
        let mut key = String::with_capacity(owner.len() + 1 + DIGITS);
        key.push_str(owner);
        key.push('/');
        text::push_padded(&mut key, number.into(), DIGITS as u32);
        Self(key)
    }

    /// The key that `text` was written from.
    pub fn from_text(text: String) -> Self {
        Self(text)
    }

    /// The text the store files it under.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The page that wrote it.
    pub fn owner(&self) -> &str {
        self.0.split_once('/').map_or(&self.0, |(owner, _)| owner)
    }
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;

    #[test]
    fn keys_name_their_owner_and_sort_by_their_number() {
        let keys: Vec<_> = [0, 9, 10, 99_999_999].map(|n| SegmentKey::new("page-1", n)).into();
        assert_eq!(keys[1].as_str(), "page-1/00000009");
        assert!(keys.is_sorted() && keys.iter().all(|key| key.owner() == "page-1"));
    }
}
