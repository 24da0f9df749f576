//! Models behind HTTP: what each protocol says and how is in `adapters`, the way there in `transport`.
//! Retries only what certainly cost nothing, and never lets a key into a message.

mod adapters;
mod circuit_breaker;
mod clients;
mod events;
mod failure;
mod fitting;
mod keyring;
mod learned;
mod limits;
mod refused;
mod reply;
mod retry;
mod retry_after;
mod stream;
#[cfg(test)]
mod tests;
mod transport;
mod usage;

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use hyper::Uri;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;

use super::pace::Pace;
use super::{ConfigError, Secret};
use crate::interfaces::keys::{Keys, NoKeys};
use crate::interfaces::llm::abilities::{Abilities, ModelAbilities};
use crate::interfaces::llm::messages::{Reply, Request};
use crate::interfaces::llm::provider::{Caller, Provider, ProviderError, REST};
use crate::interfaces::llm::watching::Watchers;
use adapters::{Adapter, Outgoing};
use circuit_breaker::CircuitBreaker;
use failure::{Failure, Judge};
use fitting::{fitted, unmark};
use keyring::Keyring;
use learned::Learned;
use refused::Refused;
use reply::Asked;
use transport::Call;

pub use clients::client;
pub(super) use learned::forget;
pub use reply::{Form, read};
pub(super) use retry::back_off;
pub use transport::Client;

const OURSELVES: &str = concat!("baton/", env!("CARGO_PKG_VERSION"));
/// How often a request is sent without what the answer before refused of it. Such an answer costs nothing.
const MOST_CHANGES: usize = 3;

/// One service, and the host's account there.
#[derive(Debug, Clone)]
pub struct Account {
    /// The part of a model's name before the slash.
    pub name: String,
    /// What the service speaks.
    pub protocol: Protocol,
    /// Up to and including the version.
    pub base_url: String,
    /// None: the service needs none, or the operator has not set it.
    pub api_key: Option<Secret>,
    /// The name under which the key is looked for, in the environment and among the secrets. None: it needs none.
    pub key_variable: Option<String>,
}

/// What a service speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// Anthropic's messages.
    Anthropic,
    /// Gemini's generateContent.
    Gemini,
    /// OpenAI's responses.
    OpenAiResponses,
    /// Chat completions of OpenAI's models.
    OpenAi,
    /// Chat completions of other models: names are sent as they are.
    OpenAiCompatible,
    /// Ollama's chat completions.
    Ollama,
}

impl Protocol {
    /// What an operator calls by this word.
    pub fn named(word: &str) -> Option<Self> {
        match word {
            "chat-completions" => Some(Self::OpenAiCompatible),
            "responses" => Some(Self::OpenAiResponses),
            "messages" => Some(Self::Anthropic),
            "generate-content" => Some(Self::Gemini),
            _ => None,
        }
    }
}

/// Asks one service.
pub struct Network {
    client: Arc<Client>,
    account: Account,
    adapter: Box<dyn Adapter>,
    circuit_breaker: CircuitBreaker,
    pace: Arc<dyn Pace>,
    watchers: Option<Watchers>,
    abilities: Abilities,
    learned: Learned,
    keys: Arc<dyn Keys>,
    keyring: Keyring,
}

/// What came of sending a request once.
enum Sent {
    Replied(Box<Reply>),
    /// Something of the request is refused, that it can do without.
    Refused {
        failure: Box<Failure>,
        /// All that is refused by now.
        refused: Refused,
        /// What is new of it, in words.
        words: String,
    },
}

impl Network {
    /// A provider for `account`, which asks for a stream where one of `watchers` watches. None: never.
    pub fn new(client: Arc<Client>, mut account: Account, pace: Arc<dyn Pace>, watchers: Option<Watchers>) -> Result<Self, ConfigError> {
        account.base_url = account.address()?;
        let (adapter, circuit_breaker) = (account.protocol.adapter(), CircuitBreaker::of(&account.name, pace.shorten(REST)));
        let (abilities, learned) = (Abilities::default(), Learned::default());
        let (keys, keyring) = (Arc::new(NoKeys), Keyring::default());
        Ok(Self { client, circuit_breaker, adapter, account, pace, watchers, abilities, learned, keys, keyring })
    }

    /// The same, with what is known of its models.
    #[must_use]
    pub fn knowing(self, abilities: Abilities) -> Self {
        Self { abilities, ..self }
    }

    /// The same, which keeps in `file` what its models refuse, and knows what is there.
    #[must_use]
    pub fn remembering(self, file: Option<&Path>) -> Self {
        let Some(file) = file else { return self };
        let learned = Learned::kept(file, &self.account.name, &self.account.base_url, &self.abilities, self.pace.now());
        Self { learned, ..self }
    }

    /// The same, which looks for a key where it has none that does.
    #[must_use]
    pub fn finding(self, keys: Arc<dyn Keys>) -> Self {
        Self { keys, ..self }
    }

    /// Sends a request, and again without what the service refuses of it.
    async fn attempt(&self, account: &Account, caller: Caller<'_>, model: &str, request: &Request) -> Result<Reply, Box<Failure>> {
        let request = fitted(request, &self.abilities(model));
        let (mut refused, mut key) = (self.learned.of(model), caller.idempotency_key.to_owned());
        let mut changes = 0;
        loop {
            let caller = Caller { idempotency_key: &key, ..caller };
            match self.send(account, caller, model, &request, &refused).await? {
                Sent::Replied(reply) => {
                    if changes > 0 {
                        self.learned.keep(model, refused, self.pace.now());
                    }
                    return Ok(*reply);
                }
                Sent::Refused { failure, .. } if changes == MOST_CHANGES => return Err(failure),
                Sent::Refused { failure, refused: more, words } => {
                    let name = &account.name;
                    tracing::warn!(account = name, model, change = words, error = %failure.error, "a model refuses a part of a request; it is asked again");
                    changes += 1;
                    // It is another request, which a service may tell from the one before by its key.
                    (refused, key) = (more, format!("{key}+"));
                }
            }
        }
    }

    /// Nothing comes in pieces where nobody watches: one body is the simpler thing to ask for, and to get whole.
    async fn send(
        &self,
        account: &Account,
        caller: Caller<'_>,
        model: &str,
        request: &Request,
        refused: &Refused,
    ) -> Result<Sent, Box<Failure>> {
        let judge = Judge::new(account, self.pace.now());
        let adapter = self.adapter.as_ref();
        let telling = self.watchers.as_ref().and_then(|watchers| watchers.telling(caller));
        let mut outgoing = adapter.request(model, request, telling.is_some());
        if account.protocol == Protocol::OpenAiResponses {
            // Requests of one run begin alike, and find what is kept of them more often under one key ("Prompt caching").
            outgoing.body["prompt_cache_key"] = caller.run.into();
        }
        refused.apply(&mut outgoing.body);
        if !self.abilities(model).prompt_cache {
            unmark(&mut outgoing.body);
        }
        let call = self.call(account, caller, &outgoing).map_err(|reason| judge.invalid(&reason))?;
        let mut answer = self.client.send(call).await.map_err(|obstacle| judge.obstacle(obstacle))?;
        let judge = judge.of_answer(&answer.headers);
        if !answer.status.is_success() {
            let body = answer.beginning().await;
            let failure = judge.status(answer.status, &body);
            let is_invalid = matches!(failure.error, ProviderError::Invalid { .. });
            let more = is_invalid.then(|| refused.with_answer(&outgoing.body, &String::from_utf8_lossy(&body))).flatten();
            return match more {
                Some((refused, words)) => Ok(Sent::Refused { failure, refused, words }),
                None => Err(failure),
            };
        }
        if let Some(encoding) = answer.compression() {
            return Err(judge.malformed(&format!("it is compressed ({encoding}), which was not asked for.")));
        }
        let asked = Asked { adapter, judge: &judge, model, request };
        let reply = match telling {
            Some(telling) => asked.streamed(stream::read(&mut answer, adapter, &judge, telling).await)?,
            None => asked.whole(&answer.whole().await.map_err(|obstacle| judge.obstacle(obstacle))?)?,
        };
        Ok(Sent::Replied(Box::new(reply)))
    }

    fn call(&self, account: &Account, caller: Caller<'_>, outgoing: &Outgoing) -> Result<Call, String> {
        let url = format!("{}{}", account.base_url, outgoing.path);
        let url: Uri = url.parse().map_err(|error| format!("its address cannot be used ({error})"))?;
        let mut headers = HeaderMap::new();
        let key = account.api_key.as_ref().map(|key| self.adapter.authorization(key.reveal()));
        let fixed = [("content-type", "application/json"), ("accept-encoding", "identity"), ("user-agent", OURSELVES)];
        let given = fixed.into_iter().chain(outgoing.headers.iter().copied()).chain([("idempotency-key", caller.idempotency_key)]);
        for (name, value) in given.chain(key.as_ref().map(|(name, value)| (*name, value.as_str()))) {
            let mut value = HeaderValue::from_str(value).map_err(|_| format!("the header {name} cannot hold its value"))?;
            value.set_sensitive(true);
            headers.insert(HeaderName::from_static(name), value);
        }
        Ok(Call { url, headers, body: outgoing.body.to_string().into_bytes() })
    }
}

#[async_trait]
impl Provider for Network {
    async fn complete(&self, caller: Caller<'_>, model: &str, request: &Request) -> Result<Reply, ProviderError> {
        let chosen = || self.keyring.account(&self.account, self.keys.as_ref(), model, self.pace.now());
        let mut account = chosen()?;
        if let Some(media) = request.media().find(|media| !self.adapter.takes(&media.media_type)) {
            return Err(ProviderError::UnsupportedMedia { provider: self.account.name.clone(), media_type: media.media_type.clone() });
        }
        loop {
            let answer = retry::retry(self.pace.as_ref(), &self.circuit_breaker, || self.attempt(&account, caller, model, request)).await;
            let Err(ProviderError::KeyRejected { reason, .. }) = answer else { return answer };
            self.keyring.reject(&account, self.keys.as_ref(), model, reason, self.pace.now());
            // Another key of the same name may have been set since; there is an end to them.
            account = chosen()?;
        }
    }

    fn abilities(&self, model: &str) -> ModelAbilities {
        self.abilities.of(&format!("{}/{model}", self.account.name))
    }

    fn list_refused(&self, model: &str) -> Vec<String> {
        self.learned.of(model).describe()
    }

    fn learned_at(&self, model: &str) -> Option<Timestamp> {
        self.learned.at(model)
    }
}

impl Account {
    /// The base URL with one slash at its end; paths are appended to it. It holds no login.
    pub(super) fn address(&self) -> Result<String, ConfigError> {
        let wrong =
            |url: &str, reason: &str| ConfigError::BaseUrl { provider: self.name.clone(), url: url.to_owned(), reason: reason.to_owned() };
        let given = self.base_url.trim();
        let mut url = reqwest::Url::parse(given).map_err(|error| wrong("(unreadable)", &error.to_string()))?;
        if url.password().is_some() || !url.username().is_empty() {
            return Err(wrong("(hidden)", "it holds a user or a password; give the key as a key"));
        }
        if !["http", "https"].contains(&url.scheme()) || url.host().is_none() {
            return Err(wrong(url.as_str(), "it is not an http or https address"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(wrong(url.path(), "it holds a query or a fragment"));
        }
        // Anthropic's own programs take the address without the version, and so do those who set it for them.
        if self.protocol == Protocol::Anthropic && url.path() == "/" {
            url.set_path("/v1");
        }
        Ok(format!("{}/", url.as_str().trim_end_matches('/')))
    }
}
