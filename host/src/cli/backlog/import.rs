//! `baton backlog import`.

use std::collections::HashMap;

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

use super::{ProjectChoice, ProjectFolder, person, write::workspace};
use crate::{
    cli::{
        Context,
        exit::Exit,
        figures,
        screen::{BAD, GOOD, WARNING, painted},
        text,
    },
    interfaces::backlog::{
        BacklogError, Graph, Item, Kind,
        documents::{Effect, Finding, Imported, Standing, hash, import},
        follows,
    },
    operations::Host,
};

/// Import the epics of docs/epics.md and the stories of docs/stories/ into the backlog
///
/// What the documents say of an item replaces what the backlog said. An item is moved to the status that its document
/// names, or docs/sprint-status.yaml, where that may follow its present one.
///
/// Ends with 1 when a document, a heading, a status or a reference could not be taken; the rest is imported, and each is
/// reported with its file and line.
#[derive(Debug, Args)]
pub(in crate::cli) struct Import {}

impl Import {
    pub(super) async fn execute(&self, context: &Context, choice: &ProjectChoice) -> Result<Exit> {
        let app = context.open_to_change().await?;
        let place = choice.open(&app).await?;
        let files = workspace(&place)?;
        let reading = |items: &[Item]| import(&files, items).map_err(anyhow::Error::new);
        let taken = take(&app, &place, reading, |finding| tell(context, finding)).await;
        app.close().await;
        let Taken { items, moved, findings } = taken?;
        let is_whole = findings.iter().all(|finding| finding.effect == Effect::Note);
        if context.screen.is_json() {
            let findings: Vec<_> = findings.iter().map(document).collect();
            context.screen.document(&json!({ "items": items, "moved": moved, "left": findings }))?;
        } else {
            findings.iter().for_each(|finding| tell(context, finding));
            context.screen.tell(match items {
                0 if is_whole => "Nothing to import: docs/stories/ holds no story, and docs/epics.md no epic.".to_owned(),
                0 => "Nothing was imported.".to_owned(),
                _ => {
                    let (items, moved) = (figures::counted(items as u64, "item", "items"), figures::count(moved as u64));
                    format!("{} Imported {items}; the status of {moved} changed.", painted(GOOD, "✓"))
                }
            });
        }
        Ok(if is_whole { Exit::Done } else { Exit::Failed })
    }
}

/// Says what was not imported as it stands.
fn tell(context: &Context, finding: &Finding) {
    let (place, reason) = (text::escaped(&place(finding)), text::plain(&finding.reason));
    match finding.effect {
        Effect::LeftOut => context.screen.warn(format!("{} {place}: {reason} It is not imported.", painted(BAD, "✗"))),
        Effect::InPart => context.screen.warn(format!("{} {place}: {reason}", painted(WARNING, "!"))),
        Effect::Note => context.screen.tell(format!("  {place}: {reason}")),
    }
}

/// The file and the line, as editors take it.
fn place(finding: &Finding) -> String {
    finding.line.map_or_else(|| finding.path.clone(), |line| format!("{}:{line}", finding.path))
}

fn document(finding: &Finding) -> Value {
    json!({ "path": finding.path, "line": finding.line, "reason": finding.reason, "effect": finding.effect.as_str() })
}

/// What an import came to.
struct Taken {
    items: usize,
    moved: usize,
    findings: Vec<Finding>,
}

/// `tell` is told what was found where the backlog rejects the items: what was left out may be the cause.
async fn take(app: &Host, place: &ProjectFolder, read: impl FnOnce(&[Item]) -> Result<Imported>, tell: impl Fn(&Finding)) -> Result<Taken> {
    let (project, by) = (place.id(), person(app));
    let Imported { drafts, standings, mut findings, .. } = read(&app.backlog.items(project, false).await?)?;
    let put = app.backlog.put(project, &drafts, &by).await;
    if put.is_err() {
        findings.iter().for_each(tell);
    }
    put?;
    // What people change in a document from now on stays, until the backlog says something newer.
    let bodies = drafts.iter().map(|draft| (draft.key.clone(), hash(&draft.body))).collect();
    app.backlog.mark_written(project, bodies).await?;
    let mut moved = 0;
    // Epics come last: one whose stories are all done is done already.
    for epics in [false, true] {
        let items = app.backlog.items(project, false).await?;
        let graph = Graph::of(&items).map_err(anyhow::Error::new)?;
        let places: HashMap<_, _> = items.iter().enumerate().map(|(place, item)| (item.draft.key.as_str(), place)).collect();
        for standing in &standings {
            let Some(place) = places.get(standing.key.as_str()) else { continue };
            let item = &items[*place];
            if (item.draft.kind == Kind::Epic) == epics && !(epics && standing.status == Some(graph.status(*place))) {
                moved += usize::from(stand(app, project, item, standing, &mut findings).await?);
            }
        }
    }
    Ok(Taken { items: drafts.len(), moved, findings })
}

/// Brings one item to where its document has it; whether it was moved.
async fn stand(app: &Host, project: &str, item: &Item, standing: &Standing, findings: &mut Vec<Finding>) -> Result<bool, BacklogError> {
    let Standing { key, status, said_in: (path, line), assignee, branch } = standing;
    if (assignee.is_some() || branch.is_some()) && (assignee, branch) != (&item.assignee, &item.branch) {
        app.backlog.assign(project, key, assignee.as_deref(), branch.as_deref(), &person(app)).await?;
    }
    let Some(status) = status.filter(|status| *status != item.status) else { return Ok(false) };
    if !follows(item.status, status) {
        let (said, present) = (status.as_str(), item.status.as_str());
        let reason =
            format!("`{key}` stays `{present}`: its document says `{said}`, which cannot follow `{present}`. All else was imported.");
        findings.push(Finding { path: path.clone(), line: *line, reason, effect: Effect::Note });
        return Ok(false);
    }
    app.backlog.move_to(project, key, status, "Its document says so.", &person(app)).await?;
    Ok(true)
}
