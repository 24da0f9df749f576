//! How a tree of runs stands once it was executed: its output or error, what it waits for and how it continues. Continues nothing.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    continuation::{self, Continuation, RetryKind},
    drive::needs_operator,
};
use crate::{
    journal::{Awaited, RunId},
    kernel::{
        Kernel, KernelError,
        run::{Run, State, Summary},
    },
    operations::{
        Host, Problem,
        questions::{self, ListQuestions, Question},
        runs::{RunSummary, summarize},
    },
};

/// How a tree of runs stands after it was executed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Outcome {
    /// The root, with what all of the tree took.
    #[serde(flatten)]
    pub run: RunSummary,
    /// What it returned, once it succeeded.
    #[serde(default, deserialize_with = "crate::operations::runs::present", skip_serializing_if = "Option::is_none")]
    pub output: Option<Value>,
    /// How long it was followed, in milliseconds.
    pub took_ms: u64,
    /// Whether the running host executes it, and not the host that was asked.
    pub is_served: bool,
    /// Whether it is left in the middle of a call.
    pub is_interrupted: bool,
    /// The runs below the root that are paused, or wait for their operator.
    pub paused: Vec<RunSummary>,
    /// The runs of other trees that it waits for, as a fork does for those that its source started.
    pub elsewhere: Vec<RunSummary>,
    /// The runs that wait for a signal or for a change of an item, where nothing else in the tree can continue.
    pub awaiting: Vec<RunSummary>,
    /// The questions of the tree that wait for an answer.
    pub questions: Vec<Question>,
    /// The paused project that it waits for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_by: Option<String>,
    /// How it continues, if it failed or cannot continue by itself.
    pub continuation: Continuation,
    /// How the root can be tried again where it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<RetryKind>,
}

/// How the tree under `root` stands. `took_ms` says how long it was followed.
pub async fn outcome(host: &Host, root: &RunId, took_ms: u64) -> Result<Outcome, Problem> {
    let kernel: &Kernel = &host.app.kernel;
    let run = kernel.run(root).await?;
    let tree = kernel.tree(root).await?;
    let elsewhere = awaited_elsewhere(kernel, &tree).await?;
    let (continuation, retry) = continuation::find(kernel, &run, &tree).await?;
    let below = tree.iter().filter(|run| run.id != *root);
    let paused: Vec<Run> = below.filter(|run| matches!(run.state, State::Paused { .. }) || needs_operator(&run.state)).cloned().collect();
    let held_by = if run.state.is_final() { None } else { kernel.held_by(&run.project).await? };
    let request = ListQuestions { all: false, root: Some(root.clone()) };
    Ok(Outcome {
        output: run.output.clone(),
        took_ms,
        is_served: host.is_served(),
        is_interrupted: false,
        paused: summaries(host, paused).await?,
        elsewhere: summaries(host, elsewhere).await?,
        awaiting: summaries(host, awaiting_outside(&tree)).await?,
        questions: questions::list(host, &request).await?.items,
        held_by,
        continuation,
        retry,
        run: summaries(host, vec![run]).await?.remove(0),
    })
}

impl Outcome {
    /// Whether its plugin rejected the input before it did anything.
    pub fn rejects_input(&self) -> bool {
        matches!(self.continuation, Continuation::AnotherInput { .. })
    }
}

async fn summaries(host: &Host, runs: Vec<Run>) -> Result<Vec<RunSummary>, Problem> {
    summarize(host, runs.into_iter().map(Summary::from).collect()).await
}

/// The runs of the tree that wait for what comes from outside of it; none where another can continue.
fn awaiting_outside(tree: &[Run]) -> Vec<Run> {
    if tree.iter().any(|run| matches!(run.state, State::Queued | State::Running)) {
        return Vec::new();
    }
    tree.iter().filter(|run| waits_outside(run)).cloned().collect()
}

/// Whether a signal or a change of an item wakes the run.
fn waits_outside(run: &Run) -> bool {
    let State::Waiting { wait } = &run.state else { return false };
    wait.awaited().iter().any(|awaited| matches!(awaited, Awaited::Signal(_) | Awaited::Item { .. }))
}

/// The runs that the tree waits for and that are not part of it: a fork shares the children that its source started.
async fn awaited_elsewhere(kernel: &Kernel, tree: &[Run]) -> Result<Vec<Run>, Problem> {
    let mut elsewhere = Vec::new();
    for run in tree {
        let State::Waiting { wait } = &run.state else { continue };
        for awaited in wait.awaited() {
            let Awaited::Run(id) = awaited else { continue };
            if !tree.iter().any(|run| run.id == id) {
                let found = kernel.runs().find(&id).await.map_err(KernelError::from)?;
                elsewhere.extend(found.filter(|found| !found.state.is_final()));
            }
        }
    }
    Ok(elsewhere)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{journal::Wait, operations::execution::testing::run};

    #[test]
    fn runs_wait_for_the_outside_once_nothing_else_continues() {
        let wait = |of| State::Waiting { wait: Wait::Any { of: vec![of], until: None } };
        let signal = run("b", "mary", wait(Awaited::Signal("go".to_owned())));
        let item = run("c", "mary", wait(Awaited::Item { key: "1-1".to_owned(), revision: 1 }));
        let parent = run("a", "plan", State::Waiting { wait: Wait::Runs(vec![signal.id.clone()]) });
        let tree = [parent, signal.clone(), item.clone()];
        assert_eq!(awaiting_outside(&tree), [signal, item]);
        let tree = [tree.as_slice(), &[run("d", "mary", State::Queued)]].concat();
        assert_eq!(awaiting_outside(&tree), []);
    }
}
