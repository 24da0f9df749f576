//! Whether a host is ready for work: its database, its engine and the model providers, looked at. Says nothing of what the host is used
//! for, because anybody may ask.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use utoipa::{OpenApi, ToSchema};

use super::{Host, health};
use crate::kernel::run::Filter;

/// How long the database may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long it is believed what was found of the providers.
const KNOWN_FOR: Duration = Duration::from_secs(60);
/// Requests without which a rate says nothing.
const FEWEST_REQUESTS: u64 = 20;

/// Whether a host is ready for work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Readiness {
    /// Whether it is.
    pub ready: bool,
    /// What was looked at.
    pub checks: Vec<ReadinessCheck>,
    /// The requests of the last five minutes.
    pub requests: RequestRate,
}

/// Something that a host needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReadinessCheck {
    /// What was looked at.
    pub subject: ReadinessSubject,
    /// How it is.
    pub state: ReadinessState,
    /// What was found.
    pub message: String,
}

/// What a host needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReadinessSubject {
    /// The database.
    Database,
    /// What executes runs.
    Engine,
    /// The model providers.
    Providers,
    /// The requests of the last five minutes.
    Requests,
}

/// How something is that a host needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReadinessState {
    /// It works.
    Ok,
    /// It works in part; the host works on.
    Degraded,
    /// It does not work, and without it the host does not.
    Failed,
}

/// How many requests failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RequestRate {
    /// Requests that were answered in the last five minutes.
    pub answered: u64,
    /// Those of them that failed because of the host.
    pub failed: u64,
    /// The part that failed, from 0 to 1.
    pub error_rate: f64,
}

/// What was found of the model providers last, so that they are not asked as often as somebody asks the host.
#[derive(Default)]
pub struct KnownProviders(Mutex<Option<(Instant, ReadinessCheck)>>);

impl RequestRate {
    /// So many of so many.
    pub fn new(answered: u64, failed: u64) -> Self {
        let error_rate = if answered == 0 { 0.0 } else { failed as f64 / answered as f64 };
        Self { answered, failed, error_rate }
    }
}

impl ReadinessCheck {
    fn new(subject: ReadinessSubject, state: ReadinessState, message: impl Into<String>) -> Self {
        Self { subject, state, message: message.into() }
    }
}

impl KnownProviders {
    async fn check(&self, host: &Host) -> ReadinessCheck {
        let mut known = self.0.lock().await;
        if let Some((at, check)) = known.as_ref()
            && at.elapsed() < KNOWN_FOR
        {
            return check.clone();
        }
        let checks = health::check_providers(host.config()).await;
        let failed = checks.iter().filter(|check| check.level != health::CheckLevel::Ok).count();
        let check = describe_providers(checks.len(), failed);
        *known = Some((Instant::now(), check.clone()));
        check
    }
}

fn describe_providers(all: usize, failed: usize) -> ReadinessCheck {
    let (state, message) = match (all, failed) {
        (0, _) => (ReadinessState::Degraded, "No model provider is set up.".to_owned()),
        (all, 0) => (ReadinessState::Ok, format!("All {all} model providers can be reached.")),
        (all, failed) => (ReadinessState::Degraded, format!("{failed} of {all} model providers cannot be reached.")),
    };
    ReadinessCheck::new(ReadinessSubject::Providers, state, message)
}

/// Looks at what the host needs. `requests` are those of the last five minutes.
pub async fn check(host: &Host, providers: &KnownProviders, requests: RequestRate) -> Readiness {
    let checks = vec![check_database(host).await, check_engine(host), providers.check(host).await, check_requests(&requests)];
    let ready = checks.iter().all(|check| check.state != ReadinessState::Failed);
    Readiness { ready, checks, requests }
}

async fn check_database(host: &Host) -> ReadinessCheck {
    let newest = Filter { limit: 1, ..Filter::default() };
    let runs = host.app.kernel.runs();
    let (state, message) = match tokio::time::timeout(PATIENCE, runs.list(&newest)).await {
        Ok(Ok(_)) => (ReadinessState::Ok, "The database answers."),
        Ok(Err(_)) => (ReadinessState::Failed, "The database cannot be read."),
        Err(_) => (ReadinessState::Failed, "The database does not answer in time."),
    };
    ReadinessCheck::new(ReadinessSubject::Database, state, message)
}

fn check_engine(host: &Host) -> ReadinessCheck {
    let (state, message) = match host.executes() {
        true => (ReadinessState::Ok, "The host executes runs."),
        false => (ReadinessState::Failed, "Another host executes runs in this data directory."),
    };
    ReadinessCheck::new(ReadinessSubject::Engine, state, message)
}

fn check_requests(requests: &RequestRate) -> ReadinessCheck {
    let RequestRate { answered, failed, error_rate } = requests;
    let is_bad = *answered >= FEWEST_REQUESTS && *error_rate >= 0.05;
    let state = if is_bad { ReadinessState::Degraded } else { ReadinessState::Ok };
    ReadinessCheck::new(ReadinessSubject::Requests, state, format!("{failed} of {answered} requests failed in the last five minutes."))
}

/// The views of this file.
#[derive(OpenApi)]
#[openapi(components(schemas(Readiness)))]
pub(super) struct Views;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_failures_and_few_requests_say_nothing() {
        let state = |answered, failed| check_requests(&RequestRate::new(answered, failed)).state;
        assert_eq!(state(0, 0), ReadinessState::Ok);
        assert_eq!(state(19, 19), ReadinessState::Ok);
        assert_eq!(state(100, 4), ReadinessState::Ok);
        assert_eq!(state(100, 5), ReadinessState::Degraded);
    }

    #[test]
    fn a_host_without_providers_works_on() {
        assert_eq!(describe_providers(0, 0).state, ReadinessState::Degraded);
        assert_eq!(describe_providers(2, 0).state, ReadinessState::Ok);
        assert!(describe_providers(3, 1).message.starts_with("1 of 3"));
    }
}
