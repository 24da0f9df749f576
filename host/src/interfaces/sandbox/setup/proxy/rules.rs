//! Which hosts a setup may reach, and at which addresses. A name alone opens no way into the operator's own networks: what it
//! resolves to is judged as well. Connects to nothing.

use std::net::IpAddr;

use crate::interfaces::addresses::is_public;

/// Ports of a host for which the operator names none.
const USUAL_PORTS: [u16; 2] = [443, 80];
/// Bytes of the longest name of a host.
const LONGEST_NAME: usize = 253;

/// The hosts and networks that the operator named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// Hosts that may be reached.
    pub hosts: Vec<Host>,
    /// Networks, other than public ones, in which the hosts may lie.
    pub networks: Vec<Network>,
}

/// A host that may be reached, or several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    name: Name,
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Name {
    /// This host.
    Exact(String),
    /// All hosts whose name ends like this, with the dot.
    Below(String),
    /// What has this address, whoever says so.
    Address(IpAddr),
}

/// A range of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

/// A host that is allowed, and what its address may be.
#[derive(Clone, Copy, Debug)]
pub struct Allowed<'a> {
    rule: &'a Host,
    networks: &'a [Network],
}

impl Rules {
    /// The rule that lets a host be reached at a port; none where the operator allows that nowhere.
    pub fn find(&self, host: &str, port: u16) -> Option<Allowed<'_>> {
        let host = normal(host);
        let rule = self.hosts.iter().find(|rule| rule.names(&host) && rule.has_port(port))?;
        Some(Allowed { rule, networks: &self.networks })
    }
}

impl Allowed<'_> {
    /// Whether the host may be reached at this address, to which its name resolved.
    pub fn at(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        match self.rule.name {
            Name::Address(named) => named == address,
            Name::Exact(_) | Name::Below(_) => is_public(address) || self.networks.iter().any(|network| network.holds(address)),
        }
    }
}

impl Host {
    /// Reads `registry.example.org`, `*.example.org`, `10.0.0.5`, `[fd00::5]`, each with `:PORT` or without.
    pub fn parse(text: &str) -> Option<Self> {
        let (name, port) = split(text)?;
        let name = normal(name);
        let bare = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(&name);
        let name = match (bare.parse::<IpAddr>(), name.strip_prefix("*.")) {
            (Ok(address), _) => Name::Address(address.to_canonical()),
            (Err(_), Some(above)) if is_name(above) && above.contains('.') => Name::Below(format!(".{above}")),
            (Err(_), None) if is_name(&name) => Name::Exact(name),
            _ => return None,
        };
        Some(Self { name, port })
    }

    fn names(&self, host: &str) -> bool {
        let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
        match (&self.name, bare.parse::<IpAddr>()) {
            (Name::Address(named), Ok(address)) => *named == address.to_canonical(),
            (Name::Address(_), Err(_)) | (_, Ok(_)) => false,
            (Name::Exact(name), Err(_)) => name == host,
            (Name::Below(end), Err(_)) => host.len() > end.len() && host.ends_with(end.as_str()),
        }
    }

    fn has_port(&self, port: u16) -> bool {
        self.port.map_or_else(|| USUAL_PORTS.contains(&port), |named| named == port)
    }
}

impl Network {
    /// Reads `10.0.0.0/8`, `fd00::/8` or a single address.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let address: IpAddr = address.parse().ok()?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Some(longest), |prefix| prefix.parse().ok())?;
        (prefix <= longest).then_some(Self { address, prefix })
    }

    fn holds(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.prefix)).unwrap_or(0);
                u32::from(network) & mask == u32::from(address) & mask
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.prefix)).unwrap_or(0);
                u128::from(network) & mask == u128::from(address) & mask
            }
            _ => false,
        }
    }
}

/// As names are compared: without case, and without the dot that ends a whole one.
fn normal(host: &str) -> String {
    host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase()
}

fn split(text: &str) -> Option<(&str, Option<u16>)> {
    let is_bracketed = text.starts_with('[');
    match text.rsplit_once(':') {
        Some((_, port)) if is_bracketed && port.ends_with(']') => Some((text, None)),
        Some((name, port)) if is_bracketed || !name.contains(':') => Some((name, Some(port.parse().ok().filter(|port| *port > 0)?))),
        // An address of version 6 without brackets.
        Some(_) | None => Some((text, None)),
    }
}

fn is_name(text: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty() && label.len() <= 63 && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    text.len() <= LONGEST_NAME && text.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(hosts: &[&str], networks: &[&str]) -> Rules {
        Rules {
            hosts: hosts.iter().map(|host| Host::parse(host).unwrap()).collect(),
            networks: networks.iter().map(|network| Network::parse(network).unwrap()).collect(),
        }
    }

    fn at(rules: &Rules, host: &str, port: u16, address: &str) -> bool {
        rules.find(host, port).is_some_and(|allowed| allowed.at(address.parse().unwrap()))
    }

    #[test]
    fn a_host_is_reached_by_its_name_at_the_usual_ports() {
        let rules = rules(&["registry.example.org", "*.crates.example", "own.example:8443"], &[]);
        for (host, port, is_allowed) in [
            ("registry.example.org", 443, true),
            ("Registry.Example.Org.", 80, true),
            ("registry.example.org", 22, false),
            ("evil.registry.example.org", 443, false),
            ("registry.example.org.evil.net", 443, false),
            ("static.crates.example", 443, true),
            ("crates.example", 443, false),
            ("evilcrates.example", 443, false),
            ("own.example", 8443, true),
            ("own.example", 443, false),
            ("93.184.216.34", 443, false),
            ("[2606:2800::1]", 443, false),
            ("", 443, false),
        ] {
            assert_eq!(rules.find(host, port).is_some(), is_allowed, "{host}:{port}");
        }
    }

    #[test]
    fn a_name_leads_into_no_network_that_the_operator_did_not_name() {
        let open = rules(&["a.example"], &[]);
        for address in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001:db8::1",
            "fd00:ec2::254",
        ] {
            assert!(!at(&open, "a.example", 443, address), "{address}");
        }
        for address in ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34"] {
            assert!(at(&open, "a.example", 443, address), "{address}");
        }
        let named = rules(&["a.example", "127.0.0.1:4873", "[fd00::5]"], &["10.0.0.0/8", "fd00:1::/32"]);
        assert!(at(&named, "a.example", 443, "10.200.0.1") && at(&named, "a.example", 443, "fd00:1::9"));
        assert!(!at(&named, "a.example", 443, "11.0.0.1") || is_public("11.0.0.1".parse().unwrap()));
        assert!(!at(&named, "a.example", 443, "127.0.0.1"), "an address that is named is no network for names");
        assert!(at(&named, "127.0.0.1", 4873, "127.0.0.1") && named.find("127.0.0.1", 4874).is_none());
        assert!(at(&named, "[fd00::5]", 443, "fd00::5"));
    }

    #[test]
    fn what_is_no_host_is_not_read_as_one() {
        for bad in ["", "*", "*.org", "a b", "a..b", "https://a.example", "a.example/x", "a.example:0", "a.example:x", "a@b", "*.a.*"] {
            assert_eq!(Host::parse(bad), None, "{bad}");
        }
        for bad in ["", "10.0.0.0/33", "fd00::/129", "ten", "10.0.0.0/-1"] {
            assert_eq!(Network::parse(bad), None, "{bad}");
        }
    }
}
