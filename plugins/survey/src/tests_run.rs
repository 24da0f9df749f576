//! By which command a project is tested, and where that is said. Runs nothing.

use baton_sdk::{Result, settings};

use crate::command;

/// How a project is tested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestCommand {
    /// A line for the shell.
    pub line: String,
    /// The operator set it; else the project's files suggest it.
    pub is_set: bool,
    /// A quicker line for while one works, if the operator named one.
    pub quick: Option<String>,
}

/// The command that `run-tests` takes when it is given none.
///
/// ```
/// # use baton_sdk::testing::Host;
/// # use baton_survey::test_command;
/// assert_eq!(Host::new().inside(test_command), Ok(None));
/// let host = Host::new().with_file("tests/run.sh", "exit 0").with_setting("test.command", "make check");
/// assert_eq!(host.inside(test_command).unwrap().map(|command| (command.line, command.is_set)), Some(("make check".to_owned(), true)));
/// ```
pub fn test_command() -> Result<Option<TestCommand>> {
    let set = settings::get::<String>("test.command")?.filter(|command| !command.trim().is_empty());
    let is_set = set.is_some();
    let Some(line) = command::of(set)? else { return Ok(None) };
    Ok(Some(TestCommand { line, is_set, quick: command::quick()? }))
}
