//! A person's repository, as far as it is looked at without git: where its parts lie, and what of its configuration is
//! harmless. Changes nothing of it.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use super::names::excerpt;
use crate::journal::CallError;

/// Bytes of a file that says where a repository lies.
const LONGEST_POINTER: u64 = 64 << 10;

/// Bytes of a configuration.
const LONGEST_CONFIG: u64 = 1 << 20;

/// The settings of a repository that say how files lie on this disk, and what each may be. None names a command.
const HARMLESS: [(&str, &[&str]); 6] = [
    ("core.filemode", &["true", "false"]),
    ("core.symlinks", &["true", "false"]),
    ("core.ignorecase", &["true", "false"]),
    ("core.precomposeunicode", &["true", "false"]),
    ("core.autocrlf", &["true", "false", "input"]),
    ("core.eol", &["lf", "crlf", "native"]),
];

/// Extensions of the format that change nothing for a reader who leaves the repository's housekeeping alone.
const EXTENSIONS: [&str; 4] =
    ["extensions.noop", "extensions.worktreeconfig", "extensions.preciousobjects", "extensions.relativeworktrees"];

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
    /// The repository whose checkout is `folder`.
    pub(super) fn find(folder: &Path) -> Result<Self, CallError> {
        let git_dir = git_dir(folder)?;
        let common = match pointer(&git_dir.join("commondir")) {
            Some(common) => git_dir.join(common),
            None => git_dir.clone(),
        };
        if !(common.join("objects").is_dir() && common.join("refs").is_dir() && git_dir.join("HEAD").exists()) {
            return Err(invalid("The workspace's `.git` is no repository, or a damaged one; look what `git status` says in it."));
        }
        if fs::metadata(common.join("shallow")).is_ok_and(|found| found.len() > 0) {
            return Err(invalid(
                "The workspace's repository is a shallow clone, whose history is cut off; run `git fetch --unshallow` in it.",
            ));
        }
        let settings = settings(&common.join("config"))?;
        let repository = Self { folder: folder.to_owned(), git_dir, common, settings };
        repository.check_format()?;
        Ok(repository)
    }

    /// The value of a setting, the last where there are several.
    pub(super) fn setting(&self, key: &str) -> Option<&str> {
        self.settings.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// Lines for a configuration of our own that make the same of the same files.
    pub(super) fn harmless_settings(&self) -> String {
        let mut lines = String::new();
        for (key, allowed) in HARMLESS {
            let value = self.setting(key).map(plain).filter(|value| allowed.contains(&value.as_str()));
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

    /// Whether only a part of the files is checked out.
    pub(super) fn is_sparse(&self) -> bool {
        self.git_dir.join("info/sparse-checkout").exists()
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

    fn check_format(&self) -> Result<(), CallError> {
        for (key, value) in self.settings.iter().filter(|(key, _)| key.starts_with("extensions.")) {
            let known = match key.as_str() {
                "extensions.objectformat" => ["sha1", "sha256"].contains(&value.as_str()),
                "extensions.refstorage" => value == "files",
                "extensions.partialclone" => {
                    return Err(invalid("The workspace's repository is a partial clone, which lacks files; clone it whole."));
                }
                other => EXTENSIONS.contains(&other),
            };
            if !known {
                return Err(CallError::Invalid(format!(
                    "The workspace's repository uses `{}`, which Baton does not know; work in a clone without it.",
                    excerpt(&format!("{key} = {value}"))
                )));
            }
        }
        Ok(())
    }
}

/// A value in small letters, with one word for each of a truth.
fn plain(value: &str) -> String {
    match value.to_ascii_lowercase().as_str() {
        "yes" | "on" | "1" => "true".to_owned(),
        "no" | "off" | "0" | "" => "false".to_owned(),
        other => other.to_owned(),
    }
}

fn git_dir(folder: &Path) -> Result<PathBuf, CallError> {
    let place = folder.join(".git");
    match fs::metadata(&place) {
        Ok(found) if found.is_dir() => Ok(place),
        Ok(_) => {
            let text = pointer(&place).and_then(|text| text.to_str().and_then(|text| text.strip_prefix("gitdir:")).map(str::to_owned));
            let text =
                text.ok_or_else(|| invalid("The workspace's `.git` is a file that names no repository; look what `git status` says."))?;
            Ok(folder.join(text.trim()))
        }
        Err(_) if folder.join("HEAD").is_file() && folder.join("objects").is_dir() && folder.join("refs").is_dir() => {
            Err(invalid("The workspace is a bare repository, without files to work on; start the run in a clone of it."))
        }
        Err(_) => Err(match repository_above(folder) {
            Some(above) => CallError::Invalid(format!(
                "The workspace is a folder inside the repository `{}`; name that one as the workspace.",
                excerpt(&above.to_string_lossy())
            )),
            None => invalid("The workspace is not a git repository; run `git init` in it and make a first commit."),
        }),
    }
}

/// The folder above this one that is a repository.
fn repository_above(folder: &Path) -> Option<PathBuf> {
    let folder = folder.canonicalize().ok()?;
    folder.ancestors().skip(1).find(|above| above.join(".git").exists()).map(Path::to_owned)
}

/// All settings of a file and of no other, with keys in small letters; of one that a section has twice, the last.
fn settings(file: &Path) -> Result<Vec<(String, String)>, CallError> {
    let Ok(found) = fs::metadata(file) else { return Ok(Vec::new()) };
    if !found.is_file() || found.len() > LONGEST_CONFIG {
        return Err(invalid(
            "The configuration of the workspace's repository is no file, or one of more than 1 MiB; look at its `.git/config`.",
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

/// The one line of a small file that names a place.
fn pointer(file: &Path) -> Option<PathBuf> {
    let found = fs::metadata(file).ok()?;
    if !found.is_file() || found.len() > LONGEST_POINTER {
        return None;
    }
    Some(PathBuf::from(fs::read_to_string(file).ok()?.trim_end_matches(['\n', '\r'])))
}

/// The branch that a `HEAD` names.
fn head(git_dir: &Path) -> Option<String> {
    let text = pointer(&git_dir.join("HEAD"))?;
    text.to_str()?.strip_prefix("ref: refs/heads/").map(str::to_owned)
}

fn same(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    }
}

fn invalid(sentence: &str) -> CallError {
    CallError::Invalid(sentence.to_owned())
}
