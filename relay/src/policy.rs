//! Every default and every limit of the relay, each with its reason. Limits of the protocol come from the tracker's
//! [`core::policy::limits`](appizer_tracker::core::policy::limits).
//!
//! Times are milliseconds and sizes are bytes unless the name says otherwise.

pub use appizer_tracker::core::policy::limits::{
    DEFAULT_ENDPOINT, MAX_BATCH_BYTES, MAX_BATCH_EVENTS, MAX_MALFORMED, REQUEST_TIMEOUT,
};

/// One second.
pub const SECOND: u64 = 1_000;

/// One minute: the window of the endpoint's limit.
pub const MINUTE: u64 = 60 * SECOND;

/// One day, by which ids of known events are grouped and quotas are counted.
pub const DAY: u64 = 24 * 60 * MINUTE;

/// Where the relay listens: on loopback, because a proxy in front of it speaks TLS.
pub const LISTEN: &str = "127.0.0.1:8788";

/// The spool's file, in the working directory.
pub const SPOOL: &str = "relay.sqlite";

/// The tracker's script, where `cargo xtask build` leaves it.
pub const TRACKER: &str = "pkg/appizer.js";

/// Requests started in any 60 seconds under one key. The endpoint documents 100; five are left because the time a
/// request takes to arrive varies.
pub const STARTS_PER_MINUTE: usize = 95;

/// Requests in flight under one key. Two keep 95 a minute going while the endpoint answers within 1.2 seconds, and bound
/// what a crash can repeat to 200 events.
pub const IN_FLIGHT: usize = 2;

/// The longest wait for a fuller batch. Ten sparse batches a minute are far below the limit, and an event is late by no
/// more than this.
pub const LINGER: u64 = 2 * SECOND;

/// The longest time between the decision to send and the start of the request. Recording the attempt takes milliseconds; a
/// start that comes later is given up, so that a successor can tell from the record when it was.
pub const RECORDING_LIMIT: u64 = 5 * SECOND;

/// The wait after a 429 without `Retry-After`: the endpoint's window.
pub const LIMITED_WAIT: u64 = MINUTE;

/// Failures in a row that still double the backoff's ceiling: 32 seconds. One relay speaks for all visitors, so no crowd
/// has to be spread, and new events are to arrive within a minute of an outage's end.
pub const BACKOFF_DOUBLINGS: u32 = 5;

/// The wait after an answer that says that the key or the address is wrong.
pub const PAUSE: u64 = 5 * MINUTE;

/// Healthy batches between two halves of refused ones, where both wait: a fifth of the limit, 19 requests a minute.
pub const HEALTHY_PER_SUSPECT: u32 = 4;

/// Answers of status 500 to one batch, while others go through, before the batch counts as refused. Five in a row of an
/// endpoint that fails half its requests are rare, and halving a good batch costs no more than a request.
pub const MAX_SERVER_ERRORS: u32 = 5;

/// Age of the oldest waiting event at which the backlog counts as old and new events get a line of their own.
pub const OUTAGE_AGE: u64 = MINUTE;

/// Age of the oldest new event at which old events give way. New events are to arrive within a minute.
pub const NEW_IS_LATE: u64 = 15 * SECOND;

/// Batches of new events in a row while old ones wait: old events get at least a quarter of the limit.
pub const NEW_IN_A_ROW: u32 = 3;

/// Age at which new events count as old: a second outage.
pub const NEW_IS_OLD: u64 = 5 * MINUTE;

/// Wait between two looks into a spool that another relay may have filled.
pub const POLL: u64 = 500;

/// Wait before a failed write of the sender, or a failed election, is tried again.
pub const SPOOL_RETRY: u64 = SECOND;

/// The largest body, before and after decompression: as the endpoint has it, as far as known.
pub const MAX_BODY_BYTES: usize = 1024 * 1024;

/// Bytes of bodies held in memory at a time, over all requests: 64 of the largest, or some 10,000 ordinary ones.
pub const BODIES_IN_MEMORY: usize = 64 * 1024 * 1024;

/// The longest time a client may take to send a body. A browser's 32 KiB at exit take 6 seconds at 50 kbit/s.
pub const BODY_TIMEOUT: u64 = 20 * SECOND;

/// The longest time a client may take to send the head of a request, and a connection may idle between requests.
pub const HEAD_TIMEOUT: u64 = 30 * SECOND;

/// The largest head of a request. Browsers send one to two KiB; cookies of the host, which are not read, come on top.
pub const HEAD_BYTES: usize = 32 * 1024;

/// The most headers of one request.
pub const MAX_HEADERS: usize = 100;

/// Connections at a time. Each idle one costs some KiB.
pub const MAX_CONNECTIONS: u32 = 20_000;

/// Connections at a time to the second address, which is the owner's.
pub const METRICS_CONNECTIONS: u32 = 100;

/// The longest time a request waits for the spool; after it the client is told to come again.
pub const COMMIT_TIMEOUT: u64 = 10 * SECOND;

/// Requests that wait for the spool at a time.
pub const WAITING_REQUESTS: usize = 2_048;

/// Events of one transaction. 2,000 take some 50 ms, and bound what a request waits for.
pub const GROUP_EVENTS: usize = 2_000;

/// The longest time SQLite waits for another process that holds the lock.
pub const BUSY_TIMEOUT: u64 = 2 * SECOND;

/// Free bytes on the disk below which no events are accepted: deletes need room, too.
pub const DISK_RESERVE: u64 = 64 * 1024 * 1024;

/// The part of [`DISK_RESERVE`] that is looked for before each transaction: one half.
pub const DISK_FLOOR_PART: u64 = 2;

/// The part of [`DISK_RESERVE`] that SQLite's log may take: a quarter. All of it may have to be moved into the file, which
/// then grows by as much.
pub const DISK_LOG_PART: u64 = 4;

/// Days for which ids of known events are kept. Browsers keep events for 30.
pub const KNOWN_DAYS: u64 = 31;

/// Age at which an event or a dead letter is deleted, delivered or not.
pub const MAX_AGE: u64 = 30 * DAY;

/// Events that one transaction of the clean-up deletes: accepting goes on in between.
pub const EXPIRE_CHUNK: usize = 2_000;

/// Bytes that a site's spool may hold unless configured otherwise: some ten million events, a day of a full key.
pub const MAX_SPOOL_BYTES: u64 = 4 * 1024 * 1024 * 1024;

/// Delay at which a site counts as overloaded.
pub const OVERLOADED: u64 = MINUTE;

/// Events a minute from one address. A hundred visitors behind one address track 600.
pub const ADDRESS_EVENTS_PER_MINUTE: u32 = 6_000;

/// Bytes of bodies a minute from one address: a KiB an event.
pub const ADDRESS_BYTES_PER_MINUTE: u32 = 6 * 1024 * 1024;

/// Minutes of an address's allowance that it may use at once. A browser that was offline brings up to 50,000 events.
pub const ADDRESS_BURST_MINUTES: u32 = 10;

/// Addresses that are counted one by one; beyond them all new ones share an allowance.
pub const MAX_ADDRESSES: usize = 200_000;

/// Seconds after which a browser tries again when the spool is full or fails.
pub const RETRY_AFTER_SECONDS: u64 = 30;

/// The longest `Retry-After` that the relay asks for: the longest that the tracker obeys.
pub const MAX_RETRY_AFTER_SECONDS: u64 = 3_600;

/// The longest time that a stop waits for requests in flight, here and upstream.
pub const DRAIN: u64 = 35 * SECOND;

/// Bytes of an upstream answer that are read.
pub const ANSWER_BYTES: usize = 64 * 1024;

/// Characters of an upstream message that are kept with a dead letter.
pub const MESSAGE_LENGTH: usize = 500;
