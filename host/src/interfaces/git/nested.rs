//! Repositories that a run made inside a worktree of Baton's, such as `cargo new` and `git init` do. Their files are kept
//! as files of the worktree; their `.git` is taken away. A worktree begins without any, so none of them is a person's.

use std::{io, path::Path};

use super::{
    checkout::{Checkout, Whose},
    names,
    removing::{open, open_below, remove_any},
};
use crate::journal::CallError;

/// Repositories in repositories that are looked for.
const DEEPEST: usize = 20;

impl Checkout {
    /// Takes the `.git` of every repository inside the worktree away. One that cannot be removed stays, and is refused by
    /// whoever commits it. Leaves a person's checkout as it is.
    pub(super) fn disarm(&self) -> Result<(), CallError> {
        if matches!(self.whose, Whose::Person(_)) {
            return Ok(());
        }
        for _ in 0..DEEPEST {
            let unknown = self.unknown(&self.index)?;
            let inside = unknown.iter().filter_map(|path| path.strip_suffix(b"/"));
            let taken: Vec<_> = inside.filter(|folder| take_away(&self.files, folder).is_ok()).map(names::quote_path).collect();
            if taken.is_empty() {
                return Ok(());
            }
            self.disarmed.borrow_mut().extend(taken);
        }
        Ok(())
    }
}

fn take_away(files: &Path, folder: &[u8]) -> io::Result<()> {
    remove_any(&open_below(&open(files)?, folder)?, b".git")
}
