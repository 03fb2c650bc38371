//! From options to a [`Config`]: defaults, keys, and the checks that concern more than one value.

use std::env;
use std::fs;
use std::path::Path;

use toml::Spanned;
use url::Url;

use super::error::{ConfigError, SiteFault};
use super::{ApiKey, Config, ServerOptions, SiteConfig, SiteOptions, SpoolAddress};
use crate::policy;

/// The variable of a key, unless an option names another.
const KEY_VARIABLE: &str = "APPIZER_API_KEY";

/// A checked configuration, and what its owner should hear though it is no error.
#[derive(Debug)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// Sentences for the log.
    pub warnings: Vec<String>,
}

/// Reads the file, if one is named, and puts the options on top of it.
pub fn load(path: Option<&Path>, server: ServerOptions, site: SiteOptions) -> Result<Loaded, ConfigError> {
    let (server, sites) = match path {
        None => (server, vec![("site".to_owned(), site)]),
        Some(path) => {
            if let Some(flag) = first_flag(&site) {
                return Err(ConfigError::SiteFlags(flag));
            }
            let (file, sites) = read(path)?;
            (server.or(file), sites)
        }
    };
    let sites = check_sites(sites)?;
    let warnings = warnings(&sites);
    Ok(Loaded { config: complete(server, sites)?, warnings })
}

/// Returns where the spool is, for commands that need no key.
pub fn spool_address(path: Option<&Path>, flag: Option<SpoolAddress>) -> Result<SpoolAddress, ConfigError> {
    let default = || SpoolAddress::Sqlite(policy::SPOOL.into());
    match (flag, path) {
        (Some(flag), _) => Ok(flag),
        (None, Some(path)) => Ok(read(path)?.0.spool.unwrap_or_else(default)),
        (None, None) => Ok(default()),
    }
}

fn read(path: &Path) -> Result<(ServerOptions, Vec<(String, SiteOptions)>), ConfigError> {
    let text = fs::read_to_string(path).map_err(|source| ConfigError::Read { path: path.into(), source })?;
    let mut file: ServerOptions = toml::from_str(&text)
        .map_err(|source| ConfigError::Parse { path: path.into(), source: Box::new(source) })?;
    if file.site.is_empty() {
        return Err(ConfigError::NoSite { path: path.into() });
    }
    let place = |site: &Spanned<SiteOptions>| {
        let line = 1 + text[..site.span().start].matches('\n').count();
        format!("{}, line {line}", path.display())
    };
    let sites =
        std::mem::take(&mut file.site).into_iter().map(|site| (place(&site), site.into_inner())).collect();
    Ok((file, sites))
}

fn complete(server: ServerOptions, sites: Vec<SiteConfig>) -> Result<Config, ConfigError> {
    let spool = server.spool.unwrap_or_else(|| SpoolAddress::Sqlite(policy::SPOOL.into()));
    let mut config = Config::with_sites(spool, sites);
    config.listen = server.listen.unwrap_or(config.listen);
    config.metrics_listen = server.metrics_listen;
    if config.metrics_listen == Some(config.listen) && config.listen.port() != 0 {
        return Err(ConfigError::SameAddress(config.listen));
    }
    config.trusted_proxies = server.trusted_proxies;
    config.client_header = server.client_header.unwrap_or(config.client_header);
    if config.client_header == "forwarded" {
        return Err(ConfigError::Forwarded);
    }
    config.ip = server.ip.unwrap_or_default();
    config.event_ip = server.event_ip.unwrap_or_default();
    config.tracker = server.tracker.unwrap_or(config.tracker);
    config.address_events_per_minute =
        server.address_events_per_minute.unwrap_or(config.address_events_per_minute);
    config.address_bytes_per_minute =
        server.address_bytes_per_minute.unwrap_or(config.address_bytes_per_minute);
    config.disk_reserve_bytes = server.disk_reserve_bytes.unwrap_or(config.disk_reserve_bytes);
    config.max_connections = server.max_connections.unwrap_or(config.max_connections);
    Ok(config)
}

fn check_sites(sites: Vec<(String, SiteOptions)>) -> Result<Vec<SiteConfig>, ConfigError> {
    let several = sites.len() > 1;
    let mut checked: Vec<SiteConfig> = Vec::new();
    for (place, options) in sites {
        let site = check_site(options)
            .and_then(|site| check_beside(&site, &checked, several).map(|()| site))
            .map_err(|fault| ConfigError::Site { place, fault })?;
        checked.push(site);
    }
    Ok(checked)
}

fn check_site(options: SiteOptions) -> Result<SiteConfig, SiteFault> {
    let allowed = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    for host in &options.hosts {
        if host.is_empty() || !host.chars().all(allowed) {
            return Err(SiteFault::Host(host.clone()));
        }
    }
    let first_host = options.hosts.first().cloned();
    let name = options.name.clone().or(first_host).unwrap_or_else(|| "default".into());
    if name.is_empty() || name.len() > 64 || !name.chars().all(allowed) {
        return Err(SiteFault::Name(name));
    }
    let default_endpoint = || Url::parse(policy::DEFAULT_ENDPOINT).ok();
    let endpoint = options.endpoint.clone().or_else(default_endpoint);
    let endpoint = endpoint.ok_or_else(|| SiteFault::Endpoint(policy::DEFAULT_ENDPOINT.into()))?;
    if !matches!(endpoint.scheme(), "http" | "https") {
        return Err(SiteFault::Endpoint(endpoint.to_string()));
    }
    for (limit, option) in
        [(options.daily_quota, "daily_quota"), (options.max_spool_bytes, "max_spool_bytes")]
    {
        if limit == Some(0) {
            return Err(SiteFault::Zero(option));
        }
    }
    let mut site = SiteConfig::new(&name, endpoint, key(&options)?);
    site.hosts = options.hosts;
    site.origins = options.origins;
    site.event_names = options.event_names.into_iter().collect();
    site.bots = options.bots.unwrap_or_default();
    site.daily_quota = options.daily_quota;
    site.max_spool_bytes = options.max_spool_bytes.unwrap_or(site.max_spool_bytes);
    Ok(site)
}

fn check_beside(site: &SiteConfig, earlier: &[SiteConfig], several: bool) -> Result<(), SiteFault> {
    if several && site.hosts.is_empty() {
        return Err(SiteFault::NoHost);
    }
    for other in earlier {
        if other.name == site.name {
            return Err(SiteFault::SameName(site.name.to_string()));
        }
        if let Some(host) = site.hosts.iter().find(|host| other.answers_to(Some(host))) {
            return Err(SiteFault::SameHost(host.clone()));
        }
        if other.endpoint == site.endpoint && other.key == site.key {
            return Err(SiteFault::SameKey(other.name.to_string()));
        }
    }
    Ok(())
}

fn key(options: &SiteOptions) -> Result<ApiKey, SiteFault> {
    let (text, from) = match (&options.api_key_file, &options.api_key_env) {
        (Some(_), Some(_)) => return Err(SiteFault::TwoKeys),
        (Some(path), None) => {
            let text = fs::read_to_string(path)
                .map_err(|source| SiteFault::KeyFile { path: path.clone(), source })?;
            (text, path.display().to_string())
        }
        (None, name) => {
            let name = name.as_deref().unwrap_or(KEY_VARIABLE);
            (env::var(name).map_err(|_| SiteFault::KeyMissing(name.into()))?, name.into())
        }
    };
    ApiKey::new(&text).map_err(|source| SiteFault::Key { from, source })
}

fn warnings(sites: &[SiteConfig]) -> Vec<String> {
    let mut warnings = Vec::new();
    for site in sites {
        if site.origins.is_empty() {
            warnings.push(format!(
                "site {}: pages of every origin may send; name yours by --origin or origins",
                site.name
            ));
        }
        let remote = !matches!(site.endpoint.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        if site.endpoint.scheme() == "http" && remote {
            warnings.push(format!("site {}: the key travels unencrypted to {}", site.name, site.endpoint));
        }
    }
    warnings
}

/// Returns the first option of a site that was given as a flag or in the environment.
fn first_flag(site: &SiteOptions) -> Option<&'static str> {
    let given = [
        (site.name.is_some(), "--site"),
        (!site.hosts.is_empty(), "--host"),
        (site.endpoint.is_some(), "--endpoint"),
        (site.api_key_env.is_some(), "--api-key-env"),
        (site.api_key_file.is_some(), "--api-key-file"),
        (!site.origins.is_empty(), "--origin"),
        (!site.event_names.is_empty(), "--event-name"),
        (site.bots.is_some(), "--bots"),
        (site.daily_quota.is_some(), "--daily-quota"),
        (site.max_spool_bytes.is_some(), "--max-spool-bytes"),
    ];
    given.into_iter().find(|(given, _)| *given).map(|(_, flag)| flag)
}
