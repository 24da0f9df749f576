//! What the operator set for setups: which hosts they may reach, through what, and how much they may take. Comes from the
//! user's settings alone; a repository widens nothing.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    plan::Plan,
    proxy::{Host, Network, Onward, Registry, Rules},
};
use crate::interfaces::sandbox::{services::Services, settings::SettingsError};

/// The word for the hosts below, in a list of hosts.
const USUAL: &str = "default";
/// Where the package managers of Rust, JavaScript, Python, Go, Java and Ruby look if nothing else is set.
pub const USUAL_HOSTS: [&str; 19] = [
    "crates.io",
    "index.crates.io",
    "static.crates.io",
    "registry.npmjs.org",
    "registry.yarnpkg.com",
    "repo.yarnpkg.com",
    "pypi.org",
    "files.pythonhosted.org",
    "proxy.golang.org",
    "sum.golang.org",
    "storage.googleapis.com",
    "repo.maven.apache.org",
    "repo1.maven.org",
    "plugins.gradle.org",
    "plugins-artifacts.gradle.org",
    "services.gradle.org",
    "downloads.gradle.org",
    "rubygems.org",
    "index.rubygems.org",
];

const MEBIBYTE: u64 = 1 << 20;
const WORDS: &str = "one of `hosts`, `networks`, `timeout-s`, `most-mib`, `download-mib`, `keep-days` and `registries`";
const REGISTRY_WORDS: &str = "one of `url`, `secret` and `user`";
const HOSTS: &str = "a list of hosts such as [\"default\", \"*.example.org\", \"registry.example.org:8443\"]";
const NETWORKS: &str = "a list of networks such as [\"10.0.0.0/8\"]";
const ADDRESS: &str = "an address by https, without a login, such as \"https://npm.example.org/team/\"";

/// What the operator set.
#[derive(Clone, Debug, PartialEq)]
pub struct SetupSettings {
    /// The setup that the operator's own settings name for every project.
    pub own: Option<Plan>,
    /// The services that the operator's own settings name for every project.
    pub services: Option<Services>,
    /// What setups may reach.
    pub rules: Rules,
    /// The operator's own proxy, which leads to it.
    pub onward: Option<Onward>,
    /// Registries that want a secret, by name.
    pub registries: BTreeMap<String, Registry>,
    /// Longest time of one setup, in seconds; at most what its image allows.
    pub timeout: u32,
    /// Bytes that a setup may leave.
    pub most: u64,
    /// Bytes that may pass through the network of one setup.
    pub download: u64,
    /// Days that something is kept which no worktree has used.
    pub keep_days: u64,
}

impl Default for SetupSettings {
    fn default() -> Self {
        Self {
            own: None,
            services: None,
            rules: Rules { hosts: USUAL_HOSTS.iter().filter_map(|host| Host::parse(host)).collect(), networks: Vec::new() },
            onward: None,
            registries: BTreeMap::new(),
            timeout: 1800,
            most: 8192 * MEBIBYTE,
            download: 4096 * MEBIBYTE,
            keep_days: 14,
        }
    }
}

impl SetupSettings {
    /// Reads the table `setup`. A word that is misspelt is refused: a limit that is not read is none.
    pub fn from_settings(table: &Value) -> Result<Self, SettingsError> {
        let Some(words) = table.as_object() else { return Err(wrong("", "a table", table)) };
        let mut settings = Self::default();
        for (word, value) in words {
            match (word.as_str(), value) {
                ("hosts", value) => settings.rules.hosts = hosts(value)?,
                ("networks", value) => settings.rules.networks = networks(value)?,
                ("timeout-s", value) => settings.timeout = u32::try_from(whole(".timeout-s", value)?).unwrap_or(u32::MAX),
                ("most-mib", value) => settings.most = whole(".most-mib", value)?.saturating_mul(MEBIBYTE),
                ("download-mib", value) => settings.download = whole(".download-mib", value)?.saturating_mul(MEBIBYTE),
                ("keep-days", value) => settings.keep_days = whole(".keep-days", value)?,
                ("registries", Value::Object(registries)) => {
                    for (name, table) in registries {
                        settings.registries.insert(name.clone(), registry(name, table)?);
                    }
                }
                ("registries", other) => return Err(wrong(".registries", "a table of registries by name", other)),
                (unknown, value) => return Err(wrong(&format!(".{}", unknown.escape_debug()), WORDS, value)),
            }
        }
        Ok(settings)
    }
}

fn hosts(value: &Value) -> Result<Vec<Host>, SettingsError> {
    let mut hosts = Vec::new();
    for text in texts(".hosts", HOSTS, value)? {
        if text == USUAL {
            hosts.extend(SetupSettings::default().rules.hosts);
        } else {
            hosts.push(Host::parse(text).ok_or_else(|| wrong(".hosts", HOSTS, &Value::from(text)))?);
        }
    }
    Ok(hosts)
}

fn networks(value: &Value) -> Result<Vec<Network>, SettingsError> {
    let read = |text| Network::parse(text).ok_or_else(|| wrong(".networks", NETWORKS, &Value::from(text)));
    texts(".networks", NETWORKS, value)?.into_iter().map(read).collect()
}

fn registry(name: &str, table: &Value) -> Result<Registry, SettingsError> {
    let place = format!(".registries.{}", name.escape_debug());
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if name.is_empty() || name.len() > 64 || !name.bytes().all(is_plain) {
        return Err(wrong(&place, "named with letters, digits, dashes and underscores", &Value::from("another name")));
    }
    let Some(words) = table.as_object() else { return Err(wrong(&place, "a table with `url` and `secret`", table)) };
    if let Some((unknown, value)) = words.iter().find(|(word, _)| !["url", "secret", "user"].contains(&word.as_str())) {
        return Err(wrong(&format!("{place}.{}", unknown.escape_debug()), REGISTRY_WORDS, value));
    }
    let text = |word: &str| table.get(word).and_then(Value::as_str);
    let key = |word: &str| format!("{place}.{word}");
    let value = |word: &str| table.get(word).cloned().unwrap_or_default();
    let url = text("url").and_then(Registry::address).ok_or_else(|| wrong(&key("url"), ADDRESS, &value("url")))?;
    let secret = text("secret").filter(|secret| !secret.is_empty());
    let secret = secret.ok_or_else(|| wrong(&key("secret"), "the name of a secret that `baton secret set` keeps", &value("secret")))?;
    Ok(Registry { url, secret: secret.to_owned(), user: text("user").map(str::to_owned) })
}

fn texts<'a>(key: &str, wanted: &'static str, value: &'a Value) -> Result<Vec<&'a str>, SettingsError> {
    let texts = value.as_array().and_then(|list| list.iter().map(Value::as_str).collect::<Option<Vec<_>>>());
    texts.ok_or_else(|| wrong(key, wanted, value))
}

fn whole(key: &str, value: &Value) -> Result<u64, SettingsError> {
    let fits = |number: &u64| (1..=1 << 40).contains(number);
    value.as_u64().filter(fits).ok_or_else(|| wrong(key, "a whole number above 0", value))
}

fn wrong(key: &str, wanted: &'static str, found: &Value) -> SettingsError {
    let found = if found.is_null() { "not set".to_owned() } else { found.to_string() };
    SettingsError { key: key.to_owned(), wanted, found }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_usual_registries_may_be_reached_and_others_are_named() {
        let usual = SetupSettings::default();
        assert_eq!(usual.rules.hosts.len(), USUAL_HOSTS.len());
        assert!(usual.rules.find("registry.npmjs.org", 443).is_some() && usual.rules.find("example.org", 443).is_none());
        let set =
            SetupSettings::from_settings(&json!({ "hosts": ["default", "127.0.0.1:4873"], "networks": ["10.0.0.0/8"], "most-mib": 1 }));
        let set = set.unwrap();
        assert!(set.rules.find("pypi.org", 443).is_some() && set.rules.find("127.0.0.1", 4873).is_some());
        assert_eq!((set.most, set.rules.networks.len()), (MEBIBYTE, 1));
        let alone = SetupSettings::from_settings(&json!({ "hosts": ["own.example"] })).unwrap();
        assert!(alone.rules.find("pypi.org", 443).is_none());
    }

    #[test]
    fn what_is_misspelt_is_refused_with_its_place() {
        for (table, key) in [
            (json!({ "host": [] }), ".host"),
            (json!({ "hosts": ["*"] }), ".hosts"),
            (json!({ "hosts": "a.example" }), ".hosts"),
            (json!({ "networks": ["10.0.0.0/40"] }), ".networks"),
            (json!({ "most-mib": 0 }), ".most-mib"),
            (json!({ "registries": { "own": { "url": "https://a.example" } } }), ".registries.own.secret"),
            (json!({ "registries": { "own": { "url": "http://a.example", "secret": "S" } } }), ".registries.own.url"),
            (json!({ "registries": { "own": { "url": "https://a.example", "secret": "S", "token": "x" } } }), ".registries.own.token"),
            (json!({ "registries": { "a/b": {} } }), ".registries.a/b"),
        ] {
            assert_eq!(SetupSettings::from_settings(&table).unwrap_err().key, key, "{table}");
        }
    }
}
