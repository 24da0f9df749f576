//! On which server commands are done, and what this user signs in there with. Reads no credential from a file.

use std::path::PathBuf;

use super::{ConfigError, NO_STATE, folder, text};

/// The server that the environment names.
pub fn named_server() -> Option<String> {
    text("BATON_SERVER")
}

/// The token that the environment has for a server.
pub fn token_for_server() -> Option<String> {
    text("BATON_TOKEN")
}

/// Where this user's credentials for servers are kept.
pub fn credentials_file() -> Result<PathBuf, ConfigError> {
    Ok(folder("XDG_STATE_HOME", ".local/state").ok_or(NO_STATE)?.join("credentials.json"))
}
