//! The tables `bindings` and `kept_approvals`: what operators bound to slots, and what they approved. Knows no slot.

use std::sync::Arc;

use async_trait::async_trait;
use sqlx::{Row, any::AnyRow};

use super::{
    Store, StoreError,
    error::{reading, writing},
    events::NewEvent,
    number::{read_number, stored},
    queue::{Change, Step},
};
use crate::{
    actor::Actor,
    errors::StorageError,
    events::Draft,
    interfaces::backlog::{Backlog, BacklogError},
    kernel::slots::{Approval, Binding, BindingStore, Labels, Scope},
};

/// What errors call it.
const BINDINGS: &str = "the bindings";

const ALL: &str = "select project, label, slot, plugin, bound_at, bound_by from bindings order by project, label, slot";
const BIND: &str = "insert into bindings (project, label, slot, plugin, bound_at, bound_by) values ($1, $2, $3, $4, $5, $6) \
    on conflict (project, label, slot) do update set plugin = excluded.plugin, bound_at = excluded.bound_at, bound_by = excluded.bound_by";
const UNBIND: &str = "delete from bindings where project = $1 and label = $2 and slot = $3";
const APPROVALS: &str = "select project, hash, bindings, replaced_at from kept_approvals order by approved_at, hash";
const REPLACE: &str = "update kept_approvals set replaced_at = $3 where project = $1 and hash <> $2 and replaced_at is null";
const APPROVE: &str = "insert into kept_approvals (project, hash, bindings, approved_at, approved_by) values ($1, $2, $3, $4, $5) \
    on conflict (project, hash) do update set approved_at = excluded.approved_at, approved_by = excluded.approved_by, replaced_at = null";

#[async_trait]
impl BindingStore for Store {
    async fn bindings(&self) -> Result<Vec<Binding>, StorageError> {
        let rows = sqlx::query(ALL).fetch_all(&self.reads).await.map_err(reading(BINDINGS))?;
        rows.iter().map(binding).collect::<Result<_, _>>().map_err(reading(BINDINGS))
    }

    async fn bind(&self, binding: &Binding, events: Vec<Draft>) -> Result<(), StorageError> {
        self.queue.change(Bind { binding: binding.clone(), events: NewEvent::all(events) }).await.map_err(writing(BINDINGS))
    }

    async fn unbind(&self, scope: &Scope, slot: &str, events: Vec<Draft>) -> Result<bool, StorageError> {
        let change = Unbind { scope: scope.clone(), slot: slot.to_owned(), events: NewEvent::all(events) };
        self.queue.change(change).await.map_err(writing(BINDINGS))
    }

    async fn approvals(&self) -> Result<Vec<Approval>, StorageError> {
        let rows = sqlx::query(APPROVALS).fetch_all(&self.reads).await.map_err(reading(BINDINGS))?;
        rows.iter().map(approval).collect::<Result<_, _>>().map_err(reading(BINDINGS))
    }

    async fn approve(&self, approval: &Approval, by: &Actor, events: Vec<Draft>) -> Result<(), StorageError> {
        let change = Approve { approval: approval.clone(), by: by.clone(), events: NewEvent::all(events) };
        self.queue.change(change).await.map_err(writing(BINDINGS))
    }
}

#[async_trait]
impl Labels for Store {
    async fn labels_of(&self, project: &str, item: &str) -> Result<Option<Vec<String>>, StorageError> {
        match self.item(project, item).await {
            Ok(item) => Ok(Some(item.draft.labels.into())),
            Err(BacklogError::Refused(_)) => Ok(None),
            Err(BacklogError::Store(error)) => Err(error),
        }
    }
}

struct Bind {
    binding: Binding,
    events: Vec<Arc<NewEvent>>,
}

#[async_trait]
impl Change for Bind {
    type Outcome = ();

    async fn apply(&self, step: &mut Step<'_>) -> Result<(), StoreError> {
        let Binding { scope, slot, plugin, bound_at, bound_by } = &self.binding;
        let query = sqlx::query(BIND).bind(word(&scope.project)).bind(word(&scope.label)).bind(&**slot).bind(&**plugin);
        query.bind(stored(*bound_at)).bind(&**bound_by).execute(&mut *step.connection).await?;
        step.events.extend(self.events.iter().cloned());
        Ok(())
    }
}

struct Unbind {
    scope: Scope,
    slot: String,
    events: Vec<Arc<NewEvent>>,
}

#[async_trait]
impl Change for Unbind {
    type Outcome = bool;

    async fn apply(&self, step: &mut Step<'_>) -> Result<bool, StoreError> {
        let query = sqlx::query(UNBIND).bind(word(&self.scope.project)).bind(word(&self.scope.label)).bind(&*self.slot);
        let was_there = query.execute(&mut *step.connection).await?.rows_affected() > 0;
        if was_there {
            step.events.extend(self.events.iter().cloned());
        }
        Ok(was_there)
    }
}

struct Approve {
    approval: Approval,
    by: Actor,
    events: Vec<Arc<NewEvent>>,
}

#[async_trait]
impl Change for Approve {
    type Outcome = ();

    async fn apply(&self, step: &mut Step<'_>) -> Result<(), StoreError> {
        let Approval { project, hash, bindings, .. } = &self.approval;
        let replace = sqlx::query(REPLACE).bind(&**project).bind(&**hash).bind(stored(step.now));
        replace.execute(&mut *step.connection).await?;
        let query = sqlx::query(APPROVE).bind(&**project).bind(&**hash).bind(bindings.to_string());
        query.bind(stored(step.now)).bind(&*self.by.name).execute(&mut *step.connection).await?;
        step.events.extend(self.events.iter().cloned());
        Ok(())
    }
}

/// What is left out is an empty text: no part of a key is null.
fn word(part: &Option<String>) -> &str {
    part.as_deref().unwrap_or_default()
}

fn binding(row: &AnyRow) -> Result<Binding, StoreError> {
    let part = |column: &str| row.try_get::<String, _>(column).map(|part| Some(part).filter(|part| !part.is_empty()));
    Ok(Binding {
        scope: Scope { project: part("project")?, label: part("label")? },
        slot: row.try_get("slot")?,
        plugin: row.try_get("plugin")?,
        bound_at: read_number(row, "bound_at")?,
        bound_by: row.try_get("bound_by")?,
    })
}

fn approval(row: &AnyRow) -> Result<Approval, StoreError> {
    let bindings = serde_json::from_str(row.try_get("bindings")?).map_err(|error| StoreError::row("kept_approvals", error))?;
    let replaced_at = row.try_get::<Option<i64>, _>("replaced_at")?.map(i64::unsigned_abs);
    Ok(Approval { project: row.try_get("project")?, hash: row.try_get("hash")?, bindings, replaced_at })
}
