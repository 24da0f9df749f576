//! What every batch would meet, found out before there is one: a checkout that cannot follow its branch, tests that are red
//! already, and a sandbox that executes nothing. Changes nothing.

use baton_sdk::prelude::*;

use crate::{Outcome, batch};

/// Asked for by an order without stories.
pub(crate) fn looked(main: &str) -> Result<Outcome> {
    let expected = batch::tip(main)?;
    match git::advance(main, &expected) {
        // A person merges here, and then clears the way as well.
        Ok(()) | Err(Error { kind: ErrorKind::Denied, .. }) => {}
        Err(error) => return Err(error),
    }
    run::progress(0.5, &format!("Testing {main} as it is"));
    let base = batch::tests(&json!({}))?;
    if base.command.is_none() {
        // Stories are to bring the tests, and need the sandbox for that.
        batch::tests(&json!({ "command": "true" }))?;
    }
    Ok(Outcome { base: Some(base), main: expected, ..Outcome::default() })
}
