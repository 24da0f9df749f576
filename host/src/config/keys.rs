//! Keys by their names, in the environment and among the secrets. The secrets alone change while the host is at work.

use std::fs;

use serde_json::Value;

use super::{Config, at, text};
use crate::interfaces::keys::{self, Keys};

impl Keys for Config {
    fn find(&self, name: &str) -> Option<String> {
        let key = self.secrets.find(name).ok()??;
        self.redactor.learn(&key);
        Some(key)
    }

    fn all(&self, name: &str) -> Vec<String> {
        let variable = text(name).filter(|_| !is_of_a_secret(&self.user, name));
        variable.iter().for_each(|key| self.redactor.learn(key));
        variable.into_iter().chain(self.find(name)).collect()
    }

    fn mark(&self, name: &str, key: &str) -> String {
        let secret = fs::read(&self.cache_key).ok().and_then(|secret| <[u8; 32]>::try_from(secret).ok());
        keys::mark(&secret.unwrap_or_default(), name, key)
    }
}

/// Whether the settings look for this name among the secrets alone.
fn is_of_a_secret(user: &Value, name: &str) -> bool {
    let is_it = |table: &Value, word: &str| table.get(word).and_then(Value::as_str) == Some(name);
    let providers = at(user, "providers").and_then(Value::as_object).into_iter().flatten();
    let forge = at(user, "forge").is_some_and(|forge| is_it(forge, "token-secret"));
    forge || providers.into_iter().any(|(_, provider)| provider.get("key-env").is_none() && is_it(provider, "key-secret"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_name_of_a_secret_is_not_looked_for_in_the_environment() {
        let user =
            json!({ "providers": { "lab": { "key-secret": "LAB" }, "hub": { "key-env": "HUB" } }, "forge": { "token-secret": "GIT" } });
        assert!(is_of_a_secret(&user, "LAB") && is_of_a_secret(&user, "GIT"));
        assert!(!is_of_a_secret(&user, "HUB") && !is_of_a_secret(&json!({}), "LAB"));
    }
}
