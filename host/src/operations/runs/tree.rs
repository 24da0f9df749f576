//! What came of a run, and the tree below it a page at a time. Changes neither.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    RunId, RunState, RunSummary,
    list::{in_order, summarize},
};
use crate::{
    kernel::run::Summary,
    operations::{Host, Page, Problem, access::Caller},
};

/// Which part of a tree to list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ListTree {
    /// The id of the run at its top, or any beginning or end of it.
    pub run: String,
    /// Only those behind a page, by its `next`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// At most this many.
    pub limit: u32,
}

/// What came of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RunOutput {
    /// The run.
    pub run: RunId,
    /// Where it stands; the error of one that failed is in it.
    #[serde(flatten)]
    pub state: RunState,
    /// What it returned, once it succeeded.
    #[serde(default, deserialize_with = "super::view::present", skip_serializing_if = "Option::is_none")]
    pub output: Option<Value>,
    /// What it leaves undone, if it succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shortfall: Option<String>,
}

/// A run and all runs below it, each followed by its own, in the order in which they were started.
pub async fn list_tree(host: &Host, caller: &Caller, request: &ListTree) -> Result<Page<RunSummary>, Problem> {
    let run = Summary::from(host.app.kernel.resolve(&request.run).await?);
    let below = host.app.kernel.tree_summaries(&run.id).await?.into_iter().filter(|below| below.id != run.id);
    let tree = [vec![run.clone()], in_order(below.collect())].concat();
    let Page { items, next } = Page::cut(tree, |run| run.id.to_string(), request.cursor.as_deref(), request.limit)?;
    let items = summarize(host, items).await?.into_iter().map(|run| run.seen_by(caller)).collect();
    Ok(Page { items, next })
}

/// What came of a run so far.
pub async fn load_output(host: &Host, part: &str) -> Result<RunOutput, Problem> {
    let run = host.app.kernel.resolve(part).await?;
    let state = RunState::from(run.state).with_failed_call(run.failed_call);
    Ok(RunOutput { run: run.id, state, output: run.output, shortfall: run.shortfall })
}
