//! The changes of a backlog, each one step with its events: a call that is repeated finds that it was done.

use async_trait::async_trait;
use serde_json::json;
use sqlx::{AnyConnection, Row};

use super::{
    super::{
        StoreError, autopilots,
        events::NewEvent,
        number::{read_number, stored},
        queue::{Change, Step},
        rows::MultiRow,
        waiting,
    },
    ALL, FIND,
    order::list_columns,
    record::item,
};
use crate::{
    events::Draft as Event,
    events::Payload,
    interfaces::backlog::events::{Added, Assigned, Changed, Moved},
    interfaces::backlog::{Author, BacklogError, Changes, Draft, Item, Labels, Refusal, Status, follows, reopens},
    journal::RunId,
};

const ADD: &str = "insert into items (project, key, kind, title, body, parent, after, priority, labels, status, created_at, updated_at, \
    sort_key, folded_title)";
const CHANGE: &str = "update items set kind = $3, title = $4, body = $5, parent = $6, after = $7, priority = $8, labels = $9, updated_at = $10, folded_title = $11 \
    where project = $1 and key = $2";
const BODY: &str = "select body from items where project = $1 and key = $2";
const MOVE: &str = "update items set status = $3, updated_at = $4, place = null where project = $1 and key = $2";
const ASSIGN: &str = "update items set assignee = $3, branch = $4, updated_at = $5 where project = $1 and key = $2";
macro_rules! tell_move {
    () => {
        "insert into item_moves (project, key, place, at, before_status, after_status, reason, run_id, person)"
    };
}
const TELL: &str = tell_move!();
const TELL_ONE: &str = concat!(tell_move!(), " values ($1, $2, $3, $4, $5, $6, $7, $8, $9)");
const COUNT_CHANGE: &str = "update items set revision = revision + 1 where project = $1 and key = $2";
const WRITTEN: &str = "update items set body_written = $3 where project = $1 and key = $2";
const LAST_PLACE: &str = "select coalesce(max(place), 0) as place from item_moves where project = $1 and key = $2";
const IS_DONE: &str = "select count(*) from item_calls where call = $1";
const DONE: &str = "insert into item_calls (call) values ($1)";

pub(super) struct Put {
    pub(super) project: String,
    pub(super) drafts: Vec<Draft>,
    pub(super) by: Author,
}

#[async_trait]
impl Change for Put {
    type Outcome = Result<(), BacklogError>;

    fn run(&self) -> Option<&RunId> {
        run(&self.by)
    }

    async fn apply(&self, step: &mut Step<'_>) -> Result<Self::Outcome, StoreError> {
        if is_done(&self.by, step.connection).await? {
            return Ok(Ok(()));
        }
        let items = self.items(step.connection).await?;
        let changes = match Changes::of(&items, &self.drafts) {
            Ok(changes) => changes,
            Err(refusal) => return Ok(Err(refusal.into())),
        };
        self.add(&changes.added, step).await?;
        self.change(&changes.changed, step).await?;
        autopilots::tell(&self.project, step).await?;
        mark_done(&self.by, step.connection).await?;
        Ok(Ok(()))
    }
}

impl Put {
    /// All items, those that are put again with their bodies.
    async fn items(&self, connection: &mut AnyConnection) -> Result<Vec<Item>, StoreError> {
        let rows = sqlx::query(ALL).bind(&*self.project).fetch_all(&mut *connection).await?;
        let mut items = rows.iter().map(item).collect::<Result<Vec<_>, _>>()?;
        let mut places: std::collections::HashMap<_, _> = items.iter_mut().map(|item| (item.draft.key.clone(), item)).collect();
        for draft in &self.drafts {
            if let Some(item) = places.get_mut(&draft.key) {
                let row = sqlx::query(BODY).bind(&*self.project).bind(&*draft.key).fetch_one(&mut *connection).await?;
                item.draft.body = row.try_get("body")?;
            }
        }
        Ok(items)
    }

    async fn add(&self, added: &[Draft], step: &mut Step<'_>) -> Result<(), StoreError> {
        if added.is_empty() {
            return Ok(());
        }
        let statements = MultiRow::new(ADD, 14, "");
        for (statement, piece) in statements.pieces(added) {
            let mut query = sqlx::query(statement);
            for draft in piece {
                let (sort_key, folded_title) = list_columns(&draft.key, &draft.title);
                query = query
                    .bind(&*self.project)
                    .bind(&*draft.key)
                    .bind(draft.kind.as_str())
                    .bind(&*draft.title)
                    .bind(&*draft.body)
                    .bind(draft.parent.as_deref())
                    .bind(json!(draft.after).to_string())
                    .bind(i64::from(draft.priority))
                    .bind(json!(draft.labels).to_string())
                    .bind(Status::Todo.as_str())
                    .bind(stored(step.now))
                    .bind(stored(step.now))
                    .bind(sort_key)
                    .bind(folded_title);
            }
            query.execute(&mut *step.connection).await?;
        }
        let (run, person) = columns(&self.by);
        let statements = MultiRow::new(TELL, 9, "");
        for (statement, piece) in statements.pieces(added) {
            let mut query = sqlx::query(statement);
            for draft in piece {
                query = query.bind(&*self.project).bind(&*draft.key).bind(1_i64).bind(stored(step.now));
                query = query.bind(None::<&str>).bind(Status::Todo.as_str()).bind("").bind(run).bind(person);
            }
            query.execute(&mut *step.connection).await?;
        }
        for draft in added {
            tell(step, &self.by, &added_event(&self.project, draft));
        }
        Ok(())
    }

    async fn change(&self, changed: &[Draft], step: &mut Step<'_>) -> Result<(), StoreError> {
        for draft in changed {
            let query = sqlx::query(CHANGE).bind(&*self.project).bind(&*draft.key).bind(draft.kind.as_str()).bind(&*draft.title);
            let query = query.bind(&*draft.body).bind(draft.parent.as_deref()).bind(json!(draft.after).to_string());
            let query = query.bind(i64::from(draft.priority)).bind(json!(draft.labels).to_string()).bind(stored(step.now));
            let query = query.bind(list_columns(&draft.key, &draft.title).1);
            query.execute(&mut *step.connection).await?;
            touch(&self.project, &draft.key, step).await?;
            tell(step, &self.by, &changed_event(&self.project, draft));
        }
        Ok(())
    }
}

pub(super) struct Label {
    pub(super) project: String,
    pub(super) key: String,
    pub(super) added: Vec<String>,
    pub(super) removed: Vec<String>,
    pub(super) by: Author,
}

#[async_trait]
impl Change for Label {
    /// The labels that the item has then; none where there is no such item.
    type Outcome = Result<Option<Labels>, BacklogError>;

    fn run(&self) -> Option<&RunId> {
        run(&self.by)
    }

    async fn apply(&self, step: &mut Step<'_>) -> Result<Self::Outcome, StoreError> {
        let Some(Item { mut draft, .. }) = find(&self.project, &self.key, step.connection).await? else { return Ok(Ok(None)) };
        let labels = draft.labels.with(&self.added, &self.removed);
        draft.labels = labels.clone();
        let put = Put { project: self.project.clone(), drafts: vec![draft], by: self.by.clone() };
        Ok(put.apply(step).await?.map(|()| Some(labels)))
    }
}

pub(super) struct MoveTo {
    pub(super) project: String,
    pub(super) key: String,
    pub(super) status: Status,
    pub(super) reason: String,
    pub(super) by: Author,
}

#[async_trait]
impl Change for MoveTo {
    /// None where there is no such item.
    type Outcome = Result<Option<()>, BacklogError>;

    fn run(&self) -> Option<&RunId> {
        run(&self.by)
    }

    async fn apply(&self, step: &mut Step<'_>) -> Result<Self::Outcome, StoreError> {
        if is_done(&self.by, step.connection).await? {
            return Ok(Ok(Some(())));
        }
        let Some(Item { draft, status: before, .. }) = find(&self.project, &self.key, step.connection).await? else { return Ok(Ok(None)) };
        let by_person = matches!(self.by, Author::Person(_));
        let may = follows(before, self.status) || by_person && reopens(before, self.status);
        if !may {
            return Ok(Err(Refusal::Conflict { key: self.key.clone(), before, after: self.status, by_person }.into()));
        }
        let query = sqlx::query(MOVE).bind(&*self.project).bind(&*self.key).bind(self.status.as_str()).bind(stored(step.now));
        query.execute(&mut *step.connection).await?;
        let last = sqlx::query(LAST_PLACE).bind(&*self.project).bind(&*self.key).fetch_one(&mut *step.connection).await?;
        let (run, person) = columns(&self.by);
        let query = sqlx::query(TELL_ONE).bind(&*self.project).bind(&*self.key).bind(stored(read_number(&last, "place")? + 1));
        let query = query.bind(stored(step.now)).bind(before.as_str()).bind(self.status.as_str()).bind(&*self.reason);
        query.bind(run).bind(person).execute(&mut *step.connection).await?;
        mark_done(&self.by, step.connection).await?;
        touch(&self.project, &self.key, step).await?;
        let moved = Moved {
            project: self.project.clone(),
            key: self.key.clone(),
            kind: Some(draft.kind),
            title: draft.title,
            before,
            after: self.status,
            reason: self.reason.clone(),
        };
        tell(step, &self.by, &moved);
        Ok(Ok(Some(())))
    }
}

pub(super) struct Assign {
    pub(super) project: String,
    pub(super) key: String,
    pub(super) assignee: Option<String>,
    pub(super) branch: Option<String>,
    pub(super) by: Author,
}

#[async_trait]
impl Change for Assign {
    /// None where there is no such item.
    type Outcome = Result<Option<()>, BacklogError>;

    fn run(&self) -> Option<&RunId> {
        run(&self.by)
    }

    async fn apply(&self, step: &mut Step<'_>) -> Result<Self::Outcome, StoreError> {
        if is_done(&self.by, step.connection).await? {
            return Ok(Ok(Some(())));
        }
        let Some(item) = find(&self.project, &self.key, step.connection).await? else { return Ok(Ok(None)) };
        if (&item.assignee, &item.branch) != (&self.assignee, &self.branch) {
            let query = sqlx::query(ASSIGN).bind(&*self.project).bind(&*self.key).bind(self.assignee.as_deref());
            query.bind(self.branch.as_deref()).bind(stored(step.now)).execute(&mut *step.connection).await?;
            touch(&self.project, &self.key, step).await?;
            let (project, key, assignee, branch) = (self.project.clone(), self.key.clone(), self.assignee.clone(), self.branch.clone());
            tell(step, &self.by, &Assigned { project, key, assignee, branch });
        }
        mark_done(&self.by, step.connection).await?;
        Ok(Ok(Some(())))
    }
}

/// What the documents hold of bodies, by key.
pub(super) struct Written {
    pub(super) project: String,
    pub(super) bodies: Vec<(String, String)>,
}

#[async_trait]
impl Change for Written {
    type Outcome = ();

    async fn apply(&self, step: &mut Step<'_>) -> Result<(), StoreError> {
        for (key, hash) in &self.bodies {
            sqlx::query(WRITTEN).bind(&*self.project).bind(&**key).bind(&**hash).execute(&mut *step.connection).await?;
        }
        Ok(())
    }
}

/// Counts a change of an item, and wakes the runs that wait for one, the autopilot among them.
pub(super) async fn touch(project: &str, key: &str, step: &mut Step<'_>) -> Result<(), StoreError> {
    sqlx::query(COUNT_CHANGE).bind(project).bind(key).execute(&mut *step.connection).await?;
    waiting::wake(&waiting::item_key(project, key), step).await?;
    autopilots::tell(project, step).await
}

pub(super) async fn find(project: &str, key: &str, connection: &mut AnyConnection) -> Result<Option<Item>, StoreError> {
    sqlx::query(FIND).bind(project).bind(key).fetch_optional(connection).await?.as_ref().map(item).transpose()
}

/// Whether this very call was done before; what a person does is always new.
async fn is_done(by: &Author, connection: &mut AnyConnection) -> Result<bool, StoreError> {
    let Author::Call { call, .. } = by else { return Ok(false) };
    Ok(sqlx::query(IS_DONE).bind(&**call).fetch_one(connection).await?.try_get::<i64, _>(0)? > 0)
}

async fn mark_done(by: &Author, connection: &mut AnyConnection) -> Result<(), StoreError> {
    if let Author::Call { call, .. } = by {
        sqlx::query(DONE).bind(&**call).execute(connection).await?;
    }
    Ok(())
}

fn run(by: &Author) -> Option<&RunId> {
    match by {
        Author::Call { run, .. } => Some(run),
        Author::Person(_) => None,
    }
}

/// The columns `run_id` and `person`.
fn columns(by: &Author) -> (Option<&str>, Option<&str>) {
    match by {
        Author::Call { run, .. } => (Some(run.as_str()), None),
        Author::Person(person) => (None, Some(&person.name)),
    }
}

fn added_event(project: &str, draft: &Draft) -> Added {
    // Not the whole draft is cloned: its body may be long, and goes into no event.
    let Draft { key, kind, title, parent, after, priority, labels, .. } = draft;
    Added {
        project: project.to_owned(),
        key: key.clone(),
        kind: *kind,
        title: title.clone(),
        parent: parent.clone(),
        after: after.clone(),
        priority: *priority,
        labels: labels.clone(),
    }
}

fn changed_event(project: &str, draft: &Draft) -> Changed {
    // Not the whole draft is cloned: its body may be long, and goes into no event.
    let Draft { key, kind, title, parent, after, priority, labels, .. } = draft;
    Changed {
        project: project.to_owned(),
        key: key.clone(),
        kind: *kind,
        title: title.clone(),
        parent: parent.clone(),
        after: after.clone(),
        priority: *priority,
        labels: labels.clone(),
    }
}

pub(super) fn tell(step: &mut Step<'_>, by: &Author, payload: &impl Payload) {
    let event = match by {
        Author::Call { run, .. } => Event::of_run(run, payload),
        Author::Person(person) => Event::of_host(payload).by(person),
    };
    step.events.extend(NewEvent::all(vec![event]));
}
