//! What a developer must not do, undone or noted. Decided by paths and lines alone, whatever the developer says of it.

use baton_sdk::git::{Change, ChangeKind};
use baton_sdk::{Error, Result, files, git, settings};

/// Documents that plan the work, which building it must not change. A story's own document is left to it.
const PLANS: &[&str] = &[
    "docs/PRD.md",
    "docs/architecture.md",
    "docs/test-strategy.md",
    "docs/epics.md",
    "docs/readiness.md",
    "docs/sprint-status.yaml",
    "docs/workflow-status.md",
    "docs/stories/",
];

/// Puts back what was changed and must not be; gives a note for each.
pub(crate) fn enforce(key: &str, base: &str, head: &str) -> Result<Vec<String>> {
    let allowed: Option<Vec<String>> = settings::get("story.paths")?;
    let mut notes = Vec::new();
    for change in git::status()? {
        let Some(wrong) = wrong(&change, key, base, allowed.as_deref())? else { continue };
        put_back(head, &change.path)?;
        notes.push(format!("`{}` {wrong}; it was put back as it was.", change.path));
    }
    Ok(notes)
}

/// Makes the file what `revision` has there, or nothing.
pub(crate) fn put_back(revision: &str, path: &str) -> Result<()> {
    match git::read(revision, path) {
        Ok(content) => files::write(path, content),
        Err(Error::NotFound(_)) => files::remove(path),
        Err(error) => Err(error),
    }
}

/// Test files that lost more than they gained, which only a reader can judge.
pub(crate) fn weakened(diff: &str) -> Vec<String> {
    let counted = lines(diff).into_iter().filter(|(path, added, removed)| is_test(path) && removed > added);
    counted
        .map(|(path, added, removed)| format!("`{path}` lost {removed} lines and gained {added}: look whether a test was weakened."))
        .collect()
}

/// Paths of a unified diff, with the lines that each gained and lost; empty ones do not count.
pub(crate) fn lines(diff: &str) -> Vec<(String, usize, usize)> {
    let mut counted: Vec<(String, usize, usize)> = Vec::new();
    let mut in_hunk = false;
    for line in diff.lines() {
        if line.starts_with("diff --git ") {
            in_hunk = false;
        } else if line.starts_with("@@") {
            in_hunk = true;
        } else if let Some(path) = line.strip_prefix("--- ").filter(|_| !in_hunk) {
            counted.push((plain(path), 0, 0));
        } else if let Some(path) = line.strip_prefix("+++ ").filter(|_| !in_hunk) {
            named(&mut counted, path);
        } else if let Some(last) = counted.last_mut().filter(|_| in_hunk) {
            count(last, line);
        }
    }
    counted
}

/// The new name of a file, unless it is gone.
fn named(counted: &mut [(String, usize, usize)], path: &str) {
    if let Some(last) = counted.last_mut().filter(|_| path != "/dev/null") {
        last.0 = plain(path);
    }
}

fn count((_, added, removed): &mut (String, usize, usize), line: &str) {
    let said = |rest: &str| usize::from(!rest.trim().is_empty());
    if let Some(rest) = line.strip_prefix('+') {
        *added += said(rest);
    } else if let Some(rest) = line.strip_prefix('-') {
        *removed += said(rest);
    }
}

fn plain(path: &str) -> String {
    path.strip_prefix("a/").or_else(|| path.strip_prefix("b/")).unwrap_or(path).to_owned()
}

fn wrong(change: &Change, key: &str, base: &str, allowed: Option<&[String]>) -> Result<Option<&'static str>> {
    let path = change.path.as_str();
    if is_plan(path, key) {
        return Ok(Some("belongs to the plan and not to the story"));
    }
    if !allowed.is_none_or(|allowed| allowed.iter().any(|allowed| covers(allowed, path))) {
        return Ok(Some("lies outside `story.paths`"));
    }
    if !is_test(path) {
        return Ok(None);
    }
    // A test that the story brought itself may go again; who reviews it sees the whole change.
    let known = || match git::read(base, path) {
        Ok(content) => Ok(!content.trim_ascii().is_empty()),
        Err(Error::NotFound(_)) => Ok(false),
        Err(error) => Err(error),
    };
    Ok(match change.kind {
        ChangeKind::Deleted if known()? => Some("is a test and was deleted"),
        ChangeKind::Modified if is_empty(path) && known()? => Some("is a test and was emptied"),
        _ => None,
    })
}

fn is_empty(path: &str) -> bool {
    files::read(path).is_ok_and(|content| content.trim_ascii().is_empty())
}

fn is_plan(path: &str, key: &str) -> bool {
    path != format!("docs/stories/{key}.md") && PLANS.iter().any(|plan| covers(plan, path))
}

/// A path itself, or a folder that ends with `/`.
fn covers(allowed: &str, path: &str) -> bool {
    path == allowed || allowed.ends_with('/') && path.starts_with(allowed)
}

fn is_test(path: &str) -> bool {
    let path = path.to_lowercase();
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", &path));
    let stem = name.split('.').next().unwrap_or_default();
    folders.split('/').any(|folder| matches!(folder, "test" | "tests" | "spec" | "specs" | "__tests__"))
        || matches!(stem, "test" | "tests")
        || stem.starts_with("test_")
        || stem.starts_with("test-") && folders.is_empty()
        || ["_test", "-test", "_spec"].iter().any(|ending| stem.ends_with(ending))
        || [".test.", ".spec."].iter().any(|part| name.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_known_by_their_paths() {
        for path in ["tests/run.sh", "src/a/__tests__/b.js", "a_test.go", "test_a.py", "a.test.ts", "test.sh", "Tests/x"] {
            assert!(is_test(path), "{path}");
        }
        for path in ["latest.sh", "src/contest.rs", "attest/a.sh", "kitty", "docs/test-strategy.md"] {
            assert!(!is_test(path), "{path}");
        }
    }

    #[test]
    fn a_diff_is_counted_by_file_and_empty_lines_are_not() {
        let diff = "diff --git a/tests/a.sh b/tests/a.sh\n--- a/tests/a.sh\n+++ b/tests/a.sh\n@@ -1,3 +1,2 @@\n one\n-two\n--- three\n+\n\
                    diff --git a/kitty b/kitty\n--- a/kitty\n+++ b/kitty\n@@ -1 +1 @@\n-x\n+y\n\
                    diff --git a/tests/b.sh b/tests/b.sh\n--- a/tests/b.sh\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n";
        let expected = [("tests/a.sh", 0, 2), ("kitty", 1, 1), ("tests/b.sh", 0, 1)];
        assert_eq!(lines(diff), expected.map(|(path, added, removed)| (path.to_owned(), added, removed)));
        let notes = weakened(diff);
        assert_eq!(notes.len(), 2);
        assert!(notes[0].starts_with("`tests/a.sh` lost 2 lines and gained 0"), "{notes:?}");
    }

    #[test]
    fn rubbish_counts_nothing() {
        for diff in ["", "+++ b/a\n+x", "@@ @@\n+x", "Binary files a/x and b/x differ"] {
            assert!(lines(diff).iter().all(|(_, added, removed)| added + removed == 0), "{diff}");
        }
    }

    #[test]
    fn a_plan_is_everything_but_the_storys_own_document() {
        assert!(is_plan("docs/stories/1-2-b.md", "1-1-a") && is_plan("docs/PRD.md", "1-1-a"));
        assert!(!is_plan("docs/stories/1-1-a.md", "1-1-a") && !is_plan("docs/usage.md", "1-1-a"));
    }
}
