//! Knowledge of the project: its documents, decisions, failures, and notes of plugins. Needs `knowledge` to search and
//! `remember` to add notes.
//!
//! ```
//! use baton_sdk::prelude::*;
//!
//! fn context(question: &str) -> Result<String> {
//!     let passages = knowledge::search(question, 5)?;
//!     Ok(passages.iter().map(|passage| format!("{}: {}\n", passage.source, passage.text)).collect())
//! }
//! # let host = baton_sdk::testing::Host::new().knowing("docs/PRD.md", "The ledger is a file.");
//! # assert_eq!(host.inside(|| context("ledger")), Ok("docs/PRD.md: The ledger is a file.\n".to_owned()));
//! ```

use crate::Result;
use crate::imports::knowledge as host;

pub use host::Passage;

/// Finds at most `limit` (1 to 50) passages that match the words of `query`, best first. Sources without a grant are left
/// out.
pub fn search(query: &str, limit: u32) -> Result<Vec<Passage>> {
    Ok(host::search(query, limit)?)
}

/// Saves a note of at most 64 KiB as `notes/` and `source`. Replaces the note that was there.
///
/// ```
/// # use baton_sdk::{prelude::*, testing::Host};
/// fn note(story: &str, learned: &str) -> Result<()> {
///     knowledge::remember(&format!("stories/{story}"), learned)
/// }
/// # let host = Host::new();
/// # host.inside(|| note("login", "The parser does not take tabs.")).unwrap();
/// # assert_eq!(host.inside(|| knowledge::search("parser", 1)).unwrap()[0].source, "notes/stories/login");
/// ```
pub fn remember(source: &str, text: &str) -> Result<()> {
    Ok(host::remember(source, text)?)
}
