//! The section of a story's document that tells how it was built. Changes nothing else of the document, and makes none.

use baton_sdk::{Error, ErrorKind, Result, files};

use baton_slots::run_tests::Output as Tested;

use crate::diff;
use crate::story::Story;
use crate::work::Said;

const HEADING: &str = "## Dev Agent Record";
/// Files that are named; the commit has them all.
const MOST_FILES: usize = 12;

/// Writes the section into `docs/stories/<key>.md`, if there is one.
pub(crate) fn write(story: &Story, said: &Said, tested: &Tested, diff: &str, attempts: u32) -> Result<()> {
    let path = path(story);
    let document = match files::read_text(&path) {
        Ok(document) => document,
        Err(Error { kind: ErrorKind::NotFound, .. }) => return Ok(()),
        Err(error) => return Err(error),
    };
    files::write(&path, replaced(&document, &section(said, tested, diff, attempts, &path)))
}

pub(crate) fn path(story: &Story) -> String {
    format!("docs/stories/{}.md", story.key)
}

fn section(said: &Said, tested: &Tested, diff: &str, attempts: u32, own: &str) -> String {
    let mut changed: Vec<_> = diff::files(diff).into_iter().map(|file| file.path).filter(|path| path != own).collect();
    let more = changed.len().saturating_sub(MOST_FILES);
    changed.truncate(MOST_FILES);
    let files: Vec<_> = changed.iter().map(|path| format!("`{path}`")).collect();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let command = tested.command.as_deref().unwrap_or("none");
    let runs = if attempts == 1 { "run" } else { "runs" };
    let assumed: String = said.assumptions.iter().map(|assumption| format!("- Assumed: {}\n", line(assumption))).collect();
    format!(
        "{HEADING}\n\n- By the developer: {}\n- Files: {}{more}\n- Tests: `{command}` is green, after {attempts} {runs}\n{assumed}",
        line(&said.summary),
        files.join(", ")
    )
}

/// In the place of the section before, or at the end.
fn replaced(document: &str, section: &str) -> String {
    let Some(begin) = document.find(HEADING) else { return format!("{}\n\n{section}", document.trim_end()) };
    let after = begin + HEADING.len();
    let rest = document[after..].find("\n## ").map_or("", |end| &document[after + end + 1..]);
    let gap = if rest.is_empty() { "" } else { "\n" };
    format!("{}{section}{gap}{rest}", &document[..begin])
}

fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_section_is_added_once_and_replaced_after_that() {
        let first = replaced("# Story\n\nText\n", "## Dev Agent Record\n\n- one\n");
        assert_eq!(first, "# Story\n\nText\n\n## Dev Agent Record\n\n- one\n");
        assert_eq!(replaced(&first, "## Dev Agent Record\n\n- two\n"), "# Story\n\nText\n\n## Dev Agent Record\n\n- two\n");
        let between = "# Story\n\n## Dev Agent Record\n\n- one\n\n## Notes\n\nKept\n";
        assert_eq!(replaced(between, "## Dev Agent Record\n\n- two\n"), "# Story\n\n## Dev Agent Record\n\n- two\n\n## Notes\n\nKept\n");
    }
}
