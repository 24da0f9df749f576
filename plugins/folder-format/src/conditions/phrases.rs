//! Reads the English phrases that conditions use again and again: files, statuses and choices. A phrase is read whole or not at
//! all, so that what is added to one in other words is for the judge.

use super::{SprintItem, Test, WorkflowQuestion};

/// A test, if the text is one of the phrases.
pub(super) fn read(text: &str) -> Option<Test> {
    let lower = text.to_ascii_lowercase();
    let words: Vec<&str> = lower.split_whitespace().collect();
    status_file(&words)
        .or_else(|| sprint_key(&words))
        .or_else(|| sprint_status(&words))
        .or_else(|| sprint_any(&words))
        .or_else(|| workflow_status(&words))
        .or_else(|| chosen(&words))
        .or_else(|| file(text))
}

fn status_file(words: &[&str]) -> Option<Test> {
    match words {
        ["status", "file", "found" | "exists"] => Some(Test::StatusFile { negated: false }),
        ["status", "file", "not", "found"] | ["no", "status", "file", "found"] => Some(Test::StatusFile { negated: true }),
        _ => None,
    }
}

fn sprint_key(words: &[&str]) -> Option<Test> {
    let (what, rest) = words.split_first()?;
    let what = item(what)?;
    match rest {
        ["key", "not", "found"] | ["key", "not", "found", "in", "file"] => Some(Test::SprintKey { what, negated: true }),
        ["key", "found"] | ["key", "found", "in", "file"] => Some(Test::SprintKey { what, negated: false }),
        _ => None,
    }
}

/// `current status == 'review'`, `epic status == 'contexted'`, `current status is neither a nor b`.
fn sprint_status(words: &[&str]) -> Option<Test> {
    let (what, rest) = words.split_first()?;
    let what = if *what == "current" { SprintItem::Story } else { item(what)? };
    match rest {
        ["status", "==", status] => Some(Test::SprintStatus { what, statuses: vec![unquote(status)], negated: false }),
        ["status", "!=", status] => Some(Test::SprintStatus { what, statuses: vec![unquote(status)], negated: true }),
        ["status", "is", "neither", one, "nor", other] => {
            Some(Test::SprintStatus { what, statuses: vec![unquote(one), unquote(other)], negated: true })
        }
        _ => None,
    }
}

/// `no story with status 'review' found`, `no drafted stories found`, `backlog epics found`.
fn sprint_any(words: &[&str]) -> Option<Test> {
    let (negated, words) = match words {
        ["no", rest @ ..] => (true, rest),
        _ => (false, words),
    };
    let (what, statuses) = match words {
        [what, "with", "status", status, "found"] => (item(what)?, vec![unquote(status)]),
        [status, what, "found"] if is_status(status) => (item(what)?, vec![unquote(status)]),
        [one, "or", other, what, "found"] if is_status(one) && is_status(other) => (item(what)?, vec![unquote(one), unquote(other)]),
        _ => return None,
    };
    Some(Test::SprintAny { what, statuses, negated })
}

fn is_status(word: &str) -> bool {
    matches!(word, "backlog" | "contexted" | "drafted" | "ready-for-dev" | "in-progress" | "review" | "done" | "optional" | "completed")
}

/// `prd status is file path (already completed)`, `prd is not the next expected workflow (…)`.
fn workflow_status(words: &[&str]) -> Option<Test> {
    let (id, rest) = words.split_first()?;
    let ends = |tail: &[&str]| tail.is_empty() || tail[0].starts_with('(') && tail[tail.len() - 1].ends_with(')');
    let question = match rest {
        ["status", "is", "file", "path", tail @ ..] if ends(tail) => WorkflowQuestion::IsComplete,
        ["is", "not", "the", "next", "expected", "workflow", tail @ ..] if ends(tail) => WorkflowQuestion::IsNotNext,
        ["is", "the", "next", "expected", "workflow", tail @ ..] if ends(tail) => WorkflowQuestion::IsNext,
        _ => return None,
    };
    Some(Test::WorkflowStatus { id: (*id).to_owned(), question })
}

/// `user selects 2`, `user selects 'n'`, `user chooses verify`, `option 2 or 3`.
fn chosen(words: &[&str]) -> Option<Test> {
    let options = match words {
        ["user", "selects" | "chooses" | "enters" | "picks", rest @ ..] => rest,
        ["option", ..] => words,
        _ => return None,
    };
    let options: Vec<_> = options.iter().filter(|word| !matches!(**word, "option" | "options")).collect();
    let (last, before) = options.split_last()?;
    let mut list = Vec::new();
    for (index, word) in before.iter().enumerate() {
        if index % 2 == 1 {
            (**word == "or").then_some(())?;
        } else {
            list.push(option(word)?);
        }
    }
    (before.len() % 2 == 0).then_some(())?;
    list.push(option(last)?);
    Some(Test::Chosen { options: list })
}

/// A number, a letter, or one word that is not part of a sentence.
fn option(word: &str) -> Option<String> {
    let option = unquote(word);
    let is_word = !option.is_empty() && option.chars().all(|character| character.is_ascii_alphanumeric() || character == '-');
    is_word.then_some(option)
}

/// `index.md exists`, `project-scan-report.json does not exist`: only a name with an extension is a file.
fn file(text: &str) -> Option<Test> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let (path, rest) = words.split_first()?;
    let negated = match rest {
        ["exists"] | ["found"] => false,
        ["does", not, "exist"] if not.eq_ignore_ascii_case("not") => true,
        [not, "found"] if not.eq_ignore_ascii_case("not") => true,
        _ => return None,
    };
    let (stem, extension) = path.rsplit_once('.')?;
    let is_file = !stem.is_empty() && (1..=5).contains(&extension.len()) && extension.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_file.then(|| Test::File { path: (*path).to_owned(), negated })
}

fn item(word: &str) -> Option<SprintItem> {
    match word {
        "story" | "stories" => Some(SprintItem::Story),
        "epic" | "epics" => Some(SprintItem::Epic),
        "retrospective" => Some(SprintItem::Retrospective),
        _ => None,
    }
}

fn unquote(word: &str) -> String {
    word.trim_matches(['\'', '"']).to_owned()
}
