//! Where pull requests are and who asks for them, from the user's settings, the environment and the secrets.

use std::path::Path;

use serde_json::Value;

use super::{ConfigError, at, secret, text};
use crate::{
    interfaces::forge::{Config, SettingError, Sources},
    journal::Redactor,
    secrets::Secrets,
};

/// `[forge]` of the settings in `file`; `redactor` learns the token.
pub(super) fn read(user: &Value, file: &Path, secrets: &Secrets, redactor: &Redactor) -> Result<Config, ConfigError> {
    let nothing = Value::Object(serde_json::Map::new());
    let sources = Sources { variable: &text, secret: &|name| secret(secrets, name) };
    let config = Config::from_settings(at(user, "forge").unwrap_or(&nothing), &sources);
    let config = config.map_err(|SettingError { key, wanted, found }| ConfigError::Value {
        path: file.to_owned(),
        key: format!("forge{key}"),
        wanted,
        found,
    })?;
    config.token.iter().for_each(|token| redactor.learn(token.reveal()));
    Ok(config)
}
