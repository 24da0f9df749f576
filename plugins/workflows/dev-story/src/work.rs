//! The developer's rounds: a task, the guards, the tests, and again. Ends with green tests, or when a person gives up.

use std::collections::BTreeSet;

use baton_sdk::git::{Change, ChangeKind};
use baton_sdk::prelude::*;
use baton_slots::dev_story::{Outcome, Output};
use baton_slots::run_tests::{self, Output as Tested};
use baton_slots::{DEVELOPER, RUN_TESTS};
use serde::Deserialize;

use crate::asking::{self, Answer};
use crate::failure::Failure;
use crate::story::Story;
use crate::{diff, guards, record};

/// Rounds in a row that do not do before a person is asked.
const MOST_FAILURES: u32 = 3;
/// Questions about one story, after which it is left.
const MOST_QUESTIONS: u32 = 3;
/// Paths of one commit that are taken out before it is given up.
const MOST_TAKEN_OUT: usize = 100;
/// Bytes of a reason that a commit's message holds.
const LONGEST_REASON: usize = 4 << 10;

pub(crate) enum Ending {
    /// And committed.
    Green(Tested),
    /// By a person's word, for this reason.
    Left(Outcome, String),
}

impl Ending {
    pub(crate) fn left(outcome: Outcome, reason: &str) -> Self {
        Self::Left(outcome, reason.to_owned())
    }
}

/// What a task came to.
enum Round {
    Green(Tested),
    /// With the change as it is.
    Failed(Failure, String),
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
    /// Why parts of the change were taken out of it, since the developer was told last.
    refused: Vec<String>,
    attempts: u32,
    questions: u32,
    /// What the commit is headed with.
    heading: String,
}

impl<'a> Work<'a> {
    pub(crate) fn begin(story: &'a Story, base: &'a str, reviewed: bool) -> Result<Self> {
        if git::branch()? == base {
            return Err(Error::invalid(format!(
                "The workspace has `{base}` checked out, which a story must not be developed on; start `dev-story` in a worktree, as `sprint` does."
            )));
        }
        let heading = if reviewed { "what its review asks for" } else { &story.title }.to_owned();
        Ok(Self {
            story,
            base,
            said: Said::default(),
            guards: Vec::new(),
            red: Vec::new(),
            refused: Vec::new(),
            attempts: 0,
            questions: 0,
            heading,
        })
    }

    /// Goes on until the tests are green. Three failures, or a change that is the same as one that was red, are for a person.
    pub(crate) fn until_green(&mut self, first: Option<Task>) -> Result<Ending> {
        let (mut task, mut failures) = (first, 0);
        loop {
            let (failure, diff) = match self.round(task)? {
                Round::Green(tested) => return Ok(Ending::Green(tested)),
                Round::Failed(failure, diff) => (failure, diff),
            };
            failures += 1;
            let came_back = matches!(failure, Failure::Red(_)) && self.came_back(&diff);
            let mut advice = String::new();
            if came_back || failures == MOST_FAILURES {
                failures = 0;
                match self.asked(&failure)? {
                    Some(words) => advice = words,
                    None => return Ok(Ending::Left(Outcome::Skipped, format!("{}, and nobody wants it tried again.", failure.standing()))),
                }
            }
            task = Some(self.story.repair(&failure, &advice, &diff));
        }
    }

    /// Green, and committed.
    pub(crate) fn done(self, tested: Tested) -> Result<Output> {
        run::progress(1.0, "The story's tests are green");
        self.told(Outcome::Done, "", Some(tested))
    }

    pub(crate) fn left(mut self, outcome: Outcome, reason: &str) -> Result<Output> {
        self.save(reason);
        self.told(outcome, reason, None)
    }

    /// Keeps what was written on the story's branch, since it was paid for, whatever becomes of the story.
    pub(crate) fn save(&mut self, reason: &str) {
        let message = self.unfinished(reason);
        if let Err(error) = self.commit(message) {
            run::warn(&format!("What was written of story {} is not on its branch: {error}", self.story.key));
        }
    }

    /// A task, the tests, and a commit of what is green.
    fn round(&mut self, task: Option<Task>) -> Result<Round> {
        let diff = self.performed(task)?;
        if let Some(failure) = self.refusal() {
            return Ok(Round::Failed(failure, diff));
        }
        if diff.trim().is_empty() && !self.said.summary.is_empty() {
            return Ok(Round::Failed(Failure::Unchanged, diff));
        }
        let tested = self.tested(&diff)?;
        if !tested.passed {
            return Ok(Round::Failed(Failure::Red(tested), diff));
        }
        self.keep(&tested)?;
        Ok(match self.refusal() {
            Some(failure) => Round::Failed(failure, git::diff(self.base)?),
            None => Round::Green(tested),
        })
    }

    fn keep(&mut self, tested: &Tested) -> Result<()> {
        let diff = git::diff(self.base)?;
        for note in guards::doubtful(&diff::files(&diff), tested.command.as_deref()) {
            self.note(note);
        }
        record::write(self.story, &self.said, tested, &diff, self.attempts)?;
        let message = format!("story {}: {}\n\n{}", self.story.key, self.heading, self.said.summary);
        self.commit(message.trim_end().to_owned())
    }

    /// Commits what can be committed. What cannot is taken out, and the developer told of it.
    fn commit(&mut self, mut message: String) -> Result<()> {
        loop {
            match git::commit(&message, Some(DEVELOPER)) {
                Err(error) if error.kind == ErrorKind::Invalid => {
                    message = self.unfinished(&error.text);
                    self.take_out(error)?;
                }
                done => return done.map(drop),
            }
        }
    }

    /// Puts back what the repository rejects, which is the error's subject.
    fn take_out(&mut self, error: Error) -> Result<()> {
        let Some(path) = error.subject.clone() else { return Err(error) };
        if self.refused.contains(&error.text) || self.refused.len() >= MOST_TAKEN_OUT {
            return Err(error);
        }
        guards::put_back(&[path])?;
        self.note(format!("{} It was taken out of the change.", error.text));
        self.refused.push(error.text);
        Ok(())
    }

    /// What the developer is to hear of what was taken out.
    fn refusal(&mut self) -> Option<Failure> {
        let refused = std::mem::take(&mut self.refused);
        (!refused.is_empty()).then(|| Failure::Refused(refused.join("\n")))
    }

    fn unfinished(&self, reason: &str) -> String {
        format!("story {}: unfinished\n\n{}", self.story.key, &reason[..reason.floor_char_boundary(LONGEST_REASON)])
    }

    fn told(self, outcome: Outcome, reason: &str, tests: Option<Tested>) -> Result<Output> {
        Ok(Output {
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
        run::progress(0.2, "The developer is at work");
        let outcome = agents::perform(DEVELOPER, &task)?;
        self.said = baton_sdk::serde_json::from_str(&outcome.answer)?;
        let diff = self.guarded()?;
        if diff == before {
            self.note("The developer answered a task without changing anything.".to_owned());
        }
        Ok(diff)
    }

    fn tested(&mut self, diff: &str) -> Result<Tested> {
        self.attempts += 1;
        run::progress(0.6, &format!("Testing, attempt {}", self.attempts));
        let before = git::status()?;
        let tested = workflows::start(RUN_TESTS, &run_tests::Input::default())?.wait()?.output;
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
        match guards::enforce(&self.story.key, self.base) {
            Ok(notes) => notes.into_iter().for_each(|note| self.note(note)),
            // A name that no sentence can hold: the developer renames it.
            Err(Error { kind: ErrorKind::Invalid, text: reason, .. }) => self.refused.push(reason),
            Err(error) => return Err(error),
        }
        let diff = self.difference()?;
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

    /// The whole change, without what git cannot compare.
    fn difference(&mut self) -> Result<String> {
        loop {
            match git::diff(self.base) {
                Err(error) if error.kind == ErrorKind::Invalid => self.take_out(error)?,
                done => return done,
            }
        }
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
    fn asked(&mut self, failure: &Failure) -> Result<Option<String>> {
        self.questions += 1;
        if self.questions > MOST_QUESTIONS {
            return Ok(None);
        }
        Ok(match asking::stuck(self.story, failure, self.questions)? {
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
