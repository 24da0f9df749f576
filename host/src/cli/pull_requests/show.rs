//! `baton pull-requests show`.

use anyhow::Result;
use clap::Args;
use jiff::tz::TimeZone;

use super::{ProjectChoice, numbers, short};
use crate::{
    cli::{
        Context, client,
        exit::Exit,
        figures,
        screen::{BAD, FAINT, GOOD, STRONG, WARNING, painted},
        text,
    },
    operations::{
        Access,
        pull_requests::{Check, CheckProgress, Mergeable, PullRequest, PullRequestState, Review, ReviewVerdict, ShowPullRequest},
    },
};

/// Show a pull request: its description, checks and reviews
#[derive(Debug, Args)]
pub(in crate::cli) struct Show {
    /// Number of the pull request
    #[arg(value_parser = numbers())]
    number: u64,
    /// Also show the diff, read from the repository in the project's directory
    #[arg(long)]
    diff: bool,
}

impl Show {
    pub(super) async fn execute(&self, context: &Context, choice: &ProjectChoice) -> Result<Exit> {
        let client = context.connect(Access::Look).await?;
        let request = ShowPullRequest { project: choice.reference(), number: self.number, diff: self.diff };
        let shown = client::pull_requests::show(&client, &request).await?;
        if context.screen.is_json() {
            context.screen.document(&shown)?;
            return Ok(Exit::Done);
        }
        context.screen.answer(lines(&shown, &TimeZone::system()).join("\n"))?;
        if let Some(diff) = &shown.diff {
            context.screen.answer(format!("\n{}", text::plain(diff)))?;
        }
        if shown.summary.state == PullRequestState::Open {
            let merge = choice.again(context, &format!("pull-requests merge {}", self.number));
            context.screen.tell(format!("\nMerge with `{merge}`."));
        }
        Ok(Exit::Done)
    }
}

/// What others wrote is indented, so that it cannot pass for words of Baton.
fn lines(shown: &PullRequest, zone: &TimeZone) -> Vec<String> {
    let summary = &shown.summary;
    let mut lines = vec![
        painted(STRONG, format!("{} {}", summary.number, text::escaped(&summary.title))),
        format!("{} into {} · {}", text::escaped(&summary.branch), text::escaped(&summary.into), describe_state(shown)),
    ];
    lines.extend(shown.head.as_ref().map(|head| painted(FAINT, format!("The last commit of its branch is {}.", short(head)))));
    lines.extend(shown.url.as_ref().map(|url| painted(FAINT, text::escaped(url))));
    lines.extend(text::plain(&shown.body).lines().map(|line| format!("  {line}")));
    if !shown.checks.is_empty() {
        lines.push("\nChecks".to_owned());
        lines.extend(shown.checks.iter().map(check));
    }
    for Review { verdict, text, author, at } in &shown.reviews {
        let at = figures::moment(at.0, zone);
        lines.push(format!("\n{} · {} · {at}", text::escaped(author), painted(style(*verdict), verdict.as_str())));
        lines.extend(text::plain(text).lines().map(|line| format!("  {line}")));
    }
    lines
}

/// A line about a check.
pub(in crate::cli) fn check(Check { name, progress, summary }: &Check) -> String {
    let style = match progress {
        CheckProgress::Passed => GOOD,
        CheckProgress::Pending => WARNING,
        CheckProgress::Failed => BAD,
    };
    format!("  {} {}  {}", painted(style, progress.as_str()), text::escaped(name), text::line(summary))
}

fn style(verdict: ReviewVerdict) -> anstyle::Style {
    match verdict {
        ReviewVerdict::Approve => GOOD,
        ReviewVerdict::RequestChanges => BAD,
        ReviewVerdict::Comment => FAINT,
    }
}

fn describe_state(shown: &PullRequest) -> String {
    match (shown.summary.state, &shown.merge_commit, shown.mergeable) {
        (PullRequestState::Merged, Some(commit), _) => painted(GOOD, format!("merged by {}", short(commit))),
        (PullRequestState::Open, _, Mergeable::Conflicts) => painted(BAD, "open, with conflicts"),
        (PullRequestState::Open, _, Mergeable::Yes) => "open, can be merged".to_owned(),
        (state, _, _) => state.as_str().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::{Moment, pull_requests::PullRequestSummary};

    #[test]
    fn what_others_wrote_is_indented_and_hides_nothing() {
        let shown = PullRequest {
            summary: PullRequestSummary {
                number: 3,
                state: PullRequestState::Open,
                branch: "story/1".into(),
                into: "main".into(),
                title: "Split\u{1b}[2J".into(),
            },
            body: "One\n✓ forged".into(),
            head: Some("ab".repeat(20)),
            merge_commit: None,
            mergeable: Mergeable::Conflicts,
            checks: vec![Check { name: "tests".into(), progress: CheckProgress::Failed, summary: "2 of 3\u{9b}31m".into() }],
            reviews: vec![Review { verdict: ReviewVerdict::Approve, text: "Fine.".into(), author: "murat".into(), at: Moment(0) }],
            url: None,
            diff: None,
        };
        let shown = anstream::adapter::strip_str(&lines(&shown, &TimeZone::UTC).join("\n")).to_string();
        assert!(shown.starts_with("3 Split\\u{1b}[2J\nstory/1 into main · open, with conflicts\n"), "{shown}");
        assert!(shown.contains("\n  ✓ forged\n") && shown.contains("\n  failed tests  2 of 3"), "{shown}");
        assert!(!shown.contains('\u{9b}') && shown.contains("\nmurat · approved · 1970-01-01 00:00:00"), "{shown}");
    }
}
