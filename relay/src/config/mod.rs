//! What a relay is started with: read from flags, environment and file, checked as a whole.

mod error;
mod file;
mod options;
mod value;

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use axum::http::HeaderName;
use ipnet::IpNet;
use url::Url;

use crate::clock::Clock;
use crate::policy;

pub use error::ConfigError;
pub use file::{Loaded, load, spool_address};
pub use options::{Bots, EventIp, IpMode, ServerOptions, SiteOptions};
pub use value::{ApiKey, ApiKeyError, Origin, SpoolAddress};

/// A site's name: its key's place in the spool and in metrics.
pub type SiteName = Arc<str>;

/// Everything a [`Relay`](crate::Relay) needs to start.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Where it serves metrics and health besides.
    pub metrics_listen: Option<SocketAddr>,
    /// Where the spool is.
    pub spool: SpoolAddress,
    /// Networks whose forwarding header is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// The header in which they name the visitor.
    pub client_header: HeaderName,
    /// What events tell of the visitor's address.
    pub ip: IpMode,
    /// What becomes of an `ip` that an event brings.
    pub event_ip: EventIp,
    /// The tracker's script.
    pub tracker: PathBuf,
    /// Events a minute from one address.
    pub address_events_per_minute: u32,
    /// Bytes a minute from one address.
    pub address_bytes_per_minute: u32,
    /// Connections at a time.
    pub max_connections: u32,
    /// Free bytes on the spool's disk below which no events are accepted.
    pub disk_reserve_bytes: u64,
    /// The sites, each with a key of its own.
    pub sites: Vec<SiteConfig>,
    /// The machine's time, unless a test speeds it up.
    pub clock: Clock,
}

/// One site: a key, and who may send under it.
#[derive(Clone, Debug)]
pub struct SiteConfig {
    /// Its name.
    pub name: SiteName,
    /// Host names under which browsers reach the relay; none for any.
    pub hosts: Vec<String>,
    /// Where its batches go.
    pub endpoint: Url,
    /// Its key.
    pub key: ApiKey,
    /// Origins that may send; none for any.
    pub origins: Vec<Origin>,
    /// Event names that are accepted; none for any.
    pub event_names: BTreeSet<String>,
    /// What becomes of events of known bots.
    pub bots: Bots,
    /// Events accepted per day.
    pub daily_quota: Option<u64>,
    /// Bytes of events that may wait.
    pub max_spool_bytes: u64,
}

impl Config {
    /// Returns the defaults with one site: what `appizer-relay serve` uses without options.
    pub fn new(spool: SpoolAddress, endpoint: Url, key: ApiKey) -> Self {
        Self::with_sites(spool, vec![SiteConfig::new("default", endpoint, key)])
    }

    /// Returns the defaults with these sites.
    pub fn with_sites(spool: SpoolAddress, sites: Vec<SiteConfig>) -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8788)),
            metrics_listen: None,
            spool,
            trusted_proxies: Vec::new(),
            client_header: HeaderName::from_static("x-forwarded-for"),
            ip: IpMode::default(),
            event_ip: EventIp::default(),
            tracker: policy::TRACKER.into(),
            address_events_per_minute: policy::ADDRESS_EVENTS_PER_MINUTE,
            address_bytes_per_minute: policy::ADDRESS_BYTES_PER_MINUTE,
            max_connections: policy::MAX_CONNECTIONS,
            disk_reserve_bytes: policy::DISK_RESERVE,
            sites,
            clock: Clock::default(),
        }
    }

    /// Returns the site that a host name belongs to.
    pub fn site_of(&self, host: Option<&str>) -> Option<&SiteConfig> {
        self.sites.iter().find(|site| site.answers_to(host))
    }
}

impl SiteConfig {
    /// Returns a site that takes events from anywhere under any host name.
    pub fn new(name: &str, endpoint: Url, key: ApiKey) -> Self {
        Self {
            name: name.into(),
            hosts: Vec::new(),
            endpoint,
            key,
            origins: Vec::new(),
            event_names: BTreeSet::new(),
            bots: Bots::default(),
            daily_quota: None,
            max_spool_bytes: policy::MAX_SPOOL_BYTES,
        }
    }

    /// Returns true if pages of this origin may send.
    pub fn admits_origin(&self, origin: &str) -> bool {
        self.origins.is_empty() || self.origins.iter().any(|allowed| allowed.admits(origin))
    }

    fn answers_to(&self, host: Option<&str>) -> bool {
        self.hosts.is_empty()
            || host.is_some_and(|host| self.hosts.iter().any(|own| own.eq_ignore_ascii_case(host)))
    }
}
