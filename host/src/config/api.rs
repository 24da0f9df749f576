//! The table `[api]` of the user's settings: where the API listens, and whom it lets in. A project's settings say nothing of it.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    num::NonZeroU32,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::{ConfigError, at};

/// Where the API listens unless something else is set.
const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 7788);

/// How the API is served.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct ApiSettings {
    /// Where it listens. Default `127.0.0.1:7788`.
    pub listen: SocketAddr,
    /// Names, without ports, by which clients reach the host beside its addresses and `localhost`.
    pub hosts: Vec<String>,
    /// Origins of web pages that may use the API, such as `https://baton.example.com`, beside the host's own.
    pub origins: Vec<String>,
    /// Addresses of proxies whose `X-Forwarded-For` is believed.
    pub proxies: Vec<IpAddr>,
    /// The certificate that the API shows, and its key, both in PEM format; without it no TLS.
    pub tls: Option<TlsFiles>,
    /// Folders below which clients may add projects; none by default.
    pub project_roots: Vec<PathBuf>,
    /// Whether clients may add projects from repositories on private networks.
    pub private_repositories: bool,
    /// Requests of one user in a minute. Default 100.
    #[serde(deserialize_with = "rate")]
    pub user_rate: NonZeroU32,
    /// Requests from one address in a minute. Default 1,000.
    #[serde(deserialize_with = "rate")]
    pub address_rate: NonZeroU32,
    /// Streams of events that one user may have open at once. Default 8.
    #[serde(deserialize_with = "rate")]
    pub streams: NonZeroU32,
}

/// A certificate and its key.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsFiles {
    /// The certificate, with those that it is vouched for by.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

impl Default for ApiSettings {
    fn default() -> Self {
        const fn number(number: u32) -> NonZeroU32 {
            match NonZeroU32::new(number) {
                Some(number) => number,
                None => NonZeroU32::MIN,
            }
        }
        Self {
            listen: LISTEN,
            hosts: Vec::new(),
            origins: Vec::new(),
            proxies: Vec::new(),
            tls: None,
            project_roots: Vec::new(),
            private_repositories: false,
            user_rate: number(100),
            address_rate: number(1_000),
            streams: number(8),
        }
    }
}

/// How the API is served, by the user's settings in `file`.
pub(super) fn read(user: &Value, file: &Path) -> Result<ApiSettings, ConfigError> {
    let Some(table) = at(user, "api") else { return Ok(ApiSettings::default()) };
    serde_path_to_error::deserialize(table).map_err(|error| {
        let key = error.path().to_string();
        let key = if key == "." { String::new() } else { format!(".{}", key.escape_debug()) };
        let found = at(table, key.trim_start_matches('.')).unwrap_or(table).to_string();
        ConfigError::Value { path: file.to_owned(), wanted: wanted(&key), key: format!("api{key}"), found }
    })
}

/// What a key has to be.
fn wanted(key: &str) -> &'static str {
    match key.trim_start_matches('.').split(['.', '[']).next().unwrap_or_default() {
        "listen" => "an address with a port, such as \"127.0.0.1:7788\"",
        "hosts" => "a list of names, such as [\"baton.example.com\"]",
        "origins" => "a list of origins, such as [\"https://baton.example.com\"]",
        "proxies" => "a list of addresses, such as [\"10.0.0.1\"]",
        "tls" => "a table with `certificate` and `key`, the paths of two files",
        "project-roots" => "a list of directories",
        "private-repositories" => "true or false",
        "user-rate" | "address-rate" | "streams" => "a whole number above 0",
        _ => {
            "one of `listen`, `hosts`, `origins`, `proxies`, `tls`, `project-roots`, `private-repositories`, `user-rate`, `address-rate` \
             and `streams`"
        }
    }
}

fn rate<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NonZeroU32, D::Error> {
    let number = u32::deserialize(deserializer)?;
    NonZeroU32::new(number).ok_or_else(|| serde::de::Error::custom("0"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(api: Value) -> Result<ApiSettings, String> {
        read(&json!({ "api": api }), Path::new("baton.toml")).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_not_set_has_its_default() {
        assert_eq!(read(&json!({}), Path::new("baton.toml")).unwrap(), ApiSettings::default());
        let settings = parse(json!({ "listen": "[::1]:1", "user-rate": 5, "tls": { "certificate": "/c", "key": "/k" } })).unwrap();
        assert_eq!((settings.listen.port(), settings.user_rate.get(), settings.address_rate.get()), (1, 5, 1_000));
        assert!(settings.tls.is_some_and(|files| files.key == Path::new("/k")));
    }

    #[test]
    fn what_cannot_be_used_is_named_with_what_can() {
        for (api, said) in [
            (json!({ "listen": "7788" }), "`api.listen`"),
            (json!({ "proxies": ["x"] }), "`api.proxies"),
            (json!({ "user-rate": 0 }), "a whole number above 0, and is 0"),
            (json!({ "user-rate": -1 }), "a whole number above 0"),
            (json!({ "tls": { "certificate": "/c" } }), "`certificate` and `key`"),
            (json!({ "lisen": "127.0.0.1:1" }), "`listen`"),
            (json!(7), "`listen`"),
        ] {
            let reason = parse(api.clone()).unwrap_err();
            assert!(reason.contains(said), "{api}: {reason}");
        }
    }
}
