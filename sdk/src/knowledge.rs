//! What the project already knows: its documents, what was decided, what failed, and what plugins noted.

use crate::Result;
use crate::imports::knowledge as host;

pub use host::Passage;

/// The passages that fit the words of `query` best, at most `limit` (1 to 50), best first. Sources that were not
/// granted are left out.
pub fn search(query: &str, limit: u32) -> Result<Vec<Passage>> {
    Ok(host::search(query, limit)?)
}

/// Notes a text of at most 64 KiB under `notes/` and `source`, in the place of what was noted there before.
pub fn remember(source: &str, text: &str) -> Result<()> {
    Ok(host::remember(source, text)?)
}
