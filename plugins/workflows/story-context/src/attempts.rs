//! What was tried before: how the story came to where it is, and what earlier runs committed for it.

use baton_sdk::backlog::{self, Status};
use baton_sdk::{Error, ErrorKind, Result, git};

/// Moves that are told, the latest.
const MOST_MOVES: usize = 6;
/// Bytes of one reason.
const LONGEST_REASON: usize = 600;
/// Commits of one branch that are looked at, and names under which a sprint may have left branches.
const MOST_COMMITS: u32 = 50;
const MOST_BRANCHES: u32 = 9;

/// The moves that say why the story was not done, oldest first.
pub(crate) fn moves(key: &str) -> Result<String> {
    let moves = backlog::history(key)?;
    let tell =
        |moved: &backlog::StatusChange| matches!(moved.after, Status::Blocked | Status::Failed | Status::Todo) && moved.before.is_some();
    let told: Vec<_> = moves.iter().filter(|moved| tell(moved) && !moved.reason.trim().is_empty()).collect();
    let latest = &told[told.len().saturating_sub(MOST_MOVES)..];
    Ok(latest.iter().map(|moved| format!("- {}: {}\n", moved.after.as_str(), shortened(moved.reason.trim()))).collect())
}

/// The commits of earlier attempts, on this branch and on those that earlier sprints left.
pub(crate) fn commits(key: &str) -> Result<String> {
    let here = git::branch().unwrap_or_default();
    let mut told = of_branch(None, key)?.map_or_else(String::new, |listed| format!("On this branch:\n{listed}"));
    for number in 1..=MOST_BRANCHES {
        let name = if number == 1 { format!("story/{key}") } else { format!("story/{key}-{number}") };
        if name == here {
            break;
        }
        let Some(listed) = of_branch(Some(&name), key)? else { break };
        told.push_str(&format!("On the branch {name}, which this branch does not have:\n{listed}"));
    }
    Ok(told)
}

/// The first lines of the story's commits; none where there is no such branch, or none of them.
fn of_branch(name: Option<&str>, key: &str) -> Result<Option<String>> {
    let commits = match git::log(name, MOST_COMMITS) {
        Err(Error { kind: ErrorKind::NotFound | ErrorKind::Invalid, .. }) => return Ok(None),
        commits => commits?,
    };
    let own = format!("story {key}: ");
    let listed: String =
        commits.iter().filter(|commit| commit.summary.starts_with(&own)).map(|commit| format!("- {}\n", commit.summary)).collect();
    Ok(Some(listed).filter(|listed| !listed.is_empty()))
}

fn shortened(reason: &str) -> String {
    let line = reason.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.len() > LONGEST_REASON {
        true => format!("{} [cut here]", &line[..line.floor_char_boundary(LONGEST_REASON)]),
        false => line,
    }
}
