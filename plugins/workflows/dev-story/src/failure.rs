//! Why a round of the developer's did not do, in words for the developer, for a person and for the backlog. Says that tests
//! are red only where they were run to their end, twice.

use baton_slots::run_tests::{FailedTest, Output as Tested, outcome};

#[derive(Debug)]
pub(crate) enum Failure {
    /// The tests are red, or no command is known that runs them.
    Red(Tested),
    /// The tests were stopped or did not begin, which says nothing about the change yet.
    Unjudged(Tested),
    /// There is no change at all.
    Unchanged,
    /// For these reasons a part of the change cannot be committed. It was taken out.
    Refused(String),
    /// Its lockfiles have something fetched that the settings do not allow; the words name it.
    Dependencies(String),
    /// Its lockfiles cannot be renewed for what its manifests say; with what the command printed.
    Lockfiles(String),
    /// The story brings no test, and the developer did not say why.
    Untested,
    /// The story's tests pass on the code as it was before, so they prove nothing. With the files.
    Proofless(String),
}

impl Failure {
    /// What is wrong, in a few words for the goal of a task.
    pub(crate) fn named(&self) -> String {
        match self {
            Self::Red(Tested { command: Some(command), .. }) => format!("its tests fail ({command})"),
            Self::Red(_) => "its tests cannot be run".to_owned(),
            Self::Unjudged(tested) => stopped(tested).to_owned(),
            Self::Unchanged => "your answer changed nothing".to_owned(),
            Self::Refused(_) => "a part of its change cannot be committed and was taken out".to_owned(),
            Self::Dependencies(_) => "it wants dependencies that the project does not allow".to_owned(),
            Self::Lockfiles(_) => "its lockfiles cannot be renewed".to_owned(),
            Self::Untested => "it brings no test".to_owned(),
            Self::Proofless(_) => "its tests pass without its change".to_owned(),
        }
    }

    /// What to do about it.
    pub(crate) fn instruction(&self) -> &'static str {
        match self {
            Self::Red(Tested { command: Some(_), .. }) => "Find the cause before you change anything.",
            Self::Red(_) => "Add what runs them.",
            Self::Unjudged(_) => {
                "Find out whether the change causes it, such as a loop without end or a test that waits. If it does not, change nothing and say so: a \
                 person is asked then."
            }
            Self::Unchanged => "Work with your tools in the files, and finish when the work is done.",
            Self::Refused(_) => "Do without it, or in another way.",
            Self::Dependencies(_) => "Take them out of manifest and lockfile, and do without.",
            Self::Lockfiles(_) => "Correct what the manifests name, or do without.",
            Self::Untested => "Add a test for each criterion, or say in `untested` why the story needs none.",
            Self::Proofless(_) => {
                "Write them so that they fail without it, which shows that they test it; where they cannot, as when behaviour stays the same, say why in \
                 `untested`."
            }
        }
    }

    /// The heading of [`Self::report`].
    pub(crate) fn heading(&self) -> &'static str {
        if matches!(self, Self::Red(_) | Self::Unjudged(_)) { "output of the tests" } else { "what is wrong" }
    }

    pub(crate) fn report(&self) -> &str {
        match self {
            Self::Red(tested) | Self::Unjudged(tested) => &tested.report,
            Self::Unchanged => "Nothing was changed, so the story can not be done.",
            Self::Refused(reasons) | Self::Dependencies(reasons) | Self::Lockfiles(reasons) => reasons,
            Self::Untested => "No test file was added or changed, and no test was found in the files that were.",
            Self::Proofless(files) => files,
        }
    }

    /// The tests that failed, a line for each, as far as they are known.
    pub(crate) fn failing(&self) -> Vec<String> {
        const MOST: usize = 10;
        match self {
            Self::Red(tested) | Self::Unjudged(tested) => tested.failing.iter().take(MOST).map(FailedTest::line_of).collect(),
            _ => Vec::new(),
        }
    }

    /// What became of an attempt, for later ones.
    pub(crate) fn remembered(&self) -> String {
        const MOST: usize = 5;
        let Self::Red(tested) = self else { return self.named() };
        let names: Vec<_> = tested.failing.iter().take(MOST).map(|test| format!("`{}`", test.name)).collect();
        let more = if tested.failing.len() > MOST { " and others" } else { "" };
        if names.is_empty() { self.named() } else { format!("{}: {}{more}", self.named(), names.join(", ")) }
    }

    /// How the story stands, for a person who is asked what to do.
    pub(crate) fn standing(&self) -> &'static str {
        match self {
            Self::Red(Tested { command: Some(_), .. }) => "Its tests are still red",
            Self::Red(_) => "No command is known that runs its tests",
            Self::Unjudged(tested) => match tested.ended() {
                outcome::TIMED_OUT => "Its tests were stopped at their time limit",
                outcome::OUT_OF_MEMORY => "Its tests used up the memory of their container",
                outcome::NOT_STARTED => "The command of its tests cannot be started in their image",
                _ => "Its tests were stopped by something other than Baton",
            },
            Self::Unchanged => "The developer changes nothing; no test was run",
            Self::Refused(_) => "A part of its change cannot be committed",
            Self::Dependencies(_) => "It wants dependencies that the project does not allow",
            Self::Lockfiles(_) => "Its lockfiles cannot be renewed for its manifests",
            Self::Untested => "It brings no test, and the developer does not say why",
            Self::Proofless(_) => "Its tests pass without its change, so they do not test it",
        }
    }
}

/// After "story KEY:".
fn stopped(tested: &Tested) -> &'static str {
    match tested.ended() {
        outcome::TIMED_OUT => "its tests did not end within their time",
        outcome::OUT_OF_MEMORY => "its tests used up their memory",
        outcome::NOT_STARTED => "the command of its tests could not be started",
        _ => "its tests were stopped by something else",
    }
}
