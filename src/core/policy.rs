//! Every default and every limit, each with its reason. Nothing else in the project writes such a number:
//! the JavaScript facade gets the ones it needs from here, through the build.
//!
//! Times are milliseconds, sizes are bytes of UTF-8.

/// Where batches go unless `init` names another endpoint: the address in the API documentation.
pub const DEFAULT_ENDPOINT: &str = "https://api.appizer.com/v1/events/batch";

/// Events in one request. Documented: "Maximum 100 events per batch".
pub const MAX_BATCH_EVENTS: usize = 100;

/// Bytes of events in one request. Not documented; half of the 1 MiB at which common proxies refuse a body
/// unless told otherwise, so that a batch of large events passes them.
pub const MAX_BATCH_BYTES: usize = 512 * 1024;

/// Bytes of one event as the caller gave it (name, properties and overrides as JSON). Not documented; what
/// Segment allows, and small enough that any event alone fits the exit share.
pub const MAX_EVENT_BYTES: usize = 31 * 1024;

/// Events in one record of the queue: a record holds what fills one request, so that an ordinary request
/// is exactly one record (a record of 100 costs a fortieth of 100 records, docs/decisions/0001-shape.md).
pub const MAX_SEGMENT_EVENTS: usize = MAX_BATCH_EVENTS;

/// Wait between the first undelivered event and its flush. The key's 100 requests a minute are shared by
/// every visitor of the site: ten seconds lets sixteen busy visitors share it before pacing has to help, and
/// nothing is at risk meanwhile, for the events are on disk.
pub const DEFAULT_FLUSH_INTERVAL: u64 = 10_000;

/// The longest interval `init` accepts: a day. Past it the browser's own timers overflow at 24.8 days.
pub const MAX_FLUSH_INTERVAL: u64 = 24 * 60 * 60 * 1000;

/// A request without an answer is given up after this long. Slow mobile links answer within it; the
/// collector's own work is a few milliseconds.
pub const REQUEST_TIMEOUT: u64 = 30_000;

/// First ceiling of the backoff; each failure doubles it. The wait is drawn evenly from zero to the ceiling
/// ("full jitter"), which spreads the retries of many browsers best.
pub const BACKOFF_BASE: u64 = 1_000;

/// The backoff's ceiling stops doubling here: after an outage everyone is back within five minutes.
pub const BACKOFF_CAP: u64 = 5 * 60 * 1000;

/// Wait after a 429 whose `Retry-After` cannot be read (cross-origin, unless the server exposes the header):
/// the documented limit is a window of a minute.
pub const RATE_LIMIT_WAIT: u64 = 60_000;

/// Longest `Retry-After` that is obeyed, an hour: a longer one is more likely a mistake than a wish.
pub const MAX_RETRY_AFTER: u64 = 60 * 60 * 1000;

/// Requests in [`BISECT_WINDOW`] that may go into finding the guilty events of refused batches. One guilty event in
/// a full batch takes fourteen; a server that refuses everything must not eat the limit of everyone.
pub const BISECT_REQUESTS: u32 = 16;

/// The time those requests are counted over: that of the documented limit.
pub const BISECT_WINDOW: u64 = 60_000;

/// Wait after an answer that says the key or the address is wrong: waiting does not mend it, a deployment does.
pub const PAUSE: u64 = 60 * 60 * 1000;

/// Answers in a row that are not this endpoint's, before it counts as the wrong address.
pub const MAX_MALFORMED: u32 = 8;

/// Dead letters that are kept; the oldest go first. Enough to see what is wrong, too few to fill a disk.
pub const MAX_DEAD_LETTERS: usize = 1_000;

/// Bytes of request bodies that may be left to outlive the page. Browsers allow 64 KiB for the whole page
/// together; the page's own use of it cannot be seen, so this library takes half.
pub const EXIT_SHARE_BYTES: usize = 32 * 1024;

/// A page's second look for what dead pages left, after that at its start: the page before it in the same tab
/// may have gone so lately that the browser still holds its lock.
pub const ADOPT_SOON: u64 = 1_000;

/// How often a page looks from then on.
pub const ADOPT_INTERVAL: u64 = 60_000;

/// How long a page's claim lasts where there are no Web Locks. Browsers let the timers of hidden tabs run once a
/// minute: a page may miss two renewals and lives.
pub const LEASE: u64 = 180_000;

/// How often the claim is renewed.
pub const LEASE_RENEWAL: u32 = 60_000;

/// Segments of a dead page that are read into memory at once; the rest follows as these are delivered.
pub const LOAD_SEGMENTS: usize = 10;

/// Events held in memory before `init` is called; later ones are dropped and counted.
pub const MAX_HELD_EVENTS: usize = 1_000;

/// An opening of the store that takes longer is given up and the queue is kept in memory: some
/// engines have left `indexedDB.open` without an answer for ever.
pub const OPEN_TIMEOUT: u64 = 5_000;
