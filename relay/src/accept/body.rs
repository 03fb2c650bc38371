//! Reading a body: of limited size, in limited time, from limited memory.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use http_body_util::BodyExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use super::reply::Refusal;
use crate::clock::Clock;
use crate::policy;

/// Memory is given out in pieces of this size.
const PIECE: usize = 1024;

/// The longest time and the most bytes that are spent on a body that nobody wants.
const DRAIN_TIME: Duration = Duration::from_secs(5);
const DRAIN_BYTES: usize = 4 * 1024 * 1024;

/// The memory that bodies may take, over all requests.
#[derive(Clone, Debug)]
pub(crate) struct Room(Arc<Semaphore>);

impl Room {
    pub(crate) fn new(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(bytes / PIECE)))
    }

    fn take(&self, pieces: usize) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0).try_acquire_many_owned(u32::try_from(pieces).ok()?).ok()
    }
}

/// A whole body, and its hold on memory.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) bytes: Vec<u8>,
    _room: Option<OwnedSemaphorePermit>,
}

/// Reads a body to its end.
pub(super) async fn read(mut body: Body, room: &Room, clock: &Clock) -> Result<Received, Refusal> {
    let deadline = Instant::now() + clock.real(policy::BODY_TIMEOUT);
    let mut bytes = Vec::new();
    let mut held: Option<OwnedSemaphorePermit> = None;
    loop {
        let frame = match timeout_at(deadline, body.frame()).await {
            Err(_) => return Err(Refusal::Slow),
            Ok(None) => return Ok(Received { bytes, _room: held }),
            Ok(Some(Err(error))) => return Err(Refusal::broken(&error, bytes.len())),
            Ok(Some(Ok(frame))) => frame,
        };
        let Ok(data) = frame.into_data() else { continue };
        if bytes.len() + data.len() > policy::MAX_BODY_BYTES {
            drain(body).await;
            return Err(Refusal::TooLarge);
        }
        let pieces = (bytes.len() + data.len()).div_ceil(PIECE);
        let missing = pieces - held.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let more = room.take(missing).ok_or(Refusal::NoMemory)?;
        match &mut held {
            Some(held) => held.merge(more),
            None => held = Some(more),
        }
        bytes.extend_from_slice(&data);
    }
}

/// Reads on for a while and throws it away.
pub(super) async fn drain(mut body: Body) {
    let deadline = Instant::now() + DRAIN_TIME;
    let mut bytes = 0;
    while bytes < DRAIN_BYTES {
        match timeout_at(deadline, body.frame()).await {
            Ok(Some(Ok(frame))) => bytes += frame.data_ref().map_or(0, |data| data.len()),
            _ => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn bodies_beyond_the_memory_for_them_are_refused_and_give_it_back() {
        let (room, clock) = (Room::new(8 * PIECE), Clock::default());
        let body = |bytes: usize| Body::from("x".repeat(bytes));
        let first = read(body(6 * PIECE), &room, &clock).await.unwrap();
        assert!(matches!(read(body(3 * PIECE), &room, &clock).await, Err(Refusal::NoMemory)));
        let second = read(body(2 * PIECE), &room, &clock).await.unwrap();
        drop((first, second));
        assert_eq!(read(body(8 * PIECE), &room, &clock).await.unwrap().bytes.len(), 8 * PIECE);
    }
}
