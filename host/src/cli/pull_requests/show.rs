//! `baton pull-requests show`.

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

use super::{ProjectChoice, ProjectFolder, at, key, numbers, short};
use crate::{
    cli::{
        Context,
        exit::Exit,
        figures,
        screen::{BAD, FAINT, GOOD, STRONG, WARNING, painted},
        text,
    },
    interfaces::forge::{Mergeable, Progress, PullRequest, State, Verdict},
    operations::{Access, Host},
};

/// Show a pull request: what it proposes, its checks and its reviews
#[derive(Debug, Args)]
pub(in crate::cli) struct Show {
    /// Its number
    #[arg(value_parser = numbers())]
    number: u64,
    /// Also what it changes, as the repository in the project's folder has it
    #[arg(long)]
    diff: bool,
}

impl Show {
    pub(super) async fn execute(&self, context: &Context, choice: &ProjectChoice) -> Result<Exit> {
        let app = context.open(Access::Look).await?;
        let workspace = choice.find(&app).await?;
        let found = workspace.forge(&app)?.get(workspace.place(&app, &key())?, self.number).await?;
        let diff = if self.diff { Some(difference(&app, &workspace, &found).await?) } else { None };
        if context.screen.is_json() {
            context.screen.document(&document(&found, diff.as_deref()))?;
            return Ok(Exit::Done);
        }
        context.screen.answer(lines(&found).join("\n"))?;
        if let Some(diff) = diff {
            context.screen.answer(format!("\n{}", text::plain(&diff)))?;
        }
        if found.state == State::Open {
            let merge = workspace.again(context, &format!("pull-requests merge {}", found.number));
            context.screen.tell(format!("\nMerge with `{merge}`."));
        }
        Ok(Exit::Done)
    }
}

async fn difference(app: &Host, workspace: &ProjectFolder, found: &PullRequest) -> Result<String> {
    let diff = app.forges.repository().diff(workspace.folder()?, found).await;
    diff.map_err(anyhow::Error::msg)
}

fn document(found: &PullRequest, diff: Option<&str>) -> Value {
    let mut document = json!(found);
    for (review, shown) in found.reviews.iter().zip(document["reviews"].as_array_mut().into_iter().flatten()) {
        shown["at"] = json!(figures::stamp(review.at));
    }
    if let Some(diff) = diff {
        document["diff"] = json!(diff);
    }
    document
}

/// What others wrote is indented, so that it cannot pass for words of Baton.
fn lines(found: &PullRequest) -> Vec<String> {
    let proposal = &found.proposal;
    let mut lines = vec![
        painted(STRONG, format!("{} {}", found.number, text::escaped(&proposal.title))),
        format!("{} into {} · {}", text::escaped(&proposal.branch), text::escaped(&proposal.into), describe_state(found)),
    ];
    lines.extend(found.head.as_ref().map(|head| painted(FAINT, format!("Its branch ends with {}.", short(head)))));
    lines.extend(found.address.as_ref().map(|address| painted(FAINT, text::escaped(address))));
    lines.extend(text::plain(&proposal.body).lines().map(|line| format!("  {line}")));
    if !found.checks.is_empty() {
        lines.push("\nChecks".to_owned());
        lines.extend(found.checks.iter().map(|check| {
            let style = match check.progress {
                Progress::Passed => GOOD,
                Progress::Pending => WARNING,
                Progress::Failed => BAD,
            };
            format!("  {} {}  {}", painted(style, check.progress.as_str()), text::escaped(&check.name), text::line(&check.summary))
        }));
    }
    for review in &found.reviews {
        let style = match review.verdict {
            Verdict::Approve => GOOD,
            Verdict::RequestChanges => BAD,
            Verdict::Comment => FAINT,
        };
        lines.push(format!("\n{} · {} · {}", text::escaped(&review.author), painted(style, review.verdict.as_str()), at(review.at)));
        lines.extend(text::plain(&review.text).lines().map(|line| format!("  {line}")));
    }
    lines
}

fn describe_state(found: &PullRequest) -> String {
    match (found.state, &found.merge_commit, found.mergeable) {
        (State::Merged, Some(commit), _) => painted(GOOD, format!("merged by {}", short(commit))),
        (State::Open, _, Mergeable::Conflicts) => painted(BAD, "open, with conflicts"),
        (State::Open, _, Mergeable::Yes) => "open, can be merged".to_owned(),
        (state, _, _) => state.as_str().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interfaces::forge::{Check, Proposal, Review};

    #[test]
    fn what_others_wrote_is_indented_and_hides_nothing() {
        let found = PullRequest {
            number: 3,
            proposal: Proposal {
                branch: "story/1".into(),
                into: "main".into(),
                title: "Split\u{1b}[2J".into(),
                body: "One\n✓ forged".into(),
            },
            state: State::Open,
            head: Some("ab".repeat(20)),
            merge_commit: None,
            mergeable: Mergeable::Conflicts,
            checks: vec![Check { name: "tests".into(), progress: Progress::Failed, summary: "2 of 3\u{9b}31m".into() }],
            reviews: vec![Review { verdict: Verdict::Approve, text: "Fine.".into(), author: "murat".into(), at: 0 }],
            address: None,
        };
        let shown = anstream::adapter::strip_str(&lines(&found).join("\n")).to_string();
        assert!(shown.starts_with("3 Split\\u{1b}[2J\nstory/1 into main · open, with conflicts\n"), "{shown}");
        assert!(shown.contains("\n  ✓ forged\n") && shown.contains("\n  failed tests  2 of 3"), "{shown}");
        assert!(!shown.contains('\u{9b}') && shown.contains("\nmurat · approve · 1970-01-01"), "{shown}");
        assert_eq!(document(&found, Some("+x"))["reviews"][0]["at"], "1970-01-01T00:00:00.000Z");
    }
}
