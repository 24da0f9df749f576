//! The developer's rounds: a task, the guards, the tests, and again. Ends with green tests, or when a person gives up.

use std::collections::BTreeSet;

use baton_sdk::git::{Change, ChangeKind};
use baton_sdk::prelude::*;
use serde::{Deserialize, Serialize};

use crate::asking::{self, Answer};
use crate::story::Story;
use crate::{DEVELOPER, Developed, diff, guards, record};

/// Red tests in a row before a person is asked.
const MOST_FAILURES: u32 = 3;
/// Questions about one story, after which it is left.
const MOST_QUESTIONS: u32 = 3;

/// The output of `run-tests`.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Tested {
    pub(crate) passed: bool,
    pub(crate) command: Option<String>,
    pub(crate) report: String,
}

pub(crate) enum Ending {
    Green(Tested),
    /// For this reason.
    Skipped(String),
}

/// What the developer says after a task.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Said {
    pub(crate) summary: String,
    pub(crate) assumptions: Vec<String>,
}

pub(crate) struct Work<'a> {
    story: &'a Story,
    base: &'a str,
    said: Said,
    guards: Vec<String>,
    /// Every state of the change that was red.
    red: Vec<String>,
    attempts: u32,
    questions: u32,
    /// What the commit is headed with.
    heading: String,
}

impl<'a> Work<'a> {
    pub(crate) fn begin(story: &'a Story, base: &'a str, reviewed: bool) -> Result<Self> {
        if git::branch()? == base {
            return Err(Error::Invalid(format!(
                "The workspace has `{base}` checked out, which a story must not be developed on; start `dev-story` in a worktree, as `sprint` does."
            )));
        }
        let heading = if reviewed { "what its review asks for" } else { &story.title }.to_owned();
        Ok(Self { story, base, said: Said::default(), guards: Vec::new(), red: Vec::new(), attempts: 0, questions: 0, heading })
    }

    /// Goes on until the tests are green. Three failures, or a change that is the same as one that was red, are for a person.
    pub(crate) fn until_green(&mut self, first: Option<Task>) -> Result<Ending> {
        let (mut task, mut failures) = (first, 0);
        loop {
            let diff = self.performed(task)?;
            let tested = self.tested(&diff)?;
            if tested.passed {
                return Ok(Ending::Green(tested));
            }
            failures += 1;
            let mut advice = String::new();
            if self.came_back(&diff) || failures == MOST_FAILURES {
                failures = 0;
                match self.asked(&tested)? {
                    Some(words) => advice = words,
                    None => return Ok(Ending::Skipped("Its tests stayed red, and nobody wants it tried again.".to_owned())),
                }
            }
            task = Some(self.story.repair(&tested, &advice, &diff));
        }
    }

    /// Green: kept with a commit.
    pub(crate) fn done(mut self, tested: Tested) -> Result<Developed> {
        let diff = git::diff(self.base)?;
        for note in guards::doubtful(&diff::files(&diff), tested.command.as_deref()) {
            self.note(note);
        }
        record::write(self.story, &self.said, &tested, &diff, self.attempts)?;
        let message = format!("story {}: {}\n\n{}", self.story.key, self.heading, self.said.summary);
        git::commit(message.trim_end(), Some(DEVELOPER))?;
        run::progress(1.0, "The story's tests are green");
        self.told("done", "", Some(tested))
    }

    /// Not done. What was written is kept on the story's branch all the same, since it was paid for.
    pub(crate) fn left(self, outcome: &'static str, reason: &str) -> Result<Developed> {
        git::commit(&format!("story {}: unfinished\n\n{reason}", self.story.key), Some(DEVELOPER))?;
        self.told(outcome, reason, None)
    }

    fn told(self, outcome: &'static str, reason: &str, tests: Option<Tested>) -> Result<Developed> {
        Ok(Developed {
            key: self.story.key.clone(),
            outcome,
            reason: reason.to_owned(),
            summary: self.said.summary,
            commit: head()?,
            tests,
            guards: self.guards,
            attempts: self.attempts,
        })
    }

    /// Has the task done, undoes what it must not have done, and gives the whole change.
    fn performed(&mut self, task: Option<Task>) -> Result<String> {
        let before = git::diff(self.base)?;
        let Some(task) = task else { return Ok(before) };
        run::progress(0.2, "Amelia is at work");
        let outcome = agents::perform(DEVELOPER, &task)?;
        self.said = baton_sdk::serde_json::from_str(&outcome.answer)?;
        let diff = self.guarded()?;
        if diff == before {
            self.note("The developer answered a task without changing anything.".to_owned());
        }
        Ok(diff)
    }

    fn tested(&mut self, diff: &str) -> Result<Tested> {
        if diff.trim().is_empty() && !self.said.summary.is_empty() {
            return Ok(Tested { passed: false, command: None, report: "Nothing was changed, so the story can not be done.".to_owned() });
        }
        self.attempts += 1;
        run::progress(0.6, &format!("Testing, attempt {}", self.attempts));
        let before = git::status()?;
        let tested = workflows::join(&workflows::start("run-tests", &json!({}), None)?)?;
        self.clean(&before, diff)?;
        Ok(tested)
    }

    /// What running the tests left behind is nobody's work. What it did to the story's own files, no guard has seen yet.
    fn clean(&mut self, before: &[Change], diff: &str) -> Result<()> {
        let known: BTreeSet<_> = before.iter().map(|change| change.path.as_str()).collect();
        let left: Vec<_> = git::status()?.into_iter().filter(|change| !known.contains(change.path.as_str())).collect();
        for change in left.iter().filter(|change| change.kind != ChangeKind::Added) {
            self.note(format!("Running the tests changed `{}`; it was put back as it was.", change.path));
        }
        guards::put_back(&left.into_iter().map(|change| change.path).collect::<Vec<_>>())?;
        if git::diff(self.base)? != diff {
            self.note("Running the tests changed the story's own files: look whether what was tested is what lands.".to_owned());
            self.guarded()?;
        }
        Ok(())
    }

    /// The whole change, once what must not be in it was put back.
    fn guarded(&mut self) -> Result<String> {
        for note in guards::enforce(&self.story.key, self.base)? {
            self.note(note);
        }
        let diff = git::diff(self.base)?;
        let escaping = guards::escaping(&diff::files(&diff));
        if escaping.is_empty() {
            return Ok(diff);
        }
        guards::put_back(&escaping)?;
        for path in escaping {
            self.note(format!("`{path}` is a symbolic link that leads out of the project; it was put back as it was."));
        }
        git::diff(self.base)
    }

    /// Whether a red change is the same as one before.
    fn came_back(&mut self, diff: &str) -> bool {
        let loops = self.red.iter().any(|red| red == diff);
        if loops {
            self.note("The developer came back with a change that had been red before.".to_owned());
        } else {
            self.red.push(diff.to_owned());
        }
        loops
    }

    /// What a person says to the developer, perhaps nothing; none to leave the story.
    fn asked(&mut self, tested: &Tested) -> Result<Option<String>> {
        self.questions += 1;
        if self.questions > MOST_QUESTIONS {
            return Ok(None);
        }
        Ok(match asking::still_red(self.story, tested, self.questions)? {
            Answer::Told(words) => Some(words),
            Answer::Again | Answer::Accept => Some(String::new()),
            Answer::Skip => None,
        })
    }

    fn note(&mut self, note: String) {
        if !self.guards.contains(&note) {
            run::warn(&note);
            self.guards.push(note);
        }
    }
}

/// The worktree's last commit.
pub(crate) fn head() -> Result<String> {
    let newest = git::log(None, 1)?.into_iter().next();
    newest.map(|commit| commit.id).ok_or_else(|| Error::other("The worktree has no commit; make a first one and start again."))
}
