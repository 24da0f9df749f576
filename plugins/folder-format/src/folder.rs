//! Where the files of a folder and of its project come from. Reads nothing by itself.

use std::collections::BTreeMap;

/// The files that a folder may name. Paths are inside, separated by `/`.
pub trait Files {
    /// A file of the folder.
    fn read_folder(&self, path: &str) -> Option<Vec<u8>>;
    /// The paths of the folder's files, sorted.
    fn list_folder(&self) -> Vec<String>;
    /// A file of the project, such as a configuration.
    fn read_project(&self, path: &str) -> Option<Vec<u8>>;
    /// Whether the project has a file or folder there. None: it is not known, for instance where a folder is packed without a project.
    fn project_has(&self, path: &str) -> Option<bool>;
}

/// Files in memory, for what is packed and for tests.
#[derive(Clone, Debug, Default)]
pub struct MemoryFiles {
    /// Those of the folder.
    pub folder: BTreeMap<String, Vec<u8>>,
    /// Those of the project; none where there is no project.
    pub project: Option<BTreeMap<String, Vec<u8>>>,
}

impl MemoryFiles {
    /// A folder of texts, without a project.
    pub fn of<const N: usize>(files: [(&str, &str); N]) -> Self {
        let folder = files.into_iter().map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec())).collect();
        Self { folder, project: None }
    }

    /// The same with a file in its project.
    #[must_use]
    pub fn with_project(mut self, path: &str, text: &str) -> Self {
        self.project.get_or_insert_default().insert(path.to_owned(), text.as_bytes().to_vec());
        self
    }
}

impl Files for MemoryFiles {
    fn read_folder(&self, path: &str) -> Option<Vec<u8>> {
        self.folder.get(path).cloned()
    }

    fn list_folder(&self) -> Vec<String> {
        self.folder.keys().cloned().collect()
    }

    fn read_project(&self, path: &str) -> Option<Vec<u8>> {
        self.project.as_ref()?.get(path).cloned()
    }

    fn project_has(&self, path: &str) -> Option<bool> {
        let project = self.project.as_ref()?;
        let below = format!("{path}/");
        Some(project.contains_key(path) || project.range(below.clone()..).next().is_some_and(|(found, _)| found.starts_with(&below)))
    }
}
