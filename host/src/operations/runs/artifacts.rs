//! What runs leave behind beside files: the output of each command, listed for a caller over all runs, the newest first.

use std::collections::HashMap;

use super::{ExecutedCommand, RunId, commands::created};
use crate::{
    events::Payload,
    interfaces::sandbox::events::Executed,
    operations::{
        Host, Page, Problem,
        access::Caller,
        events::{self, BrowseEvents},
    },
};

/// The commands that have ended of runs that exist for the caller. A page may have fewer than are wanted, and lead on.
pub async fn list_artifacts(host: &Host, caller: &Caller, request: &BrowseEvents) -> Result<Page<ExecutedCommand>, Problem> {
    let kind = format!("{}.{}", Executed::CATEGORY.as_str(), Executed::NAME);
    // An index has the events of a category.
    let request = BrowseEvents { category: Some(Executed::CATEGORY), ..request.clone() };
    let page = events::list_kinds(host, caller, &request, Some(vec![kind])).await?;
    let (mut runs, mut items) = (Runs::default(), Vec::new());
    for event in page.items {
        let Some((run, ended)) = event.run.zip(serde_json::from_value::<Executed>(event.data).ok()) else { continue };
        let RunOfCommand { plugin, worktree } = runs.find(host, &run).await?;
        items.push(ExecutedCommand::new(run, plugin, worktree, ended).0);
    }
    Ok(Page { items, next: page.next })
}

/// What is to be known of the run of a command.
#[derive(Clone)]
struct RunOfCommand {
    plugin: String,
    worktree: Option<String>,
}

/// Runs that were looked up.
#[derive(Default)]
struct Runs(HashMap<RunId, RunOfCommand>);

impl Runs {
    async fn find(&mut self, host: &Host, id: &RunId) -> Result<RunOfCommand, Problem> {
        if let Some(known) = self.0.get(id) {
            return Ok(known.clone());
        }
        let run = host.app.kernel.resolve(id.as_str()).await?;
        let mut found = RunOfCommand { plugin: run.plugin.clone(), worktree: None };
        let mut above = Some(run);
        // Trees are as deep as workflows start each other: a few runs.
        while let Some(run) = above {
            found.worktree = created(host, &run.id).await?.and_then(|created| created.worktree);
            above = match (&found.worktree, &run.parent) {
                (None, Some((parent, _))) => Some(host.app.kernel.resolve(parent.as_str()).await?),
                _ => None,
            };
        }
        self.0.insert(id.clone(), found.clone());
        Ok(found)
    }
}
