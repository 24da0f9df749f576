//! What a reviewer left in the worktree, taken away: commands that it ran may have written files. Touches nothing that
//! differed from the last commit before the review, nor what git ignores.

use baton_sdk::git::{Change, MOST_RESTORED};
use baton_sdk::prelude::*;

/// Looks at what is left: a file may have hidden others from git.
const LOOKS: u32 = 3;
/// What says which files git does not show.
const RULES: &str = ".gitignore";
/// Paths that are named.
const MOST_NAMED: usize = 8;

pub(crate) fn take_away(before: &[Change]) -> Result<()> {
    unhide(before)?;
    for _ in 0..LOOKS {
        // A repository that a command made is listed as a folder.
        let path = |change: Change| change.path.trim_end_matches('/').to_owned();
        let left: Vec<_> =
            git::status()?.into_iter().filter(|change| before.iter().all(|known| known.path != change.path)).map(path).collect();
        if left.is_empty() {
            break;
        }
        let named: Vec<_> = left.iter().take(MOST_NAMED).map(|path| format!("`{path}`")).collect();
        match left.chunks(MOST_RESTORED).try_for_each(git::restore) {
            Err(Error { kind: ErrorKind::Denied, text: reason, .. }) => {
                run::warn(&format!("The reviewer changed {}, which stays as it is: {reason}", named.join(", ")));
                break;
            }
            done => done?,
        }
        run::info(&format!("What the reviewer left was taken away: {}.", named.join(", ")));
    }
    Ok(())
}

/// A file of rules that is new can hide itself, with all that is new beside it.
fn unhide(before: &[Change]) -> Result<()> {
    let is_known = before.iter().any(|change| change.path == RULES);
    let Some(head) = git::log(None, 1)?.into_iter().next().filter(|_| !is_known) else { return Ok(()) };
    match git::read(&head.id, RULES) {
        Err(Error { kind: ErrorKind::NotFound, .. }) => match git::restore(&[RULES.to_owned()]) {
            // A person's checkout stays as it is.
            Err(Error { kind: ErrorKind::Denied, .. }) => Ok(()),
            restored => restored,
        },
        read => read.map(drop),
    }
}
