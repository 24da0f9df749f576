//! The command that tests the part of a repository in which a file lies: the package of a workspace, or a project of its own.
//! Part of a workspace is only what the root's tool takes as such.

use std::collections::BTreeMap;

use baton_sdk::Result;

use super::folder::Folder;
use super::{javascript, python, suggested};

/// Commands that are run in the place of the whole; a change of more parts needs the whole.
pub(super) const MOST_COMMANDS: usize = 6;
/// Folders that are looked at for one change.
const MOST_FOLDERS: usize = 40;
/// Files that make a folder a project.
pub(super) const MANIFESTS: &[&str] = &[
    "Cargo.toml",
    "package.json",
    "pyproject.toml",
    "setup.py",
    "go.mod",
    "pom.xml",
    "build.gradle",
    "build.gradle.kts",
    "Gemfile",
    "composer.json",
    "mix.exs",
    "pubspec.yaml",
    "deno.json",
];

/// What was found so far, by folder.
#[derive(Default)]
pub(super) struct Nearest {
    root: Option<Folder>,
    commands: BTreeMap<String, Option<String>>,
}

impl Nearest {
    /// None where the file belongs to the root, or nothing is known of its part.
    pub(super) fn command(&mut self, path: &str) -> Result<Option<String>> {
        let mut above = path.rsplit_once('/').map(|(folder, _)| folder);
        while let Some(folder) = above {
            if !is_plain(folder) {
                return Ok(None);
            }
            if let Some(command) = self.of_folder(folder, path.ends_with(".go"))? {
                return Ok(Some(command));
            }
            above = folder.rsplit_once('/').map(|(outer, _)| outer);
        }
        Ok(None)
    }

    fn of_folder(&mut self, folder: &str, is_go: bool) -> Result<Option<String>> {
        let key = if is_go { format!("{folder}/*.go") } else { folder.to_owned() };
        if let Some(known) = self.commands.get(&key) {
            return Ok(known.clone());
        }
        if self.commands.len() >= MOST_FOLDERS {
            return Ok(None);
        }
        let root = match self.root.take() {
            Some(root) => root,
            None => Folder::read("")?,
        };
        let command = command(&root, &Folder::read(folder)?, folder, is_go);
        self.root = Some(root);
        self.commands.insert(key, command.clone());
        Ok(command)
    }
}

fn command(root: &Folder, own: &Folder, folder: &str, is_go: bool) -> Option<String> {
    // A package of Go is a folder, and its module may be the root.
    if is_go && root.has("go.mod") && !own.has("go.mod") && own.has_ending(&["_test.go"]) {
        return Some(format!("go test -v ./{folder}"));
    }
    if !own.has_any(MANIFESTS) && !own.has_ending(&[".csproj", ".fsproj"]) {
        return None;
    }
    if let Some(name) = cargo_package(own).filter(|_| root.has_line("Cargo.toml", "[workspace")) {
        return Some(format!("cargo test --package {name}"));
    }
    if own.has("pom.xml") && root.has("pom.xml") {
        let program = if root.has("mvnw") { "sh ./mvnw" } else { "mvn" };
        return Some(format!("{program} --batch-mode --projects {folder} --also-make test"));
    }
    if own.has_any(&["build.gradle", "build.gradle.kts"]) && root.has_any(&["settings.gradle", "settings.gradle.kts"]) {
        let program = if root.has("gradlew") { "sh ./gradlew" } else { "gradle" };
        return Some(format!("{program} :{}:test", folder.replace('/', ":")));
    }
    if own.has_ending(&[".csproj", ".fsproj"]) && root.has_ending(&[".sln", ".slnx"]) {
        return Some(format!("dotnet test {folder}"));
    }
    let in_workspace = javascript::in_workspace_of(root, own).or_else(|| python::in_workspace_of(root, own));
    in_workspace.or_else(|| suggested(own)).map(|command| format!("cd {folder} && {command}"))
}

fn cargo_package(own: &Folder) -> Option<String> {
    let manifest = own.text("Cargo.toml")?;
    let mut lines =
        manifest.lines().map(str::trim).skip_while(|line| *line != "[package]").skip(1).take_while(|line| !line.starts_with('['));
    let name = lines.find_map(|line| line.strip_prefix("name")?.trim_start().strip_prefix('='))?.trim().trim_matches('"');
    let is_name =
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')) && !name.starts_with('-');
    is_name.then(|| name.to_owned())
}

/// Whether a shell takes a path as it is.
pub(super) fn is_plain(path: &str) -> bool {
    let is_taken = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'_' | b'-' | b'+' | b'@');
    !path.is_empty() && path.bytes().all(is_taken) && path.split('/').all(|part| !part.is_empty() && part != ".." && !part.starts_with('-'))
}
