//! Which key a service is asked with: the one that it was given, or another of the same name once that is rejected. Asks no
//! service, and never gives one a key that it has just rejected.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use super::{Account, Secret};
use crate::interfaces::keys::Keys;
use crate::interfaces::llm::provider::ProviderError;

/// How long a key is not tried again with a model for which it was rejected: it may have been allowed to use it meanwhile.
const REST: Duration = Duration::from_secs(60);
/// Rejections that are remembered.
const MOST: usize = 64;

/// What became known of the keys of one account.
#[derive(Debug, Default)]
pub(super) struct Keyring(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// The key that was found last, while none was given or the given one was rejected.
    found: Option<Secret>,
    rejected: Vec<Rejected>,
}

/// A key that a service did not take.
#[derive(Debug)]
struct Rejected {
    mark: String,
    model: String,
    reason: String,
    until: Timestamp,
}

impl Keyring {
    /// The account with the key to ask a model with. The error says which key is missing, or rejected.
    pub(super) fn account(&self, account: &Account, keys: &dyn Keys, model: &str, now: Timestamp) -> Result<Account, ProviderError> {
        let Some(name) = account.key_variable.as_deref() else { return Ok(account.clone()) };
        let mut state = self.state();
        state.rejected.retain(|rejected| rejected.until > now);
        let usual = state.found.clone().or_else(|| account.api_key.clone());
        let mut candidates: Vec<Secret> = usual.filter(|key| state.rejection(keys, name, key, model).is_none()).into_iter().collect();
        if candidates.is_empty() {
            // The secrets are read where the key that is known does not do.
            candidates = account.api_key.iter().cloned().chain(keys.all(name).iter().map(Secret::new)).collect();
            candidates.dedup();
        }
        let Some(last) = candidates.last() else {
            return Err(ProviderError::KeyMissing { provider: account.name.clone(), name: name.to_owned() });
        };
        match candidates.iter().find(|key| state.rejection(keys, name, key, model).is_none()) {
            Some(key) => {
                state.found = Some(key.clone());
                Ok(Account { api_key: Some(key.clone()), ..account.clone() })
            }
            None => {
                let reason = state.rejection(keys, name, last, model).map(|rejected| rejected.reason.clone()).unwrap_or_default();
                let marks = candidates.iter().map(|key| keys.mark(name, key.reveal())).collect();
                Err(ProviderError::KeyRejected { provider: account.name.clone(), name: name.to_owned(), reason, marks })
            }
        }
    }

    /// Notes that a service did not take the key of `account` now.
    pub(super) fn reject(&self, account: &Account, keys: &dyn Keys, model: &str, reason: String, now: Timestamp) {
        let (Some(name), Some(key)) = (account.key_variable.as_deref(), &account.api_key) else { return };
        let mut state = self.state();
        if state.rejected.len() >= MOST {
            state.rejected.remove(0);
        }
        let until = now.checked_add(REST).unwrap_or(Timestamp::MAX);
        state.rejected.push(Rejected { mark: keys.mark(name, key.reveal()), model: model.to_owned(), reason, until });
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn rejection(&self, keys: &dyn Keys, name: &str, key: &Secret, model: &str) -> Option<&Rejected> {
        if self.rejected.is_empty() {
            return None;
        }
        let mark = keys.mark(name, key.reveal());
        self.rejected.iter().rev().find(|rejected| rejected.mark == mark && rejected.model == model)
    }
}
