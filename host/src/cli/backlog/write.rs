//! `baton backlog write`.

use anyhow::Result;
use clap::Args;

use super::ProjectChoice;
use crate::{
    cli::{
        Context,
        exit::Exit,
        screen::{GOOD, WARNING, painted},
        text,
    },
    operations::items::{self, LeftDocument, WriteDocuments},
};

/// Update docs/stories/, docs/sprint-status.yaml and docs/workflow-status.md from the backlog
///
/// Baton preserves comments, order and other text in these files.
#[derive(Debug, Args)]
pub(in crate::cli) struct Write {}

impl Write {
    pub(super) async fn execute(&self, context: &Context, choice: &ProjectChoice) -> Result<Exit> {
        let host = context.open_to_change().await?;
        let written = items::write(&host, &WriteDocuments { project: choice.reference() }).await;
        host.close().await;
        let written = written?;
        if context.screen.is_json() {
            context.screen.document(&written)?;
        } else {
            tell_left(context, &written.left);
            written.changed.iter().try_for_each(|path| context.screen.answer(path))?;
            if written.changed.is_empty() {
                context.screen.tell(format!("{} No document had to change.", painted(GOOD, "✓")));
            }
        }
        Ok(if written.left.is_empty() { Exit::Done } else { Exit::Failed })
    }
}

/// Reports the documents that were not written.
fn tell_left(context: &Context, left: &[LeftDocument]) {
    for LeftDocument { path, reason } in left {
        let (mark, path) = (painted(WARNING, "!"), text::escaped(path));
        context.screen.warn(format!("{mark} {path} is not written: {}", text::plain(reason)));
    }
}
