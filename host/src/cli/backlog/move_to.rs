//! `baton backlog move`.

use anyhow::Result;
use clap::Args;
use serde_json::json;

use super::{ProjectFolder, key, person, status};
use crate::{
    cli::{
        Context,
        exit::Exit,
        screen::{GOOD, painted},
    },
    interfaces::backlog::{BacklogError, Status, check_reason},
};

/// Move an item to another status
#[derive(Debug, Args)]
pub(in crate::cli) struct Move {
    /// Its key
    #[arg(value_parser = key)]
    key: String,
    /// todo, in-progress, review, blocked, done, failed or cancelled
    #[arg(value_parser = status)]
    status: Status,
    /// Why, for whoever reads its history
    #[arg(long, default_value = "", hide_default_value = true, allow_hyphen_values = true)]
    reason: String,
}

impl Move {
    pub(super) async fn execute(&self, context: &Context, place: &ProjectFolder) -> Result<Exit> {
        check_reason(&self.reason).map_err(BacklogError::from)?;
        let app = context.open_to_change().await?;
        let moved = app.backlog.move_to(&place.project, &self.key, self.status, &self.reason, &person(&app)).await;
        app.close().await;
        moved?;
        if context.screen.is_json() {
            context.screen.document(&json!({ "key": self.key, "status": self.status }))?;
        } else {
            let write = place.again(context, "backlog write");
            let mark = painted(GOOD, "✓");
            context.screen.tell(format!("{mark} {} is {} now. `{write}` tells the documents.", self.key, self.status.as_str()));
        }
        Ok(Exit::Done)
    }
}
