//! What in a project waits for a person: open questions, paused runs and failed checks. Changes none of it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    interfaces::people::{self, Asked},
    journal::RunId,
    kernel::{
        KernelError,
        run::{Filter, State, Summary},
    },
    operations::{Host, Moment, Problem, questions::QuestionId},
};

/// Paused runs that are named.
const MOST_RUNS: u32 = 100;

/// Something that waits for a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum AttentionItem {
    /// A question that has no answer.
    Question {
        /// Its id.
        question: QuestionId,
        /// The run that waits for it.
        run: RunId,
        /// What is asked.
        text: String,
        /// When it was asked.
        at: Moment,
    },
    /// A run that a person has to resume.
    PausedRun {
        /// The run.
        run: RunId,
        /// Its plugin.
        plugin: String,
        /// The item that it is for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        item: Option<String>,
        /// Why it is paused.
        reason: String,
        /// Since when.
        at: Moment,
    },
    /// A check of an open pull request of the host's own failed.
    RedBuild {
        /// The number of the pull request.
        pull_request: u64,
        /// Its branch.
        branch: String,
        /// The check.
        check: String,
        /// What it says, a line.
        summary: String,
        /// When it was reported.
        at: Moment,
    },
}

/// What waits for a person in the project with this id: questions, then paused runs, then failed checks.
pub(super) async fn load_attention(host: &Host, project: &str) -> Result<Vec<AttentionItem>, Problem> {
    let open = people::Filter { projects: Some(vec![project.to_owned()]), ..people::Filter::default() };
    let asked = host.app.questions.list(&open).await?.into_iter();
    let question = |Asked { id, run, question, asked_at, .. }: Asked| AttentionItem::Question {
        question: id,
        run,
        text: question.text,
        at: Moment(asked_at),
    };
    let mut attention: Vec<_> = asked.map(question).collect();
    let states = vec!["paused".to_owned()];
    let filter = Filter { states, projects: Some(vec![project.to_owned()]), limit: MOST_RUNS, ..Filter::default() };
    let paused = host.app.kernel.runs().summaries(&filter).await.map_err(KernelError::from)?;
    attention.extend(paused.into_iter().filter_map(paused_run));
    attention.extend(host.app.reports().failed_checks(project).await?.into_iter().map(|failed| AttentionItem::RedBuild {
        pull_request: failed.number,
        branch: failed.branch,
        check: failed.check,
        summary: failed.summary,
        at: Moment(failed.at),
    }));
    Ok(attention)
}

fn paused_run(run: Summary) -> Option<AttentionItem> {
    let Summary { id, plugin, item, state, updated_at, .. } = run;
    let State::Paused { pause } = state else { return None };
    Some(AttentionItem::PausedRun { run: id, plugin, item, reason: pause.reason, at: Moment(updated_at) })
}
