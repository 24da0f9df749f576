//! Reads what test programs print, and the reports they write, into one type: which tests ran, how each ended, where and why
//! one failed. Runs nothing and decides nothing: whether a run passed, its exit code says. What it does not understand it
//! leaves out, and what it gives is bounded whatever it is given.

mod ctest;
mod dotnet;
mod found;
mod go;
mod jest;
mod junit;
mod jvm;
mod libtest;
mod lines;
mod mocha;
mod nextest;
mod node;
mod php;
mod place;
mod pytest;
mod ruby;
mod tap;
#[cfg(test)]
mod tests;
mod unittest;
mod vitest;
mod xml;

use std::collections::BTreeSet;

use found::Found;

/// Tests that are kept of one run; of more only their numbers are told.
pub const MOST_TESTS: usize = 20_000;
/// Bytes of a name or a path.
pub const LONGEST_NAME: usize = 300;
/// Bytes of what is told of a failure.
pub const LONGEST_MESSAGE: usize = 1 << 10;
/// Bytes of all names, paths and messages together.
pub const MOST_BYTES: usize = 2 << 20;
/// Bytes of a text that are read: the first.
pub const MOST_READ: usize = 8 << 20;

/// How a test ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// It was not run, or its failure was expected.
    Skipped,
    /// It passed.
    Passed,
    /// It failed and passed when its program repeated it.
    Flaky,
    /// It failed, or could not be run.
    Failed,
}

/// One test.
#[derive(Clone, Debug, PartialEq)]
pub struct Test {
    /// By which its program tells it from others, and which does not change when lines move.
    pub name: String,
    /// Where it stands or failed; empty where that is not told. Relative to the workspace where it lies in it.
    pub file: String,
    /// The line in the file.
    pub line: Option<u32>,
    /// How it ended.
    pub status: Status,
    /// Why it failed, the beginning; empty otherwise.
    pub message: String,
    /// How long it took, where that is told.
    pub seconds: Option<f64>,
}

/// How many tests ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// They passed, perhaps when repeated.
    pub passed: u32,
    /// They failed or could not be run.
    pub failed: u32,
    /// They were not run, or their failure was expected.
    pub skipped: u32,
    /// Of those that passed, how many failed at first.
    pub flaky: u32,
}

impl Counts {
    /// All of them.
    pub fn total(&self) -> u32 {
        self.passed.saturating_add(self.failed).saturating_add(self.skipped)
    }
}

/// What is known of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Results {
    /// The tests that were named, each once, in the order in which they were.
    pub tests: Vec<Test>,
    /// As the programs count, or as the tests were named where none counts.
    pub counts: Counts,
    /// Whether every test was named. Many programs name only those that failed.
    pub is_complete: bool,
}

impl Results {
    /// The tests that failed.
    pub fn failed(&self) -> impl Iterator<Item = &Test> {
        self.tests.iter().filter(|test| test.status == Status::Failed)
    }

    /// The names of the tests that ended so.
    pub fn names(&self, wanted: impl Fn(Status) -> bool) -> BTreeSet<&str> {
        self.tests.iter().filter(|test| wanted(test.status)).map(|test| test.name.as_str()).collect()
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.tests.is_empty() && self.counts.total() == 0
    }
}

/// Reads texts of one run: what was printed, and the reports that were written. A test that several of them name is one.
///
/// ```
/// use baton_results::{Status, read};
///
/// let printed = "running 2 tests\ntest sums ... ok\ntest cents ... FAILED\n\nfailures:\n\n---- cents stdout ----\n\n\
///                thread 'cents' panicked at src/lib.rs:10:9:\nassertion failed: a == b\n\n\n\
///                test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out\n";
/// let results = read([printed]);
/// let failed: Vec<_> = results.failed().collect();
/// assert_eq!((failed[0].name.as_str(), failed[0].file.as_str(), failed[0].line), ("cents", "src/lib.rs", Some(10)));
/// assert_eq!(failed[0].message, "assertion failed: a == b");
/// assert_eq!((results.counts.passed, results.is_complete), (1, true));
/// assert!(read(["all is well"]).is_empty());
/// ```
pub fn read<'a>(texts: impl IntoIterator<Item = &'a str>) -> Results {
    let mut found = Found::default();
    for text in texts {
        read_one(&text[..text.floor_char_boundary(MOST_READ)], &mut found);
    }
    found.finished()
}

fn read_one(text: &str, found: &mut Found) {
    if junit::is_report(text) {
        return junit::read(text, found);
    }
    let text = lines::plain(text);
    let lines: Vec<_> = text.lines().map(lines::clipped).collect();
    let readers: &[fn(&[&str], &mut Found)] = &[
        nextest::read,
        libtest::read,
        pytest::read,
        unittest::read,
        go::read,
        tap::read,
        node::read,
        jest::read,
        vitest::read,
        mocha::read,
        php::read,
        ruby::read,
        ctest::read,
        jvm::read,
        dotnet::read,
    ];
    readers.iter().for_each(|read| read(&lines, found));
}
