//! What a file is for, by its path: a test, a plan, settings. Looks at no content.

/// Documents that plan the work, which building it must not change. A story's own document is left to it.
pub(crate) const PLANS: &[&str] = &[
    "docs/PRD.md",
    "docs/architecture.md",
    "docs/test-strategy.md",
    "docs/epics.md",
    "docs/readiness.md",
    "docs/sprint-status.yaml",
    "docs/workflow-status.md",
    "docs/stories/",
    // Beside a document of others that has the name of one of these.
    "docs/*-plan.md",
];

/// Files by which the usual programs decide which tests there are and how they are run, in any folder.
const RUNNERS: &[&str] = &[
    "makefile",
    "justfile",
    "package.json",
    "cargo.toml",
    "pyproject.toml",
    "setup.cfg",
    "setup.py",
    "tox.ini",
    "pytest.ini",
    "noxfile.py",
    "conftest.py",
    "sitecustomize.py",
];

pub(crate) fn is_plan(path: &str, key: &str) -> bool {
    path != format!("docs/stories/{key}.md") && PLANS.iter().any(|plan| is_one_of(plan, path))
}

/// The project's settings for Baton.
pub(crate) fn is_settings(path: &str) -> bool {
    path == "baton.toml"
}

pub(crate) fn is_rule_of_git(path: &str) -> bool {
    matches!(name(path), ".gitattributes" | ".gitignore" | ".gitmodules")
}

/// A path itself, or a folder that ends with `/`.
pub(crate) fn covers(allowed: &str, path: &str) -> bool {
    path == allowed || allowed.ends_with('/') && path.starts_with(allowed)
}

/// The same, or a name with one `*` for a part of it.
fn is_one_of(plan: &str, path: &str) -> bool {
    let named = |(before, behind): (&str, &str)| {
        let part = path.strip_prefix(before).and_then(|rest| rest.strip_suffix(behind));
        part.is_some_and(|part| !part.is_empty() && !part.contains('/'))
    };
    plan.split_once('*').map_or_else(|| covers(plan, path), named)
}

/// Whether a file decides what the command runs: because the command names it, or because its program reads it.
pub(crate) fn decides(path: &str, command: &str) -> bool {
    let parts = |letter: char| letter.is_whitespace() || ";&|()<>'\"=".contains(letter);
    let mut words = command.split(parts).map(|word| word.trim_start_matches("./")).filter(|word| !word.is_empty());
    let named = words.any(|word| path == word || path.strip_suffix(word).is_some_and(|above| above.ends_with('/')));
    named || RUNNERS.contains(&name(path).to_lowercase().as_str())
}

pub(crate) fn is_test(path: &str) -> bool {
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

fn name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
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
    fn a_plan_is_everything_but_the_storys_own_document() {
        assert!(is_plan("docs/stories/1-2-b.md", "1-1-a") && is_plan("docs/PRD.md", "1-1-a"));
        assert!(!is_plan("docs/stories/1-1-a.md", "1-1-a") && !is_plan("docs/usage.md", "1-1-a"));
        assert!(is_plan("docs/architecture-plan.md", "1-1-a") && is_plan("docs/PRD-plan.md", "1-1-a"));
        for path in ["docs/-plan.md", "docs/sub/a-plan.md", "docs/a-plan.md.txt", "a-plan.md", "docs/planner.md"] {
            assert!(!is_plan(path, "1-1-a"), "{path}");
        }
    }

    #[test]
    fn what_a_command_names_or_its_program_reads_decides_over_it() {
        let alltests = "cd test && python3 ./alltests.py";
        for path in ["test/alltests.py", "alltests.py", "sub/Makefile", "test/conftest.py"] {
            assert!(decides(path, alltests), "{path}");
        }
        for path in ["test/small-alltests.py", "test/test_a.py", "docs/usage.md"] {
            assert!(!decides(path, alltests), "{path}");
        }
    }
}
