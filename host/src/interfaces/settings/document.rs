//! The document of settings: how layers are merged, what a key finds, what stays out of sight.

use crate::errors::Hint;
use serde_json::{Map, Value};

/// Everything that is set, one JSON object.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings(Value);

/// Why settings were not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// Not TOML.
    #[error("`{name}`, line {line}: {reason}.")]
    NotToml {
        /// The file.
        name: String,
        /// Counted from 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
    /// A number that JSON does not have.
    #[error("`{name}` sets `{key}` to a number that is not finite.")]
    NotFinite {
        /// The file.
        name: String,
        /// The dotted key.
        key: String,
    },
}

impl Hint for SettingsError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NotToml { .. } => "Correct the line and try again.",
            Self::NotFinite { .. } => "Write a finite one.",
        };
        Some(hint.to_owned())
    }
}

impl Settings {
    /// One document of many: a later layer wins, key by key for objects and as a whole for anything else.
    pub fn merge(layers: &[Value]) -> Self {
        let mut merged = Value::Object(Map::new());
        layers.iter().filter(|layer| layer.is_object()).for_each(|layer| lay_over(&mut merged, layer));
        Self(merged)
    }

    /// The document itself, secrets and all; for the host alone.
    pub fn into_value(self) -> Value {
        self.0
    }

    /// What a dotted key such as `plan.stories.most` finds. None for what is not set, for what only the host reads, and for
    /// what is secret: anything below `keys` and `secrets`, every name that ends like one of a key, a token, a secret or a
    /// password, and every address with a login in it. Of the sandbox only that is found which every command finds out anyway.
    pub fn get(&self, key: &str) -> Option<Value> {
        if is_fact_of_sandbox(key) {
            return self.for_host(key).filter(|value| value.is_boolean() || value.is_number() || key == ENGINE).cloned();
        }
        let mut value = &self.0;
        for (depth, name) in key.split('.').enumerate() {
            if is_secret(name, depth == 0) {
                return None;
            }
            value = value.as_object()?.get(name)?;
        }
        if key == FOLDERS_OF_TESTS {
            let folders = value.as_object()?.iter();
            return Some(folders.filter_map(|(folder, value)| Some((folder.clone(), without_secrets(value)?))).collect());
        }
        without_secrets(value)
    }

    /// What a dotted key finds for the host itself, from which nothing is hidden.
    pub fn for_host(&self, key: &str) -> Option<&Value> {
        key.split('.').try_fold(&self.0, |value, name| value.get(name))
    }

    /// A layer from a TOML file called `name`. Dates become text.
    pub fn from_toml(text: &str, name: &str) -> Result<Value, SettingsError> {
        let table: toml::Table = toml::from_str(text).map_err(|error| {
            let before = error.span().map_or(0, |span| span.start);
            let line = 1 + text.bytes().take(before).filter(|byte| *byte == b'\n').count();
            SettingsError::NotToml { name: name.to_owned(), line, reason: error.message().trim_end_matches('.').to_owned() }
        })?;
        json(toml::Value::Table(table)).map_err(|key| SettingsError::NotFinite { name: name.to_owned(), key })
    }
}

fn lay_over(below: &mut Value, above: &Value) {
    let (Value::Object(below), Value::Object(above)) = (&mut *below, above) else {
        *below = above.clone();
        return;
    };
    for (key, value) in above {
        lay_over(below.entry(key.clone()).or_insert(Value::Null), value);
    }
}

/// Tables that only the host reads: they say how it reaches others, whom it trusts and what it allows.
const HOSTS_OWN: &[&str] = &[
    "keys",
    "secrets",
    "providers",
    "mcp",
    "registries",
    "signatures",
    "operator",
    "compile",
    "limits",
    "plugins",
    "prices",
    "abilities",
    "runs",
    "sandbox",
    "setup",
    "forge",
    "api",
];
const ENGINE: &str = "sandbox.engine";
/// A table whose names are folders of the project, which may be called `auth` or `token` and hold no secret for it.
const FOLDERS_OF_TESTS: &str = "test.folders";
/// What an agent has to know about the place where its commands run. The image's own name is not among it.
const FACTS_OF_IMAGES: &[&str] = &["network", "memory-mib", "timeout-s"];

fn is_fact_of_sandbox(key: &str) -> bool {
    let fact = key.strip_prefix("sandbox.images.").and_then(|rest| rest.split_once('.'));
    key == ENGINE || fact.is_some_and(|(_, fact)| FACTS_OF_IMAGES.contains(&fact))
}

/// What a name ends with that holds a secret, in the singular.
const SECRET: &[&str] =
    &["key", "token", "secret", "password", "passwd", "passphrase", "credential", "bearer", "auth", "authorization", "cookie", "dsn"];

fn is_secret(name: &str, at_root: bool) -> bool {
    let name = name.to_lowercase().replace('_', "-");
    // Several tokens are a number of them.
    let singular = name.strip_suffix('s').filter(|singular| !singular.ends_with("token")).unwrap_or(&name);
    SECRET.iter().any(|end| name.ends_with(end) || singular.ends_with(end)) || at_root && HOSTS_OWN.contains(&name.as_str())
}

/// Whether a text is an address that somebody is logged in by, such as `postgres://mary:pass@db/baton`.
fn has_login(text: &str) -> bool {
    let Some((_, address)) = text.split_once("://") else { return false };
    let authority = address.split(['/', '?', '#']).next().unwrap_or_default();
    authority.rsplit_once('@').is_some_and(|(login, _)| login.contains(':'))
}

/// A secret stays one when what is around it is asked for.
fn without_secrets(value: &Value) -> Option<Value> {
    Some(match value {
        Value::Object(members) => {
            let open = members.iter().filter(|(name, _)| !is_secret(name, false));
            open.filter_map(|(name, value)| Some((name.clone(), without_secrets(value)?))).collect()
        }
        Value::Array(items) => items.iter().filter_map(without_secrets).collect(),
        Value::String(text) if has_login(text) => return None,
        plain => plain.clone(),
    })
}

/// The JSON form; the error is the dotted key of a number that has none.
fn json(value: toml::Value) -> Result<Value, String> {
    Ok(match value {
        toml::Value::String(text) => text.into(),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => serde_json::Number::from_f64(number).ok_or_else(String::new)?.into(),
        toml::Value::Boolean(truth) => truth.into(),
        toml::Value::Datetime(time) => time.to_string().into(),
        toml::Value::Array(items) => Value::Array(items.into_iter().map(json).collect::<Result<_, _>>()?),
        toml::Value::Table(table) => {
            let member = |(name, value): (String, toml::Value)| match json(value) {
                Ok(value) => Ok((name, value)),
                Err(below) if below.is_empty() => Err(name),
                Err(below) => Err(format!("{name}.{below}")),
            };
            Value::Object(table.into_iter().map(member).collect::<Result<_, _>>()?)
        }
    })
}
