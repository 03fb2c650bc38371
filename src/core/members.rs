//! What goes out to JavaScript: a plain object's members. One type for all of it, so that the code that hands it over is
//! there once, and not for each kind of notice and answer.

use serde::ser::{Serialize, SerializeMap, Serializer};
use std::borrow::Cow;

/// A text, ours or another's.
pub type Text = Cow<'static, str>;

/// An object's members, in order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Members(Vec<(&'static str, Member)>);

/// What a member holds.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(untagged)]
pub enum Member {
    /// A string.
    Text(Text),
    /// A count or a time. Far below 2^53: serde-wasm-bindgen would check a `u64` for loss, and format the error with
    /// `core::fmt`, which is 5 KB.
    Number(f64),
    /// A list of strings.
    Texts(Vec<Text>),
    /// An object.
    Object(Members),
}

impl Members {
    /// The same with a text.
    pub fn text(self, name: &'static str, text: impl Into<Text>) -> Self {
        self.with(name, Member::Text(text.into()))
    }

    /// The same with a number.
    pub fn number(self, name: &'static str, number: u64) -> Self {
        self.with(name, Member::Number(number as f64))
    }

    /// The same with another member.
    #[inline(never)]
    pub fn with(mut self, name: &'static str, member: Member) -> Self {
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
        Self::Texts(texts.into_iter().map(Cow::Owned).collect())
    }
}
