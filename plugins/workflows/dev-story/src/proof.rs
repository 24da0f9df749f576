//! Whether a story's tests test it: they have to fail on the code as it was before, and the tests of before, where the story
//! changed them, should pass on its code. Runs them in the story's own worktree, in which dependencies and caches are, on
//! files that are put back afterwards; what is committed is not touched.

use std::collections::BTreeSet;

use baton_sdk::prelude::*;
use baton_slots::RUN_TESTS;
use baton_slots::run_tests::{self, Output as Tested};

use crate::declared;
use crate::diff::File;
use crate::failure::Failure;
use crate::guards;
use crate::kinds::{is_rule_of_git, is_test};

/// Files that are laid over for one run of the tests; a change of more is left to the review.
const MOST_FILES: usize = 300;
/// Files that a sentence names.
const MOST_NAMED: usize = 8;
/// Bytes of the tests' output that a note shows, the last ones.
const SHOWN: usize = 1 << 10;

/// How the host begins the line that stands for the rest of a diff that is too long; a diff's own lines begin otherwise.
const CUT: &str = "(The rest of the diff is left out";

/// What was found.
pub(crate) enum Finding {
    /// They fail without the change.
    Proven,
    /// For the review.
    Note(String),
    Failed(Failure),
}

/// A committed change, file by file.
pub(crate) struct Change<'a> {
    /// Where the story left its base.
    pub(crate) began: &'a str,
    pub(crate) files: &'a [File],
    /// The whole of it, as git writes it.
    pub(crate) diff: &'a str,
    /// What ran its tests.
    pub(crate) command: Option<&'a str>,
    /// Why it has no test, or none that fails without it, as the developer says.
    pub(crate) untested: Option<&'a str>,
    /// A document of the story's that belongs to no test.
    pub(crate) record: &'a str,
}

impl Change<'_> {
    /// The story's tests on the code as it was before.
    pub(crate) fn red_before(&self) -> Result<Finding> {
        let tests: Vec<_> = self.files.iter().filter(|file| is_test(&file.path) && !file.deleted).map(|file| file.path.as_str()).collect();
        let code: Vec<_> = self.files.iter().filter(|file| !is_test(&file.path) && file.path != self.record).collect();
        if tests.is_empty() {
            return Ok(self.without_tests());
        }
        if code.is_empty() {
            return Ok(Finding::Note("The story changes tests alone, so they could not be tried without it.".to_owned()));
        }
        let paths: BTreeSet<_> = code.iter().flat_map(|file| paths(file)).collect();
        let Some(tested) = self.tested_with(&paths)? else {
            return Ok(Finding::Note(
                "The story's tests could not be tried without it: its files could not be put back for that.".to_owned(),
            ));
        };
        Ok(if tested.is_unjudged() && tested.ended() != run_tests::outcome::NOT_STARTED {
            Finding::Note(format!("It is not known whether the story's tests fail without it. {}", first_line(&tested.report)))
        } else if !tested.passed {
            Finding::Proven
        } else if let Some(why) = self.untested {
            Finding::Note(format!("The story's tests pass also without it. The developer says why: {why}"))
        } else {
            Finding::Failed(Failure::Proofless(format!(
                "The tests of the story ({}) were run on the code as it was before, and they passed. So they do not show that the story is done.",
                named(&tests)
            )))
        })
    }

    /// The tests as they were before, where the story changed them, on its code.
    pub(crate) fn green_after(&self) -> Result<Option<String>> {
        let changed = self.files.iter().filter(|file| is_test(&file.path) && !file.added_whole);
        let paths: BTreeSet<_> = changed.flat_map(paths).collect();
        if paths.is_empty() {
            return Ok(None);
        }
        let Some(tested) = self.tested_with(&paths)? else { return Ok(None) };
        if tested.passed {
            return Ok(None);
        }
        let names: Vec<_> = paths.iter().map(String::as_str).collect();
        let report = tested.report.trim();
        let end = &report[report.ceil_char_boundary(report.len().saturating_sub(SHOWN))..];
        Ok(Some(format!(
            "With these tests as they were before the story ({}), the tests do not pass on its code: look whether what they checked was meant to change. \
             They said last:\n{end}",
            named(&names)
        )))
    }

    fn without_tests(&self) -> Finding {
        let inline = added_lines(self.diff);
        if !declared::names(&inline).is_empty() {
            let note = "The story's tests stand in the same files as its code, so they could not be tried without it.";
            return Finding::Note(note.to_owned());
        }
        match self.untested {
            Some(why) => Finding::Note(format!("The story brings no test. The developer says why: {why}")),
            None => Finding::Failed(Failure::Untested),
        }
    }

    /// The tests with these files as they were before; none where that cannot be done.
    fn tested_with(&self, paths: &BTreeSet<String>) -> Result<Option<Tested>> {
        if paths.len() > MOST_FILES || self.diff.lines().any(|line| line.starts_with(CUT)) {
            return Ok(None);
        }
        let order = run_tests::Input { command: self.command.map(str::to_owned), once: true, ..run_tests::Input::default() };
        let mut laid = Vec::new();
        let tested = match lay_all(self.began, paths, &mut laid) {
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

fn added_lines(diff: &str) -> String {
    let added = diff.lines().filter(|line| !line.starts_with("+++")).filter_map(|line| line.strip_prefix('+'));
    added.map(|line| format!("{line}\n")).collect()
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
