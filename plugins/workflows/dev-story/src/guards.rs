//! What a developer must not do, undone or noted. Decided by paths, lines and sizes alone, whatever the developer says of it.

use baton_sdk::files::Entry;
use baton_sdk::git::{Change, ChangeKind};
use baton_sdk::{Error, ErrorKind, Result, files, git, settings};

use crate::diff::File;
use crate::kinds::{self, covers, is_test};

/// Bytes of the largest file a story may bring, where `story.file-mib` does not say otherwise: what nobody can look at.
const LARGEST_MIB: u64 = 5;
/// Files whose size is looked up; who changes more is told of to the review.
const MOST_SIZED: usize = 300;

/// Puts back what was changed and must not be; gives a note for each.
pub(crate) fn enforce(key: &str, base: &str) -> Result<Vec<String>> {
    let rules =
        Rules { key, base, allowed: settings::get("story.paths")?, largest: settings::get("story.file-mib")?.unwrap_or(LARGEST_MIB) };
    let (mut wrong, mut notes) = (Vec::new(), Vec::new());
    let changes = git::status()?;
    for (number, change) in changes.iter().enumerate() {
        if let Some(why) = rules.broken(change, number < MOST_SIZED)? {
            notes.push(format!("`{}` {why}; it was put back as it was.", change.path));
            wrong.push(change.path.clone());
        }
    }
    if changes.len() > MOST_SIZED {
        notes.push(format!("{} files were changed at once; look whether all of them belong to the story.", changes.len()));
    }
    put_back(&wrong)?;
    Ok(notes)
}

/// Makes the files what the last commit has there, or nothing.
pub(crate) fn put_back(paths: &[String]) -> Result<()> {
    // A repository that a test made is listed as a folder.
    let paths: Vec<_> = paths.iter().map(|path| path.trim_end_matches('/').to_owned()).collect();
    paths.chunks(git::MOST_RESTORED).try_for_each(git::restore)
}

/// Links that lead out of the workspace, which no commit takes.
pub(crate) fn escaping(files: &[File]) -> Vec<String> {
    let leaving = files.iter().filter(|file| file.link.as_deref().is_some_and(|target| leaves(&file.path, target)));
    leaving.map(|file| file.path.clone()).collect()
}

/// What only a reader can judge: tests that lost more than they gained, what says which tests are run, links, binaries, and
/// rules of git's.
pub(crate) fn doubtful(files: &[File], command: Option<&str>) -> Vec<String> {
    files.iter().filter_map(|file| doubt(file, command)).collect()
}

fn doubt(file: &File, command: Option<&str>) -> Option<String> {
    let File { path, added, removed, .. } = file;
    if is_test(path) && removed > added {
        return Some(format!("`{path}` lost {removed} lines and gained {added}: look whether a test was weakened."));
    }
    if let Some(target) = file.link.as_deref().filter(|_| !file.deleted) {
        return Some(format!("`{path}` is a symbolic link to `{}`: look whether it is meant.", target.escape_debug()));
    }
    if command.is_some_and(|command| kinds::decides(path, command)) {
        return Some(format!("`{path}` has a say in which tests are run: look whether all of them still are."));
    }
    if kinds::is_rule_of_git(path) {
        return Some(format!("`{path}` says what git takes and how it shows it: look whether it hides anything."));
    }
    file.binary.then(|| format!("`{path}` is no text, and the diff does not show it: look whether it belongs to the story."))
}

/// What a story may not do to files.
struct Rules<'a> {
    key: &'a str,
    base: &'a str,
    allowed: Option<Vec<String>>,
    /// MiB.
    largest: u64,
}

impl Rules<'_> {
    fn broken(&self, change: &Change, sized: bool) -> Result<Option<String>> {
        let path = change.path.as_str();
        let named = self.allowed.as_ref().is_some_and(|allowed| allowed.iter().any(|allowed| allowed == path));
        if kinds::is_settings(path) && !named {
            return Ok(Some("says how Baton works in this project and is for people to change".to_owned()));
        }
        if kinds::is_plan(path, self.key) {
            return Ok(Some("belongs to the plan and not to the story".to_owned()));
        }
        if !self.allowed.as_ref().is_none_or(|allowed| allowed.iter().any(|allowed| covers(allowed, path))) {
            return Ok(Some("lies outside `story.paths`".to_owned()));
        }
        if sized && change.kind != ChangeKind::Deleted && size(path)? > self.largest << 20 {
            return Ok(Some(format!("has more than the {} MiB that a file of a story may have", self.largest)));
        }
        if is_test(path) { self.vanished(change) } else { Ok(None) }
    }

    /// A test that the story brought itself may go again; who reviews it sees the whole change.
    fn vanished(&self, change: &Change) -> Result<Option<String>> {
        let path = change.path.as_str();
        let known = || match git::read(self.base, path) {
            Ok(content) => Ok(!content.trim_ascii().is_empty()),
            Err(Error { kind: ErrorKind::NotFound, .. }) => Ok(false),
            Err(error) => Err(error),
        };
        Ok(match change.kind {
            ChangeKind::Deleted if known()? => Some("is a test and was deleted".to_owned()),
            ChangeKind::Modified if is_empty(path) && known()? => Some("is a test and was emptied".to_owned()),
            ChangeKind::TypeChanged if known()? => Some("is a test and was replaced by something else than a file".to_owned()),
            _ => None,
        })
    }
}

fn is_empty(path: &str) -> bool {
    files::read(path).is_ok_and(|content| content.trim_ascii().is_empty())
}

/// Bytes of a file; 0 where it cannot be told.
fn size(path: &str) -> Result<u64> {
    match files::find(&literal(path)) {
        Ok(found) => Ok(found.iter().filter(|entry| entry.path == path).map(Entry::size).sum()),
        Err(Error { kind: ErrorKind::Invalid, .. }) => Ok(0),
        Err(error) => Err(error),
    }
}

/// A glob for this path alone: wildcards in its name stand for themselves.
pub(crate) fn literal(path: &str) -> String {
    path.chars().map(|letter| if "*?[]{}".contains(letter) { format!("[{letter}]") } else { letter.to_string() }).collect()
}

/// Whether a link at `path` leads out of the workspace.
fn leaves(path: &str, target: &str) -> bool {
    let mut depth = path.matches('/').count();
    target.starts_with('/')
        || target.split('/').filter(|name| !matches!(*name, "" | ".")).any(|name| {
            let above = if name == ".." { depth.checked_sub(1) } else { Some(depth + 1) };
            depth = above.unwrap_or_default();
            above.is_none() || name.eq_ignore_ascii_case(".git")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str) -> File {
        File { path: path.to_owned(), added: 1, ..File::default() }
    }

    #[test]
    fn what_only_a_reader_can_judge_is_noted_once() {
        let files = [
            File { removed: 2, ..file("tests/a.sh") },
            File { link: Some("kitty".to_owned()), ..file("cat") },
            file("tests/run"),
            file(".gitattributes"),
            File { binary: true, ..file("logo.png") },
            file("kitty"),
        ];
        let notes = doubtful(&files, Some("sh tests/run"));
        let begins = [
            "`tests/a.sh` lost 2 lines",
            "`cat` is a symbolic link to `kitty`",
            "`tests/run` has a say",
            "`.gitattributes` says",
            "`logo.png` is no text",
        ];
        assert_eq!(notes.len(), begins.len(), "{notes:?}");
        assert!(notes.iter().zip(begins).all(|(note, begin)| note.starts_with(begin)), "{notes:?}");
    }

    #[test]
    fn links_lead_out_or_stay() {
        for (path, target) in [("a", "/etc/passwd"), ("a", "../b"), ("a/b", "../../c"), ("a/b", "x/../../../c"), ("a", "b/.GIT/config")] {
            assert!(leaves(path, target), "{path} {target}");
        }
        for (path, target) in [("a", "b"), ("a/b", "../c"), ("a/b/c", "./../../d"), ("a", "b/../c")] {
            assert!(!leaves(path, target), "{path} {target}");
        }
    }
}
