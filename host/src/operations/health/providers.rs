//! Whether the services that answer for models can be reached. Asks no model, so it costs nothing.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Check, settings::effective};
use crate::{
    config::Config,
    escape::escaped,
    interfaces::{
        Settings,
        llm::{
            self,
            providers::{Reached, reach},
        },
    },
    operations::Problem,
};

/// A check for every service that is set up: by a key, by `[providers.NAME]`, or by `models.default`, also that of the
/// project in this folder.
pub(super) async fn checks(config: &Config) -> Vec<Check> {
    match reach(&config.models, &list_providers(config, effective(config))).await {
        Ok(reached) => reached.iter().map(check).collect(),
        Err(error) => vec![Check::warn("provider", "cannot be asked", Problem::of(&error).to_string())],
    }
}

fn list_providers(config: &Config, settings: Value) -> BTreeSet<String> {
    let models = &config.models;
    let keys = [("anthropic", &models.anthropic_api_key), ("openai", &models.openai_api_key), ("gemini", &models.gemini_api_key)];
    let keyed = keys.into_iter().filter(|(_, key)| key.is_some()).map(|(name, _)| name.to_owned());
    let preferences = Settings::merge(&[settings]);
    let defaults = llm::Preferences::models(&preferences, "models.default");
    // What an alias does not lead to is told by the command that asks it.
    let defaults = defaults.iter().flat_map(|name| llm::named(name, &preferences).unwrap_or_default());
    let asked = defaults.filter_map(|model| Some(model.split_once('/')?.0.to_owned()));
    keyed.chain(asked).chain(models.endpoints.keys().cloned()).collect()
}

fn check(reached: &Reached) -> Check {
    let (name, address) = (escaped(&reached.name), escaped(&reached.address));
    match &reached.problem {
        None => Check::ok("provider", format!("`{name}` is reached at {address}")),
        Some(problem) => Check::warn(
            "provider",
            format!("`{name}` cannot be reached at {address}: {problem}"),
            format!("Start it, or correct {}.", place(&name)),
        ),
    }
}

/// Where the address of a provider is set.
fn place(name: &str) -> String {
    match name {
        "anthropic" | "openai" | "gemini" | "ollama" => format!("{}_BASE_URL and the network", name.to_uppercase()),
        _ => format!("`base-url` under [providers.{name}] in the settings"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_down_is_named_with_its_address_and_where_that_is_set() {
        let down = |name: &str| {
            let problem = Some("connection refused".to_owned());
            check(&Reached { name: name.to_owned(), address: "http://127.0.0.1:1/v1/".to_owned(), problem })
        };
        assert_eq!(down("lab").message, "`lab` cannot be reached at http://127.0.0.1:1/v1/: connection refused");
        assert_eq!(down("lab").hint.as_deref(), Some("Start it, or correct `base-url` under [providers.lab] in the settings."));
        assert!(down("ollama").hint.unwrap().contains("OLLAMA_BASE_URL"));
    }
}
