//! `baton backlog move`.

use anyhow::Result;
use clap::Args;
use serde_json::json;

use super::{ProjectChoice, ProjectFolder, key, person, status};
use crate::{
    cli::{
        Context,
        exit::Exit,
        screen::{GOOD, WARNING, painted},
    },
    interfaces::backlog::{BacklogError, Graph, Status, check_reason, follows, reopens},
    operations::Host,
};

/// Move an item to another status
///
/// What is done can be moved back to todo or in-progress. What is still open before an item has to be done first: the items
/// that it is after, and those in an epic.
#[derive(Debug, Args)]
pub(in crate::cli) struct Move {
    /// Its key
    #[arg(value_parser = key)]
    key: String,
    /// todo, in-progress, review, blocked, done, failed or cancelled
    #[arg(value_parser = status)]
    status: Status,
    /// Why, for its history
    #[arg(long, default_value = "", hide_default_value = true, allow_hyphen_values = true)]
    reason: String,
    /// Move it to done although something before it is open
    #[arg(long)]
    force: bool,
}

impl Move {
    pub(super) async fn execute(&self, context: &Context, choice: &ProjectChoice) -> Result<Exit> {
        check_reason(&self.reason).map_err(BacklogError::from)?;
        let app = context.open_to_change().await?;
        let place = choice.find(&app).await?;
        let moved = self.move_in(&app, &place).await;
        app.close().await;
        let later = moved?;
        if context.screen.is_json() {
            context.screen.document(&json!({ "key": self.key, "status": self.status }))?;
        } else {
            let write = place.again(context, "backlog write");
            let mark = painted(GOOD, "✓");
            context.screen.tell(format!("{mark} {} is {} now. `{write}` updates the documents.", self.key, self.status.as_str()));
            if !later.is_empty() {
                let keep = if later.len() == 1 { "keeps its status" } else { "keep their status" };
                context.screen.tell(format!("{} {} waited for it, and {keep}.", painted(WARNING, "!"), named(&later)));
            }
        }
        Ok(Exit::Done)
    }

    /// Moves the item; gives what had waited for one that is open again.
    async fn move_in(&self, app: &Host, place: &ProjectFolder) -> Result<Vec<String>> {
        let items = app.backlog.items(place.id(), false).await?;
        let graph = Graph::of(&items).map_err(anyhow::Error::new)?;
        let found = items.iter().position(|item| item.draft.key == self.key);
        let open = found.filter(|_| self.status == Status::Done && !self.force).map_or_else(Vec::new, |found| graph.open_before(found));
        if found.is_some_and(|found| follows(items[found].status, self.status)) && !open.is_empty() {
            let are = if open.len() == 1 { "is" } else { "are" };
            anyhow::bail!("`{}` cannot be done while {} {are} open. Finish what is before it, or add `--force`.", self.key, named(&open));
        }
        app.backlog.move_to(place.id(), &self.key, self.status, &self.reason, &person(app)).await?;
        let reopened = found.filter(|found| reopens(items[*found].status, self.status));
        Ok(reopened.map_or_else(Vec::new, |found| graph.begun_behind(found).into_iter().map(str::to_owned).collect()))
    }
}

/// The first keys, and how many there are beside them.
fn named(keys: &[impl AsRef<str>]) -> String {
    const MOST: usize = 5;
    let first: Vec<_> = keys.iter().take(MOST).map(|key| format!("`{}`", key.as_ref())).collect();
    match keys.len().saturating_sub(MOST) {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}
