//! Projects that clients on a network add: from a folder below those that the operator named. Looks at nothing beside them.

use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{AddProject, AddedProject, add, change::check_repository};
use crate::{
    escape::escaped,
    kernel::KernelError,
    operations::{Host, Problem, ProblemKind, ProblemSource, access::Caller, code},
};

/// A folder to add as a project, below one that the operator named for that.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateProject {
    /// The folder: its path below the first of the named folders that has it, or an absolute path.
    pub folder: PathBuf,
    /// Its name; none for that of the folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where others find its repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
}

/// Adds a folder below `roots` as a project. Says nothing of projects that do not exist for the caller.
pub async fn create(host: &Host, caller: &Caller, roots: &[PathBuf], request: &CreateProject) -> Result<AddedProject, Problem> {
    request.repository.as_deref().map(check_repository).transpose()?;
    let folder = find_below(roots, &request.folder)?;
    let CreateProject { name, repository, .. } = request.clone();
    check_owner(host, caller, &folder).await?;
    let added = add(host, &caller.actor, &AddProject { folder, name, repository }).await?;
    let outer = if caller.sees_all() { added.outer } else { None };
    Ok(AddedProject { outer, ..added })
}

/// Rejects the folder of a project that does not exist for the caller without saying whose it is.
async fn check_owner(host: &Host, caller: &Caller, folder: &Path) -> Result<(), Problem> {
    let owner = host.app.kernel.projects().project_of_folder(folder).await.map_err(KernelError::from)?;
    match owner {
        Some(owner) if !caller.sees(&owner.id) && !owner.folders.is_empty() => {
            Err(Problem::invalid(code::FOLDER_TAKEN, "folder", "The folder is in use already."))
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
    let problem = Problem::new(ProblemKind::Forbidden, "no_project_roots", message, ProblemSource::Host);
    problem.advise("Name the folders below which they may in `project-roots` under [api] in the host's settings.")
}

fn outside(folder: &Path) -> Problem {
    let shown: String = escaped(&folder.to_string_lossy()).chars().take(200).collect();
    let message = format!("`{shown}` is not a folder below one that the host's settings name for projects.");
    let problem = Problem::invalid("folder_unfit", "folder", message);
    problem.advise("Give the path of a folder that exists below one of `project-roots` under [api] in the host's settings.")
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
    fn without_roots_nothing_can_be_added() {
        assert_eq!(&*find_below(&[], Path::new("shop")).unwrap_err().code, "no_project_roots");
    }
}
