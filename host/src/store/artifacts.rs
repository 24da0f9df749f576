//! Long texts that people ask for by name. They lie among the blobs, and no row holds them.

use async_trait::async_trait;

use super::{
    Store,
    error::{reading, writing},
};
use crate::{errors::StorageError, interfaces::sandbox::Artifacts};

/// What errors call it.
const ARTIFACTS: &str = "the outputs of commands";

#[async_trait]
impl Artifacts for Store {
    async fn keep(&self, text: String) -> Result<String, StorageError> {
        self.blobs.put(text).await.map_err(writing(ARTIFACTS))
    }

    async fn load(&self, name: &str) -> Result<String, StorageError> {
        self.blobs.find(name).await.map_err(reading(ARTIFACTS))
    }
}
