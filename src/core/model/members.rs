//! Plain objects for JavaScript, as a list of members. One type for every notice and answer, so that the conversion is compiled
//! once.

use serde::ser::{Serialize, SerializeMap, Serializer};
use std::borrow::Cow;

/// A text, ours or another's.
pub type Text = Cow<'static, str>;

/// An object's members, in order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Members(Vec<(&'static str, Member)>);

/// The value of a member.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(untagged)]
pub enum Member {
    /// A string.
    Text(Text),
    /// A count or a time. Far below 2^53: serde-wasm-bindgen would check a `u64` for loss, and format the error with
    /// `core::fmt`, which is 5 KB.
    Number(f64),
    /// A list.
    List(Vec<Member>),
    /// An object.
    Object(Members),
}

impl Members {
    /// Adds a word of ours.
    #[inline(never)]
    pub fn word(&mut self, name: &'static str, word: &'static str) -> &mut Self {
        self.put(name, Member::Text(word.into()))
    }

    /// Adds a text.
    #[inline(never)]
    pub fn text(&mut self, name: &'static str, text: String) -> &mut Self {
        self.put(name, Member::Text(text.into()))
    }

    /// Adds a number.
    #[inline(never)]
    pub fn number(&mut self, name: &'static str, number: u64) -> &mut Self {
        self.put(name, Member::Number(number as f64))
    }

    /// Adds any member.
    #[inline(never)]
    pub fn put(&mut self, name: &'static str, member: Member) -> &mut Self {
        self.0.push((name, member));
        self
    }
}

impl Serialize for Members {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, member) in &self.0 {
            map.serialize_entry(name, member)?;
        }
        map.end()
    }
}

impl Member {
    /// A list of texts.
    pub fn texts(texts: Vec<String>) -> Self {
        let mut list = Vec::new();
        texts.into_iter().for_each(|text| list.push(Self::Text(text.into())));
        Self::List(list)
    }
}
