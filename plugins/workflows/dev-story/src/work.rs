//! The developer's rounds: a task, the guards, the tests, whether they test the story, and again. Ends with green tests, or
//! when a person gives up.

use baton_sdk::prelude::*;
use baton_slots::code_review::Finding;
use baton_slots::dependency::Dependency;
use baton_slots::dev_story::{Input, Outcome, Output};
use baton_slots::run_tests::{self, Output as Tested};
use baton_slots::{DEVELOPER, RUN_TESTS};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::asking::{self, Answer};
use crate::failure::Failure;
use crate::kept::Kept;
use crate::proof::Change as Committed;
use crate::story::{Known, Order, Story};
use crate::ways::Ways;
use crate::{dependencies, diff, guards, record};

/// Rounds in a row that do not do before a person is asked.
const MOST_FAILURES: u32 = 3;
/// Questions about one story, after which it is left.
const MOST_QUESTIONS: u32 = 3;
/// Paths of one commit that are taken out before it is given up.
const MOST_TAKEN_OUT: usize = 100;
/// Bytes of a reason that a commit's message holds.
const LONGEST_REASON: usize = 4 << 10;
/// Bytes of a summary in the list of what was tried.
const LONGEST_SUMMARY: usize = 400;
/// Files of a change whose parts are tested by themselves.
const MOST_CHANGED: usize = 100;
/// Bytes of a conversation that is kept for the next round; after a longer one the developer begins again with a whole task.
const LONGEST_CONVERSATION: usize = 1 << 20;

pub(crate) enum Ending {
    /// And committed.
    Green(Box<Tested>),
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
    Green(Box<Tested>),
    /// With the change as it is.
    Failed(Box<Failure>, String),
}

/// What the developer says after a task.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Said {
    pub(crate) summary: String,
    pub(crate) assumptions: Vec<String>,
    /// Why the story has no test, or none that fails without it.
    untested: Option<String>,
    replies: Vec<Reply>,
}

/// What the developer says to a finding, by its number from 1.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Reply {
    finding: usize,
    reply: String,
}

pub(crate) struct Work<'a> {
    story: &'a Story,
    base: &'a str,
    ways: Ways,
    said: Said,
    /// What the developer said to each of the findings.
    replies: Vec<String>,
    guards: Vec<String>,
    /// What its lockfiles gained and lost, as it was green last.
    dependencies: Vec<Dependency>,
    /// How many of them the developer was told.
    told: usize,
    /// What the developer wants handed back to continue where it was.
    conversation: Option<String>,
    /// What was tried and what became of it.
    tried: Vec<String>,
    /// Failures in a row.
    failures: u32,
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
    pub(crate) fn begin(story: &'a Story, order: &'a Input) -> Result<Self> {
        let base = order.base.as_str();
        if git::branch()? == base {
            return Err(Error::invalid(format!(
                "The workspace has `{base}` checked out, which a story must not be developed on; start `dev-story` in a worktree, as `sprint` does."
            )));
        }
        let heading = if order.findings.is_empty() { story.title.as_str() } else { "what its review asks for" }.to_owned();
        Ok(Self {
            story,
            base,
            ways: Ways::find(order.mode)?,
            said: Said::default(),
            replies: Vec::new(),
            guards: Vec::new(),
            dependencies: Vec::new(),
            told: 0,
            conversation: order.conversation.clone(),
            tried: Vec::new(),
            failures: 0,
            red: Vec::new(),
            refused: Vec::new(),
            attempts: 0,
            questions: 0,
            heading,
        })
    }

    /// From the beginning, with what was gathered.
    pub(crate) fn develop(&self, context: &str) -> Order {
        self.story.develop(context, &self.ways, MOST_FAILURES)
    }

    /// After a review, or on a person's word.
    pub(crate) fn change(&mut self, findings: &[Finding], advice: &str) -> Result<Order> {
        self.replies = vec![String::new(); findings.len()];
        let diff = git::diff(self.base)?;
        Ok(self.story.change(findings, &self.ways, &Known { advice, diff: &diff, left: MOST_FAILURES, ..Known::default() }))
    }

    /// A task about something else than the story itself.
    pub(crate) fn task(&self, goal: String, parts: &[(&str, &str)]) -> Order {
        self.story.with_story(goal, parts)
    }

    /// Goes on until the tests are green. Three failures, or a change that is the same as one before, are for a person.
    pub(crate) fn until_green(&mut self, first: Option<Order>) -> Result<Ending> {
        let mut task = first;
        loop {
            let (failure, diff) = match self.round(task)? {
                Round::Green(tested) => return Ok(Ending::Green(tested)),
                Round::Failed(failure, diff) => (*failure, diff),
            };
            self.failures += 1;
            self.remember(&failure);
            if matches!(failure, Failure::Unchanged) {
                // It may be another developer's, which was told too little.
                self.conversation = None;
            }
            let came_back = self.came_back(&failure, &diff);
            let mut advice = String::new();
            if came_back || self.failures == MOST_FAILURES {
                self.failures = 0;
                match self.asked(&failure)? {
                    Some(words) => advice = words,
                    None => {
                        return Ok(Ending::Left(Outcome::Skipped, format!("{}, and no person wants it tried again.", failure.standing())));
                    }
                }
            }
            task = Some(self.repair(&failure, &advice, &diff));
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
    fn round(&mut self, task: Option<Order>) -> Result<Round> {
        let diff = self.performed(task)?;
        if let Some(failure) = self.refusal() {
            return Ok(Round::Failed(Box::new(failure), diff));
        }
        if diff.trim().is_empty() && !self.said.summary.is_empty() {
            return Ok(Round::Failed(Box::new(Failure::Unchanged), diff));
        }
        let diff = match self.with_lockfiles(diff)? {
            Ok(diff) => diff,
            Err((failure, diff)) => return Ok(Round::Failed(Box::new(failure), diff)),
        };
        if let Some(refused) = self.ways.dependencies.refuse(&self.locked(&diff)?) {
            return Ok(Round::Failed(Box::new(Failure::Dependencies(refused)), diff));
        }
        let tested = match self.quickly_red(&diff)? {
            Some(red) => red,
            None => self.tested(&diff)?,
        };
        if !tested.passed {
            let failure = if tested.is_unjudged() { Failure::Unjudged(tested) } else { Failure::Red(tested) };
            return Ok(Round::Failed(Box::new(failure), diff));
        }
        let diff = self.keep(&tested)?;
        if let Some(failure) = self.refusal() {
            return Ok(Round::Failed(Box::new(failure), git::diff(self.base)?));
        }
        let (failure, added) = self.proven(&tested, &diff)?;
        Ok(match failure {
            Some(failure) => Round::Failed(Box::new(failure), diff),
            None => Round::Green(Box::new(Tested { added, names: Vec::new(), ..tested })),
        })
    }

    /// The change with its lockfiles in line with its manifests, where the project has a command for that; or why not, with the
    /// change as it is.
    fn with_lockfiles(&self, diff: String) -> Result<std::result::Result<String, (Failure, String)>> {
        if !diff::files(&diff).iter().any(|file| baton_dependencies::is_manifest(&file.path) || baton_dependencies::is_read(&file.path)) {
            return Ok(Ok(diff));
        }
        let renewed = sandbox::renew_lockfiles()?;
        match renewed.state.as_str() {
            "failed" => {
                let command = renewed.command.unwrap_or_default();
                Ok(Err((Failure::Lockfiles(format!("`{command}` failed.{}", renewed.report)), diff)))
            }
            "none" => Ok(Ok(diff)),
            // Also where they fit already: a host that was killed behind the renewal does not know that it did it.
            _ => Ok(Ok(git::diff(self.base)?)),
        }
    }

    /// What the change's lockfiles gain and lose.
    fn locked(&self, diff: &str) -> Result<baton_dependencies::Changes> {
        dependencies::of(diff, || git::merge_base(&head()?, self.base))
    }

    /// Commits the change; gives the whole of it.
    fn keep(&mut self, tested: &Tested) -> Result<String> {
        if tested.flaky {
            let names: Vec<_> = tested.flaky_tests.iter().map(|name| format!("`{name}`")).collect();
            let named = if names.is_empty() { String::new() } else { format!(" These failed at first: {}.", names.join(", ")) };
            self.note(format!(
                "The tests passed in a second run and not in the first: look for a test that depends on time, order or chance.{named}"
            ));
        }
        let diff = git::diff(self.base)?;
        for note in guards::doubtful(&diff::files(&diff), tested.command.as_deref()) {
            self.note(note);
        }
        let locked = self.locked(&diff)?;
        for path in locked.unclear {
            self.note(format!("`{path}` says what is fetched, and how it changed is not understood: look at its lines."));
        }
        // While what was fetched for the tests is there.
        self.dependencies = dependencies::with_licences(locked.dependencies);
        record::write(self.story, &self.said, tested, &diff, self.attempts)?;
        let message = format!("story {}: {}\n\n{}", self.story.key, self.heading, self.said.summary);
        self.commit(message.trim_end().to_owned())?;
        Ok(diff)
    }

    /// Whether the tests test the story, by runs of them, which `story.check-tests` turns off; and the tests that it added.
    fn proven(&mut self, tested: &Tested, diff: &str) -> Result<(Option<Failure>, Vec<String>)> {
        if !self.ways.checks_tests {
            return Ok((None, Vec::new()));
        }
        run::progress(0.8, "Trying the story's tests without its change");
        let (files, began, record) = (diff::files(diff), git::merge_base(&head()?, self.base)?, record::path(self.story));
        let untested = self.said.untested.clone().filter(|why| !why.trim().is_empty());
        let change = Committed { began: &began, files: &files, diff, tested, untested: untested.as_deref(), record: &record };
        let proof = change.prove()?;
        if !self.dependencies.is_empty() {
            // Without the story's lockfile other packages were there.
            sandbox::set_up()?;
        }
        proof.notes.into_iter().for_each(|note| self.note(note));
        Ok((proof.failure, proof.added))
    }

    /// For later tasks, which tell it.
    fn remember(&mut self, failure: &Failure) {
        let summary = self.said.summary.trim();
        let summary = &summary[..summary.floor_char_boundary(LONGEST_SUMMARY)];
        let summary = if summary.is_empty() { "Nothing was said." } else { summary };
        self.tried.push(format!("{summary} Then: {}.", failure.remembered()));
    }

    fn repair(&mut self, failure: &Failure, advice: &str, diff: &str) -> Order {
        let (tried, notes) = (&self.tried, &self.guards[self.told..]);
        let known = Known { tried, notes, advice, diff, left: MOST_FAILURES - self.failures };
        let task = self.story.repair(failure, &self.ways, &known);
        self.told = self.guards.len();
        task
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
            dependencies: self.dependencies,
            replies: self.replies,
            conversation: self.conversation,
            attempts: self.attempts,
        })
    }

    /// Has the task done, undoes what it must not have done, and gives the whole change.
    fn performed(&mut self, task: Option<Order>) -> Result<String> {
        let before = git::diff(self.base)?;
        let Some(task) = task else { return Ok(before) };
        run::progress(0.2, "The developer is at work");
        self.said = self.ask(task)?;
        for Reply { finding, reply } in std::mem::take(&mut self.said.replies) {
            if let Some(place) = finding.checked_sub(1).and_then(|place| self.replies.get_mut(place)) {
                *place = reply;
            }
        }
        let diff = self.guarded()?;
        if diff == before {
            self.note("The developer answered a task without changing anything.".to_owned());
        }
        Ok(diff)
    }

    /// Has the developer perform a task that is answered with JSON: where it was, if it can continue, or from the beginning.
    pub(crate) fn ask<T: DeserializeOwned>(&mut self, order: Order) -> Result<T> {
        let Order { whole, rest } = order;
        let outcome = match self.conversation.take() {
            None => agents::perform(DEVELOPER, &whole)?,
            Some(conversation) => match agents::perform(DEVELOPER, &rest.continuing(conversation)) {
                Err(Error { kind: ErrorKind::Invalid, text: reason, .. }) => {
                    run::info(&format!("The developer begins again, because its conversation is not taken: {reason}"));
                    agents::perform(DEVELOPER, &whole)?
                }
                performed => performed?,
            },
        };
        self.conversation = outcome.conversation.filter(|conversation| conversation.len() <= LONGEST_CONVERSATION);
        Ok(baton_sdk::serde_json::from_str(&outcome.answer)?)
    }

    fn tested(&mut self, diff: &str) -> Result<Tested> {
        self.attempts += 1;
        run::progress(0.6, &format!("Testing, attempt {}", self.attempts));
        self.run_tests(&run_tests::Input { names: self.ways.checks_tests, ..run_tests::Input::default() }, diff)
    }

    /// While a story is repaired, the quick tests of what it changed, where they name a test that fails. The whole is not run
    /// then; it is before anything counts as green.
    fn quickly_red(&mut self, diff: &str) -> Result<Option<Tested>> {
        if self.failures == 0 || !self.ways.knows_parts {
            return Ok(None);
        }
        let record = record::path(self.story);
        let changed: Vec<_> = diff::files(diff).into_iter().map(|file| file.path).filter(|path| *path != record).collect();
        if changed.is_empty() || changed.len() > MOST_CHANGED {
            return Ok(None);
        }
        run::progress(0.5, "Testing what was changed");
        let tested = self.run_tests(&run_tests::Input { changed, ..run_tests::Input::default() }, diff)?;
        let is_red = tested.is_red() && !tested.failing.is_empty();
        self.attempts += u32::from(is_red);
        Ok(is_red.then_some(tested))
    }

    fn run_tests(&mut self, order: &run_tests::Input, diff: &str) -> Result<Tested> {
        let kept = Kept::note()?;
        let tested = workflows::start(RUN_TESTS, order)?.wait()?.output;
        self.clean(&kept, diff)?;
        Ok(tested)
    }

    /// What running the tests left behind is nobody's work, and what it did to files is undone.
    fn clean(&mut self, kept: &Kept, diff: &str) -> Result<()> {
        for path in kept.put_back()? {
            self.note(format!("Running the tests changed `{path}`; it was put back as it was."));
        }
        // Such as files too many or too large to be kept. No guard has seen yet what they are now.
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

    /// Whether a change whose tests did not pass is the same as one before.
    fn came_back(&mut self, failure: &Failure, diff: &str) -> bool {
        if !matches!(failure, Failure::Red(_) | Failure::Unjudged(_)) {
            return false;
        }
        let loops = self.red.iter().any(|red| red == diff);
        if !loops {
            self.red.push(diff.to_owned());
        } else if matches!(failure, Failure::Red(_)) {
            self.note("The developer came back with a change that had been red before.".to_owned());
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

    pub(crate) fn note(&mut self, note: String) {
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
