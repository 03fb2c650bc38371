//! What a response means for its batch: the table of the design, as one pure function.

use crate::core::model::text::{self, read_decimal};
use crate::core::policy::pacing;
use crate::core::rows;

/// What the shell saw of a request's end. Fields are absent where the body did not have them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Response {
    /// HTTP status; 0 where no answer came: network error, timeout, blocked.
    pub status: u16,
    /// `success` of the body.
    pub success: Option<bool>,
    /// `processed_count` of the body.
    pub processed_count: Option<u64>,
    /// Places in the batch that the body names as failed. Not documented, but obeyed.
    pub failed: Vec<usize>,
    /// Milliseconds that `Retry-After` asks for, where it can be read.
    pub retry_after: Option<u64>,
    /// `message` of the body, or the browser's own words.
    pub message: String,
}

impl Response {
    /// What the shell heard, as a joined text ([`rows::fields`]): `status`, `success`, `processed_count`, `failed_indices` with
    /// spaces between, `Retry-After` as it is and as a time, `message`. What the answer did not have, or had in another type,
    /// is empty.
    pub fn read(heard: &str, now: u64) -> Self {
        let mut fields = rows::fields(heard);
        let mut field = || fields.next().unwrap_or_default();
        Self {
            status: read_decimal(field()).unwrap_or_default() as u16,
            success: match field() {
                "true" => Some(true),
                "false" => Some(false),
                _ => None,
            },
            // A count that is none tells no number of events: none of them is known to have been taken.
            processed_count: Some(field())
                .filter(|count| !count.is_empty())
                .map(|count| read_decimal(count).unwrap_or(0)),
            failed: places(field()),
            retry_after: pacing::retry_after(field(), read_decimal(field()), now),
            message: field().into(),
        }
    }

    /// No answer came, and this is the browser's reason.
    pub fn failed(message: String) -> Self {
        Self { message, ..Self::default() }
    }
}

/// The numbers among words.
fn places(words: &str) -> Vec<usize> {
    let mut places = Vec::new();
    for word in text::fields(words, ' ') {
        if let Some(place) = read_decimal(word) {
            places.push(place as usize);
        }
    }
    places
}

/// The meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The endpoint has all of the batch.
    Delivered,
    /// The endpoint has all but the events at [`Response::failed`].
    Named,
    /// The endpoint has a part of the batch and does not say which.
    Partial,
    /// Something in the batch is at fault.
    Refused,
    /// The key or the address is at fault: nothing goes through until that is mended.
    Forbidden,
    /// Not an answer of this endpoint, though something answered.
    Malformed,
    /// The batch is to be sent again, no sooner than the server asked for.
    Retry,
}

/// The verdict on a batch of `sent` events.
pub fn verdict(response: &Response, sent: usize) -> Verdict {
    match response.status {
        200..=299 if response.success == Some(true) => verdict_on_success(response, sent),
        400 | 413 | 422 => Verdict::Refused,
        0 | 408 | 425 | 429 | 500.. => Verdict::Retry,
        401..=499 => Verdict::Forbidden,
        _ => Verdict::Malformed,
    }
}

fn verdict_on_success(response: &Response, sent: usize) -> Verdict {
    if response.failed.iter().any(|&place| place < sent) {
        Verdict::Named
    } else if response.processed_count.is_none_or(|processed| processed >= sent as u64) {
        Verdict::Delivered
    } else {
        Verdict::Partial
    }
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;
    use Verdict::*;
    use proptest::prelude::*;

    #[test]
    fn an_answer_is_read_field_by_field() {
        let read = |fields: &[&str]| Response::read(&fields.join(&rows::SEPARATOR.to_string()), 1_000);
        let full = read(&["207", "true", "3", "0 2", "", "3500", "told"]);
        let message = String::from("told");
        let expected = Response {
            status: 207,
            success: Some(true),
            processed_count: Some(3),
            failed: vec![0, 2],
            retry_after: Some(2_500),
            message,
        };
        assert_eq!(full, expected);
        assert_eq!(
            read(&["429", "", "", "", "7", "NaN", ""]),
            Response { status: 429, retry_after: Some(7_000), ..Response::default() }
        );
        assert_eq!(
            read(&["200", "yes", "1.5", "-1 x", "soon", "NaN", ""]),
            Response { status: 200, processed_count: Some(0), ..Response::default() }
        );
    }

    #[test]
    fn the_table() {
        let (yes, no, none) = (Some(true), Some(false), None);
        for (status, success, processed_count, failed, expected) in [
            (200, yes, Some(2), vec![], Delivered),
            (200, yes, None, vec![], Delivered),
            (202, yes, Some(3), vec![], Delivered),
            (200, yes, Some(1), vec![], Partial),
            (200, yes, Some(0), vec![], Partial),
            (200, yes, Some(1), vec![1], Named),
            (200, yes, None, vec![0], Named),
            (200, yes, Some(2), vec![2], Delivered),
            (200, no, Some(2), vec![], Malformed),
            (200, none, None, vec![], Malformed),
            (204, none, None, vec![], Malformed),
            (304, none, None, vec![], Malformed),
            (400, no, None, vec![], Refused),
            (413, none, None, vec![], Refused),
            (422, none, None, vec![], Refused),
            (401, no, None, vec![], Forbidden),
            (403, none, None, vec![], Forbidden),
            (404, none, None, vec![], Forbidden),
            (410, none, None, vec![], Forbidden),
            (408, none, None, vec![], Retry),
            (425, none, None, vec![], Retry),
            (429, no, None, vec![], Retry),
            (500, no, None, vec![], Retry),
            (503, yes, Some(2), vec![], Retry),
            (0, none, None, vec![], Retry),
        ] {
            let response = Response { status, success, processed_count, failed, ..Response::default() };
            assert_eq!(verdict(&response, 2), expected, "{response:?}");
        }
    }

    proptest! {
        #[test]
        fn no_answer_makes_the_reader_panic(text in any::<String>(), now in any::<u64>()) {
            Response::read(&text, now);
        }

        #[test]
        fn nothing_but_a_success_is_ever_a_delivery(
            status in any::<u16>(), success in any::<Option<bool>>(), processed_count in any::<Option<u64>>(),
            failed in prop::collection::vec(any::<usize>(), 0..5), sent in 1_usize..100
        ) {
            let response = Response { status, success, processed_count, failed, ..Response::default() };
            let confirmed = matches!(verdict(&response, sent), Delivered | Named | Partial);
            prop_assert_eq!(confirmed, (200..300).contains(&status) && success == Some(true));
        }
    }
}
