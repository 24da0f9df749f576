//! `[bindings]` in the operator's settings: which plugins fill slots. What a repository says of it is not read here.

use std::path::Path;

use serde_json::Value;

use super::ConfigError;
use crate::kernel::slots::Table;

/// The bindings in the operator's settings, which lie in `file`.
pub fn bindings(user: &Value, file: &Path) -> Result<Table, ConfigError> {
    Table::from_settings(baton_slots::SLOTS, user).map_err(|(key, error)| ConfigError::Binding { path: file.to_owned(), key, error })
}
