//! What can be wrong with a configuration.

use std::io;
use std::path::PathBuf;

use super::value::ApiKeyError;

/// Names the value at fault, and what is allowed.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is not the configuration's TOML. The parser names line, column and what it expected.
    #[error("{path}: {source}")]
    Parse {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        source: Box<toml::de::Error>,
    },
    /// Something in one site's table.
    #[error("{place}: {fault}")]
    Site {
        /// The site, with its line where there is a file.
        place: String,
        /// What is wrong with it.
        fault: SiteFault,
    },
    /// Sites come from the file alone.
    #[error(
        "options of a site ({0}) cannot be combined with --config: write them into a [[site]] of the file"
    )]
    SiteFlags(&'static str),
    /// A file without sites delivers nothing.
    #[error("{path} has no [[site]]: add one with hosts, origins and api_key_env or api_key_file")]
    NoSite {
        /// The file.
        path: PathBuf,
    },
    /// It is no list of addresses.
    #[error(
        "client_header cannot be `forwarded`, which has a grammar of its own: let the proxy set x-forwarded-for"
    )]
    Forwarded,
    /// One port cannot serve two listeners.
    #[error("listen and metrics_listen are both {0}: give the metrics another port")]
    SameAddress(std::net::SocketAddr),
}

/// What can be wrong with one site.
#[derive(Debug, thiserror::Error)]
pub enum SiteFault {
    /// The variable is not set.
    #[error("the environment variable {0} is not set: put the API key there, or name a file by api_key_file")]
    KeyMissing(String),
    /// The key's file cannot be read.
    #[error("cannot read the API key from {path}: {source}")]
    KeyFile {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The key is no key.
    #[error("the API key from {from} {source}")]
    Key {
        /// The variable or the file.
        from: String,
        /// What is wrong with it.
        source: ApiKeyError,
    },
    /// Two places for one key.
    #[error("api_key_env and api_key_file exclude each other: keep one")]
    TwoKeys,
    /// Where batches go must be HTTP.
    #[error("endpoint {0} must start with https:// or http://")]
    Endpoint(String),
    /// A name that no table and no metric should have.
    #[error("name {0:?} must be 1 to 64 letters, digits, '-', '_' or '.'")]
    Name(String),
    /// A name twice.
    #[error("the name {0:?} is taken by an earlier site: names must differ")]
    SameName(String),
    /// A host twice.
    #[error("the host {0:?} belongs to an earlier site: a host has one site")]
    SameHost(String),
    /// A host that no request can name.
    #[error("host {0:?} must be a host name without scheme, port and path, as in t.shop.example")]
    Host(String),
    /// One site of several that would answer for all.
    #[error("hosts is empty: with several sites each needs its host names")]
    NoHost,
    /// The endpoint counts requests by key.
    #[error(
        "has the endpoint and key of site {0:?}: the request limit is counted by key, so give one site both hosts"
    )]
    SameKey(String),
    /// A limit that lets nothing through.
    #[error("{0} must be at least 1")]
    Zero(&'static str),
}
