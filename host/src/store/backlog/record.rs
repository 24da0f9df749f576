//! An item and a move as rows, and back. Decides nothing about what becomes of them.

use sqlx::{Row, any::AnyRow};

use super::super::{StoreError, number::read_number};
use crate::{
    interfaces::{
        backlog::{Draft, Item, Kind, Move, Mover, Status},
        item_changes::Seen,
    },
    journal::RunId,
};

const ITEMS: &str = "items";
const MOVES: &str = "item_moves";

pub(super) fn item(row: &AnyRow) -> Result<Item, StoreError> {
    let draft = Draft {
        key: row.try_get("key")?,
        kind: word(ITEMS, row.try_get("kind")?, Kind::from_word)?,
        title: row.try_get("title")?,
        body: row.try_get("body")?,
        parent: row.try_get("parent")?,
        after: serde_json::from_str(row.try_get("after")?).map_err(|error| StoreError::row(ITEMS, error))?,
        priority: u8::try_from(read_number(row, "priority")?).map_err(|error| StoreError::row(ITEMS, error))?,
        labels: serde_json::from_str(row.try_get("labels")?).map_err(|error| StoreError::row(ITEMS, error))?,
    };
    let status = word(ITEMS, row.try_get("status")?, Status::from_word)?;
    Ok(Item { draft, status, assignee: row.try_get("assignee")?, branch: row.try_get("branch")? })
}

pub(super) fn parse_seen(row: &AnyRow) -> Result<Seen, StoreError> {
    Ok(Seen {
        revision: read_number(row, "revision")?,
        status: word(ITEMS, row.try_get("status")?, Status::from_word)?,
        assignee: row.try_get("assignee")?,
        branch: row.try_get("branch")?,
    })
}

pub(super) fn parse_move(row: &AnyRow) -> Result<Move, StoreError> {
    let status = |text: &str| word(MOVES, text, Status::from_word);
    let by = match (row.try_get::<Option<String>, _>("run_id")?, row.try_get::<Option<String>, _>("person")?) {
        (Some(run), None) => Mover::Run(RunId::from_text(run)),
        (None, Some(person)) => Mover::Person(person),
        _ => return Err(StoreError::row(MOVES, "a move has no author, or two")),
    };
    Ok(Move {
        at: read_number(row, "at")?,
        before: row.try_get::<Option<&str>, _>("before_status")?.map(status).transpose()?,
        after: status(row.try_get("after_status")?)?,
        reason: row.try_get("reason")?,
        by,
    })
}

/// What the word in a column of an item names.
pub(super) fn word_of<T>(row: &AnyRow, column: &str, read: impl Fn(&str) -> Option<T>) -> Result<T, StoreError> {
    word(ITEMS, row.try_get(column)?, read)
}

fn word<T>(table: &'static str, word: &str, read: impl Fn(&str) -> Option<T>) -> Result<T, StoreError> {
    read(word).ok_or_else(|| StoreError::row(table, format!("`{word}` is not a known word")))
}
