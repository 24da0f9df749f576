//! Lines of texts as the journal keeps them and plugins get them, for all that have some. Reads nothing.

use baton_sdk::files::Excerpt;
use serde::{Deserialize, Serialize};

use crate::{bindings::files as wit, interfaces::numbers::to_wit, journal::CallError};

/// Bytes of lines of one answer, however many are asked for.
pub(super) const LONGEST: u32 = 1 << 20;

/// Lines of a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Kept {
    /// The number of the first one.
    first: u32,
    lines: Vec<Line>,
    /// Lines of the whole text.
    total_lines: u32,
    /// Bytes of the whole text.
    size: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Line {
    text: String,
    #[serde(default, skip_serializing_if = "is_zero")]
    left_out_bytes: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands in a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// Lines are counted from 1.
pub(super) fn check_first(first: u32) -> Result<(), CallError> {
    if first == 0 { Err(CallError::invalid("Lines are counted from 1, so there is no line 0; ask for one from 1 on.")) } else { Ok(()) }
}

impl From<Excerpt> for Kept {
    fn from(excerpt: Excerpt) -> Self {
        let size = excerpt.size();
        let lines = excerpt.lines.into_iter().map(|line| Line { text: line.text, left_out_bytes: line.left_out_bytes }).collect();
        Self { first: excerpt.first, lines, total_lines: excerpt.total_lines, size }
    }
}

impl From<Kept> for wit::Excerpt {
    fn from(kept: Kept) -> Self {
        let lines = kept.lines.into_iter().map(|line| wit::TextLine { text: line.text, left_out_bytes: line.left_out_bytes }).collect();
        Self { first: kept.first, lines, total_lines: kept.total_lines, size_bytes: to_wit(kept.size) }
    }
}
