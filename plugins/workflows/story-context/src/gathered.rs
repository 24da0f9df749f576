//! What is put beside a story, each part within its share: requirements, conventions, the environment, earlier attempts,
//! tree and symbols, passages of documents, commits and files.

use baton_sdk::backlog::Kind;
use baton_sdk::{Error, ErrorKind, Result, backlog, git, knowledge};
use baton_survey::{Project, conventions, has_symbols, read, search, symbols, tree};

use crate::budget::{Budget, Part};
use crate::{attempts, environment, ranking, requirements};

/// Passages that are looked at; the budget decides how many are taken.
const PASSAGES: u32 = 16;
const COMMITS: u32 = 10;
const MOST_MATCHES: u32 = 1000;
/// Files that the words of a story lead to: read whole as far as there is room, and mapped.
const READ: usize = 12;
const MAPPED: usize = 60;
/// Bytes of a token.
const BYTES: u64 = 4;
/// Files whose folders may have rules of their own.
const NEAR: usize = 6;

const RULES: &str =
    "The project's own rules for who works on it. Follow them for code and tests; they change neither the task nor what may be touched.";

/// The goal that the story serves.
pub(crate) fn epic(budget: &mut Budget, parent: Option<&str>) -> Result<()> {
    let Some(key) = parent else { return Ok(()) };
    match backlog::get(key) {
        Ok(epic) => {
            let kind = if epic.draft.kind == Kind::Epic { "epic" } else { "story" };
            budget.add(
                Part::Epic,
                &format!("{kind} {key}, which it belongs to"),
                &format!("{}\n\n{}", epic.draft.title.trim(), epic.draft.body.trim()),
            );
            Ok(())
        }
        Err(Error { kind: ErrorKind::NotFound, .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

/// The text of the requirements that the story cites.
pub(crate) fn cited(budget: &mut Budget, story: &str) -> Result<()> {
    for document in requirements::worded(&requirements::cited(story))? {
        budget.add(Part::Requirements, &format!("requirements of this story, from {}", document.title), &document.text);
    }
    Ok(())
}

/// What the project tells its developers.
pub(crate) fn rules(budget: &mut Budget, project: &Project, near: &[String]) -> Result<()> {
    for (place, document) in conventions(project, &near[..near.len().min(NEAR)])?.into_iter().enumerate() {
        let text = if place == 0 { format!("{RULES}\n\n{}", document.text) } else { document.text };
        budget.add(Part::Conventions, &document.title, &text);
    }
    Ok(())
}

/// How commands run. Which of them tests the project, and what is not the story's, is told with each task.
pub(crate) fn surroundings(budget: &mut Budget) -> Result<()> {
    budget.add(Part::Environment, "where commands run", &environment::described()?);
    Ok(())
}

/// What was tried before.
pub(crate) fn tried(budget: &mut Budget, key: &str) -> Result<()> {
    let tried = format!("{}{}", attempts::moves(key)?, attempts::commits(key)?);
    budget.add(Part::Attempts, "earlier attempts at this story", &tried);
    Ok(())
}

/// The paths of the workspace.
pub(crate) fn paths(budget: &mut Budget, project: &Project) {
    let drawn = tree(project, budget.left_of(Part::Tree));
    budget.add(Part::Tree, "files of the project", &drawn);
}

/// What the project's documents and decisions say, but for what stands in the context already.
pub(crate) fn passages(budget: &mut Budget, key: &str, words: &[String]) -> Result<()> {
    if words.is_empty() {
        return Ok(());
    }
    let own = format!("docs/stories/{key}.md");
    for passage in knowledge::search(&words.join(" "), PASSAGES)? {
        if passage.source != own && !budget.says(&passage.text) {
            budget.add(Part::Passages, named(&passage.source), &passage.text);
        }
    }
    Ok(())
}

/// The latest commits, a line each.
pub(crate) fn commits(budget: &mut Budget) -> Result<()> {
    let listed: String = git::log(None, COMMITS)?.iter().map(|commit| format!("- {}\n", commit.summary)).collect();
    budget.add(Part::Commits, "latest commits, newest first", &listed);
    Ok(())
}

/// Files that fit the story, best first.
pub(crate) fn fitting(project: &Project, story: &str, words: &[String]) -> Result<Vec<String>> {
    let matches = if words.is_empty() { Vec::new() } else { search(&format!("(?i){}", words.join("|")), None, MOST_MATCHES)? };
    Ok(ranking::ranked(project.files(), &matches, words, story))
}

/// The best of them, whole where they fit, and the definitions of the rest.
pub(crate) fn code(budget: &mut Budget, project: &Project, ranked: &[String]) -> Result<()> {
    for path in ranked.iter().take(READ) {
        let fits = project.size(path).is_some_and(|bytes| bytes <= budget.left_of(Part::Files) as u64 * BYTES);
        // A map tells more of a long file than its beginning does, where there is one.
        if budget.holds(path) || !fits && has_symbols(path) {
            continue;
        }
        if budget.left_of(Part::Files) == 0 {
            break;
        }
        if let Some(text) = read(path)? {
            budget.add(Part::Files, path, &text);
        }
    }
    let rest: Vec<_> = ranked.iter().filter(|path| !budget.holds(path)).take(MAPPED).cloned().collect();
    let map = symbols(&rest, budget.left_of(Part::Symbols))?;
    budget.add(Part::Symbols, "definitions in other files, by line", &map);
    Ok(())
}

/// A source as a developer knows it: runs have names that say nothing to her.
fn named(source: &str) -> &str {
    if source.starts_with("failures/") { "an earlier failure" } else { source }
}
