//! Baton's SDK for Python and JavaScript: the folder `baton` beside the plugin, in the version of this Baton. Replaces nothing
//! that Baton has not written.

use std::{
    fs,
    io::{self, Write as _},
    path::Path,
};

use super::{
    Language, Project,
    build::{is_folder, own_folder},
    failure,
    scaffold::CONTRACT,
};
use crate::operations::Problem;

const PYTHON: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/sdk_python_files.rs"));
const JAVASCRIPT: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/sdk_javascript_files.rs"));
/// What a file of the SDK says of itself.
const MARK: &str = "`baton plugin build` write this";

impl Language {
    /// The SDK's files by their paths in the plugin's folder, and what is in them. A plugin in Rust has it as a crate.
    pub(super) fn sdk(self) -> Vec<(String, String)> {
        let files = match self {
            Self::Python => PYTHON,
            Self::JavaScript => JAVASCRIPT,
            Self::Rust | Self::Persona | Self::Folder => &[],
        };
        files.iter().map(|(path, text)| ((*path).to_owned(), filled(text))).collect()
    }

    /// The folder of the SDK in a plugin's.
    pub(super) fn sdk_folder(self) -> Option<&'static str> {
        matches!(self, Self::Python | Self::JavaScript).then_some("baton")
    }
}

impl Project {
    /// Writes the files of the SDK that are missing or of another version.
    pub(in crate::cli) fn write_sdk(&self) -> Result<(), Problem> {
        let Some(name) = self.language.sdk_folder() else { return Ok(()) };
        let folder = self.folder.join(name);
        if is_folder(&folder)? && !is_ours(&folder) {
            return Err(failure::foreign_sdk(&folder));
        }
        own_folder(&folder)?;
        for (path, text) in self.language.sdk() {
            let path = self.folder.join(path);
            replace(&path, &text).map_err(|error| failure::unwritable(&path, &error))?;
        }
        Ok(())
    }
}

/// Whether the folder is empty or has the SDK of a Baton.
fn is_ours(folder: &Path) -> bool {
    let says = |name: &str| fs::read_to_string(folder.join(name)).is_ok_and(|text| text.contains(MARK));
    fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none()) || says("__init__.py") || says("index.js")
}

/// Writes a file unless it is so already, in one step and never through a link.
pub(super) fn replace(path: &Path, text: &str) -> io::Result<()> {
    let present = fs::symlink_metadata(path).is_ok_and(|about| about.is_file());
    if present && fs::read(path)? == text.as_bytes() {
        return Ok(());
    }
    let mut file = tempfile::NamedTempFile::new_in(path.parent().unwrap_or(Path::new(".")))?;
    file.write_all(text.as_bytes())?;
    file.persist(path).map(drop).map_err(io::Error::from)
}

/// The module that imports the contract, with the contract's interfaces and version. No other file has them.
fn filled(template: &str) -> String {
    if !template.contains("{{imports}}") {
        return template.to_owned();
    }
    let (package, interfaces) = contract();
    let (name, version) = package.split_once('@').unwrap_or((package, ""));
    let import = |interface: &&str| format!("import * as {interface} from \"{name}/{interface}@{version}\";");
    let imports: Vec<_> = interfaces.iter().map(import).collect();
    template.replace("{{imports}}", &imports.join("\n")).replace("{{names}}", &interfaces.join(", "))
}

/// The contract's package, and what every plugin imports of it.
fn contract() -> (&'static str, Vec<&'static str>) {
    let lines = || CONTRACT.iter().flat_map(|(_, text)| text.lines()).map(str::trim);
    let package = lines().find_map(|line| line.strip_prefix("package ")?.strip_suffix(';')).unwrap_or_default();
    (package, lines().filter_map(|line| line.strip_prefix("import ")?.strip_suffix(';')).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(language: Language) -> (tempfile::TempDir, Project) {
        let folder = tempfile::tempdir().unwrap();
        let project = Project { folder: folder.path().canonicalize().unwrap(), language };
        (folder, project)
    }

    #[test]
    fn the_sdk_is_written_and_brought_up_to_date() {
        for (language, first) in [(Language::Python, "baton/__init__.py"), (Language::JavaScript, "baton/index.js")] {
            let (_folder, project) = project(language);
            project.write_sdk().unwrap();
            let file = project.folder.join(first);
            let written = fs::read_to_string(&file).unwrap();
            fs::write(&file, format!("{written}\nchanged")).unwrap();
            project.write_sdk().unwrap();
            assert_eq!(fs::read_to_string(&file).unwrap(), written);
        }
        let (_folder, rust) = project(Language::Rust);
        rust.write_sdk().unwrap();
        assert!(!rust.folder.join("baton").exists());
    }

    #[test]
    fn a_folder_of_somebody_else_and_a_link_are_rejected() {
        let (_folder, project) = project(Language::Python);
        let sdk = project.folder.join("baton");
        fs::create_dir(&sdk).unwrap();
        fs::write(sdk.join("__init__.py"), "MINE = 1").unwrap();
        assert_eq!(project.write_sdk().unwrap_err().code, "sdk_in_the_way");
        assert_eq!(fs::read_to_string(sdk.join("__init__.py")).unwrap(), "MINE = 1");
        fs::remove_dir_all(&sdk).unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), &sdk).unwrap();
        assert!(project.write_sdk().unwrap_err().message.contains("does not follow links"));
        assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_link_in_the_sdk_is_replaced_and_not_followed() {
        let (_folder, project) = project(Language::JavaScript);
        project.write_sdk().unwrap();
        let (theirs, link) = (project.folder.join("theirs.txt"), project.folder.join("baton/run.js"));
        fs::write(&theirs, "theirs").unwrap();
        fs::remove_file(&link).unwrap();
        std::os::unix::fs::symlink(&theirs, &link).unwrap();
        project.write_sdk().unwrap();
        assert_eq!(fs::read_to_string(&theirs).unwrap(), "theirs");
        assert!(fs::symlink_metadata(&link).unwrap().is_file());
    }

    #[test]
    fn the_version_of_the_contract_stands_in_one_file_of_the_sdk() {
        let (package, interfaces) = contract();
        assert!(package.starts_with("baton:plugin@") && interfaces.contains(&"files"), "{package} {interfaces:?}");
        let files = [Language::Python, Language::JavaScript].map(Language::sdk).concat();
        let with_version: Vec<_> = files.iter().filter(|(_, text)| text.contains("baton:plugin")).map(|(path, _)| path.as_str()).collect();
        assert_eq!(with_version, ["baton/component.js"]);
        let (_, component) = files.iter().find(|(path, _)| path == "baton/component.js").unwrap();
        assert!(!component.contains("{{") && component.contains(&format!("from \"{}\";", package.replace('@', "/files@"))), "{component}");
    }
}
