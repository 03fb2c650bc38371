//! Reading a request's body to its end.

use axum::body::{Body, Bytes};
use http_body_util::BodyExt;

use crate::refusal::Refusal;

/// Beyond this a body is not even read to be thrown away.
const DRAINED_AT_MOST: usize = 64 * 1024 * 1024;

/// A body as far as it came.
#[derive(Debug)]
pub(crate) struct Received {
    /// How many bytes were read, kept or not.
    pub(crate) bytes: usize,
    /// The bytes, or why there are none.
    pub(crate) content: Result<Bytes, Refusal>,
}

/// Reads all of a body, and keeps it if it is within what is allowed.
///
/// It is read to the end even if nobody wants it: a client that is still sending when the connection
/// closes sees a reset instead of the 413 or 401 that was meant for it.
pub(crate) async fn read(mut body: Body, allowed: usize) -> Received {
    let mut kept = Vec::new();
    let mut bytes = 0;
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            return Received { bytes, content: Err(Refusal::BrokenOff { bytes }) };
        };
        let Ok(data) = frame.into_data() else { continue };
        bytes += data.len();
        if bytes <= allowed {
            kept.extend_from_slice(&data);
        } else if bytes > DRAINED_AT_MOST {
            break;
        }
    }
    let content = if bytes > allowed { Err(Refusal::TooLarge { bytes, allowed }) } else { Ok(kept.into()) };
    Received { bytes, content }
}
