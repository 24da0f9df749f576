//! What an event is about: its project, its runs and its items. Looks runs up once, since none of this changes.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use crate::{
    events::{Category, Draft},
    journal::RunId,
    kernel::{KernelError, package::Kind},
    operations::{Host, Problem},
};

/// Runs that are known before all are forgotten, so that a host that serves for long does not grow.
const MOST_KNOWN: usize = 10_000;

/// What does not change of a run.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct RunFacts {
    pub(super) project: String,
    pub(super) executes: Kind,
    /// The item that it, or a run above it, works on.
    pub(super) item: Option<String>,
    /// Itself and all runs above it.
    pub(super) line: Vec<RunId>,
}

/// What is known of runs.
#[derive(Debug, Default)]
pub(super) struct KnownRuns(Mutex<HashMap<RunId, Arc<RunFacts>>>);

/// What an event or a piece of a reply is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct About {
    pub(super) project: Option<String>,
    pub(super) run: Option<Arc<RunFacts>>,
    /// The item that it names itself.
    pub(super) item: Option<String>,
}

impl KnownRuns {
    /// What an event is about.
    pub(super) async fn describe(&self, host: &Host, draft: &Draft) -> Result<About, Problem> {
        let item = match draft.category {
            Category::Item => draft.data["key"].as_str(),
            _ => draft.data["item"].as_str(),
        };
        let item = item.map(str::to_owned);
        let of_data = || draft.data["project"].as_str().map(str::to_owned);
        let run = match &draft.run {
            Some(run) => self.find(host, run).await?,
            None => None,
        };
        let project = run.as_ref().map(|run| run.project.clone()).or_else(of_data);
        Ok(About { project, run, item })
    }

    /// What does not change of a run; none where it does not exist.
    pub(super) async fn find(&self, host: &Host, run: &RunId) -> Result<Option<Arc<RunFacts>>, Problem> {
        let (mut unknown, mut next) = (Vec::new(), Some(run.clone()));
        let mut above = None;
        while let Some(id) = next {
            above = self.known(&id);
            if above.is_some() {
                break;
            }
            let Some(found) = host.app.kernel.runs().find(&id).await.map_err(KernelError::from)? else { break };
            next = found.parent.map(|(parent, _)| parent);
            unknown.push((found.id, found.project, found.kind, found.item));
        }
        for (id, project, executes, item) in unknown.into_iter().rev() {
            let item = item.or_else(|| above.as_ref().and_then(|above| above.item.clone()));
            let higher = above.iter().flat_map(|above| above.line.iter().cloned());
            let line = [id.clone()].into_iter().chain(higher).collect();
            let facts = Arc::new(RunFacts { project, executes, item, line });
            self.keep(id, Arc::clone(&facts));
            above = Some(facts);
        }
        Ok(above.filter(|facts| facts.line.first() == Some(run)))
    }

    fn known(&self, run: &RunId) -> Option<Arc<RunFacts>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(run).cloned()
    }

    fn keep(&self, run: RunId, facts: Arc<RunFacts>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_KNOWN {
            known.clear();
        }
        known.insert(run, facts);
    }
}
