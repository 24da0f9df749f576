//! The documents of a project brought in step with its backlog. Keeps what people wrote in them.

use std::{path::Path, sync::Arc};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Host, Problem, ProjectRef};
use crate::{
    escape::escaped,
    interfaces::{
        backlog::{
            Documents,
            documents::{self, Failure},
        },
        files::Workspace,
    },
    journal::Attempt,
    operations::{ProblemKind, ProblemSource},
};

/// Whose documents to write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WriteDocuments {
    /// The project.
    pub project: ProjectRef,
}

/// What became of the documents.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WrittenDocuments {
    /// The paths that changed, in the order in which they were written.
    pub changed: Vec<String>,
    /// Documents that differ from the backlog and were not written.
    pub left: Vec<LeftDocument>,
}

/// A document that was not written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LeftDocument {
    /// Its path.
    pub path: String,
    /// Why, and what to do.
    pub reason: String,
}

/// Writes the documents of a project from its backlog.
pub async fn write(host: &Host, request: &WriteDocuments) -> Result<WrittenDocuments, Problem> {
    let project = request.project.find(host).await?;
    let files: Arc<dyn Documents> = Arc::new(workspace(project.folder()?)?);
    let attempt = Attempt { seq: 0, key: "backlog-write".to_owned(), again: false, asked_at: host.app.kernel.now() };
    let outcome = documents::write(&host.app.backlog, &files, project.id(), &attempt).await.map_err(unwritable)?;
    let left = outcome.left.into_iter().map(|(path, reason)| LeftDocument { path, reason }).collect();
    Ok(WrittenDocuments { changed: outcome.changed, left })
}

/// The files of a project's folder.
pub(super) fn workspace(folder: &Path) -> Result<Workspace, Problem> {
    Workspace::open(folder).map_err(|error| {
        let message = format!("The directory {} cannot be opened: {error}", escaped(&folder.display().to_string()));
        Problem::new(ProblemKind::Unavailable, "folder_unavailable", message, ProblemSource::Host)
    })
}

fn unwritable(failure: Failure) -> Problem {
    match failure {
        Failure::Backlog(error) => error.into(),
        Failure::File(error) => Problem::new(ProblemKind::Unavailable, "documents_unwritable", error.text, ProblemSource::Host),
    }
}
