//! What operators do with projects. Looks at folders; keeps nothing itself.

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
};

use super::{Opening, Project, ProjectChange, ProjectState, Projects, Purpose, Refusal, check_name};
use crate::{
    actor::Actor,
    errors::Reason,
    interfaces::{likeness::nearest, project},
    journal::RunId,
    kernel::{Kernel, KernelError, run::Run},
};

impl Kernel {
    /// The projects.
    pub fn projects(&self) -> &dyn Projects {
        self.parts.projects.as_ref()
    }

    /// The project that a person means by a name, an id or a former key.
    pub async fn find_project(&self, word: &str) -> Result<Project, KernelError> {
        let mut projects = self.projects().all_projects().await?;
        let found = projects.iter().position(|project| project.removed_at.is_none() && project.name == word);
        let found = found.or_else(|| projects.iter().position(|project| project.is_named(word)));
        match found {
            Some(found) => Ok(projects.swap_remove(found)),
            None => Err(KernelError::NoProject(unknown(word, &projects))),
        }
    }

    /// What a project's runs know of it; for one without a row nothing but its id.
    pub(in crate::kernel) async fn identity_of(&self, id: &str) -> Result<project::Project, KernelError> {
        let found = if id.is_empty() { None } else { self.projects().load_project(id).await? };
        Ok(found.map_or_else(|| project::Project { id: id.to_owned(), ..Default::default() }, |project| project.identity()))
    }

    /// Adds a folder as a project.
    pub async fn add_project(
        &self,
        folder: &Path,
        name: Option<String>,
        repository: Option<String>,
        by: &Actor,
    ) -> Result<Project, KernelError> {
        name.as_deref().map(check_name).transpose()?;
        self.open_project_folder(folder, Purpose::Add { name, repository }, by).await
    }

    /// The project of a folder, for an operator who writes something that is kept for it.
    pub async fn open_project(&self, folder: &Path, by: &Actor) -> Result<Project, KernelError> {
        self.open_project_folder(folder, Purpose::Write, by).await
    }

    async fn open_project_folder(&self, folder: &Path, purpose: Purpose, by: &Actor) -> Result<Project, KernelError> {
        let opening = Opening { purpose, by: Some(by.clone()), ..self.opening(&self.project_folder(folder)?) };
        Ok(self.projects().open_project(&opening).await??)
    }

    /// What is opened for a run.
    pub(in crate::kernel) fn opening_for(&self, run: &Run) -> Opening {
        Opening { purpose: Purpose::Run(run.id.clone()), by: run.started_by.clone(), ..self.opening(&run.workspace) }
    }

    fn opening(&self, folder: &Path) -> Opening {
        let id = RunId::at(self.parts.clock.now(), (self.parts.random)()).to_string();
        Opening { id, folder: folder.to_owned(), purpose: Purpose::Write, by: None }
    }

    /// Checks that a run may start in a folder. What is not known yet is no obstacle.
    pub async fn check_project(&self, folder: &Path) -> Result<(), KernelError> {
        match self.projects().project_of_folder(folder).await? {
            Some(project) => Ok(project.admit()?),
            None => Ok(()),
        }
    }

    /// Checks that a run may continue in its project.
    pub(in crate::kernel) async fn check_continuing(&self, run: &Run) -> Result<(), KernelError> {
        match self.projects().load_project(&run.project).await? {
            Some(project) => Ok(project.admit()?),
            None => Ok(()),
        }
    }

    /// The name of a project, by its id, that holds its runs back, because an operator paused it.
    pub async fn held_by(&self, project: &str) -> Result<Option<String>, KernelError> {
        let project = self.projects().load_project(project).await?;
        Ok(project.filter(|project| project.state == ProjectState::Paused).map(|project| project.name))
    }

    /// Makes a change for an operator.
    pub async fn change_project(&self, project: &Project, change: ProjectChange, by: &Actor) -> Result<Project, KernelError> {
        if let ProjectChange::Rename(name) = &change {
            check_name(name)?;
        }
        let changed = self.projects().change_project(&project.id, &change, by).await??;
        self.changed();
        Ok(changed)
    }

    /// Adds a folder to a project.
    pub async fn add_folder(&self, project: &Project, folder: &Path, by: &Actor) -> Result<Project, KernelError> {
        let folder = self.project_folder(folder)?;
        self.change_project(project, ProjectChange::AddFolder(folder), by).await
    }

    /// Gives a folder of a project, the only one or that at `from`, its new place. The history stays the project's.
    pub async fn move_project(&self, project: &Project, from: Option<&Path>, to: &Path, by: &Actor) -> Result<Project, KernelError> {
        let from = moved_from(project, from)?;
        let to = self.project_folder(to)?;
        let pin = self.parts.pins.pin(&to);
        self.change_project(project, ProjectChange::Move { from, to, pin }, by).await
    }

    /// A folder that a project may have: it is there, not one of Baton's own, and none of the system's. What Baton keeps in a
    /// folder further down, such as its data in a home folder, is out of reach of runs.
    pub(in crate::kernel) fn project_folder(&self, folder: &Path) -> Result<PathBuf, KernelError> {
        let found = usable_folder(folder)?;
        let reason = if self.parts.worktrees.holds(&found) {
            "is where Baton keeps worktrees"
        } else if self.parts.policy.is_hosts_own(&found) {
            "is where Baton keeps its own data. A project needs a directory of its own"
        } else if is_systems(&found) {
            "belongs to the system and holds no files of a project. Name a directory below it that does"
        } else {
            return Ok(found);
        };
        Err(KernelError::Workspace { path: folder.to_owned(), reason: reason.to_owned() })
    }
}

/// The absolute path, without links, of a folder in which runs may work.
pub fn usable_folder(folder: &Path) -> Result<PathBuf, KernelError> {
    let refused = |reason: &str| KernelError::Workspace { path: folder.to_owned(), reason: reason.to_owned() };
    let found = folder.canonicalize().map_err(|error| match error.kind() {
        ErrorKind::NotFound => refused("does not exist"),
        _ => refused(&format!("cannot be used ({error})")),
    })?;
    if !found.is_dir() {
        return Err(refused("is not a directory"));
    }
    if found.to_str().is_none() {
        return Err(refused("has a path that is not UTF-8, under which nothing can be stored"));
    }
    Ok(found)
}

/// Whether a folder is the root of the file system, or shows what the kernel knows and no files. Memory that is used as a disk
/// has files.
fn is_systems(folder: &Path) -> bool {
    let below = |place: &str| folder.starts_with(place);
    folder.parent().is_none() || ["/proc", "/sys", "/dev"].into_iter().any(below) && (folder == Path::new("/dev/shm") || !below("/dev/shm"))
}

/// Which folder of a project moves. The old place need not exist any more.
fn moved_from(project: &Project, from: Option<&Path>) -> Result<Option<PathBuf>, Refusal> {
    let Some(from) = from else {
        return match project.folders.as_slice() {
            [] => Ok(None),
            [only] => Ok(Some(only.clone())),
            _ => Err(Refusal::SeveralFolders(project.name.clone())),
        };
    };
    let absolute = from.canonicalize().or_else(|_| std::path::absolute(from)).unwrap_or_else(|_| from.to_owned());
    match project.folders.iter().find(|folder| **folder == absolute || *folder == from) {
        Some(folder) => Ok(Some(folder.clone())),
        None => Err(Refusal::NotItsFolder { folder: from.display().to_string().escape_debug().to_string(), name: project.name.clone() }),
    }
}

fn unknown(word: &str, projects: &[Project]) -> Reason {
    const MOST_SHOWN: usize = 5;
    let names: Vec<_> = projects.iter().filter(|project| project.removed_at.is_none()).map(|project| project.name.as_str()).collect();
    let shown: String = word.chars().take(100).flat_map(char::escape_debug).collect();
    let near = nearest(word, names.iter().copied());
    let hint = match (near.as_slice(), names.len()) {
        ([], 0) => "Baton does not know any project yet.".to_owned(),
        ([], known) if known <= MOST_SHOWN => format!("The projects are {}.", quote_names(&names)),
        ([], _) => "`baton project list` lists the projects.".to_owned(),
        (near, _) => format!("Did you mean {}?", quote_names(near)),
    };
    Reason::new(format!("Project `{shown}` does not exist.")).advise(hint)
}

fn quote_names(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::errors::Hint;

    fn project(name: &str, folders: &[&str]) -> Project {
        Project {
            id: format!("id of {name}"),
            name: name.to_owned(),
            folders: folders.iter().map(PathBuf::from).collect(),
            repository: None,
            state: ProjectState::Active,
            settings: json!({}),
            former_key: None,
            created_at: 0,
            updated_at: 0,
            removed_at: None,
        }
    }

    #[test]
    fn a_folder_that_cannot_be_one_is_told_as_what_it_is() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("file"), "").unwrap();
        let said = |name: &str| usable_folder(&folder.path().join(name)).err().unwrap().to_string();
        assert_eq!(said("none"), format!("The directory {} does not exist.", folder.path().join("none").display()));
        assert!(said("file").ends_with("file is not a directory."), "{}", said("file"));
        assert!(said("file/below").contains("cannot be used (Not a directory"), "{}", said("file/below"));
        assert!(said(&"n".repeat(300)).contains("too long"));
        assert_eq!(usable_folder(&folder.path().join(".")).unwrap(), folder.path().canonicalize().unwrap());
        #[cfg(target_os = "linux")]
        {
            let odd = folder.path().join(<std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(b"odd\xff"));
            std::fs::create_dir(&odd).unwrap();
            assert!(usable_folder(&odd).err().unwrap().to_string().contains("not UTF-8"));
        }
    }

    #[test]
    fn a_folder_of_the_system_is_known() {
        for path in ["/", "/proc", "/proc/self/fd", "/sys/kernel", "/dev", "/dev/shm"] {
            assert!(is_systems(Path::new(path)), "{path}");
        }
        for path in ["/home", "/process", "/dev/shm/shop", "/etc"] {
            assert!(!is_systems(Path::new(path)), "{path}");
        }
    }

    #[test]
    fn an_unknown_name_is_told_with_what_may_be_meant() {
        let known = [project("shop", &[]), project("notes", &[])];
        let told = |word: &str, known: &[Project]| unknown(word, known).explain();
        assert_eq!(told("shpo", &known), "Project `shpo` does not exist. Did you mean `shop`?");
        assert_eq!(told("x\u{1b}", &known), "Project `x\\u{1b}` does not exist. The projects are `shop`, `notes`.");
        assert_eq!(told("x", &[]), "Project `x` does not exist. Baton does not know any project yet.");
        assert!(told(&"x".repeat(10_000), &known).len() < 300);
    }

    #[test]
    fn the_folder_that_moves_is_the_only_one_or_the_one_named() {
        let (none, one, two) = (project("a", &[]), project("b", &["/b"]), project("c", &["/c", "/d"]));
        assert_eq!(moved_from(&none, None), Ok(None));
        assert_eq!(moved_from(&one, None), Ok(Some(PathBuf::from("/b"))));
        assert_eq!(moved_from(&two, None), Err(Refusal::SeveralFolders("c".to_owned())));
        assert_eq!(moved_from(&two, Some(Path::new("/d"))), Ok(Some(PathBuf::from("/d"))));
        assert!(matches!(moved_from(&two, Some(Path::new("/b"))), Err(Refusal::NotItsFolder { .. })));
    }

    #[test]
    fn a_run_starts_where_no_operator_is_against_it() {
        let of = |state, removed_at| Project { state, removed_at, ..project("shop", &[]) }.admit();
        for state in [ProjectState::Inactive, ProjectState::Active, ProjectState::Error] {
            assert_eq!(of(state, None), Ok(()));
        }
        assert_eq!(of(ProjectState::Paused, None), Err(Refusal::Paused("shop".to_owned())));
        assert_eq!(of(ProjectState::Completed, None), Err(Refusal::Completed("shop".to_owned())));
        assert_eq!(of(ProjectState::Active, Some(1)), Err(Refusal::Removed("shop".to_owned())));
    }
}
