//! Projects that clients on a network add: from a folder below those that the operator named, or from a repository that is cloned
//! to there. Looks at nothing beside them.

use std::{
    fs,
    path::{Component, Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{AddProject, AddedProject, add, change::check_repository};
use crate::{
    escape::escaped,
    interfaces::git::{CloneAddress, CloneError},
    kernel::KernelError,
    operations::{Host, Problem, ProblemKind, ProblemSource, access::Caller, code},
};

/// Where clients may add projects.
#[derive(Clone, Copy, Debug)]
pub struct ProjectRoots<'a> {
    /// The folders that the operator named for that. Repositories are cloned below the first that exists.
    pub folders: &'a [PathBuf],
    /// Whether repositories may lie in private networks.
    pub private_repositories: bool,
}

/// A folder to add as a project, below one that the operator named for that.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateProject {
    /// The folder: its path below the first of the named folders that has it, or an absolute path. With `clone` the name of a new
    /// folder; none for the repository's own name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<PathBuf>,
    /// The https or ssh URL from which the folder is cloned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clone: Option<String>,
    /// Its name; none for that of the folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where others find its repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
}

/// Adds a folder as a project. Says nothing of projects that do not exist for the caller.
pub async fn create(host: &Host, caller: &Caller, roots: ProjectRoots<'_>, request: &CreateProject) -> Result<AddedProject, Problem> {
    request.repository.as_deref().map(check_repository).transpose()?;
    let added = match (&request.clone, &request.folder) {
        (Some(clone), folder) => add_clone(host, caller, roots, clone, folder.as_deref(), request).await?,
        (None, Some(folder)) => {
            let folder = find_below(roots.folders, folder)?;
            check_owner(host, caller, &folder).await?;
            let CreateProject { name, repository, .. } = request.clone();
            add(host, &caller.actor, &AddProject { folder, name, repository }).await?
        }
        (None, None) => {
            let problem = Problem::invalid("folder_missing", "folder", "A project needs a directory or a repository.");
            return Err(problem.advise("Name a directory, or give `clone` the URL of a repository."));
        }
    };
    let outer = if caller.sees_all() { added.outer } else { None };
    Ok(AddedProject { outer, ..added })
}

/// Clones a repository and adds it. A clone that cannot be added is removed again.
async fn add_clone(
    host: &Host,
    caller: &Caller,
    roots: ProjectRoots<'_>,
    clone: &str,
    folder: Option<&Path>,
    request: &CreateProject,
) -> Result<AddedProject, Problem> {
    let address = CloneAddress::parse(clone).map_err(describe)?;
    let folder = new_folder(roots.folders, folder.unwrap_or_else(|| Path::new(address.name())))?;
    host.app.clone_repository(&address, folder.clone(), roots.private_repositories).await.map_err(describe)?;
    let repository = request.repository.clone().or_else(|| Some(clone.to_owned()));
    let added = add(host, &caller.actor, &AddProject { folder: folder.clone(), name: request.name.clone(), repository }).await;
    if added.is_err() {
        let _removed = tokio::task::spawn_blocking(move || fs::remove_dir_all(folder)).await;
    }
    added
}

/// Where a clone of this name lies.
fn new_folder(roots: &[PathBuf], name: &Path) -> Result<PathBuf, Problem> {
    let root = roots.iter().find_map(|root| root.canonicalize().ok()).ok_or_else(no_roots)?;
    let plain = name.to_str().filter(|name| {
        name.len() <= 100 && !name.starts_with(['.', '-']) && name.chars().all(|each| each.is_ascii_alphanumeric() || "-._".contains(each))
    });
    let name = plain.filter(|name| !name.is_empty()).ok_or_else(|| {
        let problem = Problem::invalid("folder_unfit", "folder", "The directory of a clone is named by letters, digits, `-`, `_` and `.`.");
        problem.advise("Give the new directory a name without a path.")
    })?;
    Ok(root.join(name))
}

fn describe(error: CloneError) -> Problem {
    let message = error.to_string();
    match error {
        CloneError::Address(_) => {
            Problem::invalid("repository_invalid", "clone", message).advise("Use a URL such as https://github.com/ada/shop.")
        }
        CloneError::Private(_) => {
            let hint = "Set `private-repositories = true` under [api] in the host's settings if it is meant to be reached.";
            Problem { field: Some("clone".to_owned()), ..forbid("repository_private", message).advise(hint) }
        }
        CloneError::Taken(_) => Problem::invalid(code::FOLDER_TAKEN, "folder", message).advise("Give the new directory another name."),
        CloneError::Remote(_) => {
            let hint = "Look at the URL. What needs a login is cloned by ssh, with the keys of the host's operator.";
            Problem::invalid("repository_unreachable", "clone", message).advise(hint)
        }
        CloneError::Host(_) => Problem::new(ProblemKind::Unavailable, "clone_failed", message, ProblemSource::Host)
            .advise("Let the operator of the host look at `baton doctor` and at the disk."),
    }
}

/// Rejects the folder of a project that does not exist for the caller without saying whose it is.
async fn check_owner(host: &Host, caller: &Caller, folder: &Path) -> Result<(), Problem> {
    let owner = host.app.kernel.projects().project_of_folder(folder).await.map_err(KernelError::from)?;
    match owner {
        Some(owner) if !caller.sees(&owner.id) && !owner.folders.is_empty() => {
            Err(Problem::invalid(code::FOLDER_TAKEN, "folder", "The directory is in use already."))
        }
        _ => Ok(()),
    }
}

/// The folder below one of the roots, without links. Whether there is anything elsewhere stays unsaid.
fn find_below(roots: &[PathBuf], folder: &Path) -> Result<PathBuf, Problem> {
    if roots.is_empty() {
        return Err(no_roots());
    }
    let is_plain = folder.components().all(|part| matches!(part, Component::Normal(_) | Component::RootDir | Component::CurDir));
    if !is_plain || folder.as_os_str().is_empty() || folder.to_str().is_none_or(|text| text.contains('\0')) {
        return Err(outside(folder));
    }
    let roots = || roots.iter().filter_map(|root| Some((root, root.canonicalize().ok()?)));
    let is_below = |found: &Path| roots().any(|(_, root)| found.starts_with(&root) && found != root);
    if folder.is_absolute() {
        // Compared as it is written before it is looked for, so that nothing is learned of other places.
        let is_named_below = roots().any(|(named, root)| folder.starts_with(named) || folder.starts_with(root));
        let found = if is_named_below { folder.canonicalize().ok() } else { None };
        return found.filter(|found| is_below(found) && found.is_dir()).ok_or_else(|| outside(folder));
    }
    let found = roots().find_map(|(_, root)| root.join(folder).canonicalize().ok().filter(|found| is_below(found) && found.is_dir()));
    found.ok_or_else(|| outside(folder))
}

pub(super) fn no_roots() -> Problem {
    let message = "This host lets no client add projects.";
    forbid("no_project_roots", message)
        .advise("Name the directories below which they may in `project-roots` under [api] in the host's settings.")
}

fn forbid(code: &'static str, message: impl Into<String>) -> Problem {
    Problem::new(ProblemKind::Forbidden, code, message, ProblemSource::Host)
}

fn outside(folder: &Path) -> Problem {
    let shown: String = escaped(&folder.to_string_lossy()).chars().take(200).collect();
    let message = format!("`{shown}` is not a directory below one that the host's settings name for projects.");
    let problem = Problem::invalid("folder_unfit", "folder", message);
    problem.advise("Give the path of a directory that exists below one of `project-roots` under [api] in the host's settings.")
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::symlink};

    use super::*;

    #[test]
    fn a_folder_is_found_below_the_roots_and_nowhere_else() {
        let home = tempfile::tempdir().unwrap();
        let home = home.path().canonicalize().unwrap();
        for folder in ["roots/a/shop", "roots/b/notes", "elsewhere/secret"] {
            fs::create_dir_all(home.join(folder)).unwrap();
        }
        fs::write(home.join("roots/a/file"), "").unwrap();
        symlink(home.join("elsewhere/secret"), home.join("roots/a/link")).unwrap();
        symlink(home.join("roots/a/shop"), home.join("roots/b/shop-link")).unwrap();
        let roots = [home.join("roots/a"), home.join("roots/b"), home.join("missing")];
        let find = |folder: &str| find_below(&roots, Path::new(folder));
        assert_eq!(find("shop").unwrap(), home.join("roots/a/shop"));
        assert_eq!(find("./notes").unwrap(), home.join("roots/b/notes"));
        assert_eq!(find("shop-link").unwrap(), home.join("roots/a/shop"));
        assert_eq!(find(home.join("roots/b/notes").to_str().unwrap()).unwrap(), home.join("roots/b/notes"));
        let secret = home.join("elsewhere/secret");
        let root = home.join("roots/a");
        let hostile = ["", ".", "..", "../elsewhere/secret", "shop/../../../elsewhere", "link", "file", "none", "a\0b", "/", "/etc"];
        for wrong in hostile.into_iter().chain([secret.to_str().unwrap(), root.to_str().unwrap()]) {
            let problem = find(wrong).unwrap_err();
            assert_eq!((&*problem.code, problem.field.as_deref()), ("folder_unfit", Some("folder")), "{wrong}");
        }
        // What exists elsewhere is told no apart from what does not.
        let told = |folder: &Path| find(folder.to_str().unwrap()).unwrap_err().message.replace(folder.to_str().unwrap(), "");
        assert_eq!(told(&secret), told(&home.join("elsewhere/none")));
    }

    #[test]
    fn a_clone_lies_directly_below_the_first_root() {
        let home = tempfile::tempdir().unwrap();
        let root = home.path().canonicalize().unwrap();
        let roots = [root.join("missing"), root.clone()];
        assert_eq!(new_folder(&roots, Path::new("shop.v2")).unwrap(), root.join("shop.v2"));
        for wrong in ["", ".", "..", ".git", "a/b", "/etc", "-x", "a b", "a\0b", "ä"] {
            assert_eq!(&*new_folder(&roots, Path::new(wrong)).unwrap_err().code, "folder_unfit", "{wrong}");
        }
    }

    #[test]
    fn without_roots_nothing_can_be_added() {
        assert_eq!(&*find_below(&[], Path::new("shop")).unwrap_err().code, "no_project_roots");
    }
}
