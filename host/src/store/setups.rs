//! The tables `setups` and `services`: what an operator approved for each project. Knows no command.

use std::sync::Arc;

use async_trait::async_trait;
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
    interfaces::sandbox::{Approvals, Approved, ApprovedServices, Plan, Services},
};

const FIND_SERVICES: &str = "select services, approved_at, approved_by from services where project = $1";
const APPROVE_SERVICES: &str = "insert into services (project, hash, services, approved_at, approved_by) values ($1, $2, $3, $4, $5) \
    on conflict (project) do update set hash = excluded.hash, services = excluded.services, approved_at = excluded.approved_at, \
    approved_by = excluded.approved_by";
const REVOKE_SERVICES: &str = "delete from services where project = $1";
const FIND: &str = "select plan, approved_at, approved_by from setups where project = $1";
const APPROVE: &str = "insert into setups (project, hash, plan, approved_at, approved_by) values ($1, $2, $3, $4, $5) \
    on conflict (project) do update set hash = excluded.hash, plan = excluded.plan, approved_at = excluded.approved_at, \
    approved_by = excluded.approved_by";
const REVOKE: &str = "delete from setups where project = $1";

/// What errors call them.
const SETUPS: &str = "the approved setups";
const SERVICES: &str = "the approved services";

#[async_trait]
impl Approvals for Store {
    async fn approved_setup(&self, project: &str) -> Result<Option<Approved>, StorageError> {
        let read = async {
            let Some(row) = sqlx::query(FIND).bind(project).fetch_optional(&self.reads).await? else { return Ok(None) };
            let plan = serde_json::from_str(row.try_get("plan")?).map_err(|error| StoreError::row("setups", error))?;
            Ok(Some(Approved { plan, by: row.try_get("approved_by")?, at: read_number(&row, "approved_at")? }))
        };
        read.await.map_err(reading::<StoreError>(SETUPS))
    }

    async fn approve_setup(&self, project: &str, plan: Option<&Plan>, by: &Actor, events: Vec<Draft>) -> Result<(), StorageError> {
        let approved = plan.map(|plan| Ok((plan.hash(), serde_json::to_string(plan)?))).transpose();
        let approved = approved.map_err(|error: serde_json::Error| writing(SETUPS)(StoreError::row("setups", error)))?;
        let change =
            Approve { sql: (APPROVE, REVOKE), project: project.to_owned(), approved, by: by.clone(), events: NewEvent::all(events) };
        self.queue.change(change).await.map_err(writing(SETUPS))
    }

    async fn approved_services(&self, project: &str) -> Result<Option<ApprovedServices>, StorageError> {
        let read = async {
            let Some(row) = sqlx::query(FIND_SERVICES).bind(project).fetch_optional(&self.reads).await? else { return Ok(None) };
            let services = serde_json::from_str(row.try_get("services")?).map_err(|error| StoreError::row("services", error))?;
            Ok(Some(ApprovedServices { services, by: row.try_get("approved_by")?, at: read_number(&row, "approved_at")? }))
        };
        read.await.map_err(reading::<StoreError>(SERVICES))
    }

    async fn approve_services(
        &self,
        project: &str,
        services: Option<&Services>,
        by: &Actor,
        events: Vec<Draft>,
    ) -> Result<(), StorageError> {
        let approved = services.map(|services| Ok((services.hash(), serde_json::to_string(services)?))).transpose();
        let approved = approved.map_err(|error: serde_json::Error| writing(SERVICES)(StoreError::row("services", error)))?;
        let sql = (APPROVE_SERVICES, REVOKE_SERVICES);
        let change = Approve { sql, project: project.to_owned(), approved, by: by.clone(), events: NewEvent::all(events) };
        self.queue.change(change).await.map_err(writing(SERVICES))
    }
}

struct Approve {
    /// What writes an approval, and what removes it.
    sql: (&'static str, &'static str),
    project: String,
    /// The hash of what was approved, and its text.
    approved: Option<(String, String)>,
    by: Actor,
    events: Vec<Arc<NewEvent>>,
}

#[async_trait]
impl Change for Approve {
    type Outcome = ();

    async fn apply(&self, step: &mut Step<'_>) -> Result<(), StoreError> {
        let query = match &self.approved {
            Some((hash, text)) => {
                let query = sqlx::query(self.sql.0).bind(&*self.project).bind(&**hash).bind(&**text);
                query.bind(stored(step.now)).bind(&*self.by.name)
            }
            None => sqlx::query(self.sql.1).bind(&*self.project),
        };
        query.execute(&mut *step.connection).await?;
        step.events.extend(self.events.iter().cloned());
        Ok(())
    }
}
