//! What code finds out about a project for an agent: its tree, the definitions in its files, its conventions, manifests
//! and test commands. Part of the workflows that use it; asks no model, changes nothing, and needs `read`.

mod commands;
mod conventions;
mod languages;
mod manifests;
mod project;
mod symbols;
mod text;
mod tree;

use baton_sdk::files::{self, LineMatch};
use baton_sdk::{Error, ErrorKind, Result};

pub use commands::{FolderCommands, TestCommands, joined, test_command};
pub use conventions::conventions;
pub use manifests::manifests;
pub use project::{Project, is_text};
pub use symbols::{has_symbols, symbols};
pub use text::{cut, document, tokens};
pub use tree::tree;

/// A text with its title, such as a file's path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Titled {
    /// Where it comes from.
    pub title: String,
    /// What it says.
    pub text: String,
}

/// The text of a file; none where there is no such text file.
pub fn read(path: &str) -> Result<Option<String>> {
    match files::read_text(path) {
        Ok(text) => Ok(Some(text)),
        // What is no text, or went away meanwhile, is no reason to go without the rest.
        Err(Error { kind: ErrorKind::Invalid | ErrorKind::NotFound, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Lines that match. A project in which the host cannot search so far has none: what is found is a help and no condition.
pub fn search(pattern: &str, glob: Option<&str>, limit: u32) -> Result<Vec<LineMatch>> {
    match files::search(pattern, glob, limit) {
        Err(Error { kind: ErrorKind::Invalid, .. }) => Ok(Vec::new()),
        found => found,
    }
}
