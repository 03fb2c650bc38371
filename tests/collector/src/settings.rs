//! What a collector is started with.

use std::fmt;
use std::path::PathBuf;

/// The rate limit the documentation states.
pub const DOCUMENTED_REQUESTS_PER_MINUTE: u32 = 100;

/// The documentation names no size; 100 generous events of 10 KiB fit.
pub const DEFAULT_MAX_BODY_BYTES: usize = 1024 * 1024;

/// Everything a [`Collector`](crate::Collector) needs to know to start.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The loopback port; 0 takes any that is free.
    pub port: u16,
    /// Where the events are kept.
    pub database: Database,
    /// The one key that is accepted.
    pub api_key: String,
    /// Requests accepted in any 60 seconds; `None` accepts them all.
    pub requests_per_minute: Option<u32>,
    /// Also accept what a page cannot avoid at exit and a proxy would take: the key in `?access_token=`,
    /// and `text/plain` bodies. Neither is in the contract.
    pub lenient: bool,
    /// The largest body that is not answered with 413.
    pub max_body_bytes: usize,
}

impl Settings {
    /// A strict collector on any free port, in memory and without a rate limit: what most tests want.
    pub fn in_memory(api_key: impl Into<String>) -> Self {
        Self {
            port: 0,
            database: Database::Memory,
            api_key: api_key.into(),
            requests_per_minute: None,
            lenient: false,
            max_body_bytes: DEFAULT_MAX_BODY_BYTES,
        }
    }
}

/// Where the events are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Database {
    /// An SQLite file, created if absent; another start with the same file goes on where this one ended.
    File(PathBuf),
    /// Memory that ends with the collector.
    Memory,
}

impl fmt::Display for Database {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(out),
            Self::Memory => out.write_str("memory"),
        }
    }
}
