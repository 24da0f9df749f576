//! `baton backlog import`.

use anyhow::Result;
use clap::Args;

use super::ProjectChoice;
use crate::{
    cli::{
        Context,
        exit::Exit,
        figures,
        screen::{BAD, GOOD, WARNING, painted},
        text,
    },
    operations::items::{self, ImportEffect, ImportFinding, ImportItems, ImportedItems},
};

/// Import the epics of docs/epics.md and the stories of docs/stories/ into the backlog
///
/// The title, body, labels and references in the documents replace those in the backlog. Baton moves an item to the status
/// in its document or in docs/sprint-status.yaml, if its current status allows that.
///
/// Exits with code 1 if a document, heading, status or reference cannot be imported. Baton imports the rest, and reports
/// each problem with its file and line.
#[derive(Debug, Args)]
pub(in crate::cli) struct Import {}

impl Import {
    pub(super) async fn execute(&self, context: &Context, choice: &ProjectChoice) -> Result<Exit> {
        let host = context.open_to_change().await?;
        let imported = items::import(&host, &host.config().operator, &ImportItems { project: choice.reference() }).await;
        host.close().await;
        let imported = imported?;
        if context.screen.is_json() {
            context.screen.document(&imported)?;
        } else {
            imported.findings.iter().for_each(|finding| tell(context, finding));
        }
        let is_complete = imported.is_complete();
        if let Some(problem) = imported.problem {
            return Err(problem.into());
        }
        if !context.screen.is_json() {
            context.screen.tell(summary(&imported, is_complete));
        }
        Ok(if is_complete { Exit::Done } else { Exit::Failed })
    }
}

fn summary(imported: &ImportedItems, is_complete: bool) -> String {
    match imported.items {
        0 if is_complete => "Nothing to import: docs/stories/ has no story, and docs/epics.md no epic.".to_owned(),
        0 => "Nothing was imported.".to_owned(),
        items => {
            let (items, moved) = (figures::counted(items, "item", "items"), figures::count(imported.moved));
            format!("{} Imported {items}; the status of {moved} changed.", painted(GOOD, "✓"))
        }
    }
}

/// Reports what was not imported as it is written.
fn tell(context: &Context, finding: &ImportFinding) {
    let (place, reason) = (text::escaped(&place(finding)), text::plain(&finding.reason));
    match finding.effect {
        ImportEffect::LeftOut => context.screen.warn(format!("{} {place}: {reason} It is not imported.", painted(BAD, "✗"))),
        ImportEffect::InPart => context.screen.warn(format!("{} {place}: {reason}", painted(WARNING, "!"))),
        ImportEffect::Note => context.screen.tell(format!("  {place}: {reason}")),
    }
}

/// The file and the line, as editors take it.
fn place(finding: &ImportFinding) -> String {
    finding.line.map_or_else(|| finding.path.clone(), |line| format!("{}:{line}", finding.path))
}
