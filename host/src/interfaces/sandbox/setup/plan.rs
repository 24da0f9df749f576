//! Which setup a project has: what the operator's settings say, or what was approved of what the repository proposes or its
//! lockfiles suggest. A repository that proposes another setup than the approved one gets none. Executes nothing.

use std::path::Path;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::suggested;
use crate::{
    interfaces::sandbox::approvals::{Approvable, ApprovalKind},
    journal::form::canonical,
};

/// Bytes of a command.
const LONGEST_COMMAND: usize = 4 << 10;
const MOST_FILES: usize = 200;
const LONGEST_FILE: usize = 256;

/// What setups read if nothing else is set: lockfiles, and the manifests that the package managers read beside them.
const USUAL_FILES: [&str; 50] = [
    "**/Cargo.toml",
    "**/Cargo.lock",
    "**/.cargo/config.toml",
    "**/rust-toolchain.toml",
    "**/package.json",
    "**/package-lock.json",
    "**/npm-shrinkwrap.json",
    "**/yarn.lock",
    "**/.yarnrc.yml",
    "**/.yarn/releases/*",
    "**/pnpm-lock.yaml",
    "**/pnpm-workspace.yaml",
    "**/bun.lock",
    "**/bunfig.toml",
    "**/.npmrc",
    "**/pyproject.toml",
    "**/setup.py",
    "**/setup.cfg",
    "**/uv.lock",
    "**/uv.toml",
    "**/.python-version",
    "**/poetry.lock",
    "**/pdm.lock",
    "**/Pipfile",
    "**/Pipfile.lock",
    "**/requirements*.txt",
    "**/*-requirements.txt",
    "**/requirements/*.txt",
    "**/constraints*.txt",
    "**/go.mod",
    "**/go.sum",
    "**/go.work",
    "**/go.work.sum",
    "**/pom.xml",
    "**/.mvn/**",
    "**/mvnw",
    "**/build.gradle",
    "**/build.gradle.kts",
    "**/settings.gradle",
    "**/settings.gradle.kts",
    "**/gradle.properties",
    "**/gradle.lockfile",
    "**/gradle/**",
    "**/gradlew",
    "**/Gemfile",
    "**/Gemfile.lock",
    "**/*.gemspec",
    "**/.ruby-version",
    "**/composer.json",
    "**/composer.lock",
];

/// A setup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// A line for the image's shell.
    pub command: String,
    /// Globs of the files that it reads.
    pub files: Vec<String>,
    /// A line for the same shell that renews lockfiles after a manifest changed; none where a story writes them itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock: Option<String>,
}

impl Approvable for Plan {
    const KIND: ApprovalKind = ApprovalKind::Setup;

    fn hash(&self) -> String {
        let mut pinned = json!({ "setup": self.command, "setup-files": self.files });
        if let Some(lock) = &self.lock {
            pinned["lock"] = json!(lock);
        }
        hex::encode(Sha256::digest(canonical(&pinned)))
    }
}

/// Which one of its kind holds, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision<T> {
    /// This one.
    Use(T),
    /// None; and what to say of that.
    None(String),
    /// The operator has to decide; a sentence.
    Undecided(String),
}

impl Plan {
    /// The setup in a table `test`; none where it has none. An error is a sentence.
    pub fn read(test: &Value) -> Result<Option<Self>, String> {
        let Some(command) = command(test, "setup")? else { return Ok(None) };
        let lock = self::command(test, "lock")?.filter(|command| !command.is_empty());
        let files = match test.get("setup-files") {
            None => USUAL_FILES.map(str::to_owned).to_vec(),
            Some(list) => globs(list).ok_or_else(|| {
                format!(
                    "`test.setup-files` has to be a list of at most {MOST_FILES} paths or globs in the workspace, such as [\"uv.lock\"]."
                )
            })?,
        };
        let plan = Self { command, files, lock };
        plan.matching()?;
        Ok(Some(plan))
    }

    /// What the lockfiles of a workspace suggest.
    pub fn suggest(workspace: &Path) -> Option<Self> {
        let (command, lock) = suggested::commands(workspace)?;
        Some(Self { command, files: USUAL_FILES.map(str::to_owned).to_vec(), lock })
    }

    /// Finds its files.
    pub(super) fn matching(&self) -> Result<GlobSet, String> {
        let mut set = GlobSetBuilder::new();
        for glob in &self.files {
            let glob = GlobBuilder::new(glob).literal_separator(true).build();
            set.add(glob.map_err(|error| format!("`test.setup-files`: {error}."))?);
        }
        set.build().map_err(|error| format!("`test.setup-files`: {error}."))
    }
}

/// A command line in a table `test`; none where it has none.
fn command(test: &Value, name: &str) -> Result<Option<String>, String> {
    let command = match test.get(name) {
        None => return Ok(None),
        Some(Value::String(command)) => command.trim().to_owned(),
        Some(_) => return Err(format!("`test.{name}` has to be a command line.")),
    };
    if command.len() > LONGEST_COMMAND || command.contains('\0') {
        return Err(format!("`test.{name}` has to be a command line of at most {LONGEST_COMMAND} bytes."));
    }
    Ok(Some(command))
}

fn globs(list: &Value) -> Option<Vec<String>> {
    let globs = list.as_array()?.iter().map(|glob| glob.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()?;
    let is_inside = |glob: &String| {
        !glob.is_empty() && glob.len() <= LONGEST_FILE && !glob.starts_with('/') && glob.split('/').all(|part| part != "..")
    };
    (!globs.is_empty() && globs.len() <= MOST_FILES && globs.iter().all(is_inside)).then_some(globs)
}

/// Decides by what the operator's settings say, what the repository proposes, what was approved and what would be suggested.
pub fn decide(own: Option<&Plan>, proposed: Option<Plan>, approved: Option<&Plan>, suggested: Option<&Plan>) -> Decision<Plan> {
    let holding = own.or(approved).filter(|plan| !plan.command.is_empty());
    if own.is_some() || proposed.is_none() {
        return match (holding, suggested) {
            (Some(plan), _) => Decision::Use(plan.clone()),
            (None, Some(suggested)) if own.is_none() && approved.is_none() => Decision::None(format!(
                "Its lockfiles suggest `{}`, which the operator approves with `baton project setup approve`.",
                suggested.command
            )),
            (None, _) => Decision::None(String::new()),
        };
    }
    match (proposed, approved) {
        (Some(proposed), Some(approved)) if proposed == *approved && proposed.command.is_empty() => Decision::None(String::new()),
        (Some(proposed), Some(approved)) if proposed == *approved => Decision::Use(proposed),
        (Some(proposed), None) if proposed.command.is_empty() => Decision::None(String::new()),
        (Some(proposed), approved) => Decision::Undecided(format!(
            "The repository's baton.toml proposes the setup `{}`, {}. Look at it with `baton project setup show`, approve it with `baton project setup approve`, then resume the run.",
            proposed.command,
            if approved.is_some() { "which is not the one that was approved" } else { "which is not approved" }
        )),
        (None, _) => Decision::None(String::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(command: &str) -> Plan {
        Plan { command: command.to_owned(), files: vec!["a.lock".to_owned()], lock: None }
    }

    #[test]
    fn the_operators_word_comes_first_and_a_repository_only_proposes() {
        let (own, npm, other) = (plan("own"), plan("npm ci"), plan("curl | sh"));
        assert_eq!(decide(Some(&own), Some(other.clone()), None, None), Decision::Use(own.clone()));
        assert_eq!(decide(None, Some(npm.clone()), Some(&npm), None), Decision::Use(npm.clone()));
        assert_eq!(decide(None, None, Some(&npm), Some(&other)), Decision::Use(npm.clone()));
        for approved in [None, Some(&npm)] {
            let Decision::Undecided(reason) = decide(None, Some(other.clone()), approved, None) else { panic!("it holds") };
            assert!(reason.contains("`curl | sh`") && reason.contains("setup approve"), "{reason}");
        }
        let Decision::None(hint) = decide(None, None, None, Some(&npm)) else { panic!("it holds") };
        assert!(hint.contains("`npm ci`"), "{hint}");
        assert_eq!(decide(Some(&plan("")), Some(npm.clone()), Some(&npm), Some(&npm)), Decision::None(String::new()));
        assert_eq!(decide(None, Some(plan("")), None, Some(&npm)), Decision::None(String::new()));
    }

    #[test]
    fn a_plan_is_pinned_by_command_and_files() {
        let read = |test: Value| Plan::read(&test);
        let plan = read(json!({ "setup": " npm ci " })).unwrap().unwrap();
        assert_eq!((plan.command.as_str(), plan.files.len()), ("npm ci", USUAL_FILES.len()));
        let other = read(json!({ "setup": "npm ci", "setup-files": ["package-lock.json"] })).unwrap().unwrap();
        assert!(plan.hash() != other.hash() && other.hash().len() == 64);
        assert_eq!(read(json!({ "command": "make" })), Ok(None));
        for bad in [
            json!({ "setup": 1 }),
            json!({ "setup": "a\u{0}" }),
            json!({ "setup": "x".repeat(5000) }),
            json!({ "setup": "a", "setup-files": [] }),
            json!({ "setup": "a", "setup-files": ["../x"] }),
            json!({ "setup": "a", "setup-files": ["/etc/passwd"] }),
            json!({ "setup": "a", "setup-files": ["a[" ] }),
        ] {
            assert!(read(bad.clone()).is_err(), "{bad}");
        }
    }
}
