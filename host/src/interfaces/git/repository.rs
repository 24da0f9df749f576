//! A person's repository, as far as it is looked at without git: where its parts lie, and what of its configuration is
//! harmless. Changes nothing of it.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use super::{
    locating::{invalid, pointer, same},
    names::excerpt,
};
use crate::journal::CallError;

/// Bytes of a configuration.
const LONGEST_CONFIG: u64 = 1 << 20;

/// The settings of a repository that say how files lie on this disk, and what each may be. None names a command.
const HARMLESS: [(&str, &[&str]); 7] = [
    ("core.filemode", &["true", "false"]),
    ("core.symlinks", &["true", "false"]),
    ("core.ignorecase", &["true", "false"]),
    ("core.precomposeunicode", &["true", "false"]),
    ("core.autocrlf", &["true", "false", "input"]),
    ("core.eol", &["lf", "crlf", "native"]),
    (SHARED, &["true", "group", "all", "world", "everybody", "2"]),
];

/// Who else may write: a word, or the mode of files.
const SHARED: &str = "core.sharedrepository";

/// Extensions of the format that change nothing for a reader who leaves the repository's housekeeping alone, and asks for the
/// objects that it needs.
const EXTENSIONS: [&str; 5] = [
    "extensions.noop",
    "extensions.worktreeconfig",
    "extensions.preciousobjects",
    "extensions.relativeworktrees",
    "extensions.partialclone",
];

/// Signs that a person is in the middle of something.
const UNFINISHED: [&str; 5] = ["MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "rebase-merge", "rebase-apply"];

/// Where the parts of a repository lie.
#[derive(Clone, Debug)]
pub(super) struct Repository {
    /// The folder that a person works in.
    pub(super) folder: PathBuf,
    /// What belongs to that checkout alone: its `HEAD` and its index.
    pub(super) git_dir: PathBuf,
    /// What all checkouts share: objects and branches.
    pub(super) common: PathBuf,
    settings: Vec<(String, String)>,
}

impl Repository {
    /// Reads the settings of a repository whose parts are known.
    pub(super) fn read(folder: &Path, git_dir: PathBuf, common: PathBuf) -> Result<Self, CallError> {
        let settings = settings(&common.join("config"))?;
        let mut repository = Self { folder: folder.to_owned(), git_dir, common, settings };
        if repository.is_set("extensions.worktreeconfig") {
            // What a checkout says of itself comes after what is said of all.
            repository.settings.extend(self::settings(&repository.git_dir.join("config.worktree"))?);
        }
        Ok(repository)
    }

    /// Whether Baton can work with what the repository is.
    pub(super) fn check(&self) -> Result<(), CallError> {
        for (key, value) in self.settings.iter().filter(|(key, _)| key.starts_with("extensions.")) {
            let known = match key.as_str() {
                "extensions.objectformat" => ["sha1", "sha256"].contains(&value.as_str()),
                "extensions.refstorage" => value == "files",
                other => EXTENSIONS.contains(&other),
            };
            if !known {
                return Err(CallError::invalid(format!(
                    "The workspace's repository uses `{}`, which Baton does not know; work in a clone without it.",
                    excerpt(&format!("{key} = {value}"))
                )));
            }
        }
        Ok(())
    }

    /// The folder in which the repository says that its files are.
    pub(super) fn files(&self) -> Option<PathBuf> {
        self.setting("core.worktree").map(|files| self.git_dir.join(files))
    }

    /// Names and addresses of remotes, as they are set.
    pub(super) fn remotes(&self) -> impl Iterator<Item = &(String, String)> {
        let is_address = |key: &str| key.starts_with("remote.") && (key.ends_with(".url") || key.ends_with(".pushurl"));
        self.settings.iter().filter(move |(key, _)| is_address(key))
    }

    fn is_set(&self, key: &str) -> bool {
        self.setting(key).is_some_and(|value| plain(value) == "true")
    }

    /// The value of a setting, the last where there are several.
    pub(super) fn setting(&self, key: &str) -> Option<&str> {
        self.settings.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// Lines for a configuration of our own that make the same of the same files.
    pub(super) fn harmless_settings(&self) -> String {
        let mut lines = String::new();
        for (key, allowed) in HARMLESS {
            let is_allowed = |value: &String| allowed.contains(&value.as_str()) || (key == SHARED && is_mode(value));
            let value = self.setting(key).map(plain).filter(is_allowed);
            if let (Some(value), Some((_, name))) = (value, key.split_once('.')) {
                lines.push_str(&format!("\t{name} = {value}\n"));
            }
        }
        lines
    }

    /// How the repository names its objects, where it is not the usual way.
    pub(super) fn object_format(&self) -> Option<&str> {
        self.setting("extensions.objectformat").filter(|format| *format != "sha1")
    }

    /// What a person has begun in the checkout and not brought to an end.
    pub(super) fn unfinished(&self) -> Option<&'static str> {
        UNFINISHED.into_iter().find(|name| self.git_dir.join(name).exists())
    }

    /// The list of what is checked out, where that is only a part of the files, and whether the list is one of folders.
    pub(super) fn sparse(&self) -> Option<(PathBuf, bool)> {
        // Git leaves the list behind when this is switched off.
        let list = self.git_dir.join("info/sparse-checkout");
        (self.is_set("core.sparsecheckout") && list.exists()).then(|| (list, self.is_set("core.sparsecheckoutcone")))
    }

    /// Whether the clone may lack objects, which git fetches when they are asked for, and Baton does not.
    pub(super) fn is_partial(&self) -> bool {
        let is_promised =
            |(key, value): &(String, String)| key.starts_with("remote.") && key.ends_with(".promisor") && plain(value) == "true";
        self.setting("extensions.partialclone").is_some() || self.settings.iter().any(is_promised)
    }

    /// Whether a person has the branch checked out here.
    pub(super) fn has_checked_out(&self, branch: &str) -> bool {
        head(&self.git_dir).is_some_and(|head| head == branch)
    }

    /// The folder of another checkout of a person's that has the branch checked out.
    pub(super) fn other_checkout(&self, branch: &str) -> Option<PathBuf> {
        let linked = fs::read_dir(self.common.join("worktrees")).into_iter().flatten().flatten().map(|entry| entry.path());
        let others = std::iter::once(self.common.clone()).chain(linked).filter(|git_dir| !same(git_dir, &self.git_dir));
        let mut holders = others.filter(|git_dir| head(git_dir).is_some_and(|head| head == branch));
        let holder = holders.find(|git_dir| !same(git_dir, &self.common) || self.setting("core.bare") != Some("true"))?;
        Some(pointer(&holder.join("gitdir")).and_then(|file| file.parent().map(Path::to_owned)).unwrap_or(holder))
    }
}

/// Whether a value is a mode of files as git reads one.
fn is_mode(value: &str) -> bool {
    value.len() == 4 && value.starts_with('0') && value.bytes().all(|digit| matches!(digit, b'0'..=b'7'))
}

/// A value in small letters, with one word for each of a truth.
fn plain(value: &str) -> String {
    match value.to_ascii_lowercase().as_str() {
        "yes" | "on" | "1" => "true".to_owned(),
        "no" | "off" | "0" | "" => "false".to_owned(),
        other => other.to_owned(),
    }
}

/// All settings of a file and of no other, with keys in small letters; of one that a section has twice, the last.
fn settings(file: &Path) -> Result<Vec<(String, String)>, CallError> {
    let Ok(found) = fs::metadata(file) else { return Ok(Vec::new()) };
    if !found.is_file() || found.len() > LONGEST_CONFIG {
        return Err(invalid(
            "The configuration of the workspace's repository is not a file, or one of more than 1 MiB; look at its `.git/config`.",
        ));
    }
    let read = gix::config::File::from_path_no_includes(file.to_owned(), gix::config::Source::Local)
        .map_err(|_| invalid("The configuration of the workspace's repository cannot be read; look what `git status` says in it."))?;
    Ok(read.sections().flat_map(|section| entries(&section)).collect())
}

fn entries(section: &gix::config::file::SectionRef<'_>) -> Vec<(String, String)> {
    let (header, body) = (section.header(), section.body());
    let name = header.name().to_string().to_ascii_lowercase();
    let name = header.subsection_name().map_or_else(|| name.clone(), |below| format!("{name}.{below}"));
    // A key without a value means yes.
    let value = |key: &str| body.value_implicit(key).flatten().map_or_else(|| "true".to_owned(), |value| value.to_string());
    let keys: BTreeSet<_> = body.value_names().map(|key| key.to_ascii_lowercase()).collect();
    keys.into_iter().map(|key| (format!("{name}.{key}"), value(&key))).collect()
}

/// The branch that a `HEAD` names.
fn head(git_dir: &Path) -> Option<String> {
    let text = pointer(&git_dir.join("HEAD"))?;
    text.to_str()?.strip_prefix("ref: refs/heads/").map(str::to_owned)
}
