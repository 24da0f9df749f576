//! Sorts what went wrong on the wire by what may be done next. Messages quote the provider, never the key.

use std::time::Duration;

use hyper::StatusCode;
use hyper::header::HeaderMap;
use jiff::Timestamp;
use serde_json::Value;

use super::transport::Obstacle;
use super::{Account, Protocol, limits, retry_after};
use crate::interfaces::lenient;
use crate::interfaces::llm::provider::ProviderError;

/// The longest pause worth holding a run in memory for.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// Characters of a provider's words worth quoting.
const QUOTE: usize = 300;

/// One failed attempt.
pub(super) struct Failure {
    /// What it is if nothing more is tried.
    pub(super) error: ProviderError,
    /// Whether nothing was charged and another attempt may help.
    pub(super) again: bool,
    /// How long the provider asked to wait.
    pub(super) wait: Option<Duration>,
}

impl Failure {
    /// The failure for good, after so many attempts.
    pub(super) fn after(self, attempts: u32) -> ProviderError {
        match self.error {
            ProviderError::Unavailable { provider, reason, .. } => ProviderError::Unavailable { provider, tries: attempts, reason },
            error => error,
        }
    }
}

/// Tells failures of one account apart.
pub(super) struct Judge<'a> {
    account: &'a Account,
    now: Timestamp,
    /// Those of the answer, where there is one.
    headers: HeaderMap,
}

impl<'a> Judge<'a> {
    /// Judges before there is an answer.
    pub(super) fn new(account: &'a Account, now: Timestamp) -> Self {
        Self { account, now, headers: HeaderMap::new() }
    }

    /// Judges an answer with these headers.
    pub(super) fn of_answer(self, headers: &HeaderMap) -> Self {
        Self { headers: headers.clone(), ..self }
    }

    /// The protocol that the account speaks.
    pub(super) fn protocol(&self) -> Protocol {
        self.account.protocol
    }

    /// The account's name.
    pub(super) fn name(&self) -> String {
        self.account.name.clone()
    }

    /// The failure of a call that got no reply, or no whole one.
    pub(super) fn obstacle(&self, obstacle: Obstacle) -> Box<Failure> {
        let provider = self.name();
        match obstacle {
            Obstacle::Unreachable(reason) => {
                self.again(self.quote(&format!("{} cannot be reached: {reason}", self.account.base_url)), None)
            }
            Obstacle::Broken(reason) => once(ProviderError::Uncertain { provider, reason: self.quote(&reason) }),
            Obstacle::TooLong(reason) => once(ProviderError::TooLong { provider, reason: self.quote(&reason) }),
        }
    }

    /// The failure of a request that cannot be sent.
    pub(super) fn invalid(&self, reason: &str) -> Box<Failure> {
        once(ProviderError::Invalid { provider: self.name(), reason: self.quote(reason) })
    }

    /// The failure of a prompt that was blocked before a model saw it.
    pub(super) fn blocked(&self, feedback: &Value) -> Box<Failure> {
        self.invalid(&format!("it blocked the prompt: {feedback}"))
    }

    /// The failure of a stream that ended after so many events, none of which was its end.
    pub(super) fn ended(&self, events: usize) -> Box<Failure> {
        if events == 0 {
            return self.malformed("it sent no stream. If it cannot, set `stream = false` under [models] in your settings.");
        }
        let reason = "the stream ended before the reply was whole.".to_owned();
        once(ProviderError::Uncertain { provider: self.name(), reason })
    }

    /// The failure of a reply that makes no sense.
    pub(super) fn malformed(&self, reason: &str) -> Box<Failure> {
        once(ProviderError::Malformed { provider: self.name(), reason: self.quote(reason) })
    }

    /// An error without a status of its own, in a body or as an event of a stream. Where the reply has not begun, it is what
    /// it would have been as a status.
    pub(super) fn classify_error(&self, body: &Value, has_begun: bool) -> Box<Failure> {
        let text = body.to_string();
        if has_begun {
            let reason = self.quote(&format!("the reply broke off with an error: {}", words(&text)));
            return once(ProviderError::Uncertain { provider: self.name(), reason });
        }
        match status_of(body) {
            Some(status) => self.status(status, text.as_bytes()),
            None if limits::account(body, &words(&text), limits::Weight::Light) == limits::Account::UsedUp => {
                self.used_up(self.quote(&words(&text)), limits::reset(body, &words(&text), self.now))
            }
            None => self.malformed(&format!("it is an error: {}", words(&text))),
        }
    }

    /// The failure behind a status that is not one of success.
    pub(super) fn status(&self, status: StatusCode, body: &[u8]) -> Box<Failure> {
        let body = String::from_utf8_lossy(body);
        let (json, message) = (read(&body).unwrap_or_default(), words(&body));
        let provider = self.name();
        let said = match message.trim() {
            "" => format!("it answered {status}."),
            message => self.quote(&format!("it answered {status}: {message}")),
        };
        let refused =
            |remedy: &str| once(ProviderError::Refused { provider: provider.clone(), reason: said.clone(), remedy: remedy.to_owned() });
        let rejected = |remedy: &str| match (&self.account.key_variable, &self.account.api_key) {
            (Some(name), Some(_)) => {
                let (provider, name, marks) = (provider.clone(), name.clone(), Vec::new());
                once(ProviderError::KeyRejected { provider, name, reason: said.clone(), marks })
            }
            _ => refused(remedy),
        };
        let weight = if matches!(status.as_u16(), 402 | 429) { limits::Weight::Heavy } else { limits::Weight::Light };
        let account = limits::account(&json, &message, weight);
        let reset = || limits::reset(&json, &message, self.now);
        let wait = || {
            let told = retry_after::of_headers(&self.headers, self.now).or_else(|| retry_after::of_details(&json));
            told.or_else(|| retry_after::of_words(&message))
        };
        match status.as_u16() {
            400 | 402 | 403 | 412 if account == limits::Account::UsedUp => self.used_up(said, reset()),
            402 | 403 if account == limits::Account::Hinted => self.used_up(said, reset()),
            // Gemini's word for a wrong key.
            400 if body.contains("API_KEY_INVALID") => rejected("Check its API key in the configuration, then resume the run."),
            401 => rejected("Check its API key in the configuration, then resume the run."),
            402 => refused("Settle the account's billing, then resume the run."),
            403 => rejected("Allow the key to use this model, or set another model, then resume the run."),
            404 => refused("Check the model's name and the base URL, then resume the run."),
            300..=399 => {
                let remedy = "Redirects are not followed, since they would take the key elsewhere: set the base URL to where it points, then resume the run.";
                once(ProviderError::Unasked { provider, reason: said, remedy: remedy.to_owned() })
            }
            429 => self.limited(said, account, wait(), reset()),
            503 | 529 => self.overloaded(said, wait()),
            // A time-out or a conflict can mean that the model is at work on the first request.
            408 | 409 | 500.. => once(ProviderError::Uncertain { provider, reason: said }),
            _ => once(ProviderError::Invalid { provider, reason: said }),
        }
    }

    fn limited(&self, reason: String, account: limits::Account, wait: Option<Duration>, reset: Option<Timestamp>) -> Box<Failure> {
        let (short, long) = (wait.filter(|wait| *wait <= LONGEST_PAUSE), wait.filter(|wait| *wait > LONGEST_PAUSE));
        match (account, long.and_then(|wait| self.now.checked_add(wait).ok())) {
            (_, Some(until)) => self.used_up(reason, Some(until)),
            (limits::Account::UsedUp, None) => {
                // Half a minute is not when the quota of a day is back.
                let soon = self.now.checked_add(LONGEST_PAUSE).unwrap_or(self.now);
                self.used_up(reason, reset.filter(|reset| *reset > soon))
            }
            (limits::Account::Hinted, None) if short.is_none() => self.used_up(reason, reset),
            _ => self.again(reason, short),
        }
    }

    /// A service that says when it is back is not asked before.
    fn overloaded(&self, reason: String, wait: Option<Duration>) -> Box<Failure> {
        match wait.filter(|wait| *wait > LONGEST_PAUSE).and_then(|wait| self.now.checked_add(wait).ok()) {
            Some(until) => {
                Box::new(Failure { error: ProviderError::LeftAlone { provider: self.name(), reason, until }, again: false, wait })
            }
            None => self.again(reason, wait),
        }
    }

    fn used_up(&self, reason: String, until: Option<Timestamp>) -> Box<Failure> {
        once(ProviderError::UsageLimit { provider: self.name(), reason, until })
    }

    fn again(&self, reason: String, wait: Option<Duration>) -> Box<Failure> {
        let error = ProviderError::Unavailable { provider: self.name(), tries: 1, reason };
        Box::new(Failure { error, again: true, wait })
    }

    /// The beginning of `text` as one sentence without the key.
    fn quote(&self, text: &str) -> String {
        let text = match &self.account.api_key {
            Some(key) => key.redact(text),
            None => text.to_owned(),
        };
        // What ends up on a terminal must not steer it.
        let apart = |character: char| character.is_whitespace() || character.is_control();
        let line = text.split(apart).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
        let mut short: String = line.chars().take(QUOTE).collect();
        if short.len() < line.len() {
            short.push('…');
        }
        sentence(&short)
    }
}

fn once(error: ProviderError) -> Box<Failure> {
    Box::new(Failure { error, again: false, wait: None })
}

/// The status that an error in a stream stands for: a number where there is one, or Anthropic's name for it.
fn status_of(body: &Value) -> Option<StatusCode> {
    let error = body.get("error").unwrap_or(body);
    let code = &error["code"];
    let numbered = code.as_u64().and_then(|code| u16::try_from(code).ok()).or_else(|| code.as_str()?.parse().ok());
    let named = match error["type"].as_str() {
        Some("overloaded_error") => Some(529),
        Some("rate_limit_error") => Some(429),
        _ => None,
    };
    StatusCode::from_u16(numbered.or(named)?).ok().filter(|status| status.is_client_error() || status.is_server_error())
}

/// The message in an error's body, which the protocols put at `error.message`, else the body itself.
fn words(body: &str) -> String {
    let text = |json: &Value| -> Option<String> {
        let places = [json.pointer("/error/message"), json.get("error"), json.get("message"), json.get("detail")];
        places.into_iter().flatten().find_map(Value::as_str).map(str::to_owned)
    };
    let json = read(body);
    json.as_ref().and_then(text).unwrap_or_else(|| body.to_owned())
}

/// An error's body. Gemini's errors in a stream come in a list of one.
fn read(body: &str) -> Option<Value> {
    let json = lenient::read(body).ok()?.value;
    Some(json.get(0).cloned().unwrap_or(json))
}

fn sentence(text: &str) -> String {
    let text = text.trim();
    if text.ends_with(['.', '!', '?', '…']) { text.to_owned() } else { format!("{text}.") }
}
