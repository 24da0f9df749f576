//! Who is at the other end of a connection: a socket of this machine or an address. Believes a proxy only where the settings name it.

use std::net::{IpAddr, SocketAddr};

use axum::{
    extract::ConnectInfo,
    http::{Extensions, HeaderMap},
};

/// The other end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Peer {
    /// The socket in the data directory, used by the user that the host belongs to.
    Socket,
    /// An address.
    Address(SocketAddr),
}

impl Peer {
    /// The other end of the connection that a request came by.
    pub(super) fn of(extensions: &Extensions) -> Option<Self> {
        extensions.get::<ConnectInfo<Self>>().map(|ConnectInfo(peer)| *peer)
    }

    /// The address of the client, as far as it can be known.
    pub(super) fn address(self, headers: &HeaderMap, proxies: &[IpAddr]) -> Option<IpAddr> {
        let Self::Address(address) = self else { return None };
        let direct = address.ip().to_canonical();
        if !proxies.contains(&direct) {
            return Some(direct);
        }
        // What a proxy adds is last; what lies before was written by somebody else, unless that is a proxy, too.
        let forwarded = headers.get_all("x-forwarded-for").into_iter().filter_map(|value| value.to_str().ok());
        let named: Vec<&str> = forwarded.flat_map(|value| value.split(',')).map(str::trim).collect();
        let addresses = named.iter().rev().map_while(|text| text.parse::<IpAddr>().ok()).map(|address| address.to_canonical());
        Some(addresses.into_iter().find(|address| !proxies.contains(address)).unwrap_or(direct))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(direct: &str, forwarded: &[&str], proxies: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", value.parse().unwrap());
        }
        let proxies: Vec<IpAddr> = proxies.iter().map(|proxy| proxy.parse().unwrap()).collect();
        Peer::Address(format!("{direct}:1").parse().unwrap()).address(&headers, &proxies).unwrap().to_string()
    }

    #[test]
    fn a_header_counts_only_from_a_proxy_that_is_named() {
        assert_eq!(client("9.9.9.9", &["1.2.3.4"], &[]), "9.9.9.9");
        assert_eq!(client("10.0.0.1", &["1.2.3.4"], &["10.0.0.1"]), "1.2.3.4");
        assert_eq!(client("10.0.0.1", &["6.6.6.6, 1.2.3.4"], &["10.0.0.1"]), "1.2.3.4");
        assert_eq!(client("10.0.0.1", &["6.6.6.6", "1.2.3.4, 10.0.0.2"], &["10.0.0.1", "10.0.0.2"]), "1.2.3.4");
        assert_eq!(client("10.0.0.1", &["1.2.3.4, x"], &["10.0.0.1"]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &[], &["10.0.0.1"]), "10.0.0.1");
    }
}
