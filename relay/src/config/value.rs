//! Values of the configuration, each parsed once from text.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, de};
use url::Url;

/// A key of Appizer's. Neither logs nor error messages can show it.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(String);

/// Why a text is no key. The text is not part of the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApiKeyError {
    /// Nothing but white space.
    #[error("is empty")]
    Empty,
    /// A character that no header can carry.
    #[error("holds a character that is not visible ASCII, or a space")]
    Character,
}

impl ApiKey {
    /// Takes a key, without white space around it: files end with a newline.
    pub fn new(text: &str) -> Result<Self, ApiKeyError> {
        let key = text.trim();
        if key.is_empty() {
            return Err(ApiKeyError::Empty);
        }
        if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(ApiKeyError::Character);
        }
        Ok(Self(key.into()))
    }

    /// Returns the value of the `Authorization` header.
    pub(crate) fn bearer(&self) -> String {
        format!("Bearer {}", self.0)
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("ApiKey(hidden)")
    }
}

/// Where the spool is.
#[derive(Clone, PartialEq, Eq)]
pub enum SpoolAddress {
    /// An SQLite file, created if absent.
    Sqlite(PathBuf),
    /// A PostgreSQL database, as a connection URL.
    Postgres(String),
}

impl FromStr for SpoolAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("is empty; allowed: the path of an SQLite file, or postgres://…".into());
        }
        match text.split_once("://") {
            Some(("postgres" | "postgresql", _)) => {
                text.parse::<tokio_postgres::Config>()
                    .map_err(|error| format!("is not a PostgreSQL URL: {error}"))?;
                Ok(Self::Postgres(text.into()))
            }
            Some((scheme, _)) => Err(format!(
                "has the scheme {scheme:?}; allowed: the path of an SQLite file, or postgres://…"
            )),
            None => Ok(Self::Sqlite(text.into())),
        }
    }
}

/// Shows the address without user and password.
impl fmt::Display for SpoolAddress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => path.display().fmt(out),
            Self::Postgres(url) => {
                let place = url.split_once("://").map_or("", |(_, rest)| rest);
                let place = place.split('?').next().unwrap_or_default();
                write!(out, "postgres://{}", place.rsplit('@').next().unwrap_or_default())
            }
        }
    }
}

impl fmt::Debug for SpoolAddress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "SpoolAddress({self})")
    }
}

/// An origin whose pages may send: `https://shop.example`, or `https://*.shop.example` for all hosts below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    scheme: String,
    /// The host and port, without the asterisk and its dot.
    host: String,
    subdomains: bool,
}

impl Origin {
    /// Returns true if the value of an `Origin` header is this origin.
    pub fn admits(&self, origin: &str) -> bool {
        let Some((scheme, host)) = origin.split_once("://") else { return false };
        if !scheme.eq_ignore_ascii_case(&self.scheme) {
            return false;
        }
        let host = host.to_ascii_lowercase();
        if self.subdomains {
            host.strip_suffix(&self.host).is_some_and(|below| below.len() > 1 && below.ends_with('.'))
        } else {
            host == self.host
        }
    }
}

impl FromStr for Origin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const ALLOWED: &str =
            "allowed: scheme and host, as in https://shop.example or https://*.shop.example";
        let (plain, subdomains) = match text.split_once("://*.") {
            Some((scheme, host)) => (format!("{scheme}://{host}"), true),
            None => (text.to_owned(), false),
        };
        let url =
            Url::parse(&plain).map_err(|error| format!("{text:?} is not an origin ({error}); {ALLOWED}"))?;
        let origin = url.origin();
        if !origin.is_tuple() || origin.ascii_serialization() != plain.to_ascii_lowercase() {
            return Err(format!("{text:?} is not an origin; {ALLOWED}"));
        }
        let (scheme, host) = plain.split_once("://").unwrap_or_default();
        Ok(Self { scheme: scheme.to_ascii_lowercase(), host: host.to_ascii_lowercase(), subdomains })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}://{}{}", self.scheme, if self.subdomains { "*." } else { "" }, self.host)
    }
}

/// Deserializes by [`FromStr`], so that a file and a flag are read by the same code.
pub(super) fn from_text<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: FromStr<Err: fmt::Display>,
    D: Deserializer<'de>,
{
    let text = String::deserialize(deserializer)?;
    text.parse().map(Some).map_err(de::Error::custom)
}

/// Deserializes a list by [`FromStr`].
pub(super) fn from_texts<'de, T, D>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    T: FromStr<Err: fmt::Display>,
    D: Deserializer<'de>,
{
    let texts = Vec::<String>::deserialize(deserializer)?;
    texts.iter().map(|text| text.parse().map_err(de::Error::custom)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_admits_itself_and_nothing_that_looks_like_it() {
        let origin: Origin = "https://shop.example".parse().unwrap();
        assert!(origin.admits("https://shop.example"));
        assert!(origin.admits("https://SHOP.example"));
        for other in [
            "http://shop.example",
            "https://shop.example:444",
            "https://shop.example.evil.example",
            "https://evilshop.example",
            "https://a.shop.example",
            "null",
            "",
        ] {
            assert!(!origin.admits(other), "{other}");
        }
    }

    #[test]
    fn a_wildcard_admits_every_host_below_and_not_the_host_itself() {
        let origin: Origin = "https://*.shop.example:8443".parse().unwrap();
        assert!(origin.admits("https://a.shop.example:8443"));
        assert!(origin.admits("https://a.b.shop.example:8443"));
        for other in
            ["https://shop.example:8443", "https://evilshop.example:8443", "https://.shop.example:8443"]
        {
            assert!(!origin.admits(other), "{other}");
        }
    }

    #[test]
    fn what_is_no_origin_is_refused_with_an_example() {
        for text in [
            "shop.example",
            "https://shop.example/",
            "https://shop.example/path",
            "*",
            "",
            "https://u@shop.example",
        ] {
            let error = text.parse::<Origin>().unwrap_err();
            assert!(error.contains("https://*.shop.example"), "{text}: {error}");
        }
    }

    #[test]
    fn a_spool_address_never_shows_its_password() {
        let address: SpoolAddress =
            "postgres://relay:s3cret@db.example:5432/relay?sslmode=require".parse().unwrap();
        assert_eq!(address.to_string(), "postgres://db.example:5432/relay");
        assert!(!format!("{address:?}").contains("s3cret"));
        assert_eq!("a/b.sqlite".parse(), Ok(SpoolAddress::Sqlite("a/b.sqlite".into())));
        assert!("mysql://x".parse::<SpoolAddress>().unwrap_err().contains("postgres://"));
    }

    #[test]
    fn a_key_is_trimmed_checked_and_hidden() {
        let key = ApiKey::new(" k-1\n").unwrap();
        assert_eq!(key.bearer(), "Bearer k-1");
        assert!(!format!("{key:?}").contains("k-1"));
        assert_eq!(ApiKey::new(" \n"), Err(ApiKeyError::Empty));
        for text in ["a b", "ä", "a\r\nX: y"] {
            assert_eq!(ApiKey::new(text), Err(ApiKeyError::Character), "{text:?}");
        }
    }
}
