//! The options as flags, environment variables and lines of a TOML file have them: one list for all three.

use std::net::SocketAddr;
use std::path::PathBuf;

use axum::http::HeaderName;
use clap::{Args, ValueEnum};
use ipnet::IpNet;
use serde::Deserialize;
use toml::Spanned;
use url::Url;

use super::value::{Origin, SpoolAddress, from_text, from_texts};

/// Options of the server.
#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerOptions {
    /// Address and port to listen on [default: 127.0.0.1:8788]
    #[arg(long, env = "APPIZER_RELAY_LISTEN", value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,

    /// A second address for /metrics, /healthz and /readyz; without it /metrics answers loopback clients alone
    #[arg(long, env = "APPIZER_RELAY_METRICS_LISTEN", value_name = "ADDRESS")]
    pub metrics_listen: Option<SocketAddr>,

    /// The spool: the path of an SQLite file, or postgres://user@host/database [default: relay.sqlite]
    #[arg(long, env = "APPIZER_RELAY_SPOOL", hide_env_values = true, value_name = "PATH|URL")]
    #[serde(deserialize_with = "from_text")]
    pub spool: Option<SpoolAddress>,

    /// Address or network of a proxy whose forwarding header is believed; may be repeated
    #[arg(long = "trusted-proxy", env = "APPIZER_RELAY_TRUSTED_PROXIES", value_delimiter = ',', value_parser = network, value_name = "CIDR")]
    #[serde(deserialize_with = "networks")]
    pub trusted_proxies: Vec<IpNet>,

    /// The header in which trusted proxies name the visitor's address [default: x-forwarded-for]
    #[arg(long, env = "APPIZER_RELAY_CLIENT_HEADER", value_name = "NAME")]
    #[serde(deserialize_with = "from_text")]
    pub client_header: Option<HeaderName>,

    /// What events tell of the visitor's address [default: truncated, to /24 and /48]
    #[arg(long, env = "APPIZER_RELAY_IP", value_enum)]
    pub ip: Option<IpMode>,

    /// What becomes of an ip that an event brings [default: replace]
    #[arg(long, env = "APPIZER_RELAY_EVENT_IP", value_enum)]
    pub event_ip: Option<EventIp>,

    /// The tracker's script, served as /appizer.js [default: pkg/appizer.js]
    #[arg(long, env = "APPIZER_RELAY_TRACKER", value_name = "PATH")]
    pub tracker: Option<PathBuf>,

    /// Events a minute from one address; ten minutes' worth may come at once [default: 6000]
    #[arg(long, env = "APPIZER_RELAY_ADDRESS_EVENTS", value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    pub address_events_per_minute: Option<u32>,

    /// Bytes of bodies a minute from one address; ten minutes' worth may come at once [default: 6291456]
    #[arg(long, env = "APPIZER_RELAY_ADDRESS_BYTES", value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    pub address_bytes_per_minute: Option<u32>,

    /// Connections at a time [default: 20000]
    #[arg(long, env = "APPIZER_RELAY_MAX_CONNECTIONS", value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    pub max_connections: Option<u32>,

    /// Free bytes on the spool's disk below which no events are accepted [default: 67108864]
    #[arg(long, env = "APPIZER_RELAY_DISK_RESERVE", value_name = "NUMBER")]
    pub disk_reserve_bytes: Option<u64>,

    /// The sites, in a file alone.
    #[arg(skip)]
    pub site: Vec<Spanned<SiteOptions>>,
}

/// Options of one site.
#[derive(Args, Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SiteOptions {
    /// The site's name in the spool and in metrics [default: default]
    #[arg(long = "site", env = "APPIZER_RELAY_SITE", value_name = "NAME")]
    pub name: Option<String>,

    /// A host name under which browsers reach the relay; may be repeated [default: any]
    #[arg(long = "host", env = "APPIZER_RELAY_HOSTS", value_delimiter = ',', value_name = "HOST")]
    pub hosts: Vec<String>,

    /// Where batches are delivered [default: https://api.appizer.com/v1/events/batch]
    #[arg(long, env = "APPIZER_RELAY_ENDPOINT", value_name = "URL")]
    pub endpoint: Option<Url>,

    /// The environment variable that holds the API key [default: APPIZER_API_KEY]
    #[arg(long, value_name = "NAME", conflicts_with = "api_key_file")]
    pub api_key_env: Option<String>,

    /// The file that holds the API key
    #[arg(long, env = "APPIZER_RELAY_API_KEY_FILE", value_name = "PATH")]
    pub api_key_file: Option<PathBuf>,

    /// An origin whose pages may send, as in https://shop.example; may be repeated [default: any]
    #[arg(long = "origin", env = "APPIZER_RELAY_ORIGINS", value_delimiter = ',', value_name = "ORIGIN")]
    #[serde(deserialize_with = "from_texts")]
    pub origins: Vec<Origin>,

    /// An event name that is accepted; may be repeated [default: any]
    #[arg(
        long = "event-name",
        env = "APPIZER_RELAY_EVENT_NAMES",
        value_delimiter = ',',
        value_name = "NAME"
    )]
    pub event_names: Vec<String>,

    /// What becomes of events of known bots [default: send]
    #[arg(long, env = "APPIZER_RELAY_BOTS", value_enum)]
    pub bots: Option<Bots>,

    /// Events accepted per day (UTC) [default: unlimited]
    #[arg(long, env = "APPIZER_RELAY_DAILY_QUOTA", value_name = "NUMBER")]
    pub daily_quota: Option<u64>,

    /// Bytes of events that may wait in the spool [default: 4294967296]
    #[arg(long, env = "APPIZER_RELAY_MAX_SPOOL_BYTES", value_name = "NUMBER")]
    pub max_spool_bytes: Option<u64>,
}

/// What events tell of the visitor's address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum IpMode {
    /// All of it.
    Full,
    /// Its network: /24 of IPv4, /48 of IPv6.
    #[default]
    Truncated,
    /// Nothing.
    Off,
}

/// What becomes of an `ip` that an event brings: anybody can write anything there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum EventIp {
    /// The address of the request takes its place.
    #[default]
    Replace,
    /// It is kept. For servers of yours that send on behalf of visitors.
    Keep,
}

/// What becomes of events of known bots.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Bots {
    /// Delivered like any other.
    #[default]
    Send,
    /// Confirmed and thrown away.
    Drop,
}

impl ServerOptions {
    /// Returns these options, and `other`'s where these have none.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            listen: self.listen.or(other.listen),
            metrics_listen: self.metrics_listen.or(other.metrics_listen),
            spool: self.spool.or(other.spool),
            trusted_proxies: if self.trusted_proxies.is_empty() {
                other.trusted_proxies
            } else {
                self.trusted_proxies
            },
            client_header: self.client_header.or(other.client_header),
            ip: self.ip.or(other.ip),
            event_ip: self.event_ip.or(other.event_ip),
            tracker: self.tracker.or(other.tracker),
            address_events_per_minute: self.address_events_per_minute.or(other.address_events_per_minute),
            address_bytes_per_minute: self.address_bytes_per_minute.or(other.address_bytes_per_minute),
            max_connections: self.max_connections.or(other.max_connections),
            disk_reserve_bytes: self.disk_reserve_bytes.or(other.disk_reserve_bytes),
            site: other.site,
        }
    }
}

/// Parses a network, or a single address as the network of it alone.
fn network(text: &str) -> Result<IpNet, String> {
    let parsed = text.parse::<IpNet>().or_else(|_| text.parse::<std::net::IpAddr>().map(IpNet::from));
    parsed.map_err(|_| {
        format!("{text:?} is not a network; allowed: an address or CIDR, as in 10.0.0.0/8 or ::1")
    })
}

fn networks<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    texts.iter().map(|text| network(text).map_err(serde::de::Error::custom)).collect()
}
