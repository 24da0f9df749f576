//! Whether stories can be worked on in the repository of the current folder. Changes nothing of it.

use super::{Check, own};
use crate::{app::worktrees, cli::place::ProjectArguments, interfaces::git::LFS_POINTERS, operations::Host};

/// Nothing where they can, or where the folder is not a repository.
pub(super) async fn check(app: &Host) -> Option<Check> {
    let (program, views) = (app.config.git.clone()?, worktrees(&app.config.data_dir));
    let folder = ProjectArguments::default().workspace(app).await.ok()?;
    let settings = own::effective(&app.config);
    let pointers = settings.pointer(&format!("/{}", LFS_POINTERS.replace('.', "/"))).is_some_and(|value| value.as_bool() == Some(true));
    let looked = tokio::task::spawn_blocking(move || program.check_files(&folder, &views, pointers)).await.ok()?;
    looked.err().map(|error| Check::warn("repository", error.text, "Stories cannot be worked on here until then."))
}
