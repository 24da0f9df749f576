//! `baton backlog show`.

use anyhow::Result;
use clap::Args;
use jiff::tz::TimeZone;

use super::{ProjectChoice, key};
use crate::{
    cli::{
        Context, client,
        costs::known_cost,
        exit::Exit,
        figures,
        pull_requests::{self, check},
        screen::{BAD, FAINT, GOOD, STRONG, WARNING, painted},
        text,
    },
    operations::{
        Access,
        items::{Item, ItemDetails, ItemMove, ItemReview, ItemTests, ReviewFinding, ShowItem},
        pull_requests::{PullRequest, PullRequestState, ReviewVerdict},
        runs::RunSummary,
    },
};

/// Show an item: its content, what it waits for, its status history, runs, tests, reviews, cost and pull request
#[derive(Debug, Args)]
pub(in crate::cli) struct Show {
    /// Key of the item
    #[arg(value_parser = key)]
    key: String,
}

impl Show {
    pub(super) async fn execute(&self, context: &Context, choice: &ProjectChoice) -> Result<Exit> {
        let client = context.connect(Access::Look).await?;
        let shown = client::items::show(&client, &ShowItem { project: choice.reference(), key: self.key.clone() }).await?;
        if context.screen.is_json() {
            context.screen.document(&shown)?;
        } else {
            context.screen.answer(page(&shown, &TimeZone::system()))?;
        }
        Ok(Exit::Done)
    }
}

fn page(shown: &ItemDetails, zone: &TimeZone) -> String {
    let story = &shown.story;
    let moves = shown.history.iter().map(|moved| history(moved, zone)).collect();
    let tests = story.tests.iter().map(|tests| test(tests, zone)).collect();
    let reviews = story.reviews.iter().flat_map(|reviewed| review(reviewed, zone)).collect();
    let cost = if story.cost == Default::default() { Vec::new() } else { vec![cost(shown)] };
    let problem =
        story.pull_request_problem.iter().map(|problem| format!("  {} {}", painted(WARNING, "!"), text::plain(&problem.to_string())));
    let pull_request = story.pull_request.iter().flat_map(pull_request).chain(problem).collect();
    let sections = [
        ("History", moves),
        ("Runs", runs(&story.runs, zone)),
        ("Tests", tests),
        ("Reviews", reviews),
        ("Cost", cost),
        ("Pull request", pull_request),
    ];
    let written = sections.into_iter().filter(|(_, lines): &(_, Vec<String>)| !lines.is_empty());
    let sections = written.map(|(title, lines)| format!("\n{}\n{}", painted(STRONG, title), lines.join("\n")));
    [card(shown)].into_iter().chain(sections).collect::<Vec<_>>().join("\n")
}

/// What the item says. What others wrote is indented, so that it cannot pass for words of Baton.
fn card(shown: &ItemDetails) -> String {
    let Item { key, kind, title, status, parent, after, waits_for, priority, labels, assignee, branch, .. } = &shown.item;
    let mut about = vec![kind.as_str().to_owned(), status.as_str().to_owned(), format!("priority {priority}")];
    about.extend(parent.as_ref().map(|parent| format!("of {parent}")));
    about.extend(assignee.as_ref().map(|assignee| format!("with {}", text::escaped(assignee))));
    about.extend(branch.as_ref().map(|branch| format!("on {}", text::escaped(branch))));
    let mut lines = vec![format!("{}  {}", painted(STRONG, key), text::line(title)), format!("  {}", about.join(" · "))];
    if !labels.is_empty() {
        lines.push(format!("  labels {}", labels.join(", ")));
    }
    if !after.is_empty() {
        lines.push(format!("  after {}", after.join(", ")));
    }
    if !waits_for.is_empty() {
        lines.push(format!("  still waits for {}", waits_for.join(", ")));
    }
    if !shown.body.trim().is_empty() {
        lines.push(String::new());
        lines.extend(text::plain(shown.body.trim()).lines().map(|line| format!("  {line}").trim_end().to_owned()));
    }
    lines.join("\n")
}

fn history(moved: &ItemMove, zone: &TimeZone) -> String {
    let by = match (&moved.run, &moved.person) {
        (Some(run), _) => format!("run {}", text::short(run)),
        (None, person) => text::escaped(person.as_deref().unwrap_or_default()),
    };
    let what = match moved.before {
        None => format!("added as {}", moved.after.as_str()),
        Some(before) => format!("{} → {}", before.as_str(), moved.after.as_str()),
    };
    let reason = text::excerpt(&moved.reason, 200);
    let reason = if reason.is_empty() { reason } else { format!(": {reason}") };
    format!("  {}  {what} by {by}{reason}", painted(FAINT, figures::moment(moved.at.0, zone)))
}

/// The runs that were started for the item; those below them are counted with them.
fn runs(all: &[RunSummary], zone: &TimeZone) -> Vec<String> {
    let is_of_item = |run: &&RunSummary| !run.parent.as_ref().is_some_and(|parent| all.iter().any(|other| other.id == parent.run));
    let line = |run: &RunSummary| {
        let style = match run.state.as_str() {
            "succeeded" => GOOD,
            "failed" | "cancelled" => BAD,
            _ => WARNING,
        };
        let took = figures::duration(run.updated_at.0.saturating_sub(run.created_at.0));
        let below = match run.tally.runs.saturating_sub(1) {
            0 => String::new(),
            below => format!(", with {}", figures::counted(below, "run below it", "runs below it")),
        };
        format!(
            "  {}  {} {} (run {}) · {took}{below}",
            painted(FAINT, figures::moment(run.created_at.0, zone)),
            painted(style, run.state.as_str()),
            text::line(&run.plugin),
            text::short(&run.id)
        )
    };
    all.iter().filter(is_of_item).map(line).collect()
}

fn test(tests: &ItemTests, zone: &TimeZone) -> String {
    let (style, word) = if tests.passed { (GOOD, "passed") } else { (BAD, tests.outcome.as_str()) };
    let flaky = if tests.flaky { ", in the second of two runs" } else { "" };
    let counts = tests.counts.map(|counts| format!(" · {} passed, {} failed, {} skipped", counts.passed, counts.failed, counts.skipped));
    let command = tests.command.as_ref().map(|command| format!(" · `{}`", text::excerpt(command, 80)));
    format!(
        "  {}  {}{flaky}{}{} · {} (run {})",
        painted(FAINT, figures::moment(tests.at.0, zone)),
        painted(style, text::line(word)),
        counts.unwrap_or_default(),
        command.unwrap_or_default(),
        figures::duration(tests.took_ms),
        text::short(&tests.run)
    )
}

fn review(reviewed: &ItemReview, zone: &TimeZone) -> Vec<String> {
    let style = if reviewed.verdict == ReviewVerdict::Approve { GOOD } else { BAD };
    let head = format!(
        "  {}  {} (run {}): {}",
        painted(FAINT, figures::moment(reviewed.at.0, zone)),
        painted(style, reviewed.verdict.as_str()),
        text::short(&reviewed.run),
        text::excerpt(&reviewed.summary, 200)
    );
    let finding = |finding: &ReviewFinding| {
        let mark = if finding.blocking { painted(BAD, "!") } else { painted(FAINT, "-") };
        let place = match (finding.path.as_str(), finding.line) {
            ("", _) => String::new(),
            (path, None) => format!("{} ", text::escaped(path)),
            (path, Some(line)) => format!("{}:{line} ", text::escaped(path)),
        };
        format!("    {mark} {place}{}", text::excerpt(&finding.what, 200))
    };
    [head].into_iter().chain(reviewed.findings.iter().map(finding)).collect()
}

fn cost(shown: &ItemDetails) -> String {
    let sum = &shown.story.cost;
    let replies = figures::counted(sum.replies, "model reply", "model replies");
    let tokens = format!("{} → {} tokens", figures::count(sum.input_tokens), figures::count(sum.output_tokens));
    format!("  {} · {replies} · {tokens}", known_cost(sum))
}

fn pull_request(found: &PullRequest) -> Vec<String> {
    let summary = &found.summary;
    let state = match (summary.state, &found.merge_commit) {
        (PullRequestState::Merged, Some(commit)) => painted(GOOD, format!("merged by {}", pull_requests::short(commit))),
        (state, _) => state.as_str().to_owned(),
    };
    let head = format!("  {} · {} into {} · {state}", summary.number, text::escaped(&summary.branch), text::escaped(&summary.into));
    [head].into_iter().chain(found.checks.iter().map(|shown| format!("  {}", check(shown)))).collect()
}
