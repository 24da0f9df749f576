//! Models behind HTTP, through `genai`: Anthropic's messages, Gemini's contents and anyone's chat completions.
//! Retries only what certainly cost nothing, and never lets a key into a message.

mod failure;
mod relay;
mod retry;
mod standing;
mod stream;
#[cfg(test)]
mod tests;
mod translate;
mod usage;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::FutureExt;
use genai::adapter::AdapterKind;
use genai::chat::{ChatOptions, ChatRequest};
use genai::resolver::{AuthData, Endpoint};
use genai::{Headers, ModelIden, ServiceTarget};
use reqwest::redirect::Policy;

use super::pace::Pace;
use super::{ConfigError, Proxy, Secret};
use crate::interfaces::llm::messages::{Reply, Request};
use crate::interfaces::llm::provider::{Caller, Provider, ProviderError};
use crate::interfaces::llm::watching::Watchers;
use failure::{Failure, Judge};
use relay::Measure;
use standing::Standing;

pub use relay::Relay;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

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
    /// Chat completions at OpenAI itself.
    OpenAi,
    /// Chat completions elsewhere: model names are sent as they are and a key is optional.
    OpenAiCompatible,
}

/// Asks one service.
pub struct Network {
    relay: Arc<Relay>,
    account: Account,
    standing: Standing,
    pace: Arc<dyn Pace>,
    watchers: Option<Watchers>,
}

/// The HTTP client every account shares. It follows no redirect, since that would hand the key to another host, and
/// unpacks nothing, since that would lift any bound on a reply.
pub fn client(proxy: Option<&Proxy>, timeout: Duration) -> Result<reqwest::Client, String> {
    let builder =
        reqwest::Client::builder().timeout(timeout).connect_timeout(CONNECT_TIMEOUT).redirect(Policy::none()).no_gzip().no_proxy();
    let builder = match proxy {
        Some(proxy) => builder.proxy(through(proxy)?),
        None => builder,
    };
    builder.build().map_err(|error| error.to_string())
}

/// What is plain HTTP is as a rule on this machine or beside it, and what is encrypted goes through the proxy unless
/// its host is excepted.
fn through(proxy: &Proxy) -> Result<reqwest::Proxy, String> {
    let excepted = format!("localhost,127.0.0.0/8,::1,{}", proxy.except);
    let proxy = reqwest::Proxy::https(&proxy.url).map_err(|error| error.to_string())?;
    Ok(proxy.no_proxy(reqwest::NoProxy::from_string(&excepted)))
}

impl Network {
    /// A provider for `account`, which asks for a stream where one of `watchers` watches. None: never.
    pub fn new(relay: Arc<Relay>, mut account: Account, pace: Arc<dyn Pace>, watchers: Option<Watchers>) -> Result<Self, ConfigError> {
        account.base_url = base_url(&account)?;
        Ok(Self { relay, standing: Standing::of(&account.name), account, pace, watchers })
    }

    /// Nothing comes in pieces where nobody watches: one body is the simpler thing to ask for, and to get whole.
    async fn attempt(&self, caller: Caller<'_>, model: &str, chat: ChatRequest, options: &ChatOptions) -> Result<Reply, Box<Failure>> {
        let target = |address: &str| self.target(caller, model, address);
        let judge = Judge { account: &self.account, now: self.pace.now() };
        let watchers = self.watchers.as_ref().filter(|_| stream::is_possible(self.account.protocol));
        if let Some(telling) = watchers.and_then(|watchers| watchers.telling(caller)) {
            return stream::reply(&self.relay, &judge, target, chat, options, telling).await;
        }
        let talk = async |client: genai::Client, address: String| client.exec_chat(target(&address), chat, Some(options)).await;
        let carried = self.relay.carry(&self.account.base_url, Measure::Body, talk).await;
        let response = carried.map_err(|obstacle| judge.obstacle(&obstacle))?.said;
        let response = response.map_err(|error| judge.failure(&error))?;
        translate::reply(&self.account, response).map_err(|reason| judge.malformed(&reason))
    }

    /// The client library adds up what services count; a reply over which it panics is no reply, and ends no host.
    async fn safely(&self, attempt: impl Future<Output = Result<Reply, Box<Failure>>>) -> Result<Reply, Box<Failure>> {
        let caught = AssertUnwindSafe(attempt).catch_unwind().await;
        let judge = Judge { account: &self.account, now: self.pace.now() };
        caught.unwrap_or_else(|_| Err(judge.malformed("the client library broke down over it.")))
    }

    /// `address` stands for the account's base URL.
    fn target(&self, caller: Caller<'_>, model: &str, address: &str) -> ServiceTarget {
        let auth = match &self.account.api_key {
            Some(key) => AuthData::from_single(key.reveal()),
            // genai knows no anonymous chat completions: the address and headers are given whole instead.
            None => AuthData::RequestOverride { url: format!("{address}chat/completions"), headers: idempotency(caller) },
        };
        ServiceTarget { endpoint: Endpoint::from_owned(address), auth, model: ModelIden::new(self.account.protocol.adapter(), model) }
    }

    fn keyless(&self, variable: &str) -> ProviderError {
        ProviderError::Unasked {
            provider: self.account.name.clone(),
            reason: format!("its key, {variable}, is not in the environment, and no secret of that name can be opened."),
            remedy: format!(
                "Set the variable {variable}, or keep the key with `baton secret set {variable}` (`baton secret list` says what cannot be opened), and resume the run."
            ),
        }
    }
}

#[async_trait]
impl Provider for Network {
    async fn complete(&self, caller: Caller<'_>, model: &str, request: &Request) -> Result<Reply, ProviderError> {
        if let (None, Some(variable)) = (&self.account.api_key, &self.account.key_variable) {
            return Err(self.keyless(variable));
        }
        let chat = translate::request(self.account.protocol, request);
        let options = translate::options(self.account.protocol, model, request).with_extra_headers(idempotency(caller));
        retry::retry(self.pace.as_ref(), &self.standing, || self.safely(self.attempt(caller, model, chat.clone(), &options))).await
    }
}

impl Protocol {
    fn adapter(self) -> AdapterKind {
        match self {
            Self::Anthropic => AdapterKind::Anthropic,
            Self::Gemini => AdapterKind::Gemini,
            Self::OpenAi | Self::OpenAiCompatible => AdapterKind::OpenAI,
        }
    }
}

fn idempotency(caller: Caller<'_>) -> Headers {
    Headers::from([("Idempotency-Key", caller.idempotency_key)])
}

/// The base URL with one slash at its end; genai appends to it.
fn base_url(account: &Account) -> Result<String, ConfigError> {
    let wrong =
        |url: &str, reason: &str| ConfigError::BaseUrl { provider: account.name.clone(), url: url.to_owned(), reason: reason.to_owned() };
    let given = account.base_url.trim();
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
    if account.protocol == Protocol::Anthropic && url.path() == "/" {
        url.set_path("/v1");
    }
    Ok(format!("{}/", url.as_str().trim_end_matches('/')))
}
