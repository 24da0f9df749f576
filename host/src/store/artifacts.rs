//! Long texts that people ask for by name. They lie among the blobs, and no row holds them.

use async_trait::async_trait;

use super::{Store, StoreError};
use crate::interfaces::sandbox::{Artifacts, ArtifactsError};

#[async_trait]
impl Artifacts for Store {
    async fn keep(&self, text: String) -> Result<String, ArtifactsError> {
        self.blobs.put(text).await.map_err(refused)
    }

    async fn load(&self, name: &str) -> Result<String, ArtifactsError> {
        self.blobs.find(name).await.map_err(refused)
    }
}

fn refused(error: StoreError) -> ArtifactsError {
    ArtifactsError(error.to_string())
}
