//! Why a round of the developer's did not do, in words for the developer, for a person and for the backlog. Says that tests
//! are red only where they were run.

use baton_slots::run_tests::Output as Tested;

#[derive(Debug)]
pub(crate) enum Failure {
    /// The tests are red, or no command is known that runs them.
    Red(Tested),
    /// There is no change at all.
    Unchanged,
    /// For these reasons a part of the change cannot be committed. It was taken out.
    Refused(String),
}

impl Failure {
    /// What is wrong, in a few words for the goal of a task.
    pub(crate) fn named(&self) -> String {
        match self {
            Self::Red(Tested { command: Some(command), .. }) => format!("its tests fail ({command})"),
            Self::Red(_) => "its tests cannot be run".to_owned(),
            Self::Unchanged => "your answer changed nothing".to_owned(),
            Self::Refused(_) => "a part of its change cannot be committed and was taken out".to_owned(),
        }
    }

    /// The heading of [`Self::report`].
    pub(crate) fn heading(&self) -> &'static str {
        if matches!(self, Self::Red(_)) { "Output of the tests" } else { "What is wrong" }
    }

    pub(crate) fn report(&self) -> &str {
        match self {
            Self::Red(tested) => &tested.report,
            Self::Unchanged => "Nothing was changed, so the story can not be done.",
            Self::Refused(reasons) => reasons,
        }
    }

    /// How the story stands, for a person who is asked what to do.
    pub(crate) fn standing(&self) -> &'static str {
        match self {
            Self::Red(Tested { command: Some(_), .. }) => "Its tests are still red",
            Self::Red(_) => "No command is known that runs its tests",
            Self::Unchanged => "The developer changes nothing; no test was run",
            Self::Refused(_) => "A part of its change cannot be committed",
        }
    }
}
