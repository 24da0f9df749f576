//! The services that an operator names: `[providers.NAME]` in the user's settings. Asks none of them.

use std::{collections::BTreeMap, path::Path};

use serde_json::Value;

use super::{ConfigError, at, secret, text};
use crate::{
    interfaces::llm::{Endpoint, Protocol, Secret},
    secrets::Secrets,
};

/// The words of a service.
const WORDS: [&str; 4] = ["base-url", "protocol", "key-env", "key-secret"];

/// The services in the user's settings, which lie in `file`, by their names.
pub(super) fn endpoints(user: &Value, file: &Path, secrets: &Secrets) -> Result<BTreeMap<String, Endpoint>, ConfigError> {
    let providers = at(user, "providers").and_then(Value::as_object);
    let read = |(name, provider): (&String, &Value)| Ok((name.clone(), endpoint(name, provider, file, secrets)?));
    providers.into_iter().flatten().map(read).collect()
}

fn endpoint(name: &str, provider: &Value, file: &Path, secrets: &Secrets) -> Result<Endpoint, ConfigError> {
    let wrong = |field: &str, wanted, found: String| {
        let key = format!("providers.{}.{}", name.escape_debug(), field.escape_debug());
        ConfigError::Value { path: file.to_owned(), key, wanted, found }
    };
    let unknown = provider.as_object().and_then(|fields| fields.keys().find(|field| !WORDS.contains(&field.as_str())));
    if let Some(field) = unknown {
        let wanted =
            "`base-url`, `protocol`, `key-env`, the name of the variable that holds the key, or `key-secret`, the name of a secret";
        return Err(wrong(field, wanted, "something else".to_owned()));
    }
    let word = |key: &str| provider.get(key).and_then(Value::as_str);
    let Some(base_url) = word("base-url") else {
        return Err(wrong("base-url", "an address such as http://127.0.0.1:8000/v1", "not set".to_owned()));
    };
    let protocol = match provider.get("protocol") {
        None => Some(Protocol::OpenAiCompatible),
        Some(word) => word.as_str().and_then(Protocol::named),
    };
    let Some(protocol) = protocol else {
        let wanted = "\"chat-completions\", \"responses\", \"messages\" or \"generate-content\"";
        return Err(wrong("protocol", wanted, provider["protocol"].to_string()));
    };
    let kept = |name: &str| secret(secrets, name).map(Secret::new);
    let key = |name: &str| text(name).map(Secret::new).or_else(|| kept(name));
    let api_key = word("key-env").and_then(key).or_else(|| word("key-secret").and_then(kept));
    let key_variable = word("key-env").or(word("key-secret")).map(str::to_owned);
    Ok(Endpoint { protocol, base_url: base_url.to_owned(), api_key, key_variable })
}
