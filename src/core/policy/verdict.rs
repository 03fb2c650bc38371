//! Judges a response: the verdict table of the design, as one pure function.

/// The end of a request as the shell saw it. Fields that the body did not have are absent.
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
    /// True if the body says `"relay": true`: a relay answers, which counts the endpoint's requests itself.
    pub relay: bool,
    /// `message` of the body, or the browser's own words.
    pub message: String,
}

impl Response {
    /// No answer came, and this is the browser's reason.
    pub fn failed(message: String) -> Self {
        Self { message, ..Self::default() }
    }
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
    /// The key is refused: nothing goes through until that is mended.
    Forbidden,
    /// There is no endpoint at the address: nothing goes through until that is mended.
    NotFound,
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
        401..=403 => Verdict::Forbidden,
        404..=499 => Verdict::NotFound,
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
    fn a_response_means_to_the_core_what_it_means_to_the_direct_sender() {
        let cases: serde_json::Value =
            serde_json::from_str(include_str!("../../../tests/cases/verdicts.json")).unwrap();
        for case in cases.as_array().unwrap() {
            let body = &case["body"];
            let failed = body["failed_indices"].as_array().into_iter().flatten();
            let response = Response {
                status: case["status"].as_u64().unwrap() as u16,
                success: body["success"].as_bool(),
                processed_count: body["processed_count"].as_u64(),
                failed: failed.map(|place| place.as_u64().unwrap() as usize).collect(),
                ..Response::default()
            };
            let found = verdict(&response, case["sent"].as_u64().unwrap() as usize);
            assert_eq!(format!("{found:?}"), case["verdict"].as_str().unwrap(), "{case}");
        }
    }

    proptest! {
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
