//! `baton backlog write`.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::json;

use super::{ProjectChoice, ProjectFolder};
use crate::{
    cli::{
        Context,
        exit::Exit,
        screen::{GOOD, WARNING, painted},
        text,
    },
    interfaces::{
        backlog::{Documents, documents},
        files::Workspace,
    },
    journal::Attempt,
};

/// Update docs/stories/, docs/sprint-status.yaml and docs/workflow-status.md from the backlog
///
/// Comments, order and other text in them stay as they are.
#[derive(Debug, Args)]
pub(in crate::cli) struct Write {}

impl Write {
    pub(super) async fn execute(&self, context: &Context, choice: &ProjectChoice) -> Result<Exit> {
        let app = context.open_to_change().await?;
        let place = choice.find(&app).await?;
        let files: Arc<dyn Documents> = Arc::new(workspace(&place)?);
        let attempt = Attempt { seq: 0, key: "backlog-write".to_owned(), again: false, asked_at: app.kernel.now() };
        let written = documents::write(&app.backlog, &files, place.id(), &attempt).await;
        app.close().await;
        let outcome = written?;
        tell_left(context, &outcome.left);
        if context.screen.is_json() {
            context.screen.document(&json!({ "changed": outcome.changed }))?;
        } else if outcome.changed.is_empty() {
            context.screen.tell(format!("{} The documents say what the backlog says.", painted(GOOD, "✓")));
        } else {
            outcome.changed.iter().try_for_each(|path| context.screen.answer(path))?;
        }
        Ok(if outcome.left.is_empty() { Exit::Done } else { Exit::Failed })
    }
}

pub(super) fn workspace(place: &ProjectFolder) -> Result<Workspace> {
    let folder = place.folder()?;
    Workspace::open(folder).with_context(|| format!("The folder {} cannot be opened.", text::escaped(&folder.display().to_string())))
}

/// Tells of the documents that were left as they are.
fn tell_left(context: &Context, left: &[(String, String)]) {
    for (path, reason) in left {
        let (mark, path) = (painted(WARNING, "!"), text::escaped(path));
        context.screen.warn(format!("{mark} {path} is left as it is: {}", text::plain(reason)));
    }
}
