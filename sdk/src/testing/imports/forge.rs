//! `forge`, from memory: the host's own, without a repository behind it.

use serde_json::{Value, json};

use super::Contract;
use crate::Error;
pub use crate::bindings::host::baton::plugin::forge::{
    About, Check, Mergeable, Method, Opinion, Progress, Proposal, PullRequest, State, Summary, Verdict,
};
use crate::testing::installed;

const LONGEST_BRANCH: usize = 200;
const LONGEST_TITLE: usize = 256;
const LONGEST_TEXT: usize = 64 << 10;
const LONGEST_NAME: usize = 100;
const LONGEST_SUMMARY: usize = 1 << 10;

pub(crate) fn about_forge() -> Contract<About> {
    let world = installed::world("forge.about-forge");
    let about = || Ok(world.forge.borrow().about());
    Ok(world.call("forge.about-forge", json!({}), need("read"), about, |about| json!(["local", about.auto_merge]))?)
}

pub(crate) fn open(proposal: &Proposal) -> Contract<u32> {
    let world = installed::world("forge.open");
    branch(&proposal.branch)?;
    branch(&proposal.into)?;
    if proposal.branch == proposal.into {
        return Err(Error::invalid("A branch is not merged into itself; name another in `into`.").into());
    }
    line("A pull request's title", &proposal.title, LONGEST_TITLE)?;
    fits("A pull request's body", &proposal.body)?;
    let Proposal { branch, into, title, body } = proposal;
    let request = json!({ "branch": branch, "into": into, "title": title, "body": body });
    Ok(world.call("forge.open", request, need("open"), || Ok(world.forge.borrow_mut().open(proposal)), |number| json!(number))?)
}

pub(crate) fn get(number: u32) -> Contract<PullRequest> {
    let world = installed::world("forge.get");
    Ok(world.call("forge.get", json!({ "number": number }), need("read"), || world.forge.borrow().get(number), noted)?)
}

pub(crate) fn all_open() -> Contract<Vec<Summary>> {
    let world = installed::world("forge.all-open");
    let noted = |found: &Vec<Summary>| {
        let summary = |one: &Summary| json!({ "number": one.number, "branch": one.branch, "into": one.into, "title": one.title });
        found.iter().map(summary).collect()
    };
    Ok(world.call("forge.all-open", json!({}), need("read"), || Ok(world.forge.borrow().all_open()), noted)?)
}

pub(crate) fn review(number: u32, verdict: Verdict, text: &str) -> Contract<()> {
    let world = installed::world("forge.review");
    if verdict != Verdict::Approve && text.trim().is_empty() {
        return Err(Error::invalid("A review without approval says something; write what is to change.").into());
    }
    fits("A review", text)?;
    let request = json!({ "number": number, "verdict": word_of_verdict(verdict), "text": text });
    let author = world.about.borrow().plugin.clone();
    let review = || world.forge.borrow_mut().review(number, verdict, text, &author, world.now.get());
    Ok(world.call("forge.review", request, need("review"), review, super::done)?)
}

pub(crate) fn report(number: u32, check: &Check) -> Contract<()> {
    let world = installed::world("forge.report");
    line("A check's name", &check.name, LONGEST_NAME)?;
    if check.summary.len() > LONGEST_SUMMARY || check.summary.chars().any(char::is_control) {
        return Err(
            Error::invalid(format!("A check's summary is one line of up to {LONGEST_SUMMARY} bytes; say it in fewer words.")).into()
        );
    }
    let request = json!({ "number": number, "check": check_document(check) });
    Ok(world.call("forge.report", request, need("report"), || world.forge.borrow_mut().report(number, check), super::done)?)
}

pub(crate) fn merge(number: u32, head: &str, method: Method, commit: Option<&str>) -> Contract<String> {
    let world = installed::world("forge.merge");
    for hash in commit.into_iter().chain([head]) {
        if ![40, 64].contains(&hash.len()) || !hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(Error::invalid("A commit is named by its full hash, such as `git.log` gives it.").into());
        }
    }
    let word = match method {
        Method::Merge => "merge",
        Method::Squash => "squash",
        Method::Rebase => "rebase",
    };
    let request = json!({ "number": number, "head": head, "method": word, "commit": commit });
    let merge = || world.forge.borrow_mut().merge(number, head, commit);
    Ok(world.call("forge.merge", request, need("merge"), merge, |commit| json!(commit))?)
}

pub(crate) fn close(number: u32) -> Contract<()> {
    let world = installed::world("forge.close");
    let close = || world.forge.borrow_mut().close(number);
    Ok(world.call("forge.close", json!({ "number": number }), need("close"), close, super::done)?)
}

fn need(deed: &'static str) -> Option<(&'static str, &'static str)> {
    Some(("pull-requests", deed))
}

fn noted(found: &PullRequest) -> Value {
    let Proposal { branch, into, title, body } = &found.proposal;
    let review = |review: &Opinion| json!({ "verdict": word_of_verdict(review.verdict), "text": review.text, "author": review.author, "at": crate::numbers::from_contract(review.at_ms) });
    let state = match found.state {
        State::Open => "open",
        State::Merged => "merged",
        State::Closed => "closed",
    };
    let mergeable = match found.mergeable {
        Mergeable::Yes => "yes",
        Mergeable::Conflicts => "conflicts",
        Mergeable::Unknown => "unknown",
    };
    json!({
        "number": found.number,
        "proposal": { "branch": branch, "into": into, "title": title, "body": body },
        "state": state,
        "head": found.head,
        "merge-commit": found.merge_commit,
        "mergeable": mergeable,
        "checks": found.checks.iter().map(check_document).collect::<Vec<_>>(),
        "reviews": found.reviews.iter().map(review).collect::<Vec<_>>(),
        "address": found.address,
    })
}

fn check_document(check: &Check) -> Value {
    let progress = match check.progress {
        Progress::Pending => "pending",
        Progress::Passed => "passed",
        Progress::Failed => "failed",
    };
    json!({ "name": check.name, "progress": progress, "summary": check.summary })
}

fn word_of_verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Approve => "approve",
        Verdict::RequestChanges => "request-changes",
        Verdict::Comment => "comment",
    }
}

fn branch(name: &str) -> crate::Result<()> {
    let forbidden = |character: char| character.is_control() || character.is_whitespace() || "~^:?*[\\".contains(character);
    let part = |part: &str| part.is_empty() || part.starts_with('.') || part.ends_with('.') || part.ends_with(".lock");
    let wrong = name.len() > LONGEST_BRANCH || name.starts_with('-') || name.contains("..") || name.contains("@{") || name == "@";
    if wrong || name.chars().any(forbidden) || name.split('/').any(part) {
        return Err(Error::invalid(format!(
            "A branch is named with 1 to {LONGEST_BRANCH} bytes as git allows it, such as `story/1-2`; choose another."
        )));
    }
    Ok(())
}

fn line(what: &str, text: &str, most: usize) -> crate::Result<()> {
    if text.trim().is_empty() || text.len() > most || text.chars().any(char::is_control) {
        return Err(Error::invalid(format!("{what} is one line of 1 to {most} bytes; write another.")));
    }
    Ok(())
}

fn fits(what: &str, text: &str) -> crate::Result<()> {
    if text.len() > LONGEST_TEXT {
        let size = text.len();
        return Err(Error::invalid(format!(
            "{what} has {size} bytes, more than the {LONGEST_TEXT} that people are asked to read; shorten it."
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;
    use crate::testing::Host;

    #[test]
    fn a_pull_request_is_opened_reviewed_checked_and_merged() {
        let host = Host::new();
        let commit = "ab".repeat(20);
        host.inside(|| {
            let number = open(&Proposal::new("story/1", "main", "A story")).unwrap();
            assert_eq!(open(&Proposal::new("story/1", "main", "Another title")).unwrap(), number);
            review(number, Verdict::RequestChanges, "Test it.").unwrap();
            report(number, &Check::new("tests", Progress::Passed, "3 of 3")).unwrap();
            assert!(get(number).unwrap().is_green() && !get(number).unwrap().is_approved());
            review(number, Verdict::Approve, "").unwrap();
            assert!(get(number).unwrap().is_approved(), "what the same author said last counts");
            assert_eq!(merge(number, &commit, Method::Merge, Some(&commit)).unwrap(), commit);
            assert!(all_open().unwrap().is_empty());
            assert_eq!(get(number).unwrap().merge_commit, Some(commit.clone()));
        });
        let by_a_person = Host::new().without_auto_merge().inside(|| merge(1, &commit, Method::Merge, None));
        assert!(matches!(Error::from(by_a_person.unwrap_err()), Error { kind: ErrorKind::Denied, .. }));
    }
}
