//! What the project holds before it is planned, by code and not by a model: a plan for a project that exists has to begin
//! at what is there. Every agent is given the same text.

use baton_sdk::Result;
use baton_survey::{Project, conventions, cut, manifests, read, symbols, test_command, tree};

/// Tokens of each part; together some 6,000.
const TREE: usize = 1500;
const MANIFESTS: usize = 1400;
const OF_MANIFEST: usize = 350;
const CONVENTIONS: usize = 1400;
const SYMBOLS: usize = 1200;
const README: usize = 500;
/// Files of which the definitions are looked at, those nearest to the root and largest first.
const MOST_MODULES: usize = 40;

const NO_CODE: &str = "The project has no code yet.";
const NO_TESTS: &str = "No command is known that runs tests.";

/// What was found.
pub(crate) struct Survey {
    /// For agents.
    pub(crate) text: String,
    /// Whether a command is known that runs the project's tests.
    pub(crate) has_tests: bool,
}

/// Looks at the workspace.
pub(crate) fn survey() -> Result<Survey> {
    let project = Project::look()?;
    let tests = test_command()?;
    let mut parts = Vec::new();
    if project.has_code() {
        parts.push(part("Files", &tree(&project, TREE)));
        parts.push(part("Manifests", &titled(manifests(&project)?, MANIFESTS, OF_MANIFEST)));
        parts.push(part("Definitions in its main files", &symbols(&modules(&project), SYMBOLS)?));
        parts.push(part("README.md", &cut(&read("README.md")?.unwrap_or_default(), README)));
    } else {
        parts.push(NO_CODE.to_owned());
    }
    parts.push(part("Its own rules", &titled(conventions(&project, &[])?, CONVENTIONS, CONVENTIONS)));
    parts.push(tests.as_ref().map_or_else(|| NO_TESTS.to_owned(), |tests| format!("Its tests are run by `{tests}`.")));
    parts.retain(|part| !part.is_empty());
    Ok(Survey { text: parts.join("\n\n"), has_tests: tests.is_some() })
}

fn part(title: &str, text: &str) -> String {
    if text.trim().is_empty() { String::new() } else { format!("## {title}\n\n{}", text.trim()) }
}

/// Texts one below the other, each and all within so many tokens.
fn titled(texts: Vec<baton_survey::Titled>, all: usize, each: usize) -> String {
    let shown: Vec<_> = texts.into_iter().map(|text| format!("### {}\n\n{}", text.title, cut(&text.text, each))).collect();
    cut(&shown.join("\n\n"), all)
}

fn modules(project: &Project) -> Vec<String> {
    let mut files: Vec<_> = project.files().iter().collect();
    files.sort_by_key(|entry| (entry.path.matches('/').count(), std::cmp::Reverse(entry.size())));
    files.into_iter().map(|entry| entry.path.clone()).take(MOST_MODULES).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use baton_sdk::testing::Host;
    use baton_survey::tokens;

    #[test]
    fn a_brief_alone_is_no_code() {
        let host = Host::new().with_file("brief.md", "A shop.").with_file("AGENTS.md", "Use tabs.");
        let survey = host.inside(survey).expect("a survey");
        assert_eq!(
            survey.text,
            "The project has no code yet.\n\n## Its own rules\n\n### AGENTS.md\n\nUse tabs.\n\nNo command is known that runs tests."
        );
        assert!(!survey.has_tests);
    }

    #[test]
    fn a_project_that_exists_is_described_within_bounds() {
        let host = Host::new()
            .with_file("Cargo.toml", format!("[package]\n{}", "# comment\n".repeat(2000)))
            .with_file("src/lib.rs", "pub fn add() {}\n".repeat(3000))
            .with_file("README.md", "words and words\n".repeat(2000))
            .with_file("CONTRIBUTING.md", "Write tests.\n".repeat(2000));
        let survey = host.inside(survey).expect("a survey");
        for part in [
            "## Files\n\n./ CONTRIBUTING.md Cargo.toml README.md\nsrc/ lib.rs",
            "### Cargo.toml",
            "src/lib.rs\n1 pub fn add()",
            "`cargo test`",
            "[cut here]",
        ] {
            assert!(survey.text.contains(part), "{part}: {}", survey.text);
        }
        assert!(survey.has_tests && tokens(&survey.text) < 6200, "{}", tokens(&survey.text));
    }
}
