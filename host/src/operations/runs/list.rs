//! Runs listed and found. Changes none of them.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Moment, PluginKind, Run, RunId, RunSummary};
use crate::{
    kernel::{
        KernelError,
        run::{self, Filter, Summary},
    },
    operations::{Host, Page, Problem, access::Caller, reject_cursor},
};

/// Which runs to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ListRuns {
    /// Also the runs that other runs started.
    #[serde(default)]
    pub all: bool,
    /// Only those of this project, by its name or id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// Only those of this plugin, by its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plugin: Option<String>,
    /// Only those of a plugin of this kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<PluginKind>,
    /// Only those for this item of their project's backlog, by its key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
    /// Only those in one of these states; all when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub states: Vec<StateWord>,
    /// Only those created then or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Moment>,
    /// Only these runs and all runs below them; all when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub within: Vec<RunId>,
    /// Only those behind a page, by its `next`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// At most this many.
    pub limit: u32,
}

/// The word for a state of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StateWord {
    /// Ready to be executed.
    Queued,
    /// Being executed.
    Running,
    /// Suspended until something happens.
    Waiting,
    /// Suspended until an operator resumes it.
    Paused,
    /// Ended with its output.
    Succeeded,
    /// Ended with an error.
    Failed,
    /// Ended by a request to cancel it.
    Cancelled,
}

impl StateWord {
    /// All of them.
    pub const ALL: [Self; 7] = [Self::Queued, Self::Running, Self::Waiting, Self::Paused, Self::Succeeded, Self::Failed, Self::Cancelled];

    /// The word itself.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Paused => "paused",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state that a word names.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// Newest first.
pub async fn list(host: &Host, request: &ListRuns) -> Result<Page<RunSummary>, Problem> {
    list_filtered(host, request, filter(host, request).await?).await
}

/// The same for a caller: only runs of projects that exist for them.
pub async fn list_for(host: &Host, caller: &Caller, request: &ListRuns) -> Result<Page<RunSummary>, Problem> {
    let project = match &request.project {
        Some(name) => Some(vec![caller.find_project(host, name).await?]),
        None => caller.only_projects(),
    };
    let request = ListRuns { project: None, ..request.clone() };
    let filter = Filter { projects: project, ..filter(host, &request).await? };
    let Page { items, next } = list_filtered(host, &request, filter).await?;
    Ok(Page { items: items.into_iter().map(|run| run.seen_by(caller)).collect(), next })
}

async fn list_filtered(host: &Host, request: &ListRuns, filter: Filter) -> Result<Page<RunSummary>, Problem> {
    // One more than was asked for says whether there is another page.
    let beyond = Filter { limit: request.limit.saturating_add(1), ..filter };
    let mut found = host.app.kernel.runs().summaries(&beyond).await.map_err(KernelError::from)?;
    let limit = request.limit as usize;
    let is_last = found.len() <= limit;
    found.truncate(limit);
    let next = found.last().filter(|_| !is_last).map(write_cursor);
    Ok(Page { items: summarize(host, found).await?, next })
}

async fn filter(host: &Host, request: &ListRuns) -> Result<Filter, Problem> {
    let project = match &request.project {
        Some(name) => Some(host.app.kernel.find_project(name).await?.id),
        None => None,
    };
    Ok(Filter {
        roots_only: !request.all,
        within: request.within.clone(),
        states: request.states.iter().map(|state| state.as_str().to_owned()).collect(),
        plugin: request.plugin.clone(),
        kind: request.kind.map(PluginKind::to_kind),
        projects: project.map(|id| vec![id]),
        item: request.item.clone(),
        since: request.since.map_or(0, |since| since.0),
        behind: request.cursor.as_deref().map(read_cursor).transpose()?,
        limit: request.limit,
    })
}

/// The runs with what each took, which is read at once for all of them.
pub(in crate::operations) async fn summarize(host: &Host, runs: Vec<Summary>) -> Result<Vec<RunSummary>, Problem> {
    if runs.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<RunId> = runs.iter().map(|run| run.id.clone()).collect();
    let tallies = host.app.kernel.runs().tallies(&ids).await.map_err(KernelError::from)?;
    let summary = |run: Summary| {
        let tally = tallies.get(&run.id).copied().unwrap_or_default();
        RunSummary::new(run, tally)
    };
    Ok(runs.into_iter().map(summary).collect())
}

/// The run that is meant by its id, or by any beginning or end of one, as a whole.
pub async fn find(host: &Host, part: &str) -> Result<Run, Problem> {
    let run = host.app.kernel.resolve(part).await?;
    let tree = host.app.kernel.tree_summaries(&run.id).await?;
    let below = tree.into_iter().filter(|below| below.id != run.id).collect();
    let published = host.app.kernel.published().published(&run.id).await?;
    let signals = host.app.kernel.signals().untaken(&run.id).await.map_err(KernelError::from)?;
    let run::Run { input, output, settings, ceiling, .. } = run.clone();
    let mut summaries = summarize(host, [vec![Summary::from(run)], in_order(below)].concat()).await?;
    let summary = summaries.remove(0);
    Ok(Run {
        summary,
        input,
        output,
        settings,
        ceiling: ceiling.bounds().iter().cloned().map(super::Bound::from).collect(),
        published: published.into_iter().map(|shown| (shown.key.clone(), shown.into())).collect(),
        signals: signals.into_iter().map(super::PendingSignal::from).collect(),
        runs: summaries,
    })
}

/// The same for a caller.
pub async fn find_for(host: &Host, caller: &Caller, part: &str) -> Result<Run, Problem> {
    let run = find(host, part).await?;
    let runs = run.runs.into_iter().map(|run| run.seen_by(caller)).collect();
    Ok(Run { summary: run.summary.seen_by(caller), runs, ..run })
}

/// The run that a caller means by an id, or by any beginning or end of one, among those that exist for them.
pub async fn identify_for(host: &Host, caller: &Caller, part: &str) -> Result<RunSummary, Problem> {
    let run = host.app.kernel.resolve_among(part, |project| caller.sees(project)).await?;
    Ok(summarize(host, vec![Summary::from(run)]).await?.remove(0).seen_by(caller))
}

/// The runs below a run, each followed by its own, in the order in which they were started.
pub(super) fn in_order(mut below: Vec<Summary>) -> Vec<Summary> {
    below.sort_by_key(|run| run.parent.as_ref().map(|(_, seq)| *seq));
    let present: HashSet<RunId> = below.iter().map(|run| run.id.clone()).collect();
    let mut ordered = Vec::with_capacity(below.len());
    let mut by_parent: HashMap<Option<RunId>, Vec<Summary>> = HashMap::new();
    for run in below {
        let parent = run.parent.as_ref().map(|(id, _)| id).filter(|id| present.contains(id)).cloned();
        by_parent.entry(parent).or_default().push(run);
    }
    descend(&mut by_parent, None, &mut ordered);
    ordered
}

fn descend(by_parent: &mut HashMap<Option<RunId>, Vec<Summary>>, parent: Option<RunId>, ordered: &mut Vec<Summary>) {
    for run in by_parent.remove(&parent).unwrap_or_default() {
        let id = run.id.clone();
        ordered.push(run);
        descend(by_parent, Some(id), ordered);
    }
}

fn write_cursor(last: &Summary) -> String {
    format!("{}.{}", last.created_at, last.id)
}

fn read_cursor(cursor: &str) -> Result<(u64, RunId), Problem> {
    let (at, id) = cursor.split_once('.').filter(|(_, id)| !id.is_empty()).ok_or_else(reject_cursor)?;
    Ok((at.parse().map_err(|_| reject_cursor())?, RunId::from_text(id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_and_anything_else_is_rejected_with_its_field() {
        assert_eq!(read_cursor("17.0194-a").unwrap(), (17, RunId::from_text("0194-a")));
        for wrong in ["", "17", "17.", ".a", "-1.a", "x.a", "99999999999999999999.a"] {
            assert_eq!(read_cursor(wrong).unwrap_err().field.as_deref(), Some("cursor"), "{wrong}");
        }
    }
}
