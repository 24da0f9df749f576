//! `settings`, from memory. As in a run, no plugin sees a secret.

use serde_json::{Value, json};

use crate::testing::installed;

pub(crate) fn get(key: &str) -> Option<String> {
    let world = installed::world("settings.get");
    let look = || Ok(find(&world.settings.borrow(), key));
    let found = world.call("settings.get", json!(key), None, look, |found| found.clone().unwrap_or_default()).ok().flatten();
    found.map(|value| value.to_string())
}

/// What a dotted key finds, secrets apart.
pub(super) fn find(settings: &Value, key: &str) -> Option<Value> {
    let mut value = settings;
    for (depth, name) in key.split('.').enumerate() {
        if is_secret(name, depth == 0) {
            return None;
        }
        value = value.as_object()?.get(name)?;
    }
    Some(without_secrets(value))
}

fn is_secret(name: &str, at_root: bool) -> bool {
    let name = name.to_lowercase().replace('_', "-");
    let ends = ["-key", "apikey", "-token", "-secret", "password"].iter().any(|end| name.ends_with(end));
    ends || matches!(name.as_str(), "token" | "secret") || at_root && matches!(name.as_str(), "keys" | "secrets")
}

fn without_secrets(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let open = members.iter().filter(|(name, _)| !is_secret(name, false));
            open.map(|(name, value)| (name.clone(), without_secrets(value))).collect()
        }
        Value::Array(items) => items.iter().map(without_secrets).collect(),
        plain => plain.clone(),
    }
}
