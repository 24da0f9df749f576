//! What holds in a project where no settings say otherwise. Reads no settings.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Value, json};

use crate::{
    interfaces::environments::{Environments, PROJECT_IMAGE},
    kernel::Defaults,
};

/// The settings below all others: commands of a project with an approved environment run in its image.
pub(super) struct ProjectDefaults(pub(super) Arc<dyn Environments>);

#[async_trait]
impl Defaults for ProjectDefaults {
    async fn settings(&self, project: &str) -> Result<Value, String> {
        match self.0.environment(project).await {
            Ok(Some(_)) => Ok(json!({ "test": { "image": PROJECT_IMAGE } })),
            Ok(None) => Ok(json!({})),
            Err(error) => Err(error.to_string()),
        }
    }
}
