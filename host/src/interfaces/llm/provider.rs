//! The port to whoever answers: one call, one whole reply, and failures sorted by what the asker may do next.
//! Grants, budgets and the journal are settled before a provider is called; none of them is looked at here.

use std::{path::PathBuf, time::Duration};

use async_trait::async_trait;
use jiff::Timestamp;

use super::abilities::ModelAbilities;
use super::messages::{Reply, Request};

/// Answers completions.
#[async_trait]
pub trait Provider: Send + Sync {
    /// One completion by `model`, the part after `provider/`.
    async fn complete(&self, caller: Caller<'_>, model: &str, request: &Request) -> Result<Reply, ProviderError>;

    /// Waits before a call is made again after `tries` of which nobody knows what became; later each time.
    async fn back_off(&self, _tries: u32) {}

    /// What is known of a model that `complete` is asked for.
    fn abilities(&self, _model: &str) -> ModelAbilities {
        ModelAbilities::default()
    }

    /// What a model has refused of the requests that it was sent, in words. Requests go without it now.
    fn list_refused(&self, _model: &str) -> Vec<String> {
        Vec::new()
    }

    /// When the last of that was learned.
    fn learned_at(&self, _model: &str) -> Option<Timestamp> {
        None
    }

    /// How long a call that was tried in vain waits before it is made again.
    fn rest(&self) -> Duration {
        REST
    }
}

/// On whose behalf a completion is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Caller<'a> {
    /// The run that asks.
    pub run: &'a str,
    /// Name of the asking plugin.
    pub plugin: &'a str,
    /// `run:seq`, the same for every attempt at one journal entry; with `:N` behind it for the Nth model of a chain, which
    /// is sent another request.
    pub idempotency_key: &'a str,
}

/// How long a service is left alone that does not answer, at first.
pub const REST: Duration = Duration::from_secs(30);

/// Whether a failed completion may have cost something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charge {
    /// Certainly nothing was charged; the same call may be made again.
    No,
    /// The provider may have worked and charged for it; only an operator's word or the idempotency key makes a
    /// second call safe.
    Maybe,
}

/// Why there is no reply. No message ever holds a key.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ProviderError {
    /// Nobody answers under that name.
    #[error("No provider serves the model \"{model}\". Name a model as provider/model with one of these providers: {known}.")]
    UnknownModel {
        /// The name asked for.
        model: String,
        /// The configured providers, separated by commas.
        known: String,
    },
    /// The request is wrong for this provider; sending it again is useless.
    #[error("{provider} rejects this request: {reason} Change the request before sending it again.")]
    Invalid {
        /// Who declined.
        provider: String,
        /// What was wrong, a sentence.
        reason: String,
    },
    /// A file of the request is of a type that it does not take. Nothing was sent.
    #[error("{provider} does not take files of the type {media_type}. Convert the file, or ask another model.")]
    UnsupportedMedia {
        /// Who does not take it.
        provider: String,
        /// Such as `image/gif`.
        media_type: String,
    },
    /// The key is rejected, the model unknown or not allowed: an operator must act.
    #[error("{provider} rejects the host: {reason} {remedy}")]
    Refused {
        /// Who refused.
        provider: String,
        /// What was said, a sentence.
        reason: String,
        /// What the operator can do, a sentence.
        remedy: String,
    },
    /// Its key is not set. Nothing was sent.
    #[error(
        "{provider} cannot be called: its key, {name}, is not in the environment, and no secret of that name can be opened. Keep it with \
         `baton secret set {name}`; `baton secret list` says what cannot be opened."
    )]
    KeyMissing {
        /// Whose key.
        provider: String,
        /// The name under which it is looked for.
        name: String,
    },
    /// It does not take its key, nor any other of that name. Nothing was charged.
    #[error(
        "{provider} rejects its key, {name}: {reason} Keep another with `baton secret set {name}`. If the key is to be allowed to use the model \
         instead, allow it and resume the run a minute later."
    )]
    KeyRejected {
        /// Whose key.
        provider: String,
        /// The name under which it is looked for.
        name: String,
        /// What was said, a sentence.
        reason: String,
        /// The marks of the keys that it does not take, by [`Keys::mark`](crate::interfaces::keys::Keys::mark).
        marks: Vec<String>,
    },
    /// It was not asked, or not where it is: an operator must act.
    #[error("{provider} cannot be called: {reason} {remedy}")]
    Unasked {
        /// Who.
        provider: String,
        /// Why not, a sentence.
        reason: String,
        /// What the operator can do, a sentence.
        remedy: String,
    },
    /// Still failing after every try, and certainly nothing was charged.
    #[error("{provider} is not available after {}: {reason}", count_tries(*tries))]
    Unavailable {
        /// Who does not answer.
        provider: String,
        /// How often it was tried.
        tries: u32,
        /// The last failure, a sentence.
        reason: String,
    },
    /// The request was sent and no whole reply came back: it may have been charged.
    #[error(
        "{provider} broke off after the request was sent: {reason} It may have charged for it. Resume the run to ask again under the \
         same idempotency key."
    )]
    Uncertain {
        /// Who broke off.
        provider: String,
        /// What happened, a sentence.
        reason: String,
    },
    /// It said when it is back, or failed so often in a row that it is not called for a while. Nothing was charged.
    #[error("{provider} is not called again until {until}: {reason}")]
    LeftAlone {
        /// Who does not answer.
        provider: String,
        /// The last failure, a sentence.
        reason: String,
        /// When it is worth asking again.
        until: Timestamp,
    },
    /// The account is used up for now.
    #[error("The usage limit of {provider} is reached: {reason} {}", resumption(*until))]
    UsageLimit {
        /// Whose limit.
        provider: String,
        /// What was said, a sentence.
        reason: String,
        /// When it is lifted, where the provider told.
        until: Option<Timestamp>,
    },
    /// No rule of the script matched.
    #[error(
        "No rule of {} answers plugin \"{plugin}\" at turn {turn}. {near} The prompt ends with:\n{prompt}\nAdd a rule \
         such as: {{ when: {{ plugin: {plugin}, turn: {turn} }}, reply: \"…\" }}.",
        script.display()
    )]
    Unanswered {
        /// The script that was asked.
        script: PathBuf,
        /// Who asked.
        plugin: String,
        /// Turns the model had taken.
        turn: usize,
        /// The end of the prompt that had no answer.
        prompt: String,
        /// Which rule came closest and what it missed, a sentence.
        near: String,
    },
    /// The script itself is wrong.
    #[error("The script {} cannot answer: {reason}", script.display())]
    Script {
        /// The script that was asked.
        script: PathBuf,
        /// What is wrong and what to do about it, sentences.
        reason: String,
    },
    /// There is a reply, and no end of it.
    #[error(
        "{provider} sent a reply that is too long: {reason} It was probably charged. Ask for less, or set another model, then \
         resume the run."
    )]
    TooLong {
        /// Who sent it.
        provider: String,
        /// What there was too much of, a sentence.
        reason: String,
    },
    /// There is a reply, but it could not be understood.
    #[error(
        "{provider} sent a reply that cannot be understood: {reason} It was probably charged. Check that the base URL \
         speaks the protocol it is configured for, then resume the run."
    )]
    Malformed {
        /// Who sent it.
        provider: String,
        /// What was wrong, a sentence.
        reason: String,
    },
}

impl ProviderError {
    /// Whether the failed call may have cost something.
    pub fn charged(&self) -> Charge {
        match self {
            Self::Uncertain { .. } | Self::Malformed { .. } | Self::TooLong { .. } => Charge::Maybe,
            _ => Charge::No,
        }
    }

    /// Whether nobody knows what became of the call, and another try may come to more.
    pub fn is_uncertain(&self) -> bool {
        matches!(self, Self::Uncertain { .. } | Self::Malformed { .. })
    }

    /// Until when the call has to wait, where waiting is all that it takes. `soon` is when to try again where nothing is said.
    pub fn wait(&self, soon: Timestamp) -> Option<Waiting<'_>> {
        let not_there = |reason: &str| format!("it is not available, and is tried again then. The last failure: {reason}");
        let (account, until, reason) = match self {
            Self::UsageLimit { provider, reason, until: Some(until) } => {
                (provider, *until, format!("its usage limit is reached. It said: {reason}"))
            }
            Self::LeftAlone { provider, reason, until } => (provider, *until, not_there(reason)),
            Self::Unavailable { provider, reason, .. } => (provider, soon, not_there(reason)),
            _ => return None,
        };
        Some(Waiting { account, until, reason })
    }
}

/// What a call that failed for now waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting<'a> {
    /// The provider whose account it is.
    pub account: &'a str,
    /// When it is worth asking again.
    pub until: Timestamp,
    /// Why it is not before, a sentence.
    pub reason: String,
}

fn count_tries(tries: u32) -> String {
    if tries == 1 { "one try".to_owned() } else { format!("{tries} tries") }
}

fn resumption(until: Option<Timestamp>) -> String {
    match until {
        Some(until) => format!("Work on this account continues at {until}."),
        None => "Raise the limit or wait for its reset, then resume the run.".to_owned(),
    }
}
