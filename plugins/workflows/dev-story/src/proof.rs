//! Whether a story's tests test it: they have to fail on the code as it was before, or not to be there, and the tests of
//! before, where the story changed them, should pass on its code. Runs them in the story's own worktree, in which
//! dependencies and caches are, on files that are put back afterwards; what is committed is not touched.

use std::collections::BTreeSet;

use baton_sdk::prelude::*;
use baton_slots::RUN_TESTS;
use baton_slots::run_tests::{self, Output as Tested};

use crate::declared;
use crate::diff::File;
use crate::failure::Failure;
use crate::guards;
use crate::kinds::{is_rule_of_git, is_test};
use crate::single::{self, MOST_ADDED};

/// Files that are laid over for one run of the tests; a change of more is left to the review.
const MOST_FILES: usize = 300;
/// Files that a sentence names.
const MOST_NAMED: usize = 8;
/// Bytes of the tests' output that a note shows, the last ones.
const SHOWN: usize = 1 << 10;

/// How the host begins the line that stands for the rest of a diff that is too long; a diff's own lines begin otherwise.
const CUT: &str = "(The rest of the diff is left out";

/// What was found.
#[derive(Default)]
pub(crate) struct Proof {
    pub(crate) failure: Option<Failure>,
    /// For the review.
    pub(crate) notes: Vec<String>,
    /// Names of the tests that the story added, as far as they are known.
    pub(crate) added: Vec<String>,
}

/// A committed change, file by file.
pub(crate) struct Change<'a> {
    /// Where the story left its base.
    pub(crate) began: &'a str,
    pub(crate) files: &'a [File],
    /// The whole of it, as git writes it.
    pub(crate) diff: &'a str,
    /// How its tests went.
    pub(crate) tested: &'a Tested,
    /// Why it has no test, or none that fails without it, as the developer says.
    pub(crate) untested: Option<&'a str>,
    /// A document of the story's that belongs to no test.
    pub(crate) record: &'a str,
}

impl Change<'_> {
    pub(crate) fn prove(&self) -> Result<Proof> {
        let (tests, code): (Vec<_>, Vec<_>) =
            self.files.iter().filter(|file| file.path != self.record).partition(|file| is_test(&file.path));
        let mut proof = Proof::default();
        let is_inline = tests.iter().all(|file| file.deleted);
        let without = if is_inline { self.inline(&code, &mut proof)? } else { self.red_before(&tests, &code, &mut proof)? };
        if proof.failure.is_some() {
            return Ok(proof);
        }
        let before = self.green_after(&tests, &mut proof)?;
        // Tests in files of code are not in a run without these.
        let base = before.as_ref().or(without.as_ref().filter(|_| is_inline)).and_then(single::known);
        let mut added = single::added(self.tested, base.as_ref(), self.diff);
        if let Some(without) = without.as_ref().filter(|without| !without.passed) {
            let pass: Vec<_> = added.iter().filter(|name| without.names.contains(name)).map(String::as_str).collect();
            if !pass.is_empty() {
                proof.notes.push(format!("These tests of the story pass also without it: {}. Look what they test.", named(&pass)));
            }
        }
        added.truncate(MOST_ADDED);
        proof.added = added;
        Ok(proof)
    }

    /// The story's tests on the code as it was before.
    fn red_before(&self, tests: &[&File], code: &[&File], proof: &mut Proof) -> Result<Option<Tested>> {
        if code.is_empty() {
            proof.notes.push("The story changes tests alone, so they could not be tried without it.".to_owned());
            return Ok(None);
        }
        let Some(tested) = self.tested_with(code)? else {
            proof.notes.push("The story's tests could not be tried without it: its files could not be put back for that.".to_owned());
            return Ok(None);
        };
        if tested.is_unjudged() && tested.ended() != run_tests::outcome::NOT_STARTED {
            proof.notes.push(format!("It is not known whether the story's tests fail without it. {}", first_line(&tested.report)));
        } else if !tested.passed {
            return Ok(Some(tested));
        } else if let Some(why) = self.untested {
            proof.notes.push(format!("The story's tests pass also without it. The developer says why: {why}"));
        } else {
            let files: Vec<_> = tests.iter().filter(|file| !file.deleted).map(|file| file.path.as_str()).collect();
            let added = single::added(self.tested, None, self.diff);
            let added: Vec<_> = added.iter().map(String::as_str).collect();
            let tests = if added.is_empty() { String::new() } else { format!(" New among them are {}.", named(&added)) };
            proof.failure = Some(Failure::Proofless(format!(
                "The tests of the story ({}) were run on the code as it was before, and they passed. So they do not show that the story is done.{tests}",
                named(&files)
            )));
        }
        Ok(None)
    }

    /// The tests as they were before, where the story changed them, on its code. Those that the story brings are taken away
    /// for that.
    fn green_after(&self, tests: &[&File], proof: &mut Proof) -> Result<Option<Tested>> {
        let changed: Vec<_> = tests.iter().filter(|file| !file.added_whole).flat_map(|file| paths(file)).collect();
        if changed.is_empty() {
            return Ok(None);
        }
        let Some(tested) = self.tested_with(tests)? else { return Ok(None) };
        if !tested.passed {
            let names: Vec<_> = changed.iter().map(String::as_str).collect();
            let report = tested.report.trim();
            let end = &report[report.ceil_char_boundary(report.len().saturating_sub(SHOWN))..];
            let failing: String = tested.failing.iter().take(MOST_NAMED).map(|test| format!("\n- {}", test.line_of())).collect();
            let failing = if failing.is_empty() { format!("They said last:\n{end}") } else { format!("These fail:{failing}") };
            proof.notes.push(format!(
                "With these tests as they were before the story ({}), the tests do not pass on its code: look whether what they checked was meant to change. \
                 {failing}",
                named(&names)
            ));
        }
        Ok(Some(tested))
    }

    /// Tests that stand in files of code: they cannot be tried without it, but by their names those are known that are new.
    fn inline(&self, code: &[&File], proof: &mut Proof) -> Result<Option<Tested>> {
        if declared::names(&single::lines(self.diff, '+')).is_empty() {
            match self.untested {
                Some(why) => proof.notes.push(format!("The story brings no test. The developer says why: {why}")),
                None => proof.failure = Some(Failure::Untested),
            }
            return Ok(None);
        }
        let base = if self.tested.names.is_empty() { None } else { self.tested_with(code)? };
        let known = base.as_ref().and_then(single::known);
        let Some(known) = known else {
            let note = "The story's tests stand in the same files as its code, so they could not be tried without it.";
            proof.notes.push(note.to_owned());
            return Ok(None);
        };
        let is_new = self.tested.names.iter().any(|name| !known.contains(name.as_str()));
        let is_mended = self
            .tested
            .names
            .iter()
            .any(|name| known.contains(name.as_str()) && !base.as_ref().is_some_and(|base| base.names.contains(name)));
        match self.untested {
            _ if is_new || is_mended => {}
            Some(why) => proof.notes.push(format!("The story changes tests and adds none that ran. The developer says why: {why}")),
            None => proof
                .notes
                .push("The story changes tests in the files of its code, and none of them is new: look whether they test it.".to_owned()),
        }
        Ok(base)
    }

    /// The tests with these files as they were before; none where that cannot be done.
    fn tested_with(&self, files: &[&File]) -> Result<Option<Tested>> {
        let paths: BTreeSet<_> = files.iter().flat_map(|file| paths(file)).collect();
        if paths.is_empty() || paths.len() > MOST_FILES || self.diff.lines().any(|line| line.starts_with(CUT)) {
            return Ok(None);
        }
        let names = !self.tested.names.is_empty();
        let order = run_tests::Input { command: self.tested.command.clone(), once: true, names, ..run_tests::Input::default() };
        let mut laid = Vec::new();
        let tested = match lay_all(self.began, &paths, &mut laid) {
            Ok(()) => workflows::start(RUN_TESTS, &order).and_then(Pending::wait).map(|ended| Some(ended.output)),
            // Such as a folder where a file was.
            Err(error) => {
                run::info(&format!("Files could not be put back for a run of the tests: {error}"));
                Ok(None)
            }
        };
        put_back(&laid)?;
        tested
    }
}

/// Notes each file that was laid, so that it is put back also where another fails.
fn lay_all(began: &str, paths: &BTreeSet<String>, laid: &mut Vec<String>) -> Result<()> {
    for path in paths {
        lay(began, path)?;
        laid.push(path.clone());
    }
    Ok(())
}

/// Makes a file what it was before, or nothing.
fn lay(began: &str, path: &str) -> Result<()> {
    match git::read(began, path) {
        Ok(content) => files::write(path, content),
        Err(Error { kind: ErrorKind::NotFound, .. }) => match files::remove(path) {
            Err(Error { kind: ErrorKind::NotFound, .. }) => Ok(()),
            removed => removed,
        },
        Err(error) => Err(error),
    }
}

/// Everything as it is committed, and nothing of what the tests left behind. The files that were laid come first: what git
/// ignores is told by one of them.
fn put_back(laid: &[String]) -> Result<()> {
    guards::put_back(laid)?;
    let left: Vec<_> = git::status()?.into_iter().map(|change| change.path).collect();
    guards::put_back(&left)
}

fn paths(file: &File) -> Vec<String> {
    // A link is left as it is, since a file cannot be written in its place, and so is what says what git ignores.
    if file.link.is_some() || is_rule_of_git(&file.path) {
        return Vec::new();
    }
    file.renamed_from.iter().cloned().chain([file.path.clone()]).collect()
}

fn named(paths: &[&str]) -> String {
    let more = paths.len().saturating_sub(MOST_NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let named: Vec<_> = paths.iter().take(MOST_NAMED).map(|path| format!("`{path}`")).collect();
    format!("{}{more}", named.join(", "))
}

fn first_line(report: &str) -> &str {
    report.lines().next().unwrap_or_default()
}
