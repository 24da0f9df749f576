//! Lands a story that waits for a person, through the workflow that lands those of a sprint. Merges nothing itself.

use anyhow::Result;
use serde_json::{Value, json};

use super::ProjectFolder;
use crate::{
    cli::{Context, answering::Manner, attached, exit::Exit, text},
    interfaces::RunOptions,
    interfaces::{
        backlog::Status,
        forge::{Kind, MergeAuthority, PullRequest, State},
    },
    kernel::{self, Order, run},
    operations::Host,
};

/// What came of it.
pub(super) enum Landed {
    /// This merge commit.
    By(String),
    /// For this reason.
    Not(String),
    /// The run stands still or failed, as was told.
    Unfinished(Exit),
}

impl ProjectFolder {
    /// The story of a pull request that the host keeps and that git has not merged; none where no story is in review on its
    /// branch.
    pub(super) async fn story_to_land(&self, app: &Host, found: &PullRequest) -> Result<Option<String>> {
        let proposal = &found.proposal;
        if app.forges.rules(&self.project).kind != Kind::Local || found.state != State::Open {
            return Ok(None);
        }
        if app.forges.repository().merge_commit(self.folder()?, &proposal.branch, &proposal.into).await.is_some() {
            return Ok(None);
        }
        let items = app.backlog.items(self.id(), true).await?;
        let story = items.into_iter().find(|item| item.status == Status::Review && item.branch.as_ref() == Some(&proposal.branch));
        Ok(story.map(|item| item.draft.key))
    }

    /// Has the story landed by a run that may do this and nothing else of the kind.
    pub(super) async fn land(&self, app: Host, context: &Context, found: &PullRequest, story: &str) -> Result<Landed> {
        let proposal = &found.proposal;
        let stories = json!([{ "key": story, "branch": proposal.branch, "pull_request": found.number }]);
        let order = Order {
            plugin: app.kernel.filling(baton_slots::LAND, self.folder()?).await?,
            kind: kernel::package::Kind::Workflow,
            input: json!({ "stories": stories, "main": proposal.into, "apart": true }),
            workspace: self.folder()?.to_owned(),
            options: RunOptions { merge: Some(MergeAuthority::of_order(found.number, &proposal.into)), ..RunOptions::default() },
            by: app.config.operator.clone(),
        };
        let run = app.kernel.start(order).await?;
        let (app, ended) = attached::drive_or_follow(app, context, &run.id, Manner::Best).await?;
        app.close().await;
        let Some(ended) = ended else { return Ok(Landed::Unfinished(Exit::Unfinished)) };
        if ended.run.state != run::State::Succeeded {
            ended.tell(context, None);
            return Ok(Landed::Unfinished(ended.exit()));
        }
        Ok(came_to(ended.run.output.as_ref().unwrap_or(&Value::Null)))
    }
}

/// What `land` says of the one story it was given.
fn came_to(output: &Value) -> Landed {
    if let Some(commit) = output["landed"][0]["commit"].as_str() {
        return Landed::By(commit.to_owned());
    }
    let paths: Vec<_> =
        output["conflicts"][0]["paths"].as_array().into_iter().flatten().filter_map(Value::as_str).map(text::line).collect();
    if !paths.is_empty() {
        let branch = text::line(output["conflicts"][0]["key"].as_str().unwrap_or_default());
        return Landed::Not(format!(
            "{} conflict. Merge the branch of {branch} by hand, or move the story back to `todo` with `baton backlog move` for another sprint.",
            paths.join(", ")
        ));
    }
    if let Some(reason) = output["withdrawn"][0]["reason"].as_str() {
        return Landed::Not(text::line(reason));
    }
    let report = output["red"][0]["report"].as_str().unwrap_or("`land` does not say why.");
    let last = report.trim_end().lines().next_back().unwrap_or_default();
    Landed::Not(format!("its tests are red once it is merged. They say last: {}", text::line(last)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(output: &Value) -> String {
        match came_to(output) {
            Landed::Not(reason) => reason,
            Landed::By(commit) => panic!("landed by {commit}"),
            Landed::Unfinished(_) => panic!("unfinished"),
        }
    }

    #[test]
    fn what_a_landing_came_to_is_said() {
        assert!(matches!(came_to(&json!({ "landed": [{ "key": "1", "commit": "c" }] })), Landed::By(commit) if commit == "c"));
        let conflict = reason(&json!({ "landed": [], "conflicts": [{ "key": "1-1", "paths": ["calc", "a\u{1b}b"] }] }));
        assert!(conflict.starts_with("calc, a") && conflict.contains("1-1") && !conflict.contains('\u{1b}'), "{conflict}");
        assert!(reason(&json!({ "red": [{ "key": "1-1", "report": "2 passed\n1 failed\n" }] })).ends_with("1 failed"));
        let withdrawn = json!({ "landed": [], "withdrawn": [{ "key": "1-1", "reason": "1-1 is `cancelled`." }] });
        assert_eq!(reason(&withdrawn), "1-1 is `cancelled`.");
        assert!(reason(&Value::Null).contains("does not say why"));
    }
}
