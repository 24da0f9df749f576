//! Brings the base into a story where both changed the same lines: git says where, the developer says what is to stand
//! there, and nothing is merged before every file is settled.

use std::collections::BTreeSet;

use baton_sdk::git::{Merged, Resolution};
use baton_sdk::prelude::*;
use baton_slots::DEVELOPER;
use serde::Deserialize;

use crate::guards;
use crate::story::Story;
use crate::work::head;

/// Bytes of one side of one file that the developer is shown; the rest can be read.
const LONGEST_SIDE: usize = 24 << 10;
const MARKERS: [&str; 2] = ["<<<<<<< ", ">>>>>>> "];

#[derive(Debug, Deserialize)]
struct Settled {
    summary: String,
    files: Vec<File>,
}

#[derive(Debug, Deserialize)]
struct File {
    path: String,
    /// None: the file is to be gone.
    content: Option<String>,
}

/// Merges `base` into the workspace's branch. Gives no task: the tests say what is left to do.
pub(crate) fn merge(story: &Story, base: &str) -> Result<Option<Task>> {
    let message = format!("Merge {base} into story {}", story.key);
    let Merged::Conflicts(paths) = git::merge(base, &message, &[])? else { return Ok(None) };
    run::progress(0.2, "The developer resolves what both sides changed");
    let settled = settled(story, base, &paths)?;
    // Only the answer counts: what may have been written beside it is no side of the merge.
    let written: Vec<_> = git::status()?.into_iter().map(|change| change.path).collect();
    guards::put_back(&written)?;
    let resolved: Vec<_> = settled.files.into_iter().map(resolution).collect();
    match git::merge(base, &format!("{message}\n\n{}", settled.summary), &resolved)? {
        Merged::Clean(_) => Ok(None),
        Merged::Conflicts(paths) => Err(Error::conflict(format!(
            "`{base}` moved while story {} was merged with it: {} conflict now. Start the story again.",
            story.key,
            paths.join(", ")
        ))),
    }
}

fn settled(story: &Story, base: &str, paths: &[String]) -> Result<Settled> {
    let goal = format!(
        "Resolve the conflicts of story {} with {base}. For each of the files give the whole content after the merge: keep what both sides meant, and \
         the tests of both. Write no file yourself.",
        story.key
    );
    let mut parts = Vec::new();
    let began = git::merge_base(&head()?, base)?;
    for path in paths {
        parts.push((format!("{path} of the story"), side(files::read(path), path)?));
        parts.push((format!("{path} of {base}"), side(git::read(base, path), path)?));
        parts.push((format!("{path} before both"), side(git::read(&began, path), path)?));
    }
    let parts: Vec<_> = parts.iter().map(|(title, text)| (title.as_str(), text.as_str())).collect();
    agents::checked(DEVELOPER, &story.task(goal, &parts), &schema(paths), |settled: &Settled| problems(settled, paths))
}

fn side(content: Result<Vec<u8>>, path: &str) -> Result<String> {
    let content = match content {
        Ok(content) => content,
        Err(Error { kind: ErrorKind::NotFound, .. }) => return Ok("(there is no such file)".to_owned()),
        Err(error) => return Err(error),
    };
    let text = String::from_utf8(content).map_err(|_| {
        Error::conflict(format!("`{path}` is no text, so only a person can say what it should hold; merge it by hand and start again."))
    })?;
    let end = text.floor_char_boundary(LONGEST_SIDE);
    Ok(if end < text.len() { format!("{}\n[cut here]", &text[..end]) } else { text })
}

fn problems(settled: &Settled, paths: &[String]) -> Vec<String> {
    let wanted: BTreeSet<_> = paths.iter().map(String::as_str).collect();
    let given: BTreeSet<_> = settled.files.iter().map(|file| file.path.as_str()).collect();
    let mut problems: Vec<_> = wanted.difference(&given).map(|path| format!("`{path}` is missing.")).collect();
    problems.extend(given.difference(&wanted).map(|path| format!("`{path}` has no conflict; leave it out.")));
    if given.len() < settled.files.len() {
        problems.push("A file is given twice.".to_owned());
    }
    let marked = |content: &str| content.lines().any(|line| MARKERS.iter().any(|marker| line.starts_with(marker)));
    let marked = settled.files.iter().filter(|file| file.content.as_deref().is_some_and(marked));
    problems.extend(marked.map(|file| format!("`{}` still holds the markers of a conflict.", file.path)));
    problems
}

fn resolution(file: File) -> Resolution {
    match file.content {
        Some(content) => Resolution::keep(file.path, content),
        None => Resolution::remove(file.path),
    }
}

fn schema(paths: &[String]) -> Value {
    let file = json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["path", "content"],
        "properties": { "path": { "enum": paths }, "content": { "type": ["string", "null"] } },
    });
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["summary", "files"],
        "properties": { "summary": { "type": "string", "minLength": 1 }, "files": { "type": "array", "items": file } },
    })
}
