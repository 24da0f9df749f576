//! Whether a plugin's folder is as it was at the last build, so that minutes need not be spent on the same component. Knows the
//! languages whose compilers do not find that out themselves: cargo does, and a persona takes no time.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Project, changes::is_source, failure, scaffold::CONTRACT};
use crate::operations::Problem;

/// All that a component is made of, as one hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::cli) struct Inputs(String);

/// What is kept beside a component.
#[derive(Serialize, Deserialize)]
struct Build {
    inputs: Inputs,
    component: String,
}

impl Project {
    /// What a component would be made of now. None where the compiler looks itself.
    pub(in crate::cli) async fn inputs(&self) -> Result<Option<Inputs>, Problem> {
        self.compiler_version().await?.map(|compiler| self.inputs_with(&compiler)).transpose()
    }

    fn inputs_with(&self, compiler: &str) -> Result<Inputs, Problem> {
        let mut hash = Sha256::new();
        add(&mut hash, "baton", env!("CARGO_PKG_VERSION").as_bytes());
        add(&mut hash, "compiler", compiler.as_bytes());
        for (path, text) in self.language.sdk() {
            add(&mut hash, &path, text.as_bytes());
        }
        for (path, text) in CONTRACT {
            add(&mut hash, path, text.as_bytes());
        }
        for path in self.sources().map_err(|error| failure::unusable(&self.folder, &error))? {
            let content = fs::read(self.folder.join(&path)).map_err(|error| failure::unusable(&path, &error))?;
            add(&mut hash, &path.to_string_lossy(), &content);
        }
        Ok(Inputs(hex::encode(hash.finalize())))
    }

    /// The component of the last build, if it was made of just this and nobody has touched it.
    pub(in crate::cli) fn last_build(&self, component: &Path, inputs: &Inputs) -> Option<Vec<u8>> {
        let kept: Build = serde_json::from_slice(&fs::read(beside(component)).ok()?).ok()?;
        if kept.inputs != *inputs {
            return None;
        }
        fs::read(component).ok().filter(|wasm| digest(wasm) == kept.component)
    }

    /// Keeps what a component was made of. Without it the next build is done again.
    pub(in crate::cli) fn keep_build(&self, component: &Path, wasm: &[u8], inputs: Inputs) -> Result<(), Problem> {
        let (path, build) = (beside(component), Build { inputs, component: digest(wasm) });
        let text = serde_json::to_string(&build).map_err(|error| failure::unwritable(&path, &error.into()))?;
        super::sdk::replace(&path, &text).map_err(|error| failure::unwritable(&path, &error))
    }

    /// The files of the author's, and those that say what is installed, sorted.
    fn sources(&self) -> io::Result<Vec<PathBuf>> {
        let mut found: Vec<_> = INSTALLED.iter().map(PathBuf::from).filter(|path| self.folder.join(path).is_file()).collect();
        let mut open = vec![PathBuf::new()];
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(self.folder.join(&folder))? {
                let path = folder.join(entry?.file_name());
                let whole = self.folder.join(&path);
                // A link to a folder is not followed: it may lead back.
                let about = fs::symlink_metadata(&whole)?;
                if !is_source(self, &whole) {
                    continue;
                }
                if about.is_dir() {
                    open.push(path);
                } else if whole.is_file() {
                    found.push(path);
                }
            }
        }
        found.sort();
        Ok(found)
    }
}

/// What npm says of the modules that are installed.
const INSTALLED: &[&str] = &["node_modules/.package-lock.json"];

fn beside(component: &Path) -> PathBuf {
    component.with_extension("build.json")
}

fn digest(content: &[u8]) -> String {
    hex::encode(Sha256::digest(content))
}

/// Lengths keep what is added apart.
fn add(hash: &mut Sha256, name: &str, content: &[u8]) {
    for part in [name.as_bytes(), content] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::authoring::Language;

    fn project() -> (tempfile::TempDir, Project) {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in [("app.py", "one"), ("plugin.toml", "two"), ("deep/more.py", "three"), ("target/old.wasm", "")] {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let project = Project { folder: folder.path().canonicalize().unwrap(), language: Language::Python };
        (folder, project)
    }

    #[test]
    fn whatever_a_component_is_made_of_changes_the_hash() {
        let (_folder, project) = project();
        let inputs = || project.inputs_with("compiler 1").unwrap();
        let before = inputs();
        assert_eq!(inputs(), before);
        assert_ne!(project.inputs_with("compiler 2").unwrap(), before);
        let elsewhere = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), project.folder.join("around")).unwrap();
        for made in ["target/new.wasm", "__pycache__/app.pyc", ".venv/lib/x.py", "baton/llm.py", "around/x.py"] {
            let path = project.folder.join(made);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "made").unwrap();
            assert_eq!(inputs(), before, "{made}");
        }
        for (path, text) in [("app.py", "changed"), ("plugin.toml", "changed"), ("deep/more.py", "changed"), ("new.txt", "")] {
            let last = inputs();
            fs::write(project.folder.join(path), text).unwrap();
            assert_ne!(inputs(), last, "{path}");
        }
        let last = inputs();
        fs::rename(project.folder.join("new.txt"), project.folder.join("other.txt")).unwrap();
        assert_ne!(inputs(), last);
    }

    #[test]
    fn only_a_component_that_was_kept_and_not_touched_is_used_again() {
        let (_folder, project) = project();
        let component = project.folder.join("target/p.wasm");
        let inputs = project.inputs_with("compiler 1").unwrap();
        fs::write(&component, "wasm").unwrap();
        assert_eq!(project.last_build(&component, &inputs), None, "nothing was kept");
        project.keep_build(&component, b"wasm", inputs.clone()).unwrap();
        assert_eq!(project.last_build(&component, &inputs).as_deref(), Some(&b"wasm"[..]));
        assert_eq!(project.last_build(&component, &project.inputs_with("compiler 2").unwrap()), None);
        fs::write(&component, "other").unwrap();
        assert_eq!(project.last_build(&component, &inputs), None, "somebody has touched it");
        for rubbish in ["", "{}", "[1]", "{\"inputs\":5,\"component\":7}"] {
            fs::write(&component, "wasm").unwrap();
            fs::write(beside(&component), rubbish).unwrap();
            assert_eq!(project.last_build(&component, &inputs), None, "{rubbish}");
        }
        fs::remove_file(&component).unwrap();
        assert_eq!(project.last_build(&component, &inputs), None);
    }
}
