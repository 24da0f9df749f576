//! What a forge is asked, if it makes sense. Asks no forge.

use super::{Check, Landing, Proposal, Verdict};
use crate::journal::CallError;

const LONGEST_BRANCH: usize = 200;
const LONGEST_TITLE: usize = 256;
const LONGEST_TEXT: usize = 64 << 10;
const LONGEST_NAME: usize = 100;
const LONGEST_SUMMARY: usize = 1 << 10;

/// A proposal that a forge could take.
pub(super) fn proposal(proposal: Proposal) -> Result<Proposal, CallError> {
    branch(&proposal.branch)?;
    branch(&proposal.into)?;
    if proposal.branch == proposal.into {
        return Err(CallError::invalid("A branch is not merged into itself; name another in `into`."));
    }
    line("A pull request's title", &proposal.title, LONGEST_TITLE)?;
    fits("A pull request's body", &proposal.body)?;
    Ok(proposal)
}

/// A verdict that says why.
pub(super) fn review(verdict: Verdict, text: &str) -> Result<(), CallError> {
    if verdict != Verdict::Approve && text.trim().is_empty() {
        return Err(CallError::invalid("A review without approval says something; write what is to change."));
    }
    fits("A review", text)
}

/// A check that people can read.
pub(super) fn check(check: Check) -> Result<Check, CallError> {
    line("A check's name", &check.name, LONGEST_NAME)?;
    if check.summary.len() > LONGEST_SUMMARY || check.summary.chars().any(char::is_control) {
        return Err(CallError::invalid(format!("A check's summary is one line of up to {LONGEST_SUMMARY} bytes; say it in fewer words.")));
    }
    Ok(check)
}

/// A merge of commits that are named in full.
pub(super) fn landing(landing: Landing) -> Result<Landing, CallError> {
    for hash in landing.commit.iter().chain([&landing.head]) {
        let hexadecimal = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if ![40, 64].contains(&hash.len()) || !hash.bytes().all(hexadecimal) {
            return Err(CallError::invalid("A commit is named by its full hash, such as `git.log` gives it."));
        }
    }
    Ok(landing)
}

/// By the rules of `git check-ref-format`, the last of them left out.
fn branch(name: &str) -> Result<(), CallError> {
    let forbidden = |character: char| character.is_control() || character.is_whitespace() || "~^:?*[\\".contains(character);
    let part = |part: &str| part.is_empty() || part.starts_with('.') || part.ends_with('.') || part.ends_with(".lock");
    let wrong = name.len() > LONGEST_BRANCH || name.starts_with('-') || name.contains("..") || name.contains("@{") || name == "@";
    if wrong || name.chars().any(forbidden) || name.split('/').any(part) {
        return Err(CallError::invalid(format!(
            "A branch is named with 1 to {LONGEST_BRANCH} bytes as git allows it, such as `story/1-2`; choose another."
        )));
    }
    Ok(())
}

fn line(what: &str, text: &str, most: usize) -> Result<(), CallError> {
    if text.trim().is_empty() || text.len() > most || text.chars().any(char::is_control) {
        return Err(CallError::invalid(format!("{what} is one line of 1 to {most} bytes; write another.")));
    }
    Ok(())
}

fn fits(what: &str, text: &str) -> Result<(), CallError> {
    if text.len() > LONGEST_TEXT {
        return Err(CallError::invalid(format!(
            "{what} has {} bytes, more than the {LONGEST_TEXT} that people are asked to read; shorten it.",
            text.len()
        )));
    }
    Ok(())
}
