//! `baton backlog move`.

use anyhow::Result;
use clap::Args;

use super::{ProjectChoice, key, status};
use crate::{
    cli::{
        Context, client,
        exit::Exit,
        screen::{GOOD, WARNING, painted},
    },
    operations::items::{ItemStatus, MoveItem},
};

/// Keys that a line names.
const MOST_NAMED: usize = 5;

/// Move an item to another status
///
/// You can move an item that is done back to todo or in-progress. You can move an item to done only when everything before
/// it is done: the items that it comes after, and for an epic the items in it.
#[derive(Debug, Args)]
pub(in crate::cli) struct Move {
    /// Key of the item
    #[arg(value_parser = key)]
    key: String,
    /// New status: todo, in-progress, review, blocked, done, failed or cancelled
    #[arg(value_parser = status)]
    status: ItemStatus,
    /// Reason, for the history of the item
    #[arg(long, default_value = "", hide_default_value = true, allow_hyphen_values = true)]
    reason: String,
    /// Move the item to done although an item before it is open
    #[arg(long)]
    force: bool,
}

impl Move {
    pub(super) async fn execute(&self, context: &Context, choice: &ProjectChoice) -> Result<Exit> {
        let request = MoveItem {
            project: choice.reference(),
            key: self.key.clone(),
            status: self.status,
            reason: self.reason.clone(),
            position: None,
            force: self.force,
        };
        let client = context.connect_to_change().await?;
        let moved = client::items::move_to(&client, &request).await;
        client.close().await;
        let moved = moved?;
        if context.screen.is_json() {
            context.screen.document(&moved)?;
            return Ok(Exit::Done);
        }
        let write = choice.again(context, "backlog write");
        let mark = painted(GOOD, "✓");
        context.screen.tell(format!("{mark} {} is {} now. `{write}` updates the documents.", self.key, self.status.as_str()));
        if !moved.begun_dependents.is_empty() {
            let keep = if moved.begun_dependents.len() == 1 { "keeps its status" } else { "keep their status" };
            context.screen.tell(format!("{} {} waited for it, and {keep}.", painted(WARNING, "!"), list_keys(&moved.begun_dependents)));
        }
        Ok(Exit::Done)
    }
}

/// The first keys, and how many there are beside them.
fn list_keys(keys: &[String]) -> String {
    let first: Vec<_> = keys.iter().take(MOST_NAMED).map(|key| format!("`{key}`")).collect();
    match keys.len().saturating_sub(MOST_NAMED) {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}
