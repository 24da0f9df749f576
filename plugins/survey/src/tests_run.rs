//! By which command a project is tested. Runs nothing.

use baton_sdk::Result;

use crate::command;

/// The command that `run-tests` takes when it is given none.
///
/// ```
/// # use baton_sdk::testing::Host;
/// # use baton_survey::test_command;
/// assert_eq!(Host::new().inside(test_command), Ok(None));
/// let host = Host::new().with_file("tests/run.sh", "exit 0");
/// assert_eq!(host.inside(test_command), Ok(Some("sh tests/run.sh".to_owned())));
/// ```
pub fn test_command() -> Result<Option<String>> {
    command::of(None)
}
