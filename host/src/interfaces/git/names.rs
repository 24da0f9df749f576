//! Names of branches, revisions, files and people as guests give them, checked before git sees them. Touches no
//! repository: a name that passes may still name nothing.

use crate::{interfaces::repository_layout::is_repository_name, journal::CallError};

const LONGEST_BRANCH: usize = 200;
const LONGEST_PATH: usize = 4096;
const LONGEST_MESSAGE: usize = 64 * 1024;
const LONGEST_AUTHOR: usize = 100;
/// What the host writes below a message, and a guest must not.
const TRAILERS: [&str; 2] = ["baton-run:", "baton-call:"];

/// The rules of `git check-ref-format`, and no name that could be taken for an option or a place in history.
pub(super) fn branch(name: &str) -> Result<(), CallError> {
    if name.len() > LONGEST_BRANCH {
        return Err(CallError::invalid(format!(
            "The name `{}…` of a branch has {} bytes, more than {LONGEST_BRANCH}; use a shorter one.",
            excerpt(&name[..name.floor_char_boundary(60)]),
            name.len()
        )));
    }
    let forbidden = |character: char| character.is_control() || " ~^:?*[\\".contains(character);
    let part = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.ends_with(".lock");
    let whole = !name.starts_with('-') && !name.ends_with('.') && name != "@" && name != "HEAD";
    if whole && !name.contains("..") && !name.contains("@{") && !name.contains(forbidden) && name.split('/').all(part) {
        return Ok(());
    }
    Err(CallError::invalid(format!("`{}` is not a name for a branch; use one such as `story/1-2`.", excerpt(name))))
}

/// The name of a branch, or the full hash of a commit, which follows the same rules.
pub(super) fn revision(name: &str) -> Result<(), CallError> {
    if name.len() > LONGEST_BRANCH {
        return branch(name);
    }
    branch(name)
        .map_err(|_| CallError::invalid(format!("`{}` is not a revision; name a branch or the full hash of a commit.", excerpt(name))))
}

/// Whether a revision is the full hash of an object.
pub(super) fn is_hash(name: &str) -> bool {
    matches!(name.len(), 40 | 64) && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// A path of the repository: relative, `/` between names, no `.` and no `..`.
pub(super) fn path(path: &str) -> Result<(), CallError> {
    if !path.contains(char::is_control) {
        return odd_path(path);
    }
    Err(no_path(path))
}

/// The same, and any character that a file system takes.
pub(super) fn odd_path(path: &str) -> Result<(), CallError> {
    if path.len() > LONGEST_PATH {
        return Err(CallError::invalid(format!(
            "The path `{}…` has {} bytes, more than {LONGEST_PATH}; name a file with a shorter one.",
            excerpt(&path[..path.floor_char_boundary(60)]),
            path.len()
        )));
    }
    let plain = |name: &str| !name.is_empty() && name != "." && name != ".." && !name.eq_ignore_ascii_case(".git");
    if !path.contains('\0') && path.split('/').all(plain) {
        return Ok(());
    }
    Err(no_path(path))
}

fn no_path(path: &str) -> CallError {
    CallError::invalid(format!("`{}` is not a path of the repository; name a file such as `docs/PRD.md`.", excerpt(path)))
}

pub(super) fn message(message: &str) -> Result<(), CallError> {
    if message.trim().is_empty() || message.len() > LONGEST_MESSAGE || message.contains('\0') {
        let sentence = "The commit's message is empty, longer than 64 KiB or holds a NUL; say in a line what changed.";
        return Err(CallError::invalid(sentence.to_owned()));
    }
    let forged = message.lines().any(|line| TRAILERS.iter().any(|trailer| line.trim().to_ascii_lowercase().starts_with(trailer)));
    if forged {
        let sentence = "A line of the message begins with `Baton-Run:` or `Baton-Call:`, which the host writes itself; leave it out.";
        return Err(CallError::invalid(sentence.to_owned()));
    }
    Ok(())
}

pub(super) fn author(name: &str) -> Result<(), CallError> {
    let forbidden = |character: char| character.is_control() || "<>".contains(character);
    if name.trim().is_empty() || name.len() > LONGEST_AUTHOR || name.contains(forbidden) {
        let sentence = "The author's name is empty, longer than 100 bytes or holds `<`, `>` or a control character; name an agent.";
        return Err(CallError::invalid(sentence.to_owned()));
    }
    Ok(())
}

/// Whether a path has a name that git keeps for its own repositories, on any system, so that no commit takes it.
pub(super) fn is_of_git(path: &[u8]) -> bool {
    path.split(|byte| matches!(byte, b'/' | b'\\')).any(|name| is_repository_name(&String::from_utf8_lossy(name)))
}

/// Whether a commit can have a file of this name, and a run be told of it.
pub(super) fn can_be_committed(path: &[u8]) -> bool {
    std::str::from_utf8(path).is_ok() && !is_of_git(path)
}

/// The path that git gave, as text; a sentence when it is none.
pub(super) fn text(path: &[u8]) -> Result<String, CallError> {
    std::str::from_utf8(path)
        .map(str::to_owned)
        .map_err(|_| CallError::invalid(format!("The name of the file `{}` is not UTF-8; rename it.", quote_path(path))))
}

/// Enough of a path as git gave it, harmless to a terminal.
pub(super) fn quote_path(path: &[u8]) -> String {
    match std::str::from_utf8(path) {
        Ok(path) => excerpt(path),
        Err(_) => path.escape_ascii().map(char::from).take(200).collect(),
    }
}

/// Enough of a hostile text to recognise it, harmless to a terminal.
pub(super) fn excerpt(text: &str) -> String {
    let mut shown = String::new();
    for character in text.chars().take(200) {
        match character {
            // A text that git has escaped is not escaped once more.
            '\'' | '"' | '\\' => shown.push(character),
            other => shown.extend(other.escape_debug()),
        }
    }
    shown
}
