//! Finds the provider behind a `provider/model` name among those configured.
//! Keys are handed in and wrapped at once; the environment is read elsewhere.

pub mod network;
pub mod pace;
pub mod script;
pub mod spelling;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::abilities::{Abilities, ModelAbilities};
use super::messages::{Reply, Request};
use super::provider::{Caller, Provider, ProviderError, REST};
use super::watching::Watchers;
use crate::journal::Redactor;
use crate::{errors::Hint, interfaces::keys::Keys};
use network::{Account, Client, Network, Protocol};
use pace::Pace;
use script::Script;
use spelling::Spelled;

/// What the operator configured.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where relative script names are looked up.
    pub scripts: PathBuf,
    /// Key for `anthropic/…`. None: asking is refused with a hint.
    pub anthropic_api_key: Option<Secret>,
    /// Default `https://api.anthropic.com/v1/`.
    pub anthropic_base_url: Option<String>,
    /// Key for `openai/…`. None: asking is refused with a hint.
    pub openai_api_key: Option<Secret>,
    /// Default `https://api.openai.com/v1/`. Another address is asked by chat completions, which more services know.
    pub openai_base_url: Option<String>,
    /// Key for `gemini/…`. None: asking is refused with a hint.
    pub gemini_api_key: Option<Secret>,
    /// Default `https://generativelanguage.googleapis.com/v1beta/`.
    pub gemini_base_url: Option<String>,
    /// Where `ollama/…` listens, which needs no key. Default `http://localhost:11434/v1`.
    pub ollama_base_url: Option<String>,
    /// More services, by the name used before the slash.
    pub endpoints: BTreeMap<String, Endpoint>,
    /// The way to providers on the other side of a proxy. None: connections are direct.
    pub proxy: Option<Proxy>,
    /// Longest wait for a whole reply. Default 10 minutes.
    pub timeout: Duration,
    /// Whether replies may come in pieces where somebody watches. Default yes.
    pub stream: bool,
    /// What models can do.
    pub abilities: Abilities,
    /// The file that keeps what models refuse. None: it is forgotten with the process.
    pub learned: Option<PathBuf>,
    /// By how much all waiting for services is shortened. Default 1; tests of outages have more.
    pub haste: u32,
}

/// A proxy for encrypted connections. Hosts on this machine are never reached through one.
#[derive(Debug, Clone)]
pub struct Proxy {
    /// Its URL.
    pub url: String,
    /// Hosts that are reached directly, separated by commas, as `NO_PROXY` lists them.
    pub except: String,
}

/// A service that the operator named.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// What it speaks.
    pub protocol: Protocol,
    /// Up to and including the version, such as `http://localhost:11434/v1`.
    pub base_url: String,
    /// None: no authorization header is sent.
    pub api_key: Option<Secret>,
    /// The name under which the key is looked for, in the environment and among the secrets. Named and not set, nothing is asked of the service.
    pub key_variable: Option<String>,
}

/// A key. It is shown nowhere: not by `Debug`, not by `Display`, not by serialisation.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// Every provider there is, by name.
pub struct Catalogue {
    providers: BTreeMap<String, Arc<dyn Provider>>,
    pace: Arc<dyn Pace>,
    abilities: Abilities,
}

/// The configuration names a provider that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The endpoint's name is taken or cannot be told from the model's.
    #[error("The model endpoint \"{0}\" cannot have this name.")]
    Name(String),
    /// `url` is as configured, without credentials.
    #[error("The base URL \"{url}\" of {provider} cannot be used: {reason}.")]
    BaseUrl { provider: String, url: String, reason: String },
    #[error("Cannot build the HTTP client for model providers: {0}.")]
    Client(String),
}

impl Hint for ConfigError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Name(_) => "Choose a name without a slash that is none of script, anthropic, openai, gemini, ollama.",
            Self::BaseUrl { .. } => "Give one such as https://host/v1.",
            Self::Client(_) => "Check the proxy's URL.",
        };
        Some(hint.to_owned())
    }
}

impl Config {
    /// Nothing but scripts below `scripts`.
    pub fn scripts_only(scripts: impl Into<PathBuf>) -> Self {
        Self {
            scripts: scripts.into(),
            anthropic_api_key: None,
            anthropic_base_url: None,
            openai_api_key: None,
            openai_base_url: None,
            gemini_api_key: None,
            gemini_base_url: None,
            ollama_base_url: None,
            endpoints: BTreeMap::new(),
            proxy: None,
            timeout: Duration::from_secs(600),
            stream: true,
            // A test reads the table, so that there is no error here.
            abilities: Abilities::new(None).unwrap_or_default(),
            learned: None,
            haste: 1,
        }
    }

    /// The names of the providers, in their order.
    pub fn providers(&self) -> Vec<&str> {
        let mut names = vec!["anthropic", "gemini", "ollama", "openai", "script"];
        names.extend(self.endpoints.keys().map(String::as_str));
        names.sort_unstable();
        names
    }

    /// Forgets what these models, as `provider/model`, have refused before.
    pub fn forget_learned<'a>(&self, models: impl Iterator<Item = &'a str>) -> std::io::Result<()> {
        self.learned.as_deref().map_or(Ok(()), |file| network::forget(file, models))
    }

    /// Every key there is.
    pub fn keys(&self) -> impl Iterator<Item = &Secret> {
        let named = [&self.anthropic_api_key, &self.openai_api_key, &self.gemini_api_key];
        named.into_iter().chain(self.endpoints.values().map(|endpoint| &endpoint.api_key)).flatten()
    }
}

impl Catalogue {
    /// Builds every provider of `config`, which tell `watchers` what models say, and look for a key that is missing among `keys`. The
    /// process's TLS provider must be installed before.
    pub fn new(config: &Config, pace: Arc<dyn Pace>, watchers: &Watchers, keys: &Arc<dyn Keys>) -> Result<Self, ConfigError> {
        let client = Arc::new(Client::new(config.proxy.as_ref(), config.timeout).map_err(ConfigError::Client)?);
        let mut providers: BTreeMap<String, Arc<dyn Provider>> = BTreeMap::new();
        providers.insert("script".to_owned(), Arc::new(Script::new(config.scripts.clone(), pace.clone())));
        for account in accounts(config)? {
            let name = account.name.clone();
            let network = Network::new(Arc::clone(&client), account, pace.clone(), config.stream.then(|| watchers.clone()))?;
            let network = network.knowing(config.abilities.clone()).finding(Arc::clone(keys)).remembering(config.learned.as_deref());
            providers.insert(name, Arc::new(Spelled(Arc::new(network))));
        }
        Ok(Self { providers, pace, abilities: config.abilities.clone() })
    }

    /// The provider of a `provider/model` name, and the name it knows the model by, which may hold more slashes.
    pub fn resolve<'a>(&self, model: &'a str) -> Result<(&Arc<dyn Provider>, &'a str), ProviderError> {
        let split = model.split_once('/').filter(|(_, name)| !name.is_empty());
        split.and_then(|(provider, name)| Some((self.providers.get(provider)?, name))).ok_or_else(|| {
            let known = self.providers.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            ProviderError::UnknownModel { model: model.to_owned(), known }
        })
    }
}

#[async_trait]
impl Provider for Catalogue {
    /// Here `model` is the whole `provider/model`.
    async fn complete(&self, caller: Caller<'_>, model: &str, request: &Request) -> Result<Reply, ProviderError> {
        let (provider, model) = self.resolve(model)?;
        provider.complete(caller, model, request).await
    }

    async fn back_off(&self, tries: u32) {
        network::back_off(self.pace.as_ref(), tries).await;
    }

    fn abilities(&self, model: &str) -> ModelAbilities {
        self.abilities.of(model)
    }

    fn list_refused(&self, model: &str) -> Vec<String> {
        self.resolve(model).map(|(provider, model)| provider.list_refused(model)).unwrap_or_default()
    }

    fn learned_at(&self, model: &str) -> Option<Timestamp> {
        self.resolve(model).ok().and_then(|(provider, model)| provider.learned_at(model))
    }

    fn rest(&self) -> Duration {
        self.pace.shorten(REST)
    }
}

impl Secret {
    /// Wraps a key; white space around it is dropped.
    pub fn new(key: impl AsRef<str>) -> Self {
        Self(key.as_ref().trim().to_owned())
    }

    /// Has the key blotted out wherever the redactor is asked.
    pub fn teach(&self, redactor: &Redactor) {
        redactor.learn(&self.0);
    }

    /// The key itself, for the one header it belongs in.
    fn reveal(&self) -> &str {
        &self.0
    }

    /// `text` with every occurrence of the key blotted out.
    fn redact(&self, text: &str) -> String {
        if self.0.is_empty() { text.to_owned() } else { text.replace(&self.0, "[key]") }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[key]")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[key]")
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("[key]")
    }
}

/// A service, and whether it takes connections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    /// The part of a model's name before the slash.
    pub name: String,
    /// Where it was looked for.
    pub address: String,
    /// Why there is no connection.
    pub problem: Option<String>,
}

/// Connects to those of these providers that are services. Sends them nothing, no key either.
pub async fn reach(config: &Config, wanted: &BTreeSet<String>) -> Result<Vec<Reached>, ConfigError> {
    let client = Client::new(config.proxy.as_ref(), config.timeout).map_err(ConfigError::Client)?;
    let accounts = accounts(config)?.into_iter().filter(|account| wanted.contains(&account.name));
    let reached = accounts.map(|account| async {
        let address = account.address()?;
        let problem = client.reach(&address).await.err();
        Ok(Reached { name: account.name, address, problem })
    });
    futures::future::try_join_all(reached).await
}

/// OpenAI's own address.
const OPENAI: &str = "https://api.openai.com/v1/";

fn openai_protocol(config: &Config) -> Protocol {
    let is_own = |url: &String| url.trim().trim_end_matches('/') == OPENAI.trim_end_matches('/');
    if config.openai_base_url.as_ref().is_none_or(is_own) { Protocol::OpenAiResponses } else { Protocol::OpenAi }
}

fn accounts(config: &Config) -> Result<Vec<Account>, ConfigError> {
    let base_url = |given: &Option<String>, usual: &str| given.clone().unwrap_or_else(|| usual.to_owned());
    let mut accounts = vec![
        Account {
            name: "anthropic".to_owned(),
            protocol: Protocol::Anthropic,
            base_url: base_url(&config.anthropic_base_url, "https://api.anthropic.com/v1/"),
            api_key: config.anthropic_api_key.clone(),
            key_variable: Some("ANTHROPIC_API_KEY".to_owned()),
        },
        Account {
            name: "openai".to_owned(),
            protocol: openai_protocol(config),
            base_url: base_url(&config.openai_base_url, OPENAI),
            api_key: config.openai_api_key.clone(),
            key_variable: Some("OPENAI_API_KEY".to_owned()),
        },
        Account {
            name: "gemini".to_owned(),
            protocol: Protocol::Gemini,
            base_url: base_url(&config.gemini_base_url, "https://generativelanguage.googleapis.com/v1beta/"),
            api_key: config.gemini_api_key.clone(),
            key_variable: Some("GEMINI_API_KEY".to_owned()),
        },
        Account {
            name: "ollama".to_owned(),
            protocol: Protocol::Ollama,
            base_url: base_url(&config.ollama_base_url, "http://localhost:11434/v1"),
            api_key: None,
            key_variable: None,
        },
    ];
    for (name, endpoint) in &config.endpoints {
        if name.is_empty() || name.contains('/') || name == "script" || accounts.iter().any(|account| account.name == *name) {
            return Err(ConfigError::Name(name.clone()));
        }
        accounts.push(Account {
            name: name.clone(),
            protocol: endpoint.protocol,
            base_url: endpoint.base_url.clone(),
            api_key: endpoint.api_key.clone(),
            key_variable: endpoint.key_variable.clone(),
        });
    }
    Ok(accounts)
}
