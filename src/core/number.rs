//! Numbers as JavaScript has them. serde-wasm-bindgen would check each `u64` for loss, and format the error with
//! `core::fmt`, which is 5 KB; counts and times of ours are far below 2^53.

use serde::Serializer;

/// What a number is to JavaScript.
pub trait Number {
    /// Hands it over.
    fn hand_over<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;
}

impl Number for u64 {
    fn hand_over<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(*self as f64)
    }
}

impl Number for usize {
    fn hand_over<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(*self as f64)
    }
}

impl Number for Option<u64> {
    fn hand_over<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Some(number) => number.hand_over(serializer),
            None => serializer.serialize_none(),
        }
    }
}

/// For `#[serde(serialize_with = "number")]`.
///
/// # Errors
/// The serializer's.
pub fn number<N: Number, S: Serializer>(number: &N, serializer: S) -> Result<S::Ok, S::Error> {
    number.hand_over(serializer)
}
