//! The tables `items` and `item_moves`. Reads here, changes beside; what fits together, the interface's rules decide.

mod arrange;
mod change;
mod lists;
mod order;
mod record;

use async_trait::async_trait;
use sqlx::Row;

use super::{
    Store, StoreError,
    error::{reading, writing},
};
use crate::interfaces::{
    backlog::{Author, Backlog, BacklogError, Draft, Item, Labels, Move, SortKey, Status, unknown},
    item_changes::{ItemChanges, Seen},
};
use change::{Assign, Label, MoveTo, Put, Written};
pub(super) use order::fill_list_columns;
use record::{item, parse_move, parse_seen};

/// What errors call it.
const BACKLOG: &str = "the backlog";

/// The columns an item is read from, with its body.
macro_rules! whole {
    () => {
        "key, kind, title, body, parent, after, priority, labels, status, assignee, branch"
    };
}
/// The columns of an item whose body is left where it is.
macro_rules! brief {
    () => {
        "key, kind, title, '' as body, parent, after, priority, labels, status, assignee, branch"
    };
}

const ALL: &str = concat!("select ", brief!(), " from items where project = $1");
const ALL_WHOLE: &str = concat!("select ", whole!(), " from items where project = $1");
const FIND: &str = concat!("select ", whole!(), " from items where project = $1 and key = $2");
const FIND_WRITTEN: &str = concat!("select ", whole!(), ", body_written from items where project = $1 and key = $2");
const SEE: &str = "select revision, status, assignee, branch from items where project = $1 and key = $2";
const KEYS: &str = "select key from items where project = $1";
const MOVES: &str =
    "select at, before_status, after_status, reason, run_id, person from item_moves where project = $1 and key = $2 order by place";

#[async_trait]
impl Backlog for Store {
    async fn put(&self, project: &str, drafts: &[Draft], by: &Author) -> Result<(), BacklogError> {
        let change = Put { project: project.to_owned(), drafts: drafts.to_vec(), by: by.clone() };
        self.queue.change(change).await.map_err(writing(BACKLOG))?
    }

    async fn move_to(&self, project: &str, key: &str, status: Status, reason: &str, by: &Author) -> Result<(), BacklogError> {
        let (project, key, reason) = (project.to_owned(), key.to_owned(), reason.to_owned());
        let moved = self.queue.change(MoveTo { project: project.clone(), key: key.clone(), status, reason, by: by.clone() }).await;
        self.require_found(&project, &key, moved.map_err(writing(BACKLOG))?).await
    }

    async fn assign(
        &self,
        project: &str,
        key: &str,
        assignee: Option<&str>,
        branch: Option<&str>,
        by: &Author,
    ) -> Result<(), BacklogError> {
        let (assignee, branch) = (assignee.map(str::to_owned), branch.map(str::to_owned));
        let change = Assign { project: project.to_owned(), key: key.to_owned(), assignee, branch, by: by.clone() };
        let assigned = self.queue.change(change).await;
        self.require_found(project, key, assigned.map_err(writing(BACKLOG))?).await
    }

    async fn label(&self, project: &str, key: &str, added: &[String], removed: &[String], by: &Author) -> Result<Labels, BacklogError> {
        let (added, removed) = (added.to_vec(), removed.to_vec());
        let change = Label { project: project.to_owned(), key: key.to_owned(), added, removed, by: by.clone() };
        let labelled = self.queue.change(change).await;
        self.require_found(project, key, labelled.map_err(writing(BACKLOG))?).await
    }

    async fn items(&self, project: &str, with_bodies: bool) -> Result<Vec<Item>, BacklogError> {
        let query = sqlx::query(if with_bodies { ALL_WHOLE } else { ALL }).bind(project);
        let rows = query.fetch_all(&self.reads).await.map_err(reading(BACKLOG))?;
        let mut items = rows.iter().map(item).collect::<Result<Vec<_>, _>>().map_err(reading(BACKLOG))?;
        // Here, because databases do not agree on an order of text, and know none of numbers in it.
        items.sort_by_cached_key(|item| SortKey::of(&item.draft.key));
        Ok(items)
    }

    async fn item(&self, project: &str, key: &str) -> Result<Item, BacklogError> {
        let found = self.find_item(project, key).await.map_err(reading(BACKLOG))?.map(|(item, _)| item);
        self.require_found(project, key, Ok(found)).await
    }

    async fn load_written(&self, project: &str, key: &str) -> Result<(Item, Option<String>), BacklogError> {
        let found = self.find_item(project, key).await.map_err(reading(BACKLOG))?;
        self.require_found(project, key, Ok(found)).await
    }

    async fn mark_written(&self, project: &str, bodies: Vec<(String, String)>) -> Result<(), BacklogError> {
        Ok(self.queue.change(Written { project: project.to_owned(), bodies }).await.map_err(writing(BACKLOG))?)
    }

    async fn history(&self, project: &str, key: &str) -> Result<Vec<Move>, BacklogError> {
        let rows = sqlx::query(MOVES).bind(project).bind(key).fetch_all(&self.reads).await.map_err(reading(BACKLOG))?;
        let moves = rows.iter().map(parse_move).collect::<Result<Vec<_>, _>>().map_err(reading(BACKLOG))?;
        // Whatever was added has a first move.
        self.require_found(project, key, Ok(Some(moves).filter(|moves| !moves.is_empty()))).await
    }
}

#[async_trait]
impl ItemChanges for Store {
    async fn see(&self, project: &str, key: &str) -> Result<Seen, BacklogError> {
        let row = sqlx::query(SEE).bind(project).bind(key).fetch_optional(&self.reads).await.map_err(reading(BACKLOG))?;
        let seen = row.as_ref().map(parse_seen).transpose().map_err(reading(BACKLOG))?;
        self.require_found(project, key, Ok(seen)).await
    }
}

impl Store {
    async fn find_item(&self, project: &str, key: &str) -> Result<Option<(Item, Option<String>)>, StoreError> {
        let row = sqlx::query(FIND_WRITTEN).bind(project).bind(key).fetch_optional(&self.reads).await?;
        row.as_ref().map(|row| Ok((item(row)?, row.try_get("body_written")?))).transpose()
    }

    /// What was found; else the refusal that names the keys near it.
    async fn require_found<A>(&self, project: &str, key: &str, found: Result<Option<A>, BacklogError>) -> Result<A, BacklogError> {
        if let Some(found) = found? {
            return Ok(found);
        }
        let rows = sqlx::query(KEYS).bind(project).fetch_all(&self.reads).await.map_err(reading(BACKLOG))?;
        let keys = rows.iter().map(|row| row.try_get::<&str, _>(0)).collect::<Result<Vec<_>, _>>();
        Err(unknown(key, keys.map_err(reading(BACKLOG))?.into_iter()).into())
    }
}
