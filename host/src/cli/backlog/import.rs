//! `baton backlog import`.

use std::collections::HashMap;

use anyhow::Result;
use clap::Args;
use serde_json::json;

use super::{
    ProjectFolder, person,
    write::{tell_left, workspace},
};
use crate::{
    app::App,
    cli::{
        Context,
        exit::Exit,
        figures,
        screen::{GOOD, painted},
    },
    interfaces::backlog::{
        BacklogError, Item,
        documents::{Imported, Standing, hash, import},
        follows,
    },
};

/// Take the epics of docs/epics.md and the stories of docs/stories/ into the backlog
///
/// What the documents say of an item replaces what the backlog said. An item is moved to the status that its document
/// names, or docs/sprint-status.yaml, where that may follow its present one.
#[derive(Debug, Args)]
pub(in crate::cli) struct Import {}

impl Import {
    pub(super) async fn execute(&self, context: &Context, place: &ProjectFolder) -> Result<Exit> {
        let files = workspace(place)?;
        let app = context.open_to_change().await?;
        let taken = take(&app, place, |items| import(&files, items).map_err(anyhow::Error::new)).await;
        app.close().await;
        let Taken { items, moved, left } = taken?;
        tell_left(context, &left);
        if context.screen.is_json() {
            let left: Vec<_> = left.iter().map(|(path, reason)| json!({ "path": path, "reason": reason })).collect();
            context.screen.document(&json!({ "items": items, "moved": moved, "left": left }))?;
        } else if items == 0 {
            context.screen.tell("There is nothing to take: docs/stories/ holds no story, and docs/epics.md no epic.");
        } else {
            let (items, moved) = (figures::counted(items as u64, "item", "items"), figures::count(moved as u64));
            context.screen.tell(format!("{} Took {items}, and moved {moved} of them.", painted(GOOD, "✓")));
        }
        Ok(Exit::Done)
    }
}

/// What an import came to.
struct Taken {
    items: usize,
    moved: usize,
    left: Vec<(String, String)>,
}

async fn take(app: &App, place: &ProjectFolder, read: impl FnOnce(&[Item]) -> Result<Imported>) -> Result<Taken> {
    let (project, by) = (&place.project, person(app));
    let Imported { drafts, standings, mut left } = read(&app.backlog.items(project, false).await?)?;
    app.backlog.put(project, &drafts, &by).await?;
    // What people change in a document from now on stays, until the backlog says something newer.
    let bodies = drafts.iter().map(|draft| (draft.key.clone(), hash(&draft.body))).collect();
    app.backlog.mark_written(project, bodies).await?;
    let items: HashMap<_, _> = app.backlog.items(project, false).await?.into_iter().map(|item| (item.draft.key.clone(), item)).collect();
    let mut moved = 0;
    for standing in standings {
        let Some(item) = items.get(&standing.key) else { continue };
        moved += usize::from(stand(app, project, item, &standing, &mut left).await?);
    }
    Ok(Taken { items: drafts.len(), moved, left })
}

/// Brings one item to where its document has it; whether it was moved.
async fn stand(app: &App, project: &str, item: &Item, standing: &Standing, left: &mut Vec<(String, String)>) -> Result<bool, BacklogError> {
    let Standing { key, status, assignee, branch } = standing;
    if (assignee.is_some() || branch.is_some()) && (assignee, branch) != (&item.assignee, &item.branch) {
        app.backlog.assign(project, key, assignee.as_deref(), branch.as_deref(), &person(app)).await?;
    }
    let Some(status) = status.filter(|status| *status != item.status) else { return Ok(false) };
    if !follows(item.status, status) {
        let reason = format!("It says `{}`, which cannot follow `{}`; the item stays where it is.", status.as_str(), item.status.as_str());
        left.push((key.clone(), reason));
        return Ok(false);
    }
    app.backlog.move_to(project, key, status, "Its document says so.", &person(app)).await?;
    Ok(true)
}
