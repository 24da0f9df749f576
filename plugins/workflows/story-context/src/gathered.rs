//! What is put beside a story: passages of documents, commits, the list of files, and files. Each within its share.

use std::fmt::Write as _;

use baton_sdk::files::{Entry, Kind};
use baton_sdk::{Error, ErrorKind, Result, files, git, knowledge};

use crate::{budget::Budget, budget::tokens, ranking};

/// Passages that are looked at; the budget decides how many are taken.
const PASSAGES: u32 = 16;
const COMMITS: u32 = 10;
/// Folders below one another that are looked into in a workspace with very many files.
const DEEPEST: usize = 6;
const MOST_LISTED: usize = 200;
const MOST_MATCHES: u32 = 1000;

/// What the project's documents and decisions say, but for the story itself.
pub(crate) fn passages(budget: &mut Budget, key: &str, words: &[String], share: usize) -> Result<()> {
    if words.is_empty() {
        return Ok(());
    }
    let own = format!("docs/stories/{key}.md");
    let mut left = share;
    for passage in knowledge::search(&words.join(" "), PASSAGES)? {
        // What failed before is for people; of a story's own document its text has been taken already.
        if passage.source != own && left > 0 {
            left = left.saturating_sub(budget.add(&passage.source, &passage.text, left));
        }
    }
    Ok(())
}

/// The latest commits, a line each.
pub(crate) fn commits(budget: &mut Budget, share: usize) -> Result<()> {
    let commits = git::log(None, COMMITS)?;
    let listed: String = commits.iter().map(|commit| format!("{} {} ({})\n", short(&commit.id), commit.summary, commit.author)).collect();
    budget.add("latest commits", &listed, share);
    Ok(())
}

/// The paths of the workspace.
pub(crate) fn listing(budget: &mut Budget, share: usize) -> Result<()> {
    let mut listed = String::new();
    let entries = entries()?;
    let named = entries.iter().filter(|entry| entry.kind == Kind::File && ranking::listed(&entry.path));
    for entry in named.take(MOST_LISTED) {
        // Writing to a string does not fail.
        let _ = writeln!(listed, "{} ({} bytes)", entry.path, entry.size());
    }
    budget.add("files of the project", &listed, share);
    Ok(())
}

/// The files that fit best, whole where they fit and else their beginning.
pub(crate) fn files(budget: &mut Budget, words: &[String]) -> Result<()> {
    let entries = entries()?;
    let matches = if words.is_empty() { Vec::new() } else { files::search(&format!("(?i){}", words.join("|")), None, MOST_MATCHES)? };
    for path in ranking::ranked(&entries, &matches, words) {
        if budget.left() < tokens(&path) || budget.holds(&path) {
            continue;
        }
        match files::read_text(&path) {
            Ok(text) => {
                let left = budget.left();
                budget.add(&path, &text, left);
            }
            // What is no text, or went away meanwhile, is no reason to go without the rest.
            Err(Error { kind: ErrorKind::Invalid, .. } | Error { kind: ErrorKind::NotFound, .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The paths of the workspace; of one with more than one call gives, those nearest to its root.
fn entries() -> Result<Vec<Entry>> {
    match files::find("**/*") {
        Err(Error { kind: ErrorKind::Invalid, .. }) => {}
        found => return found,
    }
    let mut found = files::find("*")?;
    for depth in 2..=DEEPEST {
        match files::find(&vec!["*"; depth].join("/")) {
            Ok(deeper) => found.extend(deeper),
            Err(Error { kind: ErrorKind::Invalid, .. }) => break,
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

fn short(id: &str) -> &str {
    &id[..id.floor_char_boundary(8)]
}
