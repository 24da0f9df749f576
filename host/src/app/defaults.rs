//! What holds in a project where no settings say otherwise. Reads no settings.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use serde_json::{Value, json};

use crate::{
    errors::{Hint, StorageError},
    events::Draft,
    interfaces::environments::{Environment, Environments, PROJECT_IMAGE, ProjectImage},
    journal::RunId,
    kernel::Defaults,
};

/// How long an answer holds. Every execution of every run asks, and an operator approves seldom.
const FRESH: Duration = Duration::from_secs(1);
/// Projects whose answers are kept.
const MOST: usize = 1_000;

/// The settings below all others: commands of a project with an approved environment run in its image.
pub(super) struct ProjectDefaults {
    environments: Arc<dyn Environments>,
    /// Whether a project has an environment, and when that was found out.
    known: Mutex<HashMap<String, (Instant, bool)>>,
}

impl ProjectDefaults {
    pub(super) fn new(environments: Arc<dyn Environments>) -> Self {
        Self { environments, known: Mutex::default() }
    }

    fn known(&self, project: &str) -> Option<bool> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(project).filter(|(found, _)| found.elapsed() < FRESH).map(|(_, has_environment)| *has_environment)
    }

    fn forget(&self, project: &str) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).remove(project);
    }

    fn keep(&self, project: &str, has_environment: bool) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(project.to_owned(), (Instant::now(), has_environment));
    }
}

/// What is approved here holds at once; what another process approved, within a second.
#[async_trait]
impl Environments for ProjectDefaults {
    async fn environment(&self, project: &str) -> Result<Option<Environment>, StorageError> {
        self.environments.environment(project).await
    }

    async fn approve_environment(&self, environment: &Environment, events: Vec<Draft>) -> Result<(), StorageError> {
        let approved = self.environments.approve_environment(environment, events).await;
        self.forget(&environment.project);
        approved
    }

    async fn withdraw_environment(&self, project: &str, events: Vec<Draft>) -> Result<bool, StorageError> {
        let withdrawn = self.environments.withdraw_environment(project, events).await;
        self.forget(project);
        withdrawn
    }

    async fn image_of_run(&self, run: &RunId) -> Result<Option<ProjectImage>, StorageError> {
        self.environments.image_of_run(run).await
    }
}

#[async_trait]
impl Defaults for ProjectDefaults {
    async fn settings(&self, project: &str) -> Result<Value, String> {
        let has_environment = match self.known(project) {
            Some(known) => known,
            None => {
                let found = self.environments.environment(project).await.map_err(|error| error.explain())?.is_some();
                self.keep(project, found);
                found
            }
        };
        Ok(if has_environment { json!({ "test": { "image": PROJECT_IMAGE } }) } else { json!({}) })
    }
}
