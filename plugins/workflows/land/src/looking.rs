//! What every batch would meet, found out before there is one: a checkout that cannot follow its branch, tests that are red
//! already, and a sandbox that executes nothing. Changes nothing.

use baton_sdk::prelude::*;
use baton_slots::{land::Output, run_tests};

use crate::batch;

/// Asked for by an order without stories.
pub(crate) fn looked(main: &str) -> Result<Output> {
    let expected = batch::tip(main)?;
    match git::advance(main, &expected) {
        // A person merges here, and then clears the way as well.
        Ok(()) | Err(Error { kind: ErrorKind::Denied, .. }) => {}
        Err(error) => return Err(error),
    }
    run::progress(0.5, &format!("Testing {main} as it is"));
    let base = batch::tests(&run_tests::Input::default())?;
    if base.command.is_none() {
        // Stories are to bring the tests, and need the sandbox for that.
        batch::tests(&run_tests::Input { command: Some("true".to_owned()), ..run_tests::Input::default() })?;
    }
    Ok(Output { base: Some(base), main: expected, ..Output::default() })
}
