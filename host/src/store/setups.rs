//! The table `setups`: the setup that an operator approved for each project. Knows no command.

use std::sync::Arc;

use async_trait::async_trait;
use sqlx::Row;

use super::{
    Store, StoreError,
    events::NewEvent,
    number::{read_number, stored},
    queue::{Change, Step},
};
use crate::{
    actor::Actor,
    events::Draft,
    interfaces::sandbox::{Approvals, ApprovalsError, Approved, Plan},
};

const FIND: &str = "select plan, approved_at, approved_by from setups where project = $1";
const APPROVE: &str = "insert into setups (project, hash, plan, approved_at, approved_by) values ($1, $2, $3, $4, $5) \
    on conflict (project) do update set hash = excluded.hash, plan = excluded.plan, approved_at = excluded.approved_at, \
    approved_by = excluded.approved_by";
const REVOKE: &str = "delete from setups where project = $1";

#[async_trait]
impl Approvals for Store {
    async fn approved_setup(&self, project: &str) -> Result<Option<Approved>, ApprovalsError> {
        let read = async {
            let Some(row) = sqlx::query(FIND).bind(project).fetch_optional(&self.reads).await? else { return Ok(None) };
            let plan = serde_json::from_str(row.try_get("plan")?).map_err(|error| StoreError::row("setups", error))?;
            Ok(Some(Approved { plan, by: row.try_get("approved_by")?, at: read_number(&row, "approved_at")? }))
        };
        read.await.map_err(|error: StoreError| ApprovalsError(format!("The approved setup cannot be read: {error}")))
    }

    async fn approve_setup(&self, project: &str, plan: Option<&Plan>, by: &Actor, events: Vec<Draft>) -> Result<(), ApprovalsError> {
        let change = Approve { project: project.to_owned(), plan: plan.cloned(), by: by.clone(), events: NewEvent::all(events) };
        let written = self.queue.change(change).await;
        written.map_err(|error| ApprovalsError(format!("The approved setup cannot be written: {error}")))
    }
}

struct Approve {
    project: String,
    plan: Option<Plan>,
    by: Actor,
    events: Vec<Arc<NewEvent>>,
}

#[async_trait]
impl Change for Approve {
    type Outcome = ();

    async fn apply(&self, step: &mut Step<'_>) -> Result<(), StoreError> {
        let query = match &self.plan {
            Some(plan) => {
                let text = serde_json::to_string(plan).map_err(|error| StoreError::row("setups", error))?;
                let query = sqlx::query(APPROVE).bind(&*self.project).bind(plan.hash()).bind(text);
                query.bind(stored(step.now)).bind(&*self.by.name)
            }
            None => sqlx::query(REVOKE).bind(&*self.project),
        };
        query.execute(&mut *step.connection).await?;
        step.events.extend(self.events.iter().cloned());
        Ok(())
    }
}
