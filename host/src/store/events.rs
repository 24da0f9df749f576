//! The table `events`: everything that happened, in one order. Knows no category's particulars.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;
use sqlx::{AnyConnection, Row, any::AnyRow};
use tokio::sync::broadcast;

pub(super) use super::new_rows::NewEvent;
use super::{
    Store, StoreError,
    error::{reading, writing},
    number::{read_number, stored},
    queue::Rows,
    rows::MultiRow,
    runs::in_tree,
};
use crate::{
    actor::Actor,
    errors::StorageError,
    events::{Category, Draft, Event, EventLog, Found, Search},
    journal::RunId,
};

/// What errors call it.
const EVENT_LOG: &str = "the event log";

const TABLE: &str = "events";
const COLUMNS: usize = 7;
const HEAD: &str = "insert into events (cursor, at, category, name, run_id, actor, data)";
const LAST_CURSOR: &str = "select coalesce(max(cursor), 0) from events";
const FIRST_CURSOR: &str = "select coalesce(min(cursor), 0) from events";
const AFTER: &str = "select cursor, at, category, name, run_id, actor, data from events where cursor > $1 order by cursor limit $2";
const LATEST: &str =
    "select cursor, at, category, name, run_id, actor, data from events where category = $1 and cursor < $2 order by cursor desc limit $3";
const AFTER_OF_RUN: &str =
    "select cursor, at, category, name, run_id, actor, data from events where cursor > $1 and run_id = $3 order by cursor limit $2";
/// The runs of an item are few, and the events of each have an index.
const AFTER_OF_ITEM: &str = "select e.cursor, e.at, e.category, e.name, e.run_id, e.actor, e.data from runs r \
    join events e on e.run_id = r.id where r.project = $3 and r.item = $4 and e.cursor > $1 and e.at >= $5 order by e.cursor limit $2";

/// What a search reads. An event of a run is of the run's project.
macro_rules! search {
    ($cursor:literal, $category:literal, $more:expr, $order:literal) => {
        concat!(
            "select e.cursor, e.at, e.category, e.name, e.run_id, e.actor, e.data, \
             coalesce(r.project, cast(json_extract(e.data, '$.project') as text)) as project \
             from events e left join runs r on r.id = e.run_id where ",
            $cursor,
            " > $1 and ",
            $cursor,
            " <= $2 and ",
            $category,
            " and ($5 = '' or e.category || '.' || e.name in (select value from json_each($5))) \
             and ($6 = '' or coalesce(r.project, cast(json_extract(e.data, '$.project') as text)) in (select value from json_each($6))) \
             and ($7 = '' or r.item = $7 or (e.category = 'item' and cast(json_extract(e.data, '$.key') as text) = $7)) \
             and ($8 = '' or instr(lower(e.name || ' ' || e.data), lower($8)) > 0)",
            $more,
            " order by ",
            $order,
            " limit $3"
        )
    };
}
const OLDEST: &str = search!("e.cursor", "$4 = ''", "", "e.cursor");
const NEWEST: &str = search!("e.cursor", "$4 = ''", "", "e.cursor desc");
/// Those of one category have an index of their own.
const OLDEST_OF_CATEGORY: &str = search!("e.cursor", "e.category = $4", "", "e.cursor");
const NEWEST_OF_CATEGORY: &str = search!("e.cursor", "e.category = $4", "", "e.cursor desc");
/// The events of a tree are found by its runs, not by their place in the log: hence not in the form of the log's own order.
const OLDEST_OF_TREE: &str =
    search!("e.cursor + 0", "($4 = '' or e.category || '' = $4)", concat!(" and ", in_tree!("e.run_id", "$9")), "e.cursor + 0");
const NEWEST_OF_TREE: &str =
    search!("e.cursor + 0", "($4 = '' or e.category || '' = $4)", concat!(" and ", in_tree!("e.run_id", "$9")), "e.cursor + 0 desc");

#[async_trait]
impl EventLog for Store {
    async fn append(&self, events: Vec<Draft>) -> Result<(), StorageError> {
        let rows = Rows { events: NewEvent::all(events), ..Rows::default() };
        self.queue.write(rows).await.map_err(writing(EVENT_LOG))
    }

    async fn after(&self, cursor: i64, run: Option<&RunId>, limit: u32) -> Result<Vec<Event>, StorageError> {
        self.load_events(cursor, run, limit).await.map_err(reading(EVENT_LOG))
    }

    async fn after_of_item(&self, cursor: i64, item: (&str, &str), since: u64, limit: u32) -> Result<Vec<Event>, StorageError> {
        let query = sqlx::query(AFTER_OF_ITEM).bind(cursor).bind(i64::from(limit)).bind(item.0).bind(item.1).bind(stored(since));
        let rows = query.fetch_all(&self.reads).await.map_err(reading(EVENT_LOG))?;
        rows.iter().map(event).collect::<Result<_, _>>().map_err(reading(EVENT_LOG))
    }

    async fn latest(&self, category: Category, before: Option<i64>, limit: u32) -> Result<Vec<Event>, StorageError> {
        let query = sqlx::query(LATEST).bind(category.as_str()).bind(before.unwrap_or(i64::MAX)).bind(i64::from(limit));
        let rows = query.fetch_all(&self.reads).await.map_err(reading(EVENT_LOG))?;
        rows.iter().map(event).collect::<Result<_, _>>().map_err(reading(EVENT_LOG))
    }

    async fn search(&self, search: &Search) -> Result<Vec<Found>, StorageError> {
        self.search_events(search).await.map_err(reading(EVENT_LOG))
    }

    async fn newest(&self) -> Result<i64, StorageError> {
        self.load_cursor(LAST_CURSOR).await.map_err(reading(EVENT_LOG))
    }

    async fn oldest(&self) -> Result<i64, StorageError> {
        self.load_cursor(FIRST_CURSOR).await.map_err(reading(EVENT_LOG))
    }

    /// A store that was opened for looking hears nothing: only the process that writes does.
    fn listen(&self) -> broadcast::Receiver<Event> {
        self.listeners.subscribe()
    }
}

impl Store {
    async fn load_cursor(&self, query: &'static str) -> Result<i64, StoreError> {
        Ok(sqlx::query(query).fetch_one(&self.reads).await?.try_get(0)?)
    }

    async fn search_events(&self, search: &Search) -> Result<Vec<Found>, StoreError> {
        let statement = match (&search.run, search.category, search.newest_first) {
            (None, None, false) => OLDEST,
            (None, None, true) => NEWEST,
            (None, Some(_), false) => OLDEST_OF_CATEGORY,
            (None, Some(_), true) => NEWEST_OF_CATEGORY,
            (Some(_), _, false) => OLDEST_OF_TREE,
            (Some(_), _, true) => NEWEST_OF_TREE,
        };
        let query = sqlx::query(statement)
            .bind(search.after)
            .bind(search.up_to.unwrap_or(i64::MAX))
            .bind(i64::from(search.limit))
            .bind(search.category.map(Category::as_str).unwrap_or_default())
            .bind(list(search.kinds.as_deref()))
            .bind(list(search.projects.as_deref()))
            .bind(search.item.as_deref().unwrap_or_default())
            .bind(search.text.as_deref().map(written).unwrap_or_default());
        let query = match &search.run {
            Some(run) => query.bind(run.as_str()),
            None => query,
        };
        let found = |row: &AnyRow| -> Result<Found, StoreError> { Ok(Found { project: row.try_get("project")?, event: event(row)? }) };
        query.fetch_all(&self.reads).await?.iter().map(found).collect()
    }

    async fn load_events(&self, cursor: i64, run: Option<&RunId>, limit: u32) -> Result<Vec<Event>, StoreError> {
        let mut query = sqlx::query(if run.is_some() { AFTER_OF_RUN } else { AFTER }).bind(cursor).bind(i64::from(limit));
        if let Some(run) = run {
            query = query.bind(run.as_str());
        }
        query.fetch_all(&self.reads).await?.iter().map(event).collect()
    }
}

/// A JSON array for a statement; an empty text where there is no list.
fn list(words: Option<&[String]>) -> String {
    words.map(|words| Value::from(words.to_vec()).to_string()).unwrap_or_default()
}

/// A text as the particulars of events have it, which are JSON.
fn written(text: &str) -> String {
    let quoted = Value::from(text).to_string();
    quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or_default().to_owned()
}

/// Writes events.
pub(super) struct EventInsert {
    statements: MultiRow,
}

impl EventInsert {
    pub(super) fn new() -> Self {
        Self { statements: MultiRow::new(HEAD, COLUMNS, "") }
    }

    /// Writes the events with the cursors from `cursor` on. `now`: milliseconds since 1970 UTC.
    pub(super) async fn write(
        &self,
        connection: &mut AnyConnection,
        cursor: i64,
        now: u64,
        events: &[Arc<NewEvent>],
    ) -> Result<(), StoreError> {
        let mut cursors = cursor..;
        for (statement, piece) in self.statements.pieces(events) {
            let mut query = sqlx::query(statement);
            for (event, cursor) in piece.iter().zip(&mut cursors) {
                query = query
                    .bind(cursor)
                    .bind(stored(now))
                    .bind(event.draft.category.as_str())
                    .bind(&*event.draft.name)
                    .bind(event.draft.run.as_ref().map(RunId::as_str))
                    .bind(event.actor.as_deref())
                    .bind(&*event.data);
            }
            query.execute(&mut *connection).await?;
        }
        Ok(())
    }
}

/// The cursor of the last event, 0 for none.
pub(super) async fn last_cursor(connection: &mut AnyConnection) -> Result<i64, StoreError> {
    Ok(sqlx::query(LAST_CURSOR).fetch_one(connection).await?.try_get(0)?)
}

fn event(row: &AnyRow) -> Result<Event, StoreError> {
    let (category, data): (&str, &str) = (row.try_get("category")?, row.try_get("data")?);
    let actor: Option<String> = row.try_get("actor")?;
    let broken = |error: serde_json::Error| StoreError::row(TABLE, error);
    let data: Value = serde_json::from_str(data).map_err(broken)?;
    let actor = actor.map(|actor| serde_json::from_str(&actor)).transpose().map_err(broken)?;
    let draft = Draft {
        category: Category::from_word(category).ok_or_else(|| StoreError::row(TABLE, format!("`{category}` is not a category")))?,
        name: row.try_get("name")?,
        run: row.try_get::<Option<String>, _>("run_id")?.map(RunId::from_text),
        actor: actor.or_else(|| former_actor(&data)),
        data,
    };
    Ok(Event { cursor: row.try_get("cursor")?, at: read_number(row, "at")?, draft })
}

/// Who caused an event from before actors were kept: its data named an operator, or what is no person.
fn former_actor(data: &Value) -> Option<Actor> {
    match data.get("by")?.as_str()? {
        "expiry" | "baton" => Some(Actor::system()),
        name => Some(Actor::operator(name)),
    }
}
