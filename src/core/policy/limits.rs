//! Every default and every limit of what is kept and sent, each with its reason. The JavaScript facade gets the ones it
//! needs from here, through the build. What values an option may have stands with the options.
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

/// A page that leaves after waiting this long for a reply does not trust its link: an endpoint that hangs takes nothing, and
/// a mark would have the next success settle it. Far longer than a reply takes, far shorter than a visit.
pub const DOUBTFUL_REPLY: u64 = 5_000;

/// First ceiling of the backoff; each failure doubles it. The wait is drawn evenly from zero to the ceiling
/// ("full jitter"), which spreads the retries of many browsers best.
pub const BACKOFF_BASE: u64 = 1_000;

/// The backoff's ceiling stops doubling here: after an outage everyone is back within five minutes.
pub const BACKOFF_CAP: u64 = 5 * 60 * 1000;

/// Longest `Retry-After` that is obeyed, an hour: a longer one is more likely a mistake than a wish.
pub const MAX_RETRY_AFTER: u64 = 60 * 60 * 1000;

/// Requests in [`BISECT_WINDOW`] that may go into finding the guilty events of refused batches. One guilty event in
/// a full batch takes fourteen; a server that refuses everything must not eat the limit of everyone.
pub const BISECT_REQUESTS: u32 = 16;

/// The time those requests are counted over: that of the documented limit.
pub const BISECT_WINDOW: u64 = 60_000;

/// The longest that any answer can make a page wait: what a stored time says beyond it is a clock's mistake. A crowd's wait, which
/// is drawn from up to twice the stretched interval, is longer than a backoff.
pub const LONGEST_WAIT: u64 = MAX_RETRY_AFTER + 2 * MAX_STRETCH * DEFAULT_FLUSH_INTERVAL;

/// Requests a minute from one browser, all tabs together. Documented: "100 requests per minute".
pub const REQUESTS_PER_MINUTE: u32 = 100;

/// The largest limit that `init` accepts; beyond it there might as well be none.
pub const MAX_REQUESTS_PER_MINUTE: f64 = 100_000.0;

/// The part of the limit that is left to pages which go away and have no time to ask, one in so many: a tenth lets ten
/// tabs leave in the minute in which the rest of the limit is used up.
pub const EXIT_PART: u32 = 10;

/// Requests that a page keeps in hand for its exit.
pub const EXIT_TOKENS: u32 = 1;

/// Requests that a page with more than one batch to send asks for at once, so that not each of them costs a transaction.
pub const TOKENS_AHEAD: u32 = 4;

/// The life of tokens for ordinary requests. Until it ends, another page's failure does not keep this page from sending.
pub const TOKEN_LIFE: u64 = 5_000;

/// A 429 stretches flush intervals to so many times what they were: ten seconds become forty, and what a page that met a short
/// rush has queued arrives within a minute. Half the visitors of a site are new to it, stay for minutes and learn of a crowd by
/// a 429 alone: doubling would take more of those than there is time for.
pub const CROWD_STEP: u64 = 4;

/// Each success takes one part in so many off the stretch. Together with [`CROWD_STEP`] this comes to rest where a seventh of
/// the requests of those who stay is refused, however many they are: fewer refusals would leave some of the limit unused.
pub const CROWD_RELIEF: u64 = 5;

/// Flush intervals grow up to this many times themselves while a key is crowded: from ten seconds to twenty minutes. Where 1,000
/// visitors who stay share 100 requests a minute, half of it would do.
pub const MAX_STRETCH: u64 = 128;

/// Up to this stretch every page that leaves a crowded key sends what it has, above it the fewer the more crowded it is. That is
/// the fullest batch of a visit, and many a visitor never comes back.
pub const CROWD_EXITS: u64 = 16;

/// Failures in a row without any answer, though the browser says it has a network, before this counts as a block: six
/// take a minute on the average, longer than a network takes to come back after a device wakes.
pub const MAX_SILENT: u32 = 6;

/// Wait between tries while nothing ever answers; drawn from half to one and a half times this. Four tries an hour tell
/// soon enough that a content blocker was switched off.
pub const UNREACHABLE_WAIT: u64 = 15 * 60 * 1000;

/// Wait after an answer that says the key or the address is wrong: waiting does not mend it, a deployment does.
pub const PAUSE: u64 = 60 * 60 * 1000;

/// Answers in a row that are not this endpoint's, before it counts as the wrong address.
pub const MAX_MALFORMED: u32 = 8;

/// Dead letters that are kept; the oldest go first. Enough to see what is wrong, too few to fill a disk.
pub const MAX_DEAD_LETTERS: usize = 1_000;

/// Bytes of request bodies that may be left to outlive the page. Browsers allow 64 KiB for the whole page
/// together; the page's own use of it cannot be seen, so this library takes half.
pub const EXIT_SHARE_BYTES: usize = 32 * 1024;

/// Wait before unsent events are given to the browser for the case that the page dies: of a burst only the end is given,
/// and a crash costs a repeat at the most, for they are on disk.
pub const INSURANCE_DELAY: u64 = 1_000;

/// Bytes of such a body. Browsers allow 64 KiB for an origin, of which address and headers take some.
pub const INSURANCE_BYTES: usize = 60 * 1024;

/// A page's second look for what dead pages left, after that at its start: the page before it in the same tab
/// may have gone so lately that the browser still holds its lock.
pub const ADOPT_SOON: u64 = 1_000;

/// The interval of later searches.
pub const ADOPT_INTERVAL: u64 = 60_000;

/// The length of a lease, for browsers without Web Locks. Browsers let the timers of hidden tabs run once a
/// minute: a page may miss two renewals and lives.
pub const LEASE: u64 = 180_000;

/// The interval at which a lease is renewed.
pub const LEASE_RENEWAL: u32 = 60_000;

/// Segments of a dead page that are read into memory at once; the rest follows as these are delivered.
pub const LOAD_SEGMENTS: usize = 10;

/// Events held in memory before `init` is called; later ones are dropped and counted.
pub const MAX_HELD_EVENTS: usize = 1_000;

/// Events that are queued at the most, unless `init` says otherwise; the oldest make room. A busy page's events of a day
/// without network, at one every two seconds; ten megabytes or so.
pub const MAX_QUEUE_EVENTS: u64 = 50_000;

/// Bytes of the events that are queued at the most, unless `init` says otherwise. Browsers give a site hundreds of
/// megabytes or more; a tracker should not be what uses them up.
pub const MAX_QUEUE_BYTES: usize = 20 * 1024 * 1024;

/// Age at which an undelivered event is given up, unless `init` says otherwise: a month. Reports for older days
/// have been read.
pub const MAX_AGE: u64 = 30 * 24 * 60 * 60 * 1000;

/// Time between the two readings of the wall clock that must both find an adopted segment older than `maxAge` before it is
/// dropped: a day. A device whose clock was wrong and has been set right looks like one that was away for months.
pub const AGE_CONFIRMATION: u64 = 24 * 60 * 60 * 1000;

/// Where the browser has no room for new events, one in so many of the queued ones makes some, the oldest first.
pub const QUOTA_EVICTION: usize = 4;

/// A store that has not answered for this long is given up and opened anew: engines have been seen to leave a
/// transaction without an end. On a busy machine a transaction takes a second, rarely two.
pub const STORE_TIMEOUT: u64 = 10_000;

/// The interval at which a page without a store tries to open it again.
pub const REOPEN_INTERVAL: u64 = 60_000;

/// An opening of the store that takes longer is given up and the queue is kept in memory: some
/// engines have left `indexedDB.open` without an answer for ever.
pub const OPEN_TIMEOUT: u64 = 5_000;

/// Without an event for so long a session is over, unless `init` says otherwise: what every tracker has, so that numbers compare.
pub const SESSION_TIMEOUT: u64 = 30 * 60 * 1000;

/// The longest such time `init` accepts, a day: past it "session" means nothing.
pub const MAX_SESSION_TIMEOUT: u64 = 24 * 60 * 60 * 1000;

/// A gap longer than this on the wall clock, of which a page's steady clock saw nothing, is a clock that was set and not a
/// device that slept: a month.
pub const LONGEST_SLEEP: u64 = 30 * 24 * 60 * 60 * 1000;

/// Characters of JSON that registered properties may have together: a quarter of what an event may, for they go with each.
pub const MAX_REGISTERED_LENGTH: usize = 8 * 1024;

/// Characters of a campaign parameter or a referrer that are kept. Longer ones are no names but data, which anyone can put
/// into a link.
pub const MAX_CAMPAIGN_LENGTH: usize = 256;

/// Wait between a change of route and its page view: single-page apps set the title once they have rendered, a few frames
/// later.
pub const TITLE_DELAY: u32 = 50;

/// Wait after a failure where no core runs: one for all, for the direct sender has neither jitter nor a row that tabs share.
/// Twice what a deployment takes to restart a server, and two requests of the limit's hundred.
pub const DIRECT_BACKOFF: u64 = 30_000;

/// Times that a page starts WebAssembly anew after a trap. What traps again and again is an event or a record, and the plain
/// path takes it.
pub const MAX_RESTARTS: u32 = 3;
