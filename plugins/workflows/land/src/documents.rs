//! Brings the documents in step with the backlog once stories have landed, in a commit of its own. Work that is done is
//! never held up by them.

use baton_sdk::git::Merged;
use baton_sdk::prelude::*;

use crate::{Landed, batch};

/// How often the branch may move away under the documents.
const MOST_ROUNDS: u32 = 3;

/// The paths that changed; none where somebody else's work was in the way, since the next landing writes them, too.
pub(crate) fn written(main: &str, landed: &[Landed]) -> Result<Vec<String>> {
    let keys: Vec<_> = landed.iter().map(|landed| landed.key.as_str()).collect();
    let message = format!("docs: {} {} done", keys.join(", "), if keys.len() == 1 { "is" } else { "are" });
    for _ in 0..MOST_ROUNDS {
        let expected = batch::head()?;
        let documents = backlog::write_documents()?;
        if git::commit(&message, None)?.is_none() {
            return Ok(documents);
        }
        match git::advance(main, &expected) {
            Ok(()) => return Ok(documents),
            Err(Error::Conflict(reason)) => {
                git::reset(&expected)?;
                let moved = batch::tip(main)? != expected;
                if !moved || !matches!(git::merge(main, &format!("Merge {main}, which moved meanwhile"), &[])?, Merged::Clean(_)) {
                    run::warn(&format!("The documents are not in step with the backlog: {reason}"));
                    return Ok(Vec::new());
                }
            }
            Err(error) => return Err(error),
        }
    }
    run::warn("The documents are not in step with the backlog, because the branch moved again and again.");
    Ok(Vec::new())
}
