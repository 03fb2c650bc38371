//! The body of the next request.

const HEAD: &str = "{\"events\":[";
const TAIL: &str = "]}";

/// The events of one request, joined as they are added.
#[derive(Debug)]
pub struct Batch {
    /// The request that carries it.
    pub request: u32,
    body: String,
    events: usize,
}

impl Batch {
    /// A batch without events.
    pub fn new(request: u32) -> Self {
        Self { request, body: HEAD.into(), events: 0 }
    }

    /// Adds an envelope, unless the body would grow past `max_bytes`.
    pub fn add(&mut self, envelope: &str, max_bytes: usize) -> bool {
        if self.bytes() + 1 + envelope.len() > max_bytes {
            return false;
        }
        if self.events > 0 {
            self.body.push(',');
        }
        self.body.push_str(envelope);
        self.events += 1;
        true
    }

    /// Number of events.
    pub fn len(&self) -> usize {
        self.events
    }

    /// Returns true if the batch has no event.
    pub fn is_empty(&self) -> bool {
        self.events == 0
    }

    /// Size of the body.
    pub fn bytes(&self) -> usize {
        self.body.len() + TAIL.len()
    }

    /// The request body of the endpoint's documentation.
    pub fn into_body(mut self) -> String {
        self.body.push_str(TAIL);
        self.body
    }
}
