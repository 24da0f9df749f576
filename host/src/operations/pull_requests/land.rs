//! A story that waits for a person, landed through the workflow that lands those of a sprint. The only place that gives a run the
//! authority to merge. Merges nothing itself.

use baton_slots::{
    LAND,
    land::{Input, Output, Story},
};
use serde_json::Value;

use super::{ChangedPullRequest, Host, Problem, ProjectLocation};
use crate::{
    actor::Actor,
    escape::escaped,
    interfaces::{
        RunOptions,
        backlog::Status,
        forge::{Kind, MergeAuthority, PullRequest, State},
    },
    journal::RunId,
    kernel::{self, Order},
    rules::mismatch,
};

/// The story of a pull request that the host keeps and that git has not merged; none where no story is in review on its branch.
pub(super) async fn story_to_land(host: &Host, project: &ProjectLocation, found: &PullRequest) -> Result<Option<String>, Problem> {
    let (proposal, forges) = (&found.proposal, &host.app.forges);
    if forges.rules(project.identity()).kind != Kind::Local || found.state != State::Open {
        return Ok(None);
    }
    if forges.repository().merge_commit(project.folder()?, &proposal.branch, &proposal.into).await.is_some() {
        return Ok(None);
    }
    let items = host.app.backlog.items(project.id(), true).await?;
    let story = items.into_iter().find(|item| item.status == Status::Review && item.branch.as_ref() == Some(&proposal.branch));
    Ok(story.map(|item| item.draft.key))
}

/// Starts a run that may merge this pull request and nothing else.
pub(super) async fn start(
    host: &Host,
    actor: &Actor,
    project: &ProjectLocation,
    found: &PullRequest,
    story: &str,
) -> Result<RunId, Problem> {
    let proposal = &found.proposal;
    let number = u32::try_from(found.number).ok();
    let stories = vec![Story { key: story.to_owned(), branch: proposal.branch.clone(), pull_request: number }];
    let input = Input { stories, main: proposal.into.clone(), apart: true, at_once: false };
    let order = Order {
        plugin: host.app.kernel.filling(LAND, project.folder()?).await?,
        kind: kernel::package::Kind::Workflow,
        input: serde_json::to_value(input).map_err(|error| Problem::of(&error))?,
        workspace: project.folder()?.to_owned(),
        options: RunOptions { merge: Some(MergeAuthority::of_order(found.number, &proposal.into)), ..RunOptions::default() },
        by: actor.clone(),
    };
    Ok(host.app.kernel.start(order).await?.id)
}

/// What the run that lands a pull request came to, by its output: a merged pull request, or the problem `pull_request_not_landed`.
pub fn read_landing(number: u64, run: &RunId, output: Option<Value>) -> Result<ChangedPullRequest, Problem> {
    let commit = commit_of(output.unwrap_or_default()).map_err(|(reason, hint)| not_landed(number, &reason, hint))?;
    Ok(ChangedPullRequest::merged(number, commit, Some(run.clone())))
}

fn not_landed(number: u64, reason: &str, hint: Option<String>) -> Problem {
    let message = format!("Pull request {number} is not merged, and stays open: {reason}");
    Problem { hint, ..Problem::conflict("pull_request_not_landed", message) }
}

/// The merge commit of the one story that `land` was given, or why there is none and what to do.
fn commit_of(output: Value) -> Result<String, (String, Option<String>)> {
    let Output { landed, conflicts, red, withdrawn, .. } = serde_json::from_value(output)
        .map_err(|error| (format!("`land` answered something else than its slot asks for: {}.", mismatch::describe(&error)), None))?;
    if let Some(landed) = landed.into_iter().next() {
        return Ok(landed.commit);
    }
    if let Some(conflict) = conflicts.into_iter().next() {
        let paths: Vec<_> = conflict.paths.iter().map(|path| escaped(path)).collect();
        let hint = format!(
            "Merge the branch of {} by hand, or move the story back to `todo` with `baton backlog move` for another sprint.",
            escaped(&conflict.key)
        );
        return Err((format!("{} conflict.", paths.join(", ")), Some(hint)));
    }
    if let Some(withdrawn) = withdrawn.into_iter().next() {
        return Err((escaped(&withdrawn.reason), None));
    }
    let report = red.into_iter().next().map(|red| red.report).unwrap_or_else(|| "`land` does not say why.".to_owned());
    let last = report.trim_end().lines().next_back().unwrap_or_default();
    Err((format!("its tests fail once it is merged. The last line of their report: {}", escaped(last.trim())), None))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_outcome_of_a_landing_is_read_from_what_its_slot_answers() {
        assert_eq!(commit_of(json!({ "landed": [{ "key": "1", "commit": "c" }] })), Ok("c".to_owned()));
        let (reason, hint) = commit_of(json!({ "conflicts": [{ "key": "1-1", "paths": ["calc", "a\u{1b}b"] }] })).unwrap_err();
        assert_eq!(reason, r"calc, a\u{1b}b conflict.");
        assert!(hint.is_some_and(|hint| hint.contains("the branch of 1-1")));
        let reason = |output| commit_of(output).unwrap_err().0;
        assert!(reason(json!({ "red": [{ "key": "1-1", "report": "2 passed\n1 failed\n" }] })).ends_with(": 1 failed"));
        assert_eq!(reason(json!({ "withdrawn": [{ "key": "1-1", "reason": "1-1 is `cancelled`." }] })), "1-1 is `cancelled`.");
        assert!(reason(json!({})).contains("does not say why"));
        assert!(reason(Value::Null).contains("something else than its slot asks for"));
    }
}
