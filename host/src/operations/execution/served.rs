//! A tree of runs that another host executes: how it stands, and what it does, put together from what that host tells of it. Asks no
//! host over a network.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    drive::{TreeState, tree_state, waits_for_people},
    feed::title_of,
    fold::Progress,
    outcome::{Outcome, outcome},
    progress::{Snapshot, Step},
};
use crate::{
    events::{self, Draft},
    journal::RunId,
    operations::{
        Host, Problem,
        access::Caller,
        events::Event,
        plugins::Plugin,
        questions::{self, ListQuestions, Question},
        runs::RunSummary,
    },
};

/// How a tree of runs stands, for who follows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TreeStatus {
    /// What keeps it from continuing, if something does.
    pub state: TreeState,
    /// Whether everything in it waits for people or for operators, or has ended.
    pub waits_for_people: bool,
    /// Its questions that wait for an answer, most severe first.
    pub questions: Vec<Question>,
}

/// How the tree under a run stands.
pub async fn tree_status(host: &Host, root: &RunId) -> Result<TreeStatus, Problem> {
    let request = ListQuestions { all: false, root: Some(root.clone()) };
    Ok(TreeStatus {
        state: tree_state(host, root).await?,
        waits_for_people: waits_for_people(host, root).await?,
        questions: questions::list(host, &request).await?.items,
    })
}

/// How the tree under a run stands once it was followed, for a caller, who need not know where on this machine runs work.
pub async fn outcome_for(host: &Host, caller: &Caller, root: &RunId) -> Result<Outcome, Problem> {
    let outcome = outcome(host, root, 0).await?;
    let seen = |runs: Vec<RunSummary>| runs.into_iter().map(|run| run.seen_by(caller)).collect();
    Ok(Outcome {
        run: outcome.run.seen_by(caller),
        paused: seen(outcome.paused),
        elsewhere: seen(outcome.elsewhere),
        awaiting: seen(outcome.awaiting),
        continuation: outcome.continuation.seen_by(caller),
        ..outcome
    })
}

/// A tree that is followed by its events.
pub struct ServedTree(Progress);

impl ServedTree {
    /// The tree under a run. `plugins` are called by their titles.
    pub fn new(root: &RunSummary, plugins: &[Plugin]) -> Self {
        let titled = plugins.iter().filter_map(|plugin| Some((plugin.name.clone(), title_of(&plugin.description)?)));
        Self(Progress::new(root, titled.collect::<BTreeMap<_, _>>()))
    }

    /// Takes in a run of the tree that was there before.
    pub fn include(&mut self, run: &RunSummary) {
        self.0.include(run);
    }

    /// Takes in an event. One taken in before, or of another tree, gives no steps.
    pub fn take(&mut self, event: Event) -> Vec<Step> {
        let Event { cursor, at, category, name, run, actor, data, .. } = event;
        self.0.take(&events::Event { cursor, at: at.0, draft: Draft { category, name, run, actor, data } })
    }

    /// Takes note that all events until now happened before it was followed.
    pub fn begin(&mut self) {
        self.0.begin_execution();
    }

    /// Whether a run is known to be of the tree.
    pub fn includes(&self, run: &RunId) -> bool {
        self.0.includes(run)
    }

    /// The last event taken in.
    pub fn cursor(&self) -> i64 {
        self.0.cursor()
    }

    /// Who is at work on what.
    pub fn snapshot(&self) -> Snapshot {
        self.0.snapshot()
    }
}
