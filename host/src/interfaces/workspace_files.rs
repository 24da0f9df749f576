//! Reads the files of requests from a run's workspace: the one place that knows both interfaces.

use std::sync::Arc;

use async_trait::async_trait;

use super::llm::Files;
use crate::{
    interfaces::files::{READ, RelativePath, Workspace, beside},
    journal::{CallError, Capability},
};

#[async_trait]
impl Files for Arc<Workspace> {
    fn plain(&self, path: &str) -> Result<String, CallError> {
        RelativePath::parse(path).map(|path| path.as_str().to_owned())
    }

    fn needs(&self, path: &str) -> Capability<'static> {
        Capability::new(READ.word, path.to_owned())
    }

    async fn read(&self, path: &str) -> Result<Vec<u8>, CallError> {
        let (workspace, path) = (Arc::clone(self), RelativePath::parse(path)?);
        beside(move |_| Workspace::read(&workspace, &path)).await
    }
}
