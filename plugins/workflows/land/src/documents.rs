//! Brings the documents in step with the backlog once stories have landed, in a commit of its own. Work that is done is
//! never held up by them.

use baton_sdk::prelude::*;

use crate::batch;

/// How often the branch may move away under the documents.
const MOST_ROUNDS: u32 = 3;

/// Says of these stories that they are done. The paths that changed; none where somebody else's work was in the way, since the next landing writes them, too.
pub(crate) fn written(main: &str, done: &[&str]) -> Result<Vec<String>> {
    let message = match done {
        [] => "docs: Follow the backlog".to_owned(),
        [one] => format!("docs: {one} is done"),
        several => format!("docs: {} are done", several.join(", ")),
    };
    for _ in 0..MOST_ROUNDS {
        let expected = batch::head()?;
        let documents = backlog::write_documents()?;
        if git::commit(&message, None)?.is_none() {
            return Ok(documents);
        }
        match git::advance(main, &expected) {
            Ok(()) => return Ok(documents),
            Err(Error { kind: ErrorKind::Conflict, text: reason, .. }) => {
                git::reset(&expected)?;
                let newest = batch::tip(main)?;
                // A person may have taken the branch back.
                if newest == expected || git::reset(&newest).is_err() {
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
