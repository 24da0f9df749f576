//! Implements `git` of the contract.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Advances, BRANCHES, GIT, View,
    checkout::{ChangeKind, FileChange, Revision},
    committing::{Committed, Signature},
    events::{self, Advanced, Conflict, LeftOut, Pushed, RepositoryRemoved, Reset, Restored, WorktreeAdded, WorktreeRemoved},
    merging::{Merged, Resolution},
    names,
    service::{Trouble, WorktreeRequest},
};
use crate::{
    bindings::{Fault, git as wit},
    events::Draft,
    interfaces::numbers::to_wit,
    journal::{Attempt, Call, CallError, Capability, Effect, Pause, PauseKind, Performed, RunId},
};

const MOST_COMMITS: u32 = 1000;
const MOST_RESOLVED: usize = 1000;
const MOST_RESTORED: usize = 10_000;
/// Paths that an event names.
const MOST_TOLD: usize = 20;

/// Bytes as the journal keeps them: readable where they can be.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Content {
    Text(String),
    Base64(String),
}

impl wit::Host for View<'_> {
    async fn branch(&mut self) -> Result<String, Fault> {
        let call = Call::new("git.branch", Effect::Read, &Value::Null)?.needing(use_of("read"));
        let (repositories, seat) = (Arc::clone(self.repositories), self.seat.clone());
        let look = |_| async move { answer_without_events(repositories.look(&seat, |checkout| checkout.branch()).await) };
        Ok(self.recorder.call(call, look).await??)
    }

    async fn status(&mut self) -> Result<Vec<wit::Change>, Fault> {
        let call = Call::new("git.status", Effect::Read, &Value::Null)?.needing(use_of("read"));
        let (repositories, seat) = (Arc::clone(self.repositories), self.seat.clone());
        let run = self.recorder.run().clone();
        let look = |_| async move {
            let listed = repositories.look_at_files(&seat, |checkout| Ok((checkout.status()?, checkout.disarmed.take()))).await;
            answer_with_events(listed, |(changes, disarmed)| (changes, describe_removed(&run, disarmed)))
        };
        let changes: Vec<FileChange> = self.recorder.call(call, look).await??;
        Ok(changes.into_iter().map(wit::Change::from).collect())
    }

    async fn log(&mut self, revision: Option<String>, limit: u32) -> Result<Vec<wit::Revision>, Fault> {
        revision.as_deref().map_or(Ok(()), names::revision)?;
        if !(1..=MOST_COMMITS).contains(&limit) {
            return Err(CallError::invalid(format!("A limit of {limit} commits is not accepted; ask for 1 to {MOST_COMMITS}.")).into());
        }
        let call = Call::new("git.log", Effect::Read, &json!({ "revision": revision, "limit": limit }))?.needing(use_of("read"));
        let (repositories, seat) = (Arc::clone(self.repositories), self.seat.clone());
        let look = |_| async move {
            answer_without_events(repositories.look(&seat, move |checkout| checkout.log(revision.as_deref(), limit)).await)
        };
        let revisions: Vec<Revision> = self.recorder.call(call, look).await??;
        Ok(revisions.into_iter().map(wit::Revision::from).collect())
    }

    async fn diff(&mut self, base: String) -> Result<String, Fault> {
        names::revision(&base)?;
        let call = Call::new("git.diff", Effect::Read, &json!({ "base": base }))?.needing(use_of("read"));
        let (repositories, seat) = (Arc::clone(self.repositories), self.seat.clone());
        let run = self.recorder.run().clone();
        let look = |_| async move {
            let compared = repositories.look_at_files(&seat, move |checkout| Ok((checkout.diff(&base)?, checkout.disarmed.take()))).await;
            answer_with_events(compared, |(diff, disarmed)| (diff, describe_removed(&run, disarmed)))
        };
        Ok(self.recorder.call(call, look).await??)
    }

    async fn read(&mut self, revision: String, path: String) -> Result<Vec<u8>, Fault> {
        names::revision(&revision)?;
        names::path(&path)?;
        let call = Call::new("git.read", Effect::Read, &json!({ "revision": revision, "path": path }))?.needing(use_of("read"));
        let (repositories, seat) = (Arc::clone(self.repositories), self.seat.clone());
        let look = |_| async move {
            answer_without_events(repositories.look(&seat, move |checkout| checkout.read(&revision, &path).map(content)).await)
        };
        bytes(self.recorder.call(call, look).await??)
    }

    async fn merge_base(&mut self, one: String, other: String) -> Result<String, Fault> {
        names::revision(&one)?;
        names::revision(&other)?;
        let call = Call::new("git.merge-base", Effect::Read, &json!({ "one": one, "other": other }))?.needing(use_of("read"));
        let (repositories, seat) = (Arc::clone(self.repositories), self.seat.clone());
        let look =
            |_| async move { answer_without_events(repositories.look(&seat, move |checkout| checkout.merge_base(&one, &other)).await) };
        Ok(self.recorder.call(call, look).await??)
    }

    async fn commit(&mut self, message: String, author: Option<String>) -> Result<Option<String>, Fault> {
        names::message(&message)?;
        author.as_deref().map_or(Ok(()), names::author)?;
        let request = json!({ "message": message, "author": author });
        let call = Call::new("git.commit", Effect::Write, &request)?.needing(use_of("commit"));
        let (repositories, seat, sign) = (Arc::clone(self.repositories), self.seat.clone(), self.signer(message, author));
        let run = self.recorder.run().clone();
        let commit = |attempt: Attempt| async move {
            let signature = sign(attempt);
            let made = repositories
                .change(&seat, move |checkout| Ok((checkout.commit(&signature)?, signature, checkout.branch()?, checkout.disarmed.take())));
            answer_with_events(made.await, |(Committed { commit, left_out }, signature, branch, disarmed)| {
                let mut events: Vec<_> = describe_removed(&run, disarmed).into_iter().collect();
                if !left_out.is_empty() {
                    let shown = &left_out[..left_out.len().min(MOST_TOLD)];
                    let more = (left_out.len() - shown.len()) as u64;
                    events.push(Draft::of_run(&run, &LeftOut { branch: branch.clone(), paths: shown.to_vec(), more }));
                }
                if let Some(commit) = &commit {
                    let summary = signature.message.lines().next().map(str::to_owned);
                    let committed = events::Committed { commit: commit.clone(), branch, author: signature.author, summary };
                    events.push(Draft::of_run(&run, &committed));
                }
                (commit, events)
            })
        };
        Ok(self.recorder.call(call, commit).await??)
    }

    async fn merge(&mut self, revision: String, message: String, resolved: Vec<wit::Resolution>) -> Result<wit::Merged, Fault> {
        names::revision(&revision)?;
        names::message(&message)?;
        if resolved.len() > MOST_RESOLVED {
            return Err(
                CallError::invalid(format!("{} files cannot be resolved at once; name at most {MOST_RESOLVED}.", resolved.len())).into()
            );
        }
        resolved.iter().try_for_each(|resolution| names::path(&resolution.path))?;
        let resolved: Vec<_> = resolved.into_iter().map(|known| Resolution { path: known.path, content: known.content }).collect();
        let listed = |known: &Resolution| json!({ "path": known.path, "content": known.content.clone().map(content) });
        let listed: Vec<_> = resolved.iter().map(listed).collect();
        let request = json!({ "revision": revision, "message": message, "resolved": listed });
        let call = Call::new("git.merge", Effect::Write, &request)?.needing(use_of("merge"));
        let (repositories, seat, sign) = (Arc::clone(self.repositories), self.seat.clone(), self.signer(message, None));
        let run = self.recorder.run().clone();
        let merge = |attempt: Attempt| async move {
            let (signature, theirs) = (sign(attempt), revision.clone());
            let made =
                repositories.change(&seat, move |checkout| Ok((checkout.merge(&theirs, &resolved, &signature)?, checkout.branch()?)));
            answer_with_events(made.await, |(merged, branch)| {
                let event = match &merged {
                    Merged::Clean(commit) => Draft::of_run(&run, &events::Merged { commit: commit.clone(), branch, revision }),
                    Merged::Conflicts(paths) => Draft::of_run(&run, &Conflict { paths: paths.clone(), branch, revision }),
                };
                (merged, Some(event))
            })
        };
        let merged: Merged = self.recorder.call(call, merge).await??;
        Ok(merged.into())
    }

    async fn reset(&mut self, revision: String) -> Result<(), Fault> {
        names::revision(&revision)?;
        let call = Call::new("git.reset", Effect::Write, &json!({ "revision": revision }))?.needing(use_of("commit"));
        let (repositories, seat, run) = (Arc::clone(self.repositories), self.seat.clone(), self.recorder.run().clone());
        let reset = |_| async move {
            let to = revision.clone();
            let done = repositories.change(&seat, move |checkout| checkout.reset(&to).and_then(|()| checkout.branch())).await;
            answer_with_events(done, |branch| ((), Some(Draft::of_run(&run, &Reset { branch, revision }))))
        };
        Ok(self.recorder.call(call, reset).await??)
    }

    async fn restore(&mut self, paths: Vec<String>) -> Result<(), Fault> {
        if paths.len() > MOST_RESTORED {
            let sentence = format!("{} files cannot be restored at once; name at most {MOST_RESTORED}.", paths.len());
            return Err(CallError::invalid(sentence).into());
        }
        paths.iter().try_for_each(|path| names::odd_path(path))?;
        let call = Call::new("git.restore", Effect::Write, &json!({ "paths": paths }))?.needing(use_of("commit"));
        let (repositories, seat, run) = (Arc::clone(self.repositories), self.seat.clone(), self.recorder.run().clone());
        let restore = |_| async move {
            let wanted = paths.clone();
            let done = repositories.change(&seat, move |checkout| checkout.restore(&wanted).and_then(|()| checkout.branch())).await;
            answer_with_events(done, |branch| {
                let shown = &paths[..paths.len().min(MOST_TOLD)];
                let more = (paths.len() - shown.len()) as u64;
                ((), Some(Draft::of_run(&run, &Restored { branch, paths: shown.to_vec(), more })))
            })
        };
        Ok(self.recorder.call(call, restore).await??)
    }

    async fn advance(&mut self, branch: String, expected: String) -> Result<(), Fault> {
        names::branch(&branch)?;
        names::revision(&expected)?;
        let request = json!({ "branch": branch, "expected": expected });
        let call = Call::new("git.advance", Effect::Write, &request)?.needing(use_of("merge")).needing(of_branch(&branch));
        let (repositories, seat, run) = (Arc::clone(self.repositories), self.seat.clone(), self.recorder.run().clone());
        let advances = self.advances.clone();
        let advance = |attempt: Attempt| async move {
            // Looked at with the call and not before, so that a replay is told what the run was told.
            if let Err(refusal) = may_advance(&advances, &branch) {
                return Performed::answer(Err(refusal));
            }
            let moved = repositories.advance(&seat, branch.clone(), expected, attempt.again).await;
            answer_with_events(moved, |(from, to)| ((), Some(Draft::of_run(&run, &Advanced { branch, from, to }))))
        };
        Ok(self.recorder.call(call, advance).await??)
    }

    async fn worktree_add(&mut self, branch: String, base: String) -> Result<String, Fault> {
        names::branch(&branch)?;
        names::revision(&base)?;
        let request = json!({ "branch": branch, "base": base });
        let call = Call::new("git.worktree-add", Effect::Write, &request)?.needing(use_of("worktree")).needing(of_branch(&branch));
        let (repositories, seat, run) = (Arc::clone(self.repositories), self.seat.clone(), self.recorder.run().clone());
        let pointers = self.preferences.lfs_pointers();
        let add = |attempt: Attempt| async move {
            let wanted = WorktreeRequest { branch, base: base.clone(), call: attempt.key, pointers };
            answer_with_events(repositories.worktree_add(&seat, wanted).await, |name| {
                let event = Draft::of_run(&run, &WorktreeAdded { worktree: name.clone(), base });
                (name, Some(event))
            })
        };
        Ok(self.recorder.call(call, add).await??)
    }

    async fn worktree_remove(&mut self, worktree: String) -> Result<(), Fault> {
        names::branch(&worktree)?;
        let call = Call::new("git.worktree-remove", Effect::Write, &json!({ "worktree": worktree }))?.needing(use_of("worktree"));
        let (repositories, seat, run) = (Arc::clone(self.repositories), self.seat.clone(), self.recorder.run().clone());
        let remove = |attempt: Attempt| async move {
            let done = repositories.worktree_remove(&seat, &worktree, attempt.again).await;
            answer_with_events(done, |()| ((), Some(Draft::of_run(&run, &WorktreeRemoved { worktree }))))
        };
        Ok(self.recorder.call(call, remove).await??)
    }

    async fn push(&mut self, branch: String) -> Result<(), Fault> {
        names::branch(&branch)?;
        let call = Call::new("git.push", Effect::Write, &json!({ "branch": branch }))?.needing(use_of("push")).needing(of_branch(&branch));
        let (repositories, seat, run) = (Arc::clone(self.repositories), self.seat.clone(), self.recorder.run().clone());
        let remote = self.preferences.remote();
        let push = |_| async move {
            let pushed = repositories.push(&seat, branch.clone(), remote).await;
            answer_with_events(pushed, |()| ((), Some(Draft::of_run(&run, &Pushed { branch }))))
        };
        Ok(self.recorder.call(call, push).await??)
    }
}

impl View<'_> {
    /// What signs a commit of this run once it is known which call makes it.
    fn signer(&self, message: String, author: Option<String>) -> impl FnOnce(Attempt) -> Signature + use<> {
        let author = author.unwrap_or_else(|| self.plugin.to_owned());
        let (run, at) = (self.recorder.run().to_string(), self.recorder.clock());
        move |attempt| Signature { author, message, run, call: attempt.key, again: attempt.again, at }
    }
}

fn may_advance(advances: &Advances, branch: &str) -> Result<(), CallError> {
    match advances {
        Advances::Granted => return Ok(()),
        Advances::Ordered(ordered) if ordered == branch => return Ok(()),
        Advances::Ordered(_) | Advances::None => {}
    }
    Err(CallError::denied(format!(
        "A person brings work into `{branch}`: open a pull request, and leave it open for `baton pull-requests merge`. Runs may where the user's \
         settings have `auto-merge = true` under [forge], for all projects or for this one."
    )))
}

fn use_of(what: &'static str) -> Capability<'static> {
    Capability::new(GIT.word, what)
}

fn of_branch(branch: &str) -> Capability<'static> {
    Capability::new(BRANCHES.word, branch.to_owned())
}

fn answer_without_events<A>(result: Result<A, Trouble>) -> Performed<A> {
    answer_with_events(result, |answer| (answer, None::<Draft>))
}

/// Which folders were repositories of their own until now.
fn describe_removed(run: &RunId, folders: Vec<String>) -> Option<Draft> {
    let shown = &folders[..folders.len().min(MOST_TOLD)];
    let more = (folders.len() - shown.len()) as u64;
    (!folders.is_empty()).then(|| Draft::of_run(run, &RepositoryRemoved { folders: shown.to_vec(), more }))
}

/// The answer, and the events that tell of it. A store that fails stops the run: the guest could do nothing about it.
fn answer_with_events<A, B, E: IntoIterator<Item = Draft>>(result: Result<A, Trouble>, tell: impl FnOnce(A) -> (B, E)) -> Performed<B> {
    match result {
        Ok(done) => {
            let (answer, events) = tell(done);
            Performed::Answered(Ok(answer), events.into_iter().collect())
        }
        Err(Trouble::Answer(error)) => Performed::answer(Err(error)),
        // Nothing was done before it was found out.
        Err(Trouble::Changed(reason)) => Performed::Paused { pause: Pause::new(PauseKind::Operator, reason), happened: false },
        Err(Trouble::Register(error)) => Performed::of_failed_store(&error),
    }
}

fn content(bytes: Vec<u8>) -> Content {
    String::from_utf8(bytes).map_or_else(|bytes| Content::Base64(BASE64.encode(bytes.as_bytes())), Content::Text)
}

fn bytes(content: Content) -> Result<Vec<u8>, Fault> {
    match content {
        Content::Text(text) => Ok(text.into_bytes()),
        Content::Base64(text) => Ok(BASE64.decode(text).map_err(|error| {
            CallError::other(format!("The journal's copy of the file is damaged: {error}. Fork the run before this call."))
        })?),
    }
}

impl From<FileChange> for wit::Change {
    fn from(change: FileChange) -> Self {
        let kind = match change.kind {
            ChangeKind::Added => wit::ChangeKind::Added,
            ChangeKind::Modified => wit::ChangeKind::Modified,
            ChangeKind::Deleted => wit::ChangeKind::Deleted,
            ChangeKind::Renamed => wit::ChangeKind::Renamed,
            ChangeKind::TypeChanged => wit::ChangeKind::TypeChanged,
        };
        Self { path: change.path, kind }
    }
}

impl From<Revision> for wit::Revision {
    fn from(revision: Revision) -> Self {
        let Revision { id, summary, author, at } = revision;
        Self { id, summary, author, at_ms: to_wit(at) }
    }
}

impl From<Merged> for wit::Merged {
    fn from(merged: Merged) -> Self {
        match merged {
            Merged::Clean(commit) => Self::Clean(commit),
            Merged::Conflicts(paths) => Self::Conflicts(paths),
        }
    }
}
