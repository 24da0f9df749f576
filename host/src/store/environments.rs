//! The table `environments`: what operators approved for projects. Knows no image and no file of a project.

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
    errors::StorageError,
    events::Draft,
    interfaces::environments::{Environment, Environments, ProjectImage},
    journal::RunId,
};

/// What errors call it.
const ENVIRONMENTS: &str = "the approved environments";

const OF_PROJECT: &str = "select project, hash, proposal, image, is_local, approved_at, approved_by from environments \
    where project = $1 and replaced_at is null";
const OF_RUN: &str = "select environments.image, environments.is_local from environments join runs on runs.project = environments.project \
    where runs.id = $1 and environments.replaced_at is null";
const REPLACE: &str = "update environments set replaced_at = $2 where project = $1 and replaced_at is null";
const APPROVE: &str = "insert into environments (project, hash, proposal, image, is_local, approved_at, approved_by) \
    values ($1, $2, $3, $4, $5, $6, $7) on conflict (project, hash) do update set proposal = excluded.proposal, image = excluded.image, \
    is_local = excluded.is_local, approved_at = excluded.approved_at, approved_by = excluded.approved_by, replaced_at = null";

#[async_trait]
impl Environments for Store {
    async fn environment(&self, project: &str) -> Result<Option<Environment>, StorageError> {
        let row = sqlx::query(OF_PROJECT).bind(project).fetch_optional(&self.reads).await.map_err(reading(ENVIRONMENTS))?;
        row.as_ref().map(environment).transpose().map_err(reading(ENVIRONMENTS))
    }

    async fn approve_environment(&self, environment: &Environment, events: Vec<Draft>) -> Result<(), StorageError> {
        let change = Approve { environment: environment.clone(), events: NewEvent::all(events) };
        self.queue.change(change).await.map_err(writing(ENVIRONMENTS))
    }

    async fn withdraw_environment(&self, project: &str, events: Vec<Draft>) -> Result<bool, StorageError> {
        let change = Withdraw { project: project.to_owned(), events: NewEvent::all(events) };
        self.queue.change(change).await.map_err(writing(ENVIRONMENTS))
    }

    async fn image_of_run(&self, run: &RunId) -> Result<Option<ProjectImage>, StorageError> {
        let row = sqlx::query(OF_RUN).bind(run.as_str()).fetch_optional(&self.reads).await.map_err(reading(ENVIRONMENTS))?;
        row.as_ref().map(image).transpose().map_err(reading(ENVIRONMENTS))
    }
}

struct Approve {
    environment: Environment,
    events: Vec<Arc<NewEvent>>,
}

#[async_trait]
impl Change for Approve {
    type Outcome = ();

    async fn apply(&self, step: &mut Step<'_>) -> Result<(), StoreError> {
        let Environment { project, hash, proposal, image, approved_by, .. } = &self.environment;
        sqlx::query(REPLACE).bind(&**project).bind(stored(step.now)).execute(&mut *step.connection).await?;
        let query = sqlx::query(APPROVE).bind(&**project).bind(&**hash).bind(proposal.to_string()).bind(&*image.reference);
        let query = query.bind(i64::from(image.is_local)).bind(stored(step.now)).bind(&**approved_by);
        query.execute(&mut *step.connection).await?;
        step.events.extend(self.events.iter().cloned());
        Ok(())
    }
}

struct Withdraw {
    project: String,
    events: Vec<Arc<NewEvent>>,
}

#[async_trait]
impl Change for Withdraw {
    type Outcome = bool;

    async fn apply(&self, step: &mut Step<'_>) -> Result<bool, StoreError> {
        let query = sqlx::query(REPLACE).bind(&*self.project).bind(stored(step.now));
        let held = query.execute(&mut *step.connection).await?.rows_affected() > 0;
        if held {
            step.events.extend(self.events.iter().cloned());
        }
        Ok(held)
    }
}

fn environment(row: &AnyRow) -> Result<Environment, StoreError> {
    Ok(Environment {
        project: row.try_get("project")?,
        hash: row.try_get("hash")?,
        proposal: serde_json::from_str(row.try_get("proposal")?).map_err(|error| StoreError::row("environments", error))?,
        image: image(row)?,
        approved_at: read_number(row, "approved_at")?,
        approved_by: row.try_get("approved_by")?,
    })
}

fn image(row: &AnyRow) -> Result<ProjectImage, StoreError> {
    Ok(ProjectImage { reference: row.try_get("image")?, is_local: row.try_get::<i64, _>("is_local")? != 0 })
}
