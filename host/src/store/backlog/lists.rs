//! Items a page at a time, with the others that decide whether they can begin. What a page costs depends on the page, not on the
//! backlog.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use serde_json::json;
use sqlx::{AnyConnection, Row};

use super::{
    super::{
        Store, StoreError,
        error::{reading, writing},
        number::read_number,
        queue::Change,
    },
    BACKLOG,
    arrange::{DEPENDENTS, Place, Remove},
    record::{item, word_of},
};
use crate::interfaces::backlog::{
    Author, BacklogError, Draft, Item, ItemCount, ItemFilter, ItemLists, ItemOrder, ItemRows, Kind, Status, sortable_key,
};

/// The status of an item as people see it, by the rule of [`Graph::status`](crate::interfaces::backlog::Graph::status).
macro_rules! status {
    () => {
        "case when i.kind <> 'epic' or i.status in ('done', 'failed', 'cancelled') then i.status \
         when exists (select 1 from items c where c.project = i.project and c.parent = i.key and c.status <> 'cancelled') \
           and not exists (select 1 from items c where c.project = i.project and c.parent = i.key and c.status not in ('done', 'cancelled')) \
         then 'done' \
         when i.status = 'todo' and exists (select 1 from items c where c.project = i.project and c.parent = i.key \
           and c.status in ('in-progress', 'review', 'done')) \
         then 'in-progress' else i.status end"
    };
}

/// A list in an order that compares `$first` before the keys. An index has the order by keys.
macro_rules! list {
    ($first:literal) => {
        list!($first, concat!("($2 = '[]' or ", status!(), " in (select value from json_each($2)))"))
    };
    ($first:literal, $status:expr) => {
        concat!(
            "select i.key, i.kind, i.title, '' as body, i.parent, i.after, i.priority, i.labels, i.status, i.assignee, i.branch, ",
            $first,
            " as first from items i where i.project = $1 and ",
            $status,
            " ",
            "and ($3 = '[]' or i.kind in (select value from json_each($3))) ",
            "and ($4 = '[]' or not exists (select 1 from json_each($4) wanted where not exists \
                (select 1 from json_each(i.labels) has where has.value = wanted.value))) ",
            "and ($5 = '' or instr(i.key, $5) > 0 or instr(i.folded_title, $5) > 0 or (instr(i.labels, $5) > 0 and exists \
                (select 1 from json_each(i.labels) has where instr(has.value, $5) > 0))) ",
            "and ($6 = '' or i.parent = $6) and ($7 = '' or i.assignee = $7) ",
        )
    };
}
const BY_KEY: &str = concat!(list!("0"), "and $8 <= 0 and i.sort_key > $9 order by i.sort_key limit $10");
macro_rules! by_number {
    ($first:literal $(, $status:literal)?) => {
        concat!(
            list!($first $(, $status)?),
            "and (",
            $first,
            " > $8 or (",
            $first,
            " = $8 and i.sort_key > $9)) order by ",
            $first,
            ", i.sort_key limit $10"
        )
    };
}
const BY_PRIORITY: &str = by_number!("10 - i.priority");
const BY_PLACE: &str = by_number!("coalesce(i.place, 9223372036854775807)");
/// Stories and tasks with one status, in the order that an index has.
const COLUMN: &str = by_number!("coalesce(i.place, 9223372036854775807)", "i.status = json_extract($2, '$[0]')");
const ONE: &str = "select key, kind, title, '' as body, parent, after, priority, labels, status, assignee, branch from items \
    where project = $1 and key = $2";
const NAMED: &str = "select key, kind, title, '' as body, parent, after, priority, '[]' as labels, status, assignee, branch from items \
    where project = $1 and key in (select value from json_each($2))";
/// For each status of what is directly in an epic one item: more tell nothing more of whether the epic is done.
const INSIDE: &str = "select min(key) as key, parent, status from items where project = $1 and parent in (select value from json_each($2)) \
    group by parent, status";
const COUNT: &str = "select project, kind, status, count(*) as count from items where project = $1 group by project, kind, status";
const COUNT_ALL: &str = "select project, kind, status, count(*) as count from items group by project, kind, status";
const COUNT_INSIDE: &str =
    "select parent, status, count(*) as count from items where project = $1 and parent is not null group by parent, status";

#[async_trait]
impl ItemLists for Store {
    async fn list_items(&self, project: &str, filter: &ItemFilter) -> Result<ItemRows, BacklogError> {
        Ok(self.load_page(project, filter).await.map_err(reading(BACKLOG))?)
    }

    async fn load_item(&self, project: &str, key: &str) -> Result<(Item, Vec<Item>), BacklogError> {
        let found = self.load_one(project, key).await.map_err(reading(BACKLOG))?;
        self.require_found(project, key, Ok(found)).await
    }

    async fn count_items(&self, project: Option<&str>) -> Result<Vec<ItemCount>, BacklogError> {
        let query = project.map_or_else(|| sqlx::query(COUNT_ALL), |project| sqlx::query(COUNT).bind(project));
        let rows = query.fetch_all(&self.reads).await.map_err(reading(BACKLOG))?;
        Ok(rows.iter().map(count).collect::<Result<_, _>>().map_err(reading(BACKLOG))?)
    }

    async fn count_inside(&self, project: &str) -> Result<Vec<(String, Status, u64)>, BacklogError> {
        let rows = sqlx::query(COUNT_INSIDE).bind(project).fetch_all(&self.reads).await.map_err(reading(BACKLOG))?;
        let inside =
            |row: &sqlx::any::AnyRow| Ok((row.try_get("parent")?, word_of(row, "status", Status::from_word)?, read_number(row, "count")?));
        Ok(rows.iter().map(inside).collect::<Result<_, StoreError>>().map_err(reading(BACKLOG))?)
    }

    async fn dependents(&self, project: &str, key: &str) -> Result<Vec<String>, BacklogError> {
        let rows = sqlx::query(DEPENDENTS).bind(project).bind(key).fetch_all(&self.reads).await.map_err(reading(BACKLOG))?;
        Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>().map_err(reading(BACKLOG))?)
    }

    async fn place_item(&self, project: &str, key: &str, position: u32, by: &Author) -> Result<(), BacklogError> {
        let change = Place { project: project.to_owned(), key: key.to_owned(), position, by: by.clone() };
        self.arrange(project, key, change).await.map(drop)
    }

    async fn remove_item(&self, project: &str, key: &str, by: &Author) -> Result<Vec<String>, BacklogError> {
        let change = Remove { project: project.to_owned(), key: key.to_owned(), by: by.clone() };
        self.arrange(project, key, change).await
    }
}

impl Store {
    /// What an item is removed from, or placed in, is looked at in the step that changes it.
    async fn arrange<A>(&self, project: &str, key: &str, change: A) -> Result<Vec<String>, BacklogError>
    where
        A: Change<Outcome = Option<Vec<String>>> + 'static,
    {
        let changed = self.queue.change(change).await.map_err(writing(BACKLOG))?;
        self.require_found(project, key, Ok(changed)).await
    }

    /// In one transaction, so that the items of a page are read as they were at one time.
    async fn load_page(&self, project: &str, filter: &ItemFilter) -> Result<ItemRows, StoreError> {
        let mut reading = self.reads.begin().await?;
        let rows = filter_rows(project, filter, &mut reading).await?;
        let items = rows.iter().map(item).collect::<Result<Vec<_>, _>>()?;
        let firsts = rows.iter().map(|row| row.try_get("first")).collect::<Result<_, _>>()?;
        let related = load_related(project, &items, &mut reading).await?;
        Ok(ItemRows { items, related, firsts })
    }

    async fn load_one(&self, project: &str, key: &str) -> Result<Option<(Item, Vec<Item>)>, StoreError> {
        let mut reading = self.reads.begin().await?;
        let Some(row) = sqlx::query(ONE).bind(project).bind(key).fetch_optional(&mut *reading).await? else { return Ok(None) };
        let found = item(&row)?;
        let related = load_related(project, std::slice::from_ref(&found), &mut reading).await?;
        Ok(Some((found, related)))
    }
}

/// Whether an index has the order of a list.
fn is_column(filter: &ItemFilter) -> bool {
    filter.statuses.len() == 1 && !filter.kinds.is_empty() && !filter.kinds.contains(&Kind::Epic)
}

async fn filter_rows(project: &str, filter: &ItemFilter, connection: &mut AnyConnection) -> Result<Vec<sqlx::any::AnyRow>, StoreError> {
    let ItemFilter { statuses, kinds, labels, search, parent, assignee, order, behind, limit } = filter;
    let statuses: Vec<_> = statuses.iter().map(|status| status.as_str()).collect();
    let kinds: Vec<_> = kinds.iter().map(|kind| kind.as_str()).collect();
    let statement = match order {
        ItemOrder::Key => BY_KEY,
        ItemOrder::Priority => BY_PRIORITY,
        ItemOrder::Place if is_column(filter) => COLUMN,
        ItemOrder::Place => BY_PLACE,
    };
    let first = behind.as_ref().map_or(i64::MIN, |behind| behind.first);
    let sort_key = behind.as_ref().map(|behind| sortable_key(&behind.key)).unwrap_or_default();
    let query = sqlx::query(statement).bind(project).bind(json!(statuses).to_string()).bind(json!(kinds).to_string());
    let query = query.bind(json!(labels).to_string()).bind(search.as_deref().unwrap_or_default());
    let query = query.bind(parent.as_deref().unwrap_or_default()).bind(assignee.as_deref().unwrap_or_default());
    Ok(query.bind(first).bind(sort_key).bind(i64::from(*limit)).fetch_all(connection).await?)
}

/// What `items` are part of, what they and these wait for, and for each epic among all of them what decides whether it is done.
/// Edges to anything else are left out, for nothing is asked about it.
async fn load_related(project: &str, items: &[Item], connection: &mut AnyConnection) -> Result<Vec<Item>, StoreError> {
    let mut known: BTreeMap<String, Item> = items.iter().map(|item| (item.draft.key.clone(), item.clone())).collect();
    let own: BTreeSet<String> = known.keys().cloned().collect();
    let mut above = BTreeSet::new();
    // A task is part of a story, which is part of an epic.
    for _ in 0..2 {
        let parents: BTreeSet<_> = known.values().filter_map(|item| item.draft.parent.clone()).collect();
        load_named(project, &parents, &mut known, connection).await?;
        above.extend(parents);
    }
    let earlier = known.values().flat_map(|item| item.draft.after.clone()).collect();
    load_named(project, &earlier, &mut known, connection).await?;
    let epics: BTreeSet<_> = known.values().filter(|item| item.draft.kind == Kind::Epic).map(|item| &item.draft.key).collect();
    for inside in load_inside(project, &epics, connection).await? {
        known.entry(inside.draft.key.clone()).or_insert(inside);
    }
    let keys: BTreeSet<String> = known.keys().cloned().collect();
    for (key, item) in &mut known {
        if !own.contains(key) && !above.contains(key) {
            item.draft.after.clear();
            item.draft.parent.take_if(|parent| !keys.contains(parent));
        }
    }
    Ok(known.into_values().filter(|item| !own.contains(&item.draft.key)).collect())
}

async fn load_named(
    project: &str,
    keys: &BTreeSet<String>,
    known: &mut BTreeMap<String, Item>,
    connection: &mut AnyConnection,
) -> Result<(), StoreError> {
    let missing: Vec<_> = keys.iter().filter(|key| !known.contains_key(*key)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    for row in sqlx::query(NAMED).bind(project).bind(json!(missing).to_string()).fetch_all(connection).await? {
        let item = item(&row)?;
        known.insert(item.draft.key.clone(), item);
    }
    Ok(())
}

async fn load_inside(project: &str, epics: &BTreeSet<&String>, connection: &mut AnyConnection) -> Result<Vec<Item>, StoreError> {
    if epics.is_empty() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query(INSIDE).bind(project).bind(json!(epics).to_string()).fetch_all(connection).await?;
    let inside = |row: &sqlx::any::AnyRow| {
        let draft = Draft {
            key: row.try_get("key")?,
            // Whatever it is, it is part of an epic.
            kind: Kind::Task,
            title: String::new(),
            body: String::new(),
            parent: row.try_get("parent")?,
            after: Vec::new(),
            priority: 0,
            labels: Vec::new().into(),
        };
        Ok(Item { draft, status: word_of(row, "status", Status::from_word)?, assignee: None, branch: None })
    };
    rows.iter().map(inside).collect()
}

fn count(row: &sqlx::any::AnyRow) -> Result<ItemCount, StoreError> {
    Ok(ItemCount {
        project: row.try_get("project")?,
        kind: word_of(row, "kind", Kind::from_word)?,
        status: word_of(row, "status", Status::from_word)?,
        count: read_number(row, "count")?,
    })
}
