//! `[bindings]` in the operator's settings: which plugins fill slots. What a repository says of it is not read here.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Config, ConfigError};
use crate::kernel::slots::{Mistake, Table};

/// The bindings in the operator's settings, without those that are wrong; and those.
pub(super) fn read(user: &Value) -> (Table, Vec<Mistake>) {
    Table::from_settings(baton_slots::SLOTS, user)
}

/// The bindings in the operator's settings, which lie in `file`.
pub fn bindings(user: &Value, file: &Path) -> Result<Table, ConfigError> {
    let (table, mistakes) = read(user);
    mistakes.into_iter().next().map_or(Ok(table), |mistake| Err(wrong(file, mistake)))
}

impl Config {
    /// Reads the files and the environment. `data_dir` comes from the command line, which has looked at
    /// `BATON_DATA_DIR` itself.
    pub fn read(data_dir: Option<PathBuf>) -> Result<Self, ConfigError> {
        let config = Self::read_with_mistaken_bindings(data_dir)?;
        match config.mistaken_bindings.first() {
            // Another plugin than the operator means would fill the slot.
            Some(mistake) => Err(wrong(&config.user_file, mistake.clone())),
            None => Ok(config),
        }
    }
}

fn wrong(file: &Path, (key, error): Mistake) -> ConfigError {
    ConfigError::Binding { path: file.to_owned(), key, error }
}
