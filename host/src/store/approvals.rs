//! The tables `setups` and `services`: what an operator approved for each project. Knows no command.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;
use sqlx::Row;

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
    interfaces::sandbox::{ApprovalKind, Approvals, Approved, Approving},
};

/// The statements of one table: each kind of approval has its own.
struct Statements {
    table: &'static str,
    find: &'static str,
    approve: &'static str,
    revoke: &'static str,
}

const SETUPS: Statements = Statements {
    table: "setups",
    find: "select plan as content, approved_at, approved_by from setups where project = $1",
    approve: "insert into setups (project, hash, plan, approved_at, approved_by) values ($1, $2, $3, $4, $5) \
        on conflict (project) do update set hash = excluded.hash, plan = excluded.plan, approved_at = excluded.approved_at, \
        approved_by = excluded.approved_by",
    revoke: "delete from setups where project = $1",
};
const SERVICES: Statements = Statements {
    table: "services",
    find: "select services as content, approved_at, approved_by from services where project = $1",
    approve: "insert into services (project, hash, services, approved_at, approved_by) values ($1, $2, $3, $4, $5) \
        on conflict (project) do update set hash = excluded.hash, services = excluded.services, approved_at = excluded.approved_at, \
        approved_by = excluded.approved_by",
    revoke: "delete from services where project = $1",
};

fn statements(kind: ApprovalKind) -> &'static Statements {
    match kind {
        ApprovalKind::Setup => &SETUPS,
        ApprovalKind::Services => &SERVICES,
    }
}

#[async_trait]
impl Approvals for Store {
    async fn find_approval(&self, project: &str, kind: ApprovalKind) -> Result<Option<Approved<Value>>, StorageError> {
        let Statements { table, find, .. } = statements(kind);
        let read = async {
            let Some(row) = sqlx::query(*find).bind(project).fetch_optional(&self.reads).await? else { return Ok(None) };
            let content = serde_json::from_str(row.try_get("content")?).map_err(|error| StoreError::row(table, error))?;
            Ok(Some(Approved { content, by: row.try_get("approved_by")?, at: read_number(&row, "approved_at")? }))
        };
        read.await.map_err(reading::<StoreError>(kind.subject()))
    }

    async fn set_approval(
        &self,
        project: &str,
        kind: ApprovalKind,
        approving: Option<Approving>,
        by: &Actor,
        events: Vec<Draft>,
    ) -> Result<(), StorageError> {
        let project = project.to_owned();
        let change = Approve { statements: statements(kind), project, approving, by: by.clone(), events: NewEvent::all(events) };
        self.queue.change(change).await.map_err(writing(kind.subject()))
    }
}

struct Approve {
    statements: &'static Statements,
    project: String,
    approving: Option<Approving>,
    by: Actor,
    events: Vec<Arc<NewEvent>>,
}

#[async_trait]
impl Change for Approve {
    type Outcome = ();

    async fn apply(&self, step: &mut Step<'_>) -> Result<(), StoreError> {
        let query = match &self.approving {
            Some(Approving { hash, content }) => {
                let query = sqlx::query(self.statements.approve).bind(&*self.project).bind(&**hash).bind(content.to_string());
                query.bind(stored(step.now)).bind(&*self.by.name)
            }
            None => sqlx::query(self.statements.revoke).bind(&*self.project),
        };
        query.execute(&mut *step.connection).await?;
        step.events.extend(self.events.iter().cloned());
        Ok(())
    }
}
