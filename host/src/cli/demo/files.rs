//! The demo's files, and where they go. Overwrites nothing that may be somebody's own.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    cli::text,
    operations::{Problem, named_files},
};

/// What to do where a directory cannot be used.
pub(super) const ANOTHER: &str = "Name another with --dir.";

/// The brief, in the demo's folder.
pub(super) const BRIEF: &str = "brief.md";

/// Where the documents go, in the demo's folder.
const DOCUMENTS: &str = "docs";

/// The brief that is not written to its end.
const UNFINISHED: &str = "brief.md-new";

/// The script's file, in the folder of scripts.
const SCRIPT: &str = "replies.yaml";

/// Every file of the example, by its path.
const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/demo_files.rs"));

/// Whose brief lies in the folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Brief {
    /// The demo's.
    Ours,
    /// Somebody wrote it.
    TheirOwn,
}

/// What lies where.
pub(super) struct LaidOut {
    /// Whose the brief is.
    pub(super) brief: Brief,
    /// The script that answers instead of a model.
    pub(super) script: PathBuf,
}

/// Refuses a folder with other files than a brief or what a demo left there: documents would be written over theirs, and all
/// of it would be made one repository. What stops after the plan only needs the place for its documents.
pub(super) fn check(folder: &Path, data_dir: &Path, only_plan: bool) -> Result<(), Problem> {
    let has_begun = data_dir.join("demo").is_dir();
    let is_repository = folder.join(".git").symlink_metadata().is_ok();
    if has_begun && (is_repository || only_plan) {
        return Ok(());
    }
    let entries = fs::read_dir(folder).map_err(|error| unreadable(folder, &error))?;
    let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    let is_fine = |name: &str| match name {
        DOCUMENTS => has_begun,
        BRIEF | UNFINISHED | ".baton" | ".baton-begins" => true,
        name => only_plan || folder.join(name) == data_dir,
    };
    match names.filter(|name| !is_fine(name)).min() {
        None => Ok(()),
        Some(theirs) => {
            let (shown, theirs) = (text::path(folder), text::excerpt(&text::escaped(&theirs), 80));
            let problem = Problem::conflict("folder_in_use", format!("`{shown}` contains other files, such as `{theirs}`."));
            Err(problem.of_field("dir").advise(format!("Name an empty directory with --dir, or one that only contains a {BRIEF}.")))
        }
    }
}

/// Puts the brief into `folder`, unless there is one, and the script under `data_dir`, where nobody's own files are.
pub(super) fn lay_out(folder: &Path, data_dir: &Path) -> Result<LaidOut, Problem> {
    let scripts = data_dir.join("demo");
    let mut brief = Brief::Ours;
    for (name, content) in FILES {
        if *name == BRIEF {
            brief = lay_brief(&folder.join(BRIEF), content)?;
        } else {
            lay_script(&scripts.join(name), content)?;
        }
    }
    // What runs leave here belongs into nobody's repository, and is no document for an agent to find.
    if data_dir.starts_with(folder) {
        lay_script(&data_dir.join(".gitignore"), "*\n")?;
    }
    Ok(LaidOut { brief, script: scripts.join(SCRIPT) })
}

/// An empty one is none: nothing can be planned from it.
fn lay_brief(path: &Path, content: &str) -> Result<Brief, Problem> {
    match fs::read(path) {
        Ok(theirs) if theirs == content.as_bytes() => return Ok(Brief::Ours),
        Ok(theirs) if !theirs.is_empty() => return Ok(Brief::TheirOwn),
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(unreadable(path, &error)),
        _ => {}
    }
    // It gets its name once it is whole: whoever is killed in between leaves no half of it.
    let unfinished = path.with_file_name(UNFINISHED);
    let written = fs::write(&unfinished, content).and_then(|()| fs::rename(&unfinished, path));
    written.map(|()| Brief::Ours).map_err(|error| unwritable(path, &error))
}

/// A script of another version is replaced.
fn lay_script(path: &Path, content: &str) -> Result<(), Problem> {
    if fs::read(path).is_ok_and(|present| present == content.as_bytes()) {
        return Ok(());
    }
    let write = || {
        fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
        fs::write(path, content)
    };
    write().map_err(|error| unwritable(path, &error))
}

fn unreadable(path: &Path, error: &io::Error) -> Problem {
    named_files::unreadable("dir", path, error).advise(ANOTHER)
}

fn unwritable(path: &Path, error: &io::Error) -> Problem {
    named_files::unwritable("dir", path, error).advise(ANOTHER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_has_a_brief_and_a_script() {
        for wanted in [BRIEF, SCRIPT] {
            assert!(FILES.iter().any(|(name, content)| *name == wanted && !content.is_empty()), "{wanted}");
        }
    }

    #[test]
    fn a_folder_with_files_of_somebodys_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let data_dir = folder.path().join(".baton");
        let check = |only_plan| super::check(folder.path(), &data_dir, only_plan);
        fs::write(folder.path().join(BRIEF), "mine").unwrap();
        assert!(check(false).is_ok() && check(true).is_ok());
        for (theirs, fits_a_plan) in [(".git", true), ("private.txt", true), ("docs", false)] {
            fs::create_dir(folder.path().join(theirs)).unwrap();
            assert!(check(false).unwrap_err().to_string().contains(&format!("`{theirs}`")));
            assert_eq!(check(true).is_ok(), fits_a_plan, "{theirs}");
            fs::remove_dir(folder.path().join(theirs)).unwrap();
        }
        lay_out(folder.path(), &data_dir).unwrap();
        fs::create_dir(folder.path().join("docs")).unwrap();
        assert!(check(false).is_ok(), "documents are the demo's once it has begun");
        fs::write(folder.path().join("private.txt"), "mine").unwrap();
        assert!(check(false).is_err(), "it would be committed");
        fs::create_dir(folder.path().join(".git")).unwrap();
        assert!(check(false).is_ok());
    }

    #[test]
    fn files_are_laid_out_once() {
        let folder = tempfile::tempdir().unwrap();
        let data_dir = folder.path().join(".baton");
        let first = lay_out(folder.path(), &data_dir).unwrap();
        assert_eq!(first.brief, Brief::Ours);
        assert!(first.script.is_file() && data_dir.join(".gitignore").is_file());
        fs::write(&first.script, "an older script").unwrap();
        assert_eq!(lay_out(folder.path(), &data_dir).unwrap().brief, Brief::Ours);
        assert_ne!(fs::read_to_string(&first.script).unwrap(), "an older script");
    }

    #[test]
    fn a_brief_that_is_there_stays() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(BRIEF), "mine").unwrap();
        assert_eq!(lay_out(folder.path(), &folder.path().join(".baton")).unwrap().brief, Brief::TheirOwn);
        assert_eq!(fs::read_to_string(folder.path().join(BRIEF)).unwrap(), "mine");
    }

    #[test]
    fn an_empty_brief_is_replaced_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(BRIEF), "").unwrap();
        assert_eq!(lay_out(folder.path(), &folder.path().join(".baton")).unwrap().brief, Brief::Ours);
        assert!(!fs::read_to_string(folder.path().join(BRIEF)).unwrap().is_empty());
        assert!(!folder.path().join("brief.md-new").exists());
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let in_the_way = folder.path().join("file");
        fs::write(&in_the_way, "").unwrap();
        let error = lay_out(&in_the_way, &folder.path().join(".baton")).err().unwrap().to_string();
        assert!(error.contains("--dir"), "{error}");
    }
}
