//! Renews the lockfiles of a workspace after a manifest changed, by the command that the operator approved, in the container of
//! a setup. Installs nothing, and changes no file but those that the setup reads.

use std::{
    fs::{self, File},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{
    SetUp, SetupRequest, Sought, joined, kept, pause,
    plan::Plan,
    staging::{self, Staged},
    working::{self, Executed},
};
use crate::{
    events::Draft,
    interfaces::{
        blocking::blocking,
        folder_locks::Work,
        sandbox::{
            engine::Key,
            events::LockfilesRenewed,
            job::Ending,
            service::{CommandContext, Sandbox},
        },
    },
    journal::{Attempt, CallError, Performed},
};

/// Bytes of one file that is renewed.
const LARGEST: u64 = 64 << 20;
/// Files that are named.
const MOST_NAMED: usize = 10;

/// The state in which the lockfiles of a workspace were renewed last.
#[derive(Serialize, Deserialize)]
struct Locked {
    workspace: PathBuf,
    identity: (u64, u64),
    key: String,
}

impl Sandbox {
    /// Renews the lockfiles of a workspace, unless they were renewed in this state. A command that fails by itself is an answer,
    /// since a manifest may name what does not exist; one that could not do its work pauses the run.
    pub async fn renew_lockfiles(&self, place: CommandContext, wanted: SetupRequest, attempt: &Attempt) -> Performed<SetUp> {
        let sought = match self.seek(place, wanted).await {
            Ok(sought) => sought,
            Err(stopped) => return stopped,
        };
        let Some(command) = sought.plan.lock.clone() else { return Performed::answer(Ok(SetUp::none(String::new()))) };
        if self.setups.folders.is_locked(&sought.place.workspace, &sought.key) {
            return Performed::answer(Ok(SetUp { state: "unchanged".to_owned(), command: Some(command), ..SetUp::none(String::new()) }));
        }
        let halt = sought.place.halt.clone();
        tokio::select! {
            performed = self.renew(&sought, &command, attempt) => performed,
            () = halt.cancelling_begins() => Performed::answer(Err(CallError::cancelling())),
        }
    }

    async fn renew(&self, sought: &Sought, command: &str, attempt: &Attempt) -> Performed<SetUp> {
        let executed = match self.execute_with_network(sought, command, attempt).await {
            Ok(executed) => executed,
            Err(stopped) => return stopped,
        };
        let outcome = match executed.has_succeeded() {
            true => self.put_back(sought, &executed).await,
            false if is_of_the_story(&executed) => Ok(("failed", working::tail(&executed.outcome))),
            false => Err(working::failure("renewal of lockfiles", command, &executed)),
        };
        let key = Key { run: sought.place.run.clone(), seq: attempt.seq };
        self.forget_setup(&key, &executed.site).await;
        let Executed { outcome: ended, noted, events, .. } = executed;
        let (state, report) = match outcome {
            Ok(outcome) => outcome,
            Err(reason) => return pause(reason),
        };
        let renewed = SetUp {
            state: state.to_owned(),
            command: Some(command.to_owned()),
            report,
            reached: noted.reached.into_iter().collect(),
            denied: noted.denied.into_iter().collect(),
            took_ms: ended.took_ms,
        };
        let event = LockfilesRenewed {
            seq: attempt.seq,
            state: state.to_owned(),
            command: command.to_owned(),
            reached: renewed.reached.clone(),
            denied: renewed.denied.clone(),
            took_ms: renewed.took_ms,
        };
        let event = Draft::of_run(&sought.place.run, &event).map(|data| self.parts.redactor.value(data));
        Performed::Answered(Ok(renewed), events.into_iter().chain([event]).collect())
    }

    /// Puts the files that the command changed into the workspace, and remembers the state.
    async fn put_back(&self, sought: &Sought, executed: &Executed) -> Result<(&'static str, String), String> {
        let Sought { place, plan, image, .. } = sought;
        let lock = self.parts.folders.lock(&place.workspace, Work::Git, &place.run).await;
        let _lock = lock.map_err(|error| error.text)?;
        let (workspace, plan, image) = (place.workspace.clone(), plan.clone(), image.reference.clone());
        let (from, staged, folders) = (executed.site.workspace(), executed.staged.clone(), self.setups.folders.clone());
        let put = blocking(move |deadline| {
            let renewed = renewed(&from, &staged, &plan)?;
            for path in &renewed {
                let moved = replace(&from, &workspace, path);
                moved.map_err(|error| format!("`{}` cannot be renewed: {error}. Then resume the run.", path.escape_debug()))?;
            }
            let key = staging::key(&plan, &image, &staging::read(&workspace, &plan, deadline)?);
            let noted = folders.note_locked(&workspace, &key);
            noted.map_err(|error| format!("The state of the lockfiles cannot be written: {error}. Then resume the run."))?;
            Ok(renewed)
        });
        let renewed = joined(put.await)?;
        let named: Vec<_> = renewed.iter().take(MOST_NAMED).map(|path| format!("`{}`", path.escape_debug())).collect();
        Ok(match renewed.is_empty() {
            true => ("unchanged", String::new()),
            false => ("done", format!("It changed {}.", named.join(", "))),
        })
    }
}

/// Whether a failure may come from what the manifests say, and from nothing that the operator has to correct.
fn is_of_the_story(executed: &Executed) -> bool {
    executed.outcome.ending == Ending::Exited && executed.noted.denied.is_empty() && !executed.noted.is_used_up
}

/// The files that the setup reads and that the command changed or created.
fn renewed(folder: &Path, staged: &Staged, plan: &Plan) -> Result<Vec<String>, String> {
    let left = staging::look(folder, staged)?;
    let matching = plan.matching()?;
    let created = left.installed.into_iter().filter(|path| matching.is_match(path));
    let is_file = |path: &String| folder.join(path).symlink_metadata().is_ok_and(|found| found.is_file());
    Ok(left.changed.into_iter().chain(created).filter(is_file).collect())
}

/// Puts a file in the place of another, which is a file or absent, below folders and through no link.
fn replace(from: &Path, workspace: &Path, path: &str) -> io::Result<()> {
    let place = workspace.join(path);
    let is_free = match place.symlink_metadata() {
        Ok(found) => found.is_file(),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    };
    if !kept::has_real_parents(workspace, path) || !is_free {
        return Err(io::Error::other("something else is in its place"));
    }
    let mut content = Vec::new();
    File::open(from.join(path))?.take(LARGEST + 1).read_to_end(&mut content)?;
    if content.len() as u64 > LARGEST {
        return Err(io::Error::other(format!("it has more than {} MiB", LARGEST >> 20)));
    }
    let mut whole = tempfile::NamedTempFile::new_in(place.parent().unwrap_or(workspace))?;
    whole.write_all(&content)?;
    let mode = fs::symlink_metadata(&place).map(|found| found.permissions());
    if let Ok(mode) = mode {
        super::copying::set_mode(whole.path(), &mode)?;
    }
    whole.persist(&place)?;
    Ok(())
}

impl kept::Folders {
    /// Whether the lockfiles of a workspace were renewed in this state.
    fn is_locked(&self, workspace: &Path, key: &str) -> bool {
        let identity = kept::identity(workspace).ok();
        kept::read::<Locked>(&self.locked_file(workspace))
            .is_some_and(|locked| locked.workspace == workspace && Some(locked.identity) == identity && locked.key == key)
    }

    fn note_locked(&self, workspace: &Path, key: &str) -> io::Result<()> {
        let locked = Locked { workspace: workspace.to_owned(), identity: kept::identity(workspace)?, key: key.to_owned() };
        kept::write(&self.locked_file(workspace), &locked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_through_no_link() {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for path in ["a.lock", "deep/b.lock", "linked/c.lock", "d.lock"] {
            let path = from.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "new").unwrap();
        }
        fs::write(to.path().join("a.lock"), "old").unwrap();
        fs::create_dir(to.path().join("deep")).unwrap();
        std::os::unix::fs::symlink("/tmp", to.path().join("linked")).unwrap();
        std::os::unix::fs::symlink("a.lock", to.path().join("d.lock")).unwrap();
        let replaced = |path: &str| replace(from.path(), to.path(), path).is_ok();
        assert!(replaced("a.lock") && replaced("deep/b.lock"));
        assert!(!replaced("linked/c.lock") && !replaced("d.lock"));
        assert_eq!(fs::read_to_string(to.path().join("a.lock")).unwrap(), "new");
    }
}
