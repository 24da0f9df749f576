//! A person's files as they were, after git stopped half-way on their way to another commit. Touches only what holds what
//! git put there, or is missing.

use std::{ffi::OsStr, fs, os::unix::ffi::OsStrExt, path::Path};

use super::{
    checkout::Checkout,
    fields::{Difference, differences},
};

impl Checkout {
    /// Takes the files back that moved, while the index still is that of `from`. What cannot be taken back stays, and
    /// `git status` shows it.
    pub(super) fn undo_move(&self, from: &str, to: &str) {
        let Ok(said) = self.git(["diff-tree", "-r", "-z", "--raw", "--no-abbrev", "--no-renames", from, to]).done() else { return };
        let mut back = Vec::new();
        for difference in differences(&said.out) {
            let file = self.files.join(OsStr::from_bytes(difference.path));
            let missing = file.symlink_metadata().is_err();
            match difference.status {
                b'A' if self.holds(&file, &difference) => remove(&file, &self.files),
                b'D' if missing => back.extend([difference.path, b"\0"].concat()),
                b'M' | b'T' if missing || self.holds(&file, &difference) => back.extend([difference.path, b"\0"].concat()),
                _ => {}
            }
        }
        // The failure that led here is the one to tell.
        let _ = self.git(["checkout-index", "--force", "-z", "--stdin"]).reading(back).run();
    }

    /// Whether a file is what it becomes.
    fn holds(&self, file: &Path, Difference { mode, blob, .. }: &Difference<'_>) -> bool {
        if *mode == "120000" {
            let target = self.git(["cat-file", "blob", blob]).done();
            return matches!((fs::read_link(file), target), (Ok(found), Ok(said)) if found.as_os_str().as_bytes() == said.out);
        }
        let (true, Some(name)) = (file.symlink_metadata().is_ok_and(|found| found.is_file()), file.to_str()) else { return false };
        self.git_over(&["hash-object"], &["--", name]).text().is_ok_and(|found| found == *blob)
    }
}

/// Removes a file, and the folders that were made for it.
fn remove(file: &Path, root: &Path) {
    let _ = fs::remove_file(file);
    for folder in file.ancestors().skip(1).take_while(|folder| *folder != root) {
        // One that holds anything stays.
        if fs::remove_dir(folder).is_err() {
            return;
        }
    }
}
