//! Whose request it is: the connection's address, or the one that a trusted proxy names.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderName};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::config::{Config, IpMode};

/// How addresses are found.
#[derive(Clone, Debug)]
pub(crate) struct Clients {
    trusted: Vec<IpNet>,
    header: HeaderName,
}

/// The address that a request is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Client {
    /// By which requests are limited.
    pub(crate) address: IpAddr,
    /// It is the visitor's, not a proxy's.
    pub(crate) is_visitor: bool,
}

impl Clients {
    pub(crate) fn new(config: &Config) -> Self {
        Self { trusted: config.trusted_proxies.clone(), header: config.client_header.clone() }
    }

    /// Finds the address. The header is read from the right, past trusted proxies: each has added the address that it saw,
    /// and what stands left of the first that is not trusted is what the visitor wrote.
    pub(crate) fn find(&self, peer: IpAddr, headers: &HeaderMap) -> Client {
        let peer = peer.to_canonical();
        if !self.trusts(peer) {
            // A proxy on this machine that is not configured as trusted: its address is nobody's.
            let is_visitor = !(peer.is_loopback() && headers.contains_key(&self.header));
            return Client { address: peer, is_visitor };
        }
        let values: Vec<&str> =
            headers.get_all(&self.header).iter().map(|value| value.to_str().unwrap_or_default()).collect();
        let mut address = peer;
        for entry in values.iter().flat_map(|value| value.split(',')).rev() {
            let Some(named) = parse(entry.trim()) else { break };
            address = named;
            if !self.trusts(named) {
                return Client { address, is_visitor: true };
            }
        }
        // Nobody but proxies: a request of this network's own, as a health check is.
        Client { address, is_visitor: false }
    }

    /// Returns true if a proxy forwards without being trusted, so that every visitor would have the proxy's address.
    pub(crate) fn is_misconfigured(&self, peer: IpAddr, headers: &HeaderMap) -> bool {
        let peer = peer.to_canonical();
        peer.is_loopback() && !self.trusts(peer) && headers.contains_key(&self.header)
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.contains(&address))
    }
}

impl Client {
    /// Returns what an event tells of the visitor's address.
    pub(crate) fn ip(&self, mode: IpMode) -> Option<String> {
        if !self.is_visitor {
            return None;
        }
        match mode {
            IpMode::Off => None,
            IpMode::Full => Some(self.address.to_string()),
            IpMode::Truncated => Some(network(self.address, 24, 48).to_string()),
        }
    }

    /// Returns the address by which requests are limited: one household has a whole /64.
    pub(crate) fn limited_as(&self) -> IpAddr {
        network(self.address, 32, 64)
    }
}

/// Parses an address, or an address with a port.
fn parse(entry: &str) -> Option<IpAddr> {
    let address = entry.parse::<IpAddr>().or_else(|_| entry.parse::<SocketAddr>().map(|socket| socket.ip()));
    address.ok().map(|address| address.to_canonical())
}

/// Returns the first address of a network.
fn network(address: IpAddr, v4: u8, v6: u8) -> IpAddr {
    match address {
        IpAddr::V4(v4_address) => Ipv4Net::new_assert(v4_address, v4).network().into(),
        IpAddr::V6(v6_address) => Ipv6Net::new_assert(v6_address, v6).network().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORWARDED: &str = "x-forwarded-for";

    fn clients(trusted: &[&str]) -> Clients {
        Clients {
            trusted: trusted.iter().map(|network| network.parse().unwrap()).collect(),
            header: HeaderName::from_static(FORWARDED),
        }
    }

    fn find(clients: &Clients, peer: &str, forwarded: &[&str]) -> (String, bool) {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(FORWARDED, value.parse().unwrap());
        }
        let client = clients.find(peer.parse().unwrap(), &headers);
        (client.address.to_string(), client.is_visitor)
    }

    #[test]
    fn a_header_of_a_peer_that_is_not_trusted_is_ignored() {
        let clients = clients(&["10.0.0.0/8"]);
        assert_eq!(find(&clients, "203.0.113.9", &["198.51.100.7"]), ("203.0.113.9".into(), true));
    }

    #[test]
    fn the_header_is_read_from_the_right_past_trusted_proxies() {
        let clients = clients(&["127.0.0.1/32", "10.0.0.0/8"]);
        let cases: [(&[&str], &str); 6] = [
            (&["198.51.100.7"], "198.51.100.7"),
            (&["6.6.6.6, 198.51.100.7"], "198.51.100.7"),
            (&["6.6.6.6, 198.51.100.7, 10.1.2.3"], "198.51.100.7"),
            (&["6.6.6.6", "198.51.100.7", "10.1.2.3"], "198.51.100.7"),
            (&["198.51.100.7:4711"], "198.51.100.7"),
            (&["::ffff:198.51.100.7"], "198.51.100.7"),
        ];
        for (header, expected) in cases {
            assert_eq!(find(&clients, "127.0.0.1", header), (expected.into(), true), "{header:?}");
        }
    }

    #[test]
    fn what_is_no_address_ends_the_search() {
        let clients = clients(&["127.0.0.1/32"]);
        for header in ["unknown", "", "198.51.100.7, evil\u{7f}", "1.2.3.4, <script>"] {
            let Ok(value) = axum::http::HeaderValue::from_str(header) else { continue };
            let headers = HeaderMap::from_iter([(HeaderName::from_static(FORWARDED), value)]);
            let client = clients.find("127.0.0.1".parse().unwrap(), &headers);
            assert_eq!(
                (client.address.to_string(), client.is_visitor),
                ("127.0.0.1".into(), false),
                "{header}"
            );
        }
    }

    #[test]
    fn a_forwarding_loopback_peer_that_is_not_trusted_is_no_visitor() {
        assert_eq!(find(&clients(&[]), "127.0.0.1", &["198.51.100.7"]), ("127.0.0.1".into(), false));
        assert_eq!(find(&clients(&[]), "127.0.0.1", &[]), ("127.0.0.1".into(), true));
    }

    #[test]
    fn addresses_are_truncated_for_events_and_by_household_for_limits() {
        let client = |address: &str| Client { address: address.parse().unwrap(), is_visitor: true };
        let v4 = client("198.51.100.77");
        let v6 = client("2001:db8:1:2:3:4:5:6");
        assert_eq!(v4.ip(IpMode::Truncated).unwrap(), "198.51.100.0");
        assert_eq!(v6.ip(IpMode::Truncated).unwrap(), "2001:db8:1::");
        assert_eq!(v4.ip(IpMode::Full).unwrap(), "198.51.100.77");
        assert_eq!(v4.ip(IpMode::Off), None);
        assert_eq!(Client { is_visitor: false, ..v4 }.ip(IpMode::Full), None);
        assert_eq!(v4.limited_as().to_string(), "198.51.100.77");
        assert_eq!(v6.limited_as().to_string(), "2001:db8:1:2::");
    }
}
