//! A conflict in the backlog: the story is blocked, and a task says which files and what both sides have there, until the
//! story is merged anew.

use baton_sdk::backlog::{Draft, Kind, Status};
use baton_sdk::prelude::*;

use crate::sprint::moved;
use crate::story::{Stage, Story};

/// Longest key of an item.
const LONGEST_KEY: usize = 64;
/// Bytes of one side that a task shows; the branches have the rest.
const LONGEST_SIDE: usize = 2 << 10;
const MOST_PATHS: usize = 20;
/// Urgent: others wait for it.
const PRIORITY: u8 = 9;

/// Blocks the story and files the task; takes both up again at once where the story is to be merged anew.
pub(crate) fn filed(story: &Story, main: &str, paths: &[String]) -> Result<()> {
    let (key, reason) = (task_key(&story.key, story.merged_anew), format!("{} conflict with {main}", paths.join(", ")));
    moved(&story.key, Status::Blocked, &reason)?;
    let sides: String = paths.iter().take(MOST_PATHS).map(|path| sides(path, story, main)).collect();
    let body = format!(
        "`{}` and `{main}` both changed {}. Merge `{main}` into the story and keep what both mean.\n{sides}",
        story.worktree,
        listed(paths)
    );
    let draft = Draft::new(Kind::Task, &key, format!("Merge {} with {main}", story.key)).with_body(body).with_priority(PRIORITY);
    backlog::put(&[draft.below(&story.key)])?;
    if story.stage == Stage::Developing {
        moved(&key, Status::InProgress, "the developer resolves it")?;
        backlog::assign(&key, Some("amelia"), Some(&story.worktree))?;
        moved(&story.key, Status::InProgress, "its conflicts are being resolved")?;
    }
    Ok(())
}

/// The story goes back without a conflict.
pub(crate) fn sent_back(story: &Story, reason: &str) -> Result<()> {
    moved(&story.key, Status::InProgress, reason)
}

/// The story is over: so are its tasks.
pub(crate) fn settled(story: &str, merged_anew: u32, landed: bool) -> Result<()> {
    for number in 1..=merged_anew {
        let key = task_key(story, number);
        match backlog::get(&key) {
            Ok(_) if landed => moved(&key, Status::Done, "the story landed")?,
            Ok(item) if item.status == Status::InProgress => moved(&key, Status::Blocked, "the story did not land")?,
            // The story went back for red tests and has no task for it, or the task was never begun.
            Ok(_) | Err(Error { kind: ErrorKind::NotFound, .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn task_key(story: &str, number: u32) -> String {
    let ending = if number == 1 { "-merge".to_owned() } else { format!("-merge-{number}") };
    let story = &story[..story.floor_char_boundary(LONGEST_KEY - ending.len())];
    format!("{}{ending}", story.trim_end_matches('-'))
}

fn listed(paths: &[String]) -> String {
    paths.iter().map(|path| format!("`{path}`")).collect::<Vec<_>>().join(", ")
}

fn sides(path: &str, story: &Story, main: &str) -> String {
    let side = |revision: &str| match git::read(revision, path) {
        Ok(content) => excerpt(&String::from_utf8_lossy(&content)),
        Err(_) => "(no such file)".to_owned(),
    };
    let sides = [story.worktree.as_str(), main].map(|revision| format!("\nIn `{revision}`:\n\n{}\n", side(revision)));
    format!("\n## {path}\n{}", sides.concat())
}

/// Indented, so that no text can end the block. A backlog takes no control characters.
fn excerpt(text: &str) -> String {
    let end = text.floor_char_boundary(LONGEST_SIDE);
    let plain = |line: &str| line.chars().filter(|character| !character.is_control() || *character == '\t').collect::<String>();
    let lines: Vec<_> = text[..end].lines().map(|line| format!("    {}", plain(line))).collect();
    format!("{}{}", lines.join("\n"), if end < text.len() { "\n    …" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_tasks_fit_and_tell_their_number() {
        assert_eq!((task_key("1-2-x", 1), task_key("1-2-x", 2)), ("1-2-x-merge".to_owned(), "1-2-x-merge-2".to_owned()));
        let long = format!("1-{}-b", "a".repeat(55));
        assert!(task_key(&long, 1).len() <= LONGEST_KEY && !task_key(&long, 1).contains("--"));
    }

    #[test]
    fn an_excerpt_holds_no_control_characters() {
        assert_eq!(excerpt("a\u{1b}[31mb\n```\n\tc"), "    a[31mb\n    ```\n    \tc");
        assert!(excerpt(&"ä".repeat(5000)).len() < LONGEST_SIDE + 20);
    }
}
