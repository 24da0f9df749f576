//! `baton pull-requests merge`: on GitHub, by marking what git has merged, or by landing what a sprint left open.

use anyhow::Result;
use clap::Args;
use serde_json::json;

use super::{ProjectChoice, ProjectFolder, key, landing::Landed, numbers, short};
use crate::{
    cli::{
        Context,
        exit::{Exit, Misuse},
        screen::{GOOD, painted},
    },
    interfaces::forge::{Landing, Method, PullRequest, State},
    operations::Host,
};

/// Merge a pull request
///
/// A story's is landed as a sprint lands it: merged, tested, and the branch moves only when that is green. Another local one
/// is marked as merged once git has merged its branch. GitHub merges its own.
#[derive(Debug, Args)]
pub(in crate::cli) struct Merge {
    /// Its number
    #[arg(value_parser = numbers())]
    number: u64,
    /// How GitHub makes the commit
    #[arg(long, value_enum, default_value_t)]
    method: How,
}

#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
enum How {
    /// With a merge commit
    #[default]
    Merge,
    /// All commits as one
    Squash,
    /// Every commit once more
    Rebase,
}

impl Merge {
    pub(super) async fn execute(&self, context: &Context, choice: &ProjectChoice) -> Result<Exit> {
        let app = context.open_to_change().await?;
        let workspace = choice.find(&app).await?;
        let (forge, key) = (workspace.forge(&app)?, key());
        let place = workspace.place(&app, &key)?;
        let found = forge.get(place, self.number).await?;
        if let (State::Merged, Some(commit)) = (found.state, &found.merge_commit) {
            return Err(Misuse(format!("Pull request {} is merged already, by {}.", self.number, short(commit))).into());
        }
        let unknown =
            || Misuse(format!("It is not known what pull request {} ends with. Name the project's folder with --workspace.", self.number));
        let head = found.head.clone().ok_or_else(unknown)?;
        if let Some(story) = workspace.story_to_land(&app, &found).await? {
            return self.land(app, context, &workspace, &found, &story).await;
        }
        let method = match self.method {
            How::Merge => Method::Merge,
            How::Squash => Method::Squash,
            How::Rebase => Method::Rebase,
        };
        let commit = forge.merge(place, self.number, &Landing { head, method, commit: None }).await?;
        app.close().await;
        self.merged(context, &commit)
    }

    async fn land(&self, app: Host, context: &Context, workspace: &ProjectFolder, found: &PullRequest, story: &str) -> Result<Exit> {
        match workspace.land(app, context, found, story).await? {
            Landed::By(commit) => self.merged(context, &commit),
            Landed::Not(reason) => Err(anyhow::anyhow!("Pull request {} is not merged, and stays open: {reason}", self.number)),
            Landed::Unfinished(exit) => Ok(exit),
        }
    }

    fn merged(&self, context: &Context, commit: &str) -> Result<Exit> {
        if context.screen.is_json() {
            context.screen.document(&json!({ "number": self.number, "state": State::Merged, "merge-commit": commit }))?;
        } else {
            context.screen.tell(format!("{} Pull request {} is merged, by {}.", painted(GOOD, "✓"), self.number, short(commit)));
        }
        Ok(Exit::Done)
    }
}
