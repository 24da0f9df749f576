//! `git`, from memory.

use std::cell::RefMut;

use serde_json::{Value, json};

use super::Contract;
pub use crate::bindings::host::baton::plugin::git::{Change, ChangeKind, Merged, Resolution, Revision};
use crate::git::MOST_RESTORED;
use crate::testing::{
    installed, path,
    repository::{self, Repository, Signed},
    workspace::{self, Workspace},
    world::World,
};
use crate::{Error, Result};

const MOST_COMMITS: u32 = 1000;
const LONGEST_BRANCH: usize = 200;
const LONGEST_MESSAGE: usize = 64 * 1024;
const LONGEST_AUTHOR: usize = 100;
const READ: Option<(&str, &str)> = Some(("git", "read"));
const WORKTREE: Option<(&str, &str)> = Some(("git", "worktree"));

pub(crate) fn branch() -> Contract<String> {
    let world = installed::world("git.branch");
    let branch = || Ok(repository(&world)?.here().to_owned());
    Ok(world.call("git.branch", Value::Null, READ, branch, |branch| json!(branch))?)
}

pub(crate) fn status() -> Contract<Vec<Change>> {
    let world = installed::world("git.status");
    let status = || Ok(repository(&world)?.status(&world.files.borrow().tree()));
    Ok(world.call("git.status", Value::Null, READ, status, |changes| changes.iter().map(noted_change).collect())?)
}

pub(crate) fn log(revision: Option<&str>, limit: u32) -> Contract<Vec<Revision>> {
    let world = installed::world("git.log");
    revision.map_or(Ok(()), check_revision)?;
    if !(1..=MOST_COMMITS).contains(&limit) {
        return Err(Error::invalid(format!("A limit of {limit} commits is not accepted; ask for 1 to {MOST_COMMITS}.")).into());
    }
    let log = || repository(&world)?.log(revision, limit as usize);
    let request = json!({ "revision": revision, "limit": limit });
    Ok(world.call("git.log", request, READ, log, |revisions| revisions.iter().map(noted_revision).collect())?)
}

pub(crate) fn diff(base: &str) -> Contract<String> {
    let world = installed::world("git.diff");
    check_revision(base)?;
    let diff = || repository(&world)?.diff(base, &world.files.borrow().tree());
    Ok(world.call("git.diff", json!({ "base": base }), READ, diff, |diff| json!(diff))?)
}

pub(crate) fn read(revision: &str, path: &str) -> Contract<Vec<u8>> {
    let (world, path) = (installed::world("git.read"), path::plain(path)?);
    check_revision(revision)?;
    let read = || repository(&world)?.read(revision, &path);
    let request = json!({ "revision": revision, "path": path });
    Ok(world.call("git.read", request, READ, read, |content| workspace::noted(content))?)
}

pub(crate) fn merge_base(one: &str, other: &str) -> Contract<String> {
    let world = installed::world("git.merge-base");
    check_revision(one)?;
    check_revision(other)?;
    let find = || repository(&world)?.merge_base(one, other);
    Ok(world.call("git.merge-base", json!({ "one": one, "other": other }), READ, find, |base| json!(base))?)
}

pub(crate) fn commit(message: &str, author: Option<&str>) -> Contract<Option<String>> {
    let world = installed::world("git.commit");
    check_message(message)?;
    author.map_or(Ok(()), check_author)?;
    let plugin = world.about.borrow().plugin.clone();
    let commit = || {
        let files = world.files.borrow().tree();
        let signed = Signed { message, author: author.unwrap_or(&plugin), at: world.now.get() };
        repository(&world)?.commit(files, &signed)
    };
    let request = json!({ "message": message, "author": author });
    Ok(world.call("git.commit", request, Some(("git", "commit")), commit, |commit| json!(commit))?)
}

pub(crate) fn merge(revision: &str, message: &str, resolved: &[Resolution]) -> Contract<Merged> {
    let world = installed::world("git.merge");
    check_revision(revision)?;
    check_message(message)?;
    let plugin = world.about.borrow().plugin.clone();
    let merge = || {
        let signed = Signed { message, author: &plugin, at: world.now.get() };
        let files = world.files.borrow().tree();
        let (merged, files) = repository(&world)?.merge(revision, &files, resolved, &signed)?;
        if let Some(files) = files {
            world.files.replace(Workspace::of(&files));
        }
        Ok(merged)
    };
    let resolutions: Vec<_> = resolved.iter().map(noted_resolution).collect();
    let request = json!({ "revision": revision, "message": message, "resolved": resolutions });
    Ok(world.call("git.merge", request, Some(("git", "merge")), merge, noted_merge)?)
}

pub(crate) fn reset(revision: &str) -> Contract<()> {
    let world = installed::world("git.reset");
    check_revision(revision)?;
    let reset = || {
        let files = repository(&world)?.reset(revision)?;
        world.files.replace(Workspace::of(&files));
        Ok(())
    };
    Ok(world.call("git.reset", json!({ "revision": revision }), Some(("git", "commit")), reset, super::done)?)
}

pub(crate) fn restore(paths: &[String]) -> Contract<()> {
    let world = installed::world("git.restore");
    if paths.len() > MOST_RESTORED {
        return Err(Error::invalid(format!("{} files cannot be restored at once; name at most {MOST_RESTORED}.", paths.len())).into());
    }
    let odd = |name: &str| name.is_empty() || name == "." || name == ".." || name.eq_ignore_ascii_case(".git") || name.contains('\0');
    if let Some(path) = paths.iter().find(|path| path.split('/').any(odd)) {
        let sentence = format!("`{}` is not a path of the repository; name a file such as `docs/PRD.md`.", excerpt(path));
        return Err(Error::invalid(sentence).into());
    }
    let restore = || {
        let files = repository(&world)?.restored(paths, world.files.borrow().tree())?;
        world.files.replace(Workspace::of(&files));
        Ok(())
    };
    Ok(world.call("git.restore", json!({ "paths": paths }), Some(("git", "commit")), restore, super::done)?)
}

pub(crate) fn advance(branch: &str, expected: &str) -> Contract<()> {
    let world = installed::world("git.advance");
    check_branch(branch)?;
    check_revision(expected)?;
    let advance = || {
        world.allows("branches", branch)?;
        if !world.forge.borrow().auto_merge {
            return Err(Error::denied(format!(
                "A person brings work into `{branch}`: open a pull request, and leave it open for `baton pull-requests merge`. Runs may where the \
                 user's settings have `auto-merge = true` under [forge], for all projects or for this one."
            )));
        }
        repository(&world)?.advance(branch, expected)
    };
    let request = json!({ "branch": branch, "expected": expected });
    Ok(world.call("git.advance", request, Some(("git", "merge")), advance, super::done)?)
}

pub(crate) fn worktree_add(branch: &str, base: &str) -> Contract<String> {
    let world = installed::world("git.worktree-add");
    check_branch(branch)?;
    check_revision(base)?;
    let add = || {
        world.allows("branches", branch)?;
        repository(&world)?.worktree_add(branch, base)
    };
    Ok(world.call("git.worktree-add", json!({ "branch": branch, "base": base }), WORKTREE, add, |name| json!(name))?)
}

pub(crate) fn worktree_remove(worktree: &str) -> Contract<()> {
    let world = installed::world("git.worktree-remove");
    check_branch(worktree)?;
    let remove = || repository(&world)?.worktree_remove(worktree);
    Ok(world.call("git.worktree-remove", json!({ "worktree": worktree }), WORKTREE, remove, super::done)?)
}

pub(crate) fn push(branch: &str) -> Contract<()> {
    let world = installed::world("git.push");
    check_branch(branch)?;
    let push = || {
        world.allows("branches", branch)?;
        repository(&world)?.branch(branch).map(drop)
    };
    Ok(world.call("git.push", json!({ "branch": branch }), Some(("git", "push")), push, super::done)?)
}

/// The branch that a child's workspace has checked out: that of the worktree it is given, or its parent's. None where
/// there is no repository.
pub(in crate::testing) fn checkout(world: &World, worktree: Option<&str>) -> Result<Option<String>> {
    let repository = repository(world).ok();
    let Some(worktree) = worktree else { return Ok(repository.map(|repository| repository.here().to_owned())) };
    let known = repository.is_some_and(|repository| repository.has_worktree(worktree));
    if known { Ok(Some(worktree.to_owned())) } else { Err(repository::no_worktree(worktree)) }
}

/// Does a child's work with this checkout as its workspace. It may be gone when the child took its time.
pub(in crate::testing) fn in_checkout<A>(world: &World, checkout: Option<&str>, work: impl FnOnce() -> Result<A>) -> Result<A> {
    let Some(checkout) = checkout else { return work() };
    let before = {
        let repository = repository(world)?;
        if !repository.has_checkout(checkout) {
            return Err(repository::no_worktree(checkout));
        }
        repository.here().to_owned()
    };
    enter(world, checkout)?;
    let done = work();
    enter(world, &before)?;
    done
}

/// Makes another checkout the run's workspace.
pub(in crate::testing) fn enter(world: &World, branch: &str) -> Result<()> {
    let mut repository = repository(world)?;
    if repository.here() != branch {
        let left = world.files.take();
        world.files.replace(repository.enter(branch, left));
    }
    Ok(())
}

fn repository(world: &World) -> Result<RefMut<'_, Repository>> {
    RefMut::filter_map(world.repository.borrow_mut(), Option::as_mut)
        .map_err(|_| Error::invalid("The workspace is not a git repository; run `git init` in it and make a first commit."))
}

/// The rules of `git check-ref-format`, and no name that could be taken for an option.
pub(in crate::testing) fn check_branch(name: &str) -> Result<()> {
    let forbidden = |character: char| character.is_control() || " ~^:?*[\\".contains(character);
    let part = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.ends_with(".lock");
    if name.len() > LONGEST_BRANCH {
        return Err(Error::invalid(format!(
            "The name `{}…` of a branch has {} bytes, more than {LONGEST_BRANCH}; use a shorter one.",
            excerpt(&name[..name.floor_char_boundary(60)]),
            name.len()
        )));
    }
    let whole = !name.starts_with('-') && !name.ends_with('.') && name != "@" && name != "HEAD";
    if whole && !name.contains("..") && !name.contains("@{") && !name.contains(forbidden) && name.split('/').all(part) {
        return Ok(());
    }
    Err(Error::invalid(format!("`{}` is not a name for a branch; use one such as `story/1-2`.", excerpt(name))))
}

fn check_revision(revision: &str) -> Result<()> {
    check_branch(revision).map_err(|error| {
        if revision.len() > LONGEST_BRANCH {
            error
        } else {
            Error::invalid(format!("`{}` is not a revision; name a branch or the full hash of a commit.", excerpt(revision)))
        }
    })
}

fn check_message(message: &str) -> Result<()> {
    if message.trim().is_empty() || message.len() > LONGEST_MESSAGE || message.contains('\0') {
        return Err(Error::invalid("The commit's message is empty, longer than 64 KiB or holds a NUL; say in a line what changed."));
    }
    Ok(())
}

fn check_author(author: &str) -> Result<()> {
    let forbidden = |character: char| character.is_control() || "<>".contains(character);
    if author.trim().is_empty() || author.len() > LONGEST_AUTHOR || author.contains(forbidden) {
        return Err(Error::invalid(
            "The author's name is empty, longer than 100 bytes or holds `<`, `>` or a control character; name an agent.",
        ));
    }
    Ok(())
}

fn excerpt(text: &str) -> String {
    text.chars().take(100).flat_map(char::escape_debug).collect()
}

fn noted_change(change: &Change) -> Value {
    let kind = match change.kind {
        ChangeKind::Added => "added",
        ChangeKind::Modified => "modified",
        ChangeKind::Deleted => "deleted",
        ChangeKind::Renamed => "renamed",
        ChangeKind::TypeChanged => "type-changed",
    };
    json!({ "path": change.path, "kind": kind })
}

fn noted_revision(revision: &Revision) -> Value {
    json!({ "id": revision.id, "summary": revision.summary, "author": revision.author, "at": crate::numbers::from_contract(revision.at_ms) })
}

fn noted_resolution(resolution: &Resolution) -> Value {
    json!({ "path": resolution.path, "content": resolution.content.as_deref().map(workspace::noted) })
}

fn noted_merge(merged: &Merged) -> Value {
    match merged {
        Merged::Clean(commit) => json!({ "clean": commit }),
        Merged::Conflicts(paths) => json!({ "conflicts": paths }),
    }
}
