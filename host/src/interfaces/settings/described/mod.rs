//! Every setting and every environment variable that the host and the bundled plugins read: the one list behind
//! `docs/reference/settings.md` and behind the search for misspelt settings. Reads none of them.

mod tables;
mod variables;

pub use tables::TABLES;
pub use variables::VARIABLES;

/// Whose settings are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    /// The user's settings only. A project cannot set it.
    User,
    /// The user's settings, and the project's over them.
    Both,
}

/// Settings that belong together.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// As TOML has it, such as `sandbox.images.NAME`; empty for settings outside of a table.
    pub name: &'static str,
    /// What it is for, in one or two sentences.
    pub meaning: &'static str,
    /// Whose settings are read.
    pub layer: Layer,
    /// Its settings.
    pub settings: &'static [Setting],
    /// A document that sets all of them.
    pub example: &'static str,
}

/// One setting.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Below its table. Capitals stand for a name that the user chooses.
    pub key: &'static str,
    /// What its value is.
    pub kind: &'static str,
    /// What holds where it is not set; empty where nothing does.
    pub default: &'static str,
    /// What it does.
    pub meaning: &'static str,
}

/// One environment variable.
#[derive(Clone, Copy, Debug)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// What holds where it is not set; empty where nothing does.
    pub default: &'static str,
    /// What it does.
    pub meaning: &'static str,
}

impl Table {
    /// The names on the way to a setting, outermost first.
    pub fn path(&self, setting: &Setting) -> Vec<&'static str> {
        self.name.split('.').filter(|name| !name.is_empty()).chain(setting.key.split('.')).collect()
    }
}

/// Whether a name in a key stands for one that the user chooses.
pub fn is_chosen(name: &str) -> bool {
    name.starts_with('"') || (!name.is_empty() && name.chars().all(|character| character.is_ascii_uppercase()))
}
