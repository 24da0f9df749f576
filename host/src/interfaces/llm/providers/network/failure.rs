//! Sorts what went wrong on the wire by what may be done next. Messages quote the provider, never the key.

use std::error::Error;
use std::time::Duration;

use genai::webc;
use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde_json::Value;

use super::Account;
use super::relay::Obstacle;
use crate::interfaces::llm::provider::ProviderError;

/// The longest pause worth holding a run in memory for; a longer one is a usage limit.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// Words of a 429 that no minute mends: OpenAI's, for an account without credit, and Gemini's, for a quota of a day.
const EXHAUSTED: [&str; 2] = ["insufficient_quota", "PerDay"];
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
    pub(super) account: &'a Account,
    pub(super) now: Timestamp,
}

impl Judge<'_> {
    /// The failure behind an error of the client.
    pub(super) fn failure(&self, error: &genai::Error) -> Box<Failure> {
        match error {
            genai::Error::WebModelCall { webc_error, .. } => self.call(webc_error),
            genai::Error::ChatResponseGeneration { response_body, .. }
                if response_body.pointer("/promptFeedback/blockReason").is_some() =>
            {
                let reason = self.quote(&format!("it blocked the prompt: {}", response_body["promptFeedback"]));
                once(ProviderError::Invalid { provider: self.name(), reason })
            }
            genai::Error::ChatResponseGeneration { cause, response_body, .. } => {
                self.malformed(&format!("{} It begins: {response_body}", sentence(cause)))
            }
            // Everything else happens while the request is built.
            other => once(ProviderError::Invalid { provider: self.name(), reason: self.quote(&other.to_string()) }),
        }
    }

    /// The failure behind an error of a stream, of which so many events had come, the error's own among them.
    pub(super) fn stream(&self, error: &genai::Error, events: usize) -> Box<Failure> {
        match error {
            genai::Error::WebStream { error, cause, .. } => match (error.downcast_ref(), error.downcast_ref()) {
                (Some(genai::Error::HttpError { status, body, headers, .. }), _) => self.status(*status, body, headers),
                (_, Some(error)) => self.transport(error),
                _ => self.malformed(cause),
            },
            genai::Error::ChatResponse { body, .. } => self.told(body, events),
            other => self.malformed(&other.to_string()),
        }
    }

    /// The failure of a stream that ended after so many events, none of which was its end.
    pub(super) fn ended(&self, events: usize) -> Box<Failure> {
        if events == 0 {
            return self.malformed("it sent no stream. If it cannot, set `stream = false` under [models] in your settings.");
        }
        let reason = "the stream ended before the reply was whole.".to_owned();
        once(ProviderError::Uncertain { provider: self.name(), reason })
    }

    /// The failure of a call of which nothing could be passed on.
    pub(super) fn obstacle(&self, obstacle: &Obstacle) -> Box<Failure> {
        match obstacle {
            Obstacle::Service(error) => self.transport(error),
            Obstacle::TooLong(reason) => self.too_long(reason),
            Obstacle::Door(error) => {
                let remedy = "Make room in the folder for temporary files and let the host write there, then resume the run.".to_owned();
                let reason = self.quote(&format!("the host found no way to its own client: {error}"));
                once(ProviderError::Unasked { provider: self.name(), reason, remedy })
            }
        }
    }

    /// The failure of a stream that broke off in this way, where the client could only tell that it did.
    pub(super) fn broken(&self, failure: Box<Failure>, error: &reqwest::Error) -> Box<Failure> {
        if matches!(failure.error, ProviderError::Uncertain { .. }) { self.transport(error) } else { failure }
    }

    /// The failure of a reply that is not taken to its end.
    pub(super) fn too_long(&self, reason: &str) -> Box<Failure> {
        once(ProviderError::TooLong { provider: self.name(), reason: self.quote(reason) })
    }

    /// The failure of a reply that makes no sense.
    pub(super) fn malformed(&self, reason: &str) -> Box<Failure> {
        once(ProviderError::Malformed { provider: self.name(), reason: self.quote(reason) })
    }

    fn call(&self, error: &webc::Error) -> Box<Failure> {
        match error {
            webc::Error::ResponseFailedStatus { status, body, headers } => self.status(*status, body, headers),
            webc::Error::Reqwest(error) => self.transport(error),
            webc::Error::ResponseFailedNotJson { content_type, body } => {
                self.malformed(&format!("its type is \"{content_type}\", not JSON. It begins: {body}"))
            }
            webc::Error::ResponseFailedInvalidJson { body, .. } if body.trim().is_empty() => self.malformed("it is empty."),
            webc::Error::ResponseFailedInvalidJson { body, cause } => self.malformed(&format!("{} It begins: {body}", sentence(cause))),
            webc::Error::JsonValueExt(error) => self.malformed(&error.to_string()),
        }
    }

    /// An error that is an event of a stream. Who begins with one has not begun to answer: it is what would have been the
    /// status of a reply in one piece.
    fn told(&self, body: &Value, events: usize) -> Box<Failure> {
        let text = body.to_string();
        match status_of(body).filter(|_| events <= 1) {
            Some(status) => self.status(status, &text, &HeaderMap::new()),
            None => {
                let reason = self.quote(&format!("the stream broke off with an error: {}", words(&text)));
                once(ProviderError::Uncertain { provider: self.name(), reason })
            }
        }
    }

    fn transport(&self, error: &reqwest::Error) -> Box<Failure> {
        let reason = self.quote(&chain(error));
        let provider = self.name();
        if error.is_builder() {
            return once(ProviderError::Invalid { provider, reason });
        }
        if error.is_connect() {
            return self.again(reason, None);
        }
        once(ProviderError::Uncertain { provider, reason })
    }

    fn status(&self, status: StatusCode, body: &str, headers: &HeaderMap) -> Box<Failure> {
        let provider = self.name();
        let said = match words(body) {
            words if words.trim().is_empty() => format!("it answered {status}."),
            words => self.quote(&format!("it answered {status}: {words}")),
        };
        let refused =
            |remedy: &str| once(ProviderError::Refused { provider: provider.clone(), reason: said.clone(), remedy: remedy.to_owned() });
        match status.as_u16() {
            400 if let Some(until) = used_up(body) => once(ProviderError::UsageLimit { provider, reason: said, until }),
            // Gemini's word for a wrong key.
            400 if body.contains("API_KEY_INVALID") => refused("Check its API key in the configuration, then resume the run."),
            401 => refused("Check its API key in the configuration, then resume the run."),
            402 => refused("Settle the account's billing, then resume the run."),
            403 => refused("Allow the key to use this model, or set another model, then resume the run."),
            404 => refused("Check the model's name and the base URL, then resume the run."),
            300..=399 => {
                let remedy = "Redirects are not followed, since they would take the key elsewhere: set the base URL to where it points, then resume the run.";
                once(ProviderError::Unasked { provider, reason: said, remedy: remedy.to_owned() })
            }
            429 => self.limit(said, body, retry_after(headers, self.now)),
            503 | 529 => self.again(said, retry_after(headers, self.now).filter(|wait| *wait <= LONGEST_PAUSE)),
            // A time-out or a conflict can mean that the model is at work on the first request.
            408 | 409 | 500.. => once(ProviderError::Uncertain { provider, reason: said }),
            _ => once(ProviderError::Invalid { provider, reason: said }),
        }
    }

    fn limit(&self, reason: String, body: &str, wait: Option<Duration>) -> Box<Failure> {
        let wait = wait.or_else(|| retry_delay(body));
        let exhausted = EXHAUSTED.iter().any(|word| body.contains(word)) || wait.is_some_and(|wait| wait > LONGEST_PAUSE);
        if !exhausted {
            return self.again(reason, wait);
        }
        let until = wait.filter(|wait| *wait > LONGEST_PAUSE).and_then(|wait| SignedDuration::try_from(wait).ok());
        let until = until.and_then(|wait| self.now.checked_add(wait).ok());
        once(ProviderError::UsageLimit { provider: self.name(), reason, until })
    }

    fn again(&self, reason: String, wait: Option<Duration>) -> Box<Failure> {
        let error = ProviderError::Unavailable { provider: self.name(), tries: 1, reason };
        Box::new(Failure { error, again: true, wait })
    }

    fn name(&self) -> String {
        self.account.name.clone()
    }

    /// The beginning of `text` as one sentence without the key.
    fn quote(&self, text: &str) -> String {
        let text = match &self.account.api_key {
            Some(key) => key.redact(text),
            None => text.to_owned(),
        };
        let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
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
    let json = serde_json::from_str::<Value>(body).ok();
    let message = json.as_ref().and_then(|json| json.pointer("/error/message").or_else(|| json.get("message")));
    message.and_then(Value::as_str).unwrap_or(body).to_owned()
}

/// Anthropic calls a spent limit or credit a bad request, and says the day of the reset in its sentence. None: the body
/// says nothing of that.
fn used_up(body: &str) -> Option<Option<Timestamp>> {
    let said = words(body);
    let spent = ["API usage limits", "credit balance is too low"].iter().any(|phrase| said.contains(phrase));
    spent.then(|| {
        let day = said.split("regain access on ").nth(1)?.get(..10)?;
        day.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok().map(|midnight| midnight.timestamp())
    })
}

/// Where Gemini says how long to wait: `error.details[].retryDelay`, such as `34s`.
fn retry_delay(body: &str) -> Option<Duration> {
    let json = serde_json::from_str::<Value>(body).ok()?;
    let details = json.pointer("/error/details")?.as_array()?;
    let delay = details.iter().find_map(|detail| detail.get("retryDelay")?.as_str()?.strip_suffix('s'))?;
    Duration::try_from_secs_f64(delay.parse().ok()?).ok()
}

/// How long the provider asks to wait: milliseconds, seconds or a date.
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let seconds = |text: &str| text.parse::<f64>().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    if let Some(wait) = text("retry-after-ms").and_then(seconds) {
        return Some(wait / 1000);
    }
    let after = text("retry-after")?;
    seconds(after).or_else(|| {
        let date = jiff::fmt::rfc2822::parse(after).ok()?.timestamp();
        Some(Duration::try_from(date.duration_since(now)).unwrap_or_default())
    })
}

fn chain(error: &reqwest::Error) -> String {
    let mut text = String::from(if error.is_timeout() { "no whole reply in time" } else { "the connection failed" });
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

fn sentence(text: &str) -> String {
    let text = text.trim();
    if text.ends_with(['.', '!', '?', '…']) { text.to_owned() } else { format!("{text}.") }
}
