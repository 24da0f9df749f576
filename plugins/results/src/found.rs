//! What was found so far, within bounds: each test once, what its failure says where that comes later, and the numbers that
//! programs give.

use std::collections::BTreeMap;

use crate::place::{self, Place};
use crate::{Counts, LONGEST_MESSAGE, LONGEST_NAME, MOST_BYTES, MOST_TESTS, Results, Status, Test};

#[derive(Default)]
pub(crate) struct Found {
    tests: Vec<Test>,
    /// Where the test of a name is.
    places: BTreeMap<String, usize>,
    bytes: usize,
    /// How often a test was named with its end, also one that is known already or too many.
    named: u32,
    counts: Option<Counts>,
    /// Several programs of a kind ran, of which not all is read.
    is_partial: bool,
}

impl Found {
    /// A test that ended so. Of one that is named twice, as where several programs have the same name, the worse counts.
    pub(crate) fn add(&mut self, name: &str, status: Status) {
        self.named = self.named.saturating_add(1);
        self.put(name, status);
    }

    /// The same of a test that may have been named before, with the same end.
    pub(crate) fn add_once(&mut self, name: &str, status: Status) {
        if self.get(&tidy(name)).is_some() { self.put(name, status) } else { self.add(name, status) }
    }

    /// The same, where it is not a sign that its program names every test.
    pub(crate) fn put(&mut self, name: &str, status: Status) {
        let name = tidy(name);
        if name.is_empty() {
            return;
        }
        if let Some(test) = self.get(&name) {
            test.status = test.status.max(status);
            return;
        }
        if self.tests.len() >= MOST_TESTS || !self.affords(2 * name.len()) {
            return;
        }
        self.places.insert(name.clone(), self.tests.len());
        self.tests.push(Test { name, file: String::new(), line: None, status, message: String::new(), seconds: None });
    }

    pub(crate) fn seconds(&mut self, name: &str, seconds: Option<f64>) {
        let seconds = seconds.filter(|seconds| seconds.is_finite() && *seconds >= 0.0);
        if let (Some(test), Some(seconds)) = (self.get(&tidy(name)), seconds) {
            test.seconds = Some(seconds);
        }
    }

    /// Where a test stands or failed. What is known already stays, but for a line of the same file.
    pub(crate) fn place(&mut self, name: &str, place: Option<Place>) {
        let Some(Place { file, line }) = place else { return };
        let (name, file) = (tidy(name), clipped(&file, LONGEST_NAME));
        let Some(test) = self.get(&name).filter(|test| test.file.is_empty() || test.file == file && test.line.is_none()) else { return };
        let more = if test.file.is_empty() { file.len() } else { 0 };
        if self.affords(more)
            && let Some(test) = self.get(&name)
        {
            (test.file, test.line) = (file, line);
        }
    }

    /// Why a test failed, unless that is known.
    pub(crate) fn message(&mut self, name: &str, message: &str) {
        let (name, message) = (tidy(name), clipped(message.trim(), LONGEST_MESSAGE));
        let is_new = self.get(&name).is_some_and(|test| test.message.is_empty());
        if is_new
            && self.affords(message.len())
            && let Some(test) = self.get(&name)
        {
            test.message = message;
        }
    }

    /// What is said of a failure, line by line: the first lines are why, and where is told in one of them.
    pub(crate) fn details(&mut self, name: &str, lines: &[&str]) {
        self.place(name, place::first(lines));
        self.message(name, &excerpt(lines));
    }

    /// The full name of a test of which only the last part is known; of several the first that failed.
    pub(crate) fn named_last(&self, last: &str, divider: &str) -> Option<String> {
        let ends = |test: &&Test| test.name == last || test.name.strip_suffix(last).is_some_and(|rest| rest.ends_with(divider));
        let failed = self.tests.iter().filter(|test| test.status == Status::Failed).find(ends);
        failed.map(|test| test.name.clone())
    }

    /// Numbers of a program, beside those of others.
    pub(crate) fn count(&mut self, counts: Counts) {
        let all = self.counts.get_or_insert_default();
        all.passed = all.passed.saturating_add(counts.passed);
        all.failed = all.failed.saturating_add(counts.failed);
        all.skipped = all.skipped.saturating_add(counts.skipped);
        all.flaky = all.flaky.saturating_add(counts.flaky);
    }

    /// Says that a part of the output was not read.
    pub(crate) fn leave_out(&mut self) {
        self.is_partial = true;
    }

    pub(crate) fn finished(self) -> Results {
        let of = |status| u32::try_from(self.tests.iter().filter(|test| test.status == status).count()).unwrap_or(u32::MAX);
        let flaky = of(Status::Flaky);
        let named = Counts { passed: of(Status::Passed) + flaky, failed: of(Status::Failed), skipped: of(Status::Skipped), flaky };
        let counts = self.counts.unwrap_or(named);
        let is_complete = !self.is_partial && !self.tests.is_empty() && self.named >= counts.total() && self.tests.len() < MOST_TESTS;
        let counts = Counts { failed: counts.failed.max(named.failed), flaky: counts.flaky.max(flaky), ..counts };
        Results { tests: self.tests, counts, is_complete }
    }

    fn get(&mut self, name: &str) -> Option<&mut Test> {
        self.places.get(name).and_then(|place| self.tests.get_mut(*place))
    }

    fn affords(&mut self, bytes: usize) -> bool {
        let all = self.bytes + bytes;
        if all > MOST_BYTES {
            return false;
        }
        self.bytes = all;
        true
    }
}

/// In one line, without what no terminal shows.
fn tidy(name: &str) -> String {
    let plain: String = name.trim().chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    clipped(plain.trim(), LONGEST_NAME)
}

fn clipped(text: &str, most: usize) -> String {
    let plain: String = text.chars().filter(|letter| *letter == '\n' || !letter.is_control()).collect();
    plain[..plain.floor_char_boundary(most)].to_owned()
}

/// The first lines that say something, without what a stack says.
fn excerpt(lines: &[&str]) -> String {
    const MOST_LINES: usize = 12;
    let said = lines.iter().map(|line| line.trim()).skip_while(|line| line.is_empty());
    let said = said.take_while(|line| !is_stack(line)).take(MOST_LINES);
    said.collect::<Vec<_>>().join("\n")
}

fn is_stack(line: &str) -> bool {
    const BEGINNINGS: &[&str] = &["at ", "# ./", "❯ ", "stack backtrace:", "note: run with", "goroutine ", "Stack Trace:", "#0 "];
    BEGINNINGS.iter().any(|beginning| line.starts_with(beginning))
}
