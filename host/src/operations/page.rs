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
    /// A list that has no more than these. Whoever calls it says why it stays short, or cuts it by [`Page::cut`].
    pub fn whole(items: Vec<T>) -> Self {
        Self { items, next: None }
    }

    /// The page of a whole list that begins behind the item with the key `cursor`, at most `limit` of them.
    pub fn cut(items: Vec<T>, key: impl Fn(&T) -> String, cursor: Option<&str>, limit: u32) -> Result<Self, Problem> {
        let begin = match cursor {
            None => 0,
            Some(cursor) => 1 + items.iter().position(|item| key(item) == cursor).ok_or_else(reject_cursor)?,
        };
        let limit = limit as usize;
        let is_last = items.len() <= begin.saturating_add(limit);
        let items: Vec<T> = items.into_iter().skip(begin).take(limit).collect();
        let next = items.last().filter(|_| !is_last).map(key);
        Ok(Self { items, next })
    }
}

/// A cursor that no page of the list gave.
pub(super) fn reject_cursor() -> Problem {
    Problem::invalid("cursor_invalid", "cursor", "The cursor does not belong to this list.")
        .advise("Give the `next` of a page, or begin without a cursor.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(cursor: Option<&str>, limit: u32) -> Result<(String, Option<String>), Problem> {
        let page = Page::cut(vec!["a", "b", "c"], ToString::to_string, cursor, limit)?;
        Ok((page.items.concat(), page.next))
    }

    #[test]
    fn pages_follow_each_other_until_the_last() {
        assert_eq!(cut(None, 2).unwrap(), ("ab".to_owned(), Some("b".to_owned())));
        assert_eq!(cut(Some("b"), 2).unwrap(), ("c".to_owned(), None));
        assert_eq!(cut(None, 3).unwrap(), ("abc".to_owned(), None));
        assert_eq!(cut(Some("c"), 3).unwrap(), (String::new(), None));
    }

    #[test]
    fn a_cursor_that_leads_nowhere_is_rejected_with_its_field() {
        assert_eq!(cut(Some("x"), 2).unwrap_err().field.as_deref(), Some("cursor"));
    }
}
