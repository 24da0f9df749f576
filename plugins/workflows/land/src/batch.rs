//! Merges a batch and finds a green whole of it. A red batch is halved until the stories that make it red stand alone;
//! each half is tried on top of what was found good, so that what is left was tested as it is.

use baton_sdk::prelude::*;
use baton_slots::RUN_TESTS;
use baton_slots::land::{Conflict, Red, Story};
use baton_slots::run_tests::{self, outcome};

use crate::{Merged, merged};

/// What became of a batch; the worktree holds `landed`, tested together.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) landed: Vec<Merged>,
    pub(crate) conflicts: Vec<Conflict>,
    pub(crate) red: Vec<Red>,
    /// The last commit that is known to be good.
    good: String,
}

impl Batch {
    /// Begins at `good`, a commit that needs no test.
    pub(crate) fn merged(stories: &[Story], good: String) -> Result<Self> {
        let mut batch = Self { good, ..Self::default() };
        // The halves still to try, the next one last.
        let mut halves = vec![stories.to_vec()];
        while let Some(stories) = halves.pop() {
            if let Some((one, other)) = batch.tried(stories)? {
                halves.extend([other, one]);
            }
        }
        Ok(batch)
    }

    /// Takes the stories if they are green together. Red, it gives their halves; of a single story it notes why.
    fn tried(&mut self, stories: Vec<Story>) -> Result<Option<(Vec<Story>, Vec<Story>)>> {
        let (merged, fitting) = self.merge(stories)?;
        if merged.is_empty() {
            return Ok(None);
        }
        run::progress(0.5, &format!("Testing {} merged", merged.iter().map(|landed| landed.key.as_str()).collect::<Vec<_>>().join(", ")));
        let tested = tests(&run_tests::Input::default())?;
        if tested.passed {
            self.good = head()?;
            self.landed.extend(merged);
            return Ok(None);
        }
        git::reset(&self.good)?;
        if matches!(tested.ended(), outcome::KILLED | outcome::NOT_STARTED) {
            return Err(Error::other(format!(
                "The merged stories could not be tested, which is not their fault. {}",
                tested.report.trim()
            )));
        }
        if let [story] = fitting.as_slice() {
            self.red.push(Red { key: story.key.clone(), report: tested.report });
            return Ok(None);
        }
        let mut one = fitting;
        let other = one.split_off(one.len() / 2);
        Ok(Some((one, other)))
    }

    /// Merges one after the other; who conflicts is noted and left out.
    fn merge(&mut self, stories: Vec<Story>) -> Result<(Vec<Merged>, Vec<Story>)> {
        let (mut merged, mut fitting) = (Vec::new(), Vec::new());
        for story in stories {
            let title = backlog::get(&story.key).map_or_else(|_| String::new(), |item| format!(": {}", item.draft.title));
            let proposed = merged::proposed(&story)?;
            match git::merge(&story.branch, &format!("Merge story {}{title}", story.key), &[])? {
                git::Merged::Clean(commit) => {
                    merged.push(Merged { key: story.key.clone(), commit, proposed });
                    fitting.push(story);
                }
                git::Merged::Conflicts(paths) => self.conflicts.push(Conflict { key: story.key, paths }),
            }
        }
        Ok((merged, fitting))
    }
}

/// The worktree's last commit.
pub(crate) fn head() -> Result<String> {
    newest(None)
}

/// The last commit of a branch.
pub(crate) fn tip(branch: &str) -> Result<String> {
    newest(Some(branch))
}

fn newest(revision: Option<&str>) -> Result<String> {
    let newest = git::log(revision, 1)?.into_iter().next();
    newest.map(|commit| commit.id).ok_or_else(|| Error::other("The branch has no commit; make a first one and start again."))
}

pub(crate) fn tests(order: &run_tests::Input) -> Result<run_tests::Output> {
    // Once more for each test: what the tests before left in there is not what lands.
    sandbox::set_up()?;
    let tested = workflows::start(RUN_TESTS, order)?.wait()?.output;
    clean()?;
    Ok(tested)
}

/// What tests leave behind is nobody's work, and would be in the way of the next merge.
fn clean() -> Result<()> {
    if git::status()?.is_empty() {
        return Ok(());
    }
    git::reset(&head()?)?;
    git::status()?.iter().try_for_each(|change| files::remove(&change.path))
}
