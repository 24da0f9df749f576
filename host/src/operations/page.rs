//! Lists, a page at a time. Knows nothing of what is listed.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Problem;

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    /// In the order of the list.
    pub items: Vec<T>,
    /// What gives the next page; none after the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// A list that has no more than these.
    pub fn whole(items: Vec<T>) -> Self {
        Self { items, next: None }
    }
}

/// A cursor that no page of the list gave.
pub(super) fn reject_cursor() -> Problem {
    Problem::invalid("cursor_invalid", "cursor", "The cursor does not belong to this list.").advise("Give the `next` of a page.")
}
