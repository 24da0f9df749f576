//! What models cost, added up by agent, workflow, project, story, model or day. Prices nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use baton_slots::DEVELOPER;
use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use super::{Dollars, Host, Problem, access::Caller};
use crate::{
    interfaces::llm::money::{Posting, PostingFilter, Sum, local_day, sums},
    journal::RunId,
    kernel::{
        KernelError,
        run::{Filter, Summary},
    },
};

const DAY: u64 = 24 * 60 * 60 * 1000;

/// What costs are added up by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CostBy {
    /// The plugin that asked the model.
    #[default]
    Agent,
    /// The plugin of the run at the root.
    Workflow,
    /// The project.
    Project,
    /// The item of the backlog that the runs were for.
    Story,
    /// The model that answered.
    Model,
    /// The day, in the time zone of the host.
    Day,
}

/// Which costs to show.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ShowCosts {
    /// What to add up by.
    #[serde(default)]
    pub by: CostBy,
    /// Only the last days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
    /// Only those of this project, by its name or id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
}

/// What models cost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Costs {
    /// What the rows are.
    pub by: CostBy,
    /// Days in their order, others most expensive first.
    pub rows: Vec<CostRow>,
    /// All rows together.
    pub total: CostSum,
    /// Where the prices come from.
    pub prices: String,
}

/// A row of costs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CostRow {
    /// A plugin, a project's name, an item's key, a model or a day. Empty for replies that were for no story.
    pub name: String,
    /// The id of the project, where the row is of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// What it adds up to.
    #[serde(flatten)]
    pub sum: CostSum,
    /// Of a story, what its runs took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub work: Option<StoryWork>,
}

/// What replies add up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CostSum {
    /// Replies of models.
    pub replies: u64,
    /// Those, and tries without one, whose cost is not known; they are in no sum.
    pub replies_without_price: u64,
    /// Tokens sent.
    pub input_tokens: u64,
    /// Those of them that came from a provider's cache.
    pub cached_input_tokens: u64,
    /// Tokens received.
    pub output_tokens: u64,
    /// The reply that took the largest share of its model's window, where windows are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fullest_window: Option<FullestWindow>,
    /// The whole cost. Absent where part of it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<Dollars>,
    /// The costs that are known.
    pub known_cost_usd: Dollars,
    /// The part of them that was perhaps charged for calls without a reply.
    pub possibly_charged_usd: Dollars,
}

/// How much of a model's window a reply took.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FullestWindow {
    /// Tokens sent and received.
    pub tokens: u64,
    /// Tokens of the window.
    pub window_tokens: u64,
}

/// What the runs of a story took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StoryWork {
    /// Tasks that a developer was given.
    pub tries: u64,
    /// From the first to the last sign of its runs, in milliseconds. Time between two sprints does not count.
    pub took_ms: u64,
}

/// What a row adds up: a project's id where it is of one, and a name.
type Key = (Option<String>, String);

/// What models cost.
pub async fn show(host: &Host, request: &ShowCosts) -> Result<Costs, Problem> {
    let projects = match &request.project {
        Some(name) => Some(vec![host.app.kernel.find_project(name).await?.id]),
        None => None,
    };
    show_filtered(host, request, projects).await
}

/// The same for a caller: only costs of projects that exist for them.
pub async fn show_for(host: &Host, caller: &Caller, request: &ShowCosts) -> Result<Costs, Problem> {
    let projects = match &request.project {
        Some(name) => Some(vec![caller.find_project(host, name).await?]),
        None => caller.only_projects(),
    };
    show_filtered(host, request, projects).await
}

async fn show_filtered(host: &Host, request: &ShowCosts, projects: Option<Vec<String>>) -> Result<Costs, Problem> {
    let since = request.days.map_or(0, |days| host.app.kernel.now().saturating_sub(u64::from(days) * DAY));
    let mut roots = BTreeSet::new();
    let key = |posting: &Posting| {
        roots.insert(posting.root.clone());
        key(request.by, posting)
    };
    let filter = PostingFilter { since, projects, ..PostingFilter::default() };
    let mut sums = sums(host.app.ledger.as_ref(), &filter, key).await?;
    let work = if request.by == CostBy::Story { work(host, &roots).await? } else { BTreeMap::new() };
    // A story whose runs asked no model took time all the same.
    for key in work.keys() {
        sums.entry(key.clone()).or_default();
    }
    let names = if request.by == CostBy::Project { names(host).await? } else { HashMap::new() };
    let mut total = Sum::default();
    sums.values().for_each(|sum| total.join(sum));
    let mut rows: Vec<_> = sums.into_iter().collect();
    if request.by != CostBy::Day {
        rows.sort_by(|(one, costs), (other, others)| others.cost.cmp(&costs.cost).then(one.cmp(other)));
    }
    let row = |((project, name), sum): (Key, Sum)| {
        let is_story = request.by == CostBy::Story && project.is_some();
        let work = is_story.then(|| work.get(&(project.clone(), name.clone())).copied().unwrap_or_default());
        let name = project.as_ref().and_then(|project| names.get(project)).cloned().unwrap_or(name);
        CostRow { name, project, sum: sum.into(), work }
    };
    let prices = host.config().prices.provenance().to_string();
    Ok(Costs { by: request.by, rows: rows.into_iter().map(row).collect(), total: total.into(), prices })
}

/// What the replies for one item cost.
pub(super) async fn of_item(host: &Host, project: &str, item: &str) -> Result<CostSum, Problem> {
    let filter = PostingFilter { item: Some((project.to_owned(), item.to_owned())), ..PostingFilter::default() };
    let sums = sums(host.app.ledger.as_ref(), &filter, |_| ()).await?;
    Ok(sums.into_values().next().unwrap_or_default().into())
}

fn key(by: CostBy, posting: &Posting) -> Key {
    match by {
        CostBy::Agent => (None, posting.plugin.clone()),
        CostBy::Workflow => (None, posting.workflow.clone()),
        CostBy::Project => (Some(posting.project.clone()), posting.project.clone()),
        CostBy::Story => match &posting.item {
            Some(item) => (Some(posting.project.clone()), item.clone()),
            None => (None, String::new()),
        },
        CostBy::Model => (None, posting.model.clone()),
        CostBy::Day => (None, local_day(posting.at)),
    }
}

async fn names(host: &Host) -> Result<HashMap<String, String>, Problem> {
    let projects = host.app.kernel.projects().all_projects().await.map_err(KernelError::from)?;
    Ok(projects.into_iter().map(|project| (project.id, project.name)).collect())
}

/// The work for each story below these roots.
async fn work(host: &Host, roots: &BTreeSet<RunId>) -> Result<BTreeMap<Key, StoryWork>, Problem> {
    if roots.is_empty() {
        return Ok(BTreeMap::new());
    }
    let filter = Filter { within: roots.iter().cloned().collect(), limit: u32::MAX, ..Filter::default() };
    let runs = host.app.kernel.runs().summaries(&filter).await.map_err(KernelError::from)?;
    Ok(add(runs.iter().filter_map(Task::of)))
}

/// A run for a story.
struct Task {
    root: RunId,
    story: Key,
    is_try: bool,
    created_at: u64,
    updated_at: u64,
}

impl Task {
    /// None where the run is for no story.
    fn of(run: &Summary) -> Option<Self> {
        let story = (Some(run.project.clone()), run.item.clone()?);
        // Each task for the developer is a try.
        let is_try = run.slot.as_deref() == Some(DEVELOPER);
        Some(Self { root: run.root.clone(), story, is_try, created_at: run.created_at, updated_at: run.updated_at })
    }
}

/// Adds runs up. A story takes time in each tree by itself.
fn add(tasks: impl Iterator<Item = Task>) -> BTreeMap<Key, StoryWork> {
    let mut work: BTreeMap<Key, StoryWork> = BTreeMap::new();
    let mut spans: HashMap<(RunId, Key), (u64, u64)> = HashMap::new();
    for Task { root, story, is_try, created_at, updated_at } in tasks {
        let span = spans.entry((root, story.clone())).or_insert((u64::MAX, 0));
        *span = (span.0.min(created_at), span.1.max(updated_at));
        work.entry(story).or_default().tries += u64::from(is_try);
    }
    for ((_, story), (first, last)) in spans {
        work.entry(story).or_default().took_ms += last.saturating_sub(first);
    }
    work
}

impl From<Sum> for CostSum {
    fn from(sum: Sum) -> Self {
        let Sum { replies, unpriced, cost, possibly_charged, input_tokens, cached_input_tokens, output_tokens, fullest, .. } = sum;
        let window = FullestWindow { tokens: fullest.tokens, window_tokens: fullest.window_tokens };
        Self {
            replies,
            replies_without_price: unpriced,
            input_tokens,
            cached_input_tokens,
            output_tokens,
            fullest_window: Some(window).filter(|window| window.window_tokens > 0),
            cost_usd: sum.whole_cost().map(Dollars),
            known_cost_usd: Dollars(cost),
            possibly_charged_usd: Dollars(possibly_charged),
        }
    }
}

/// The views of this file.
#[derive(OpenApi)]
#[openapi(components(schemas(Costs)))]
pub(super) struct Views;

#[cfg(test)]
mod tests {
    use super::*;

    fn key(item: &str) -> Key {
        (Some("p".to_owned()), item.to_owned())
    }

    fn of(root: &str, item: &str, is_try: bool, created_at: u64, updated_at: u64) -> Task {
        Task { root: RunId::from_text(root), story: key(item), is_try, created_at, updated_at }
    }

    #[test]
    fn a_story_takes_the_time_of_its_runs_in_each_tree() {
        let tasks = [
            of("a", "1-1", false, 100, 500),
            of("a", "1-1", true, 110, 200),
            of("a", "1-1", true, 210, 400),
            of("a", "1-2", false, 100, 150),
            of("b", "1-1", true, 10_000, 10_100),
        ];
        let work = add(tasks.into_iter());
        assert_eq!(work[&key("1-1")], StoryWork { tries: 3, took_ms: 500 });
        assert_eq!(work[&key("1-2")], StoryWork { tries: 0, took_ms: 50 });
    }

    #[test]
    fn a_sum_with_an_unknown_part_has_no_whole_cost() {
        let sum = CostSum::from(Sum { replies: 2, unpriced: 1, ..Sum::default() });
        assert_eq!((sum.cost_usd, sum.fullest_window), (None, None));
        let written = serde_json::to_value(sum).unwrap();
        assert_eq!((written["known_cost_usd"].as_str(), written.get("cost_usd")), (Some("0.00"), None));
    }
}
