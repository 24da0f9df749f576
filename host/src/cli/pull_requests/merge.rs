//! `baton pull-requests merge`: on GitHub, by marking what git has merged, or by following the run that lands what a sprint left
//! open.

use anyhow::Result;
use clap::Args;

use super::{ProjectChoice, numbers, short};
use crate::{
    cli::{
        Context,
        answering::Manner,
        attached,
        client::{self, Client},
        ending::Ended,
        exit::Exit,
        screen::{GOOD, painted},
        there,
    },
    operations::{
        execution::RunId,
        pull_requests::{self, ChangedPullRequest, MergeMethod, MergePullRequest},
    },
};

/// Merge a pull request
///
/// The pull request of a story lands as in a sprint: Baton merges and tests it, and moves the branch only if the tests
/// pass. Any other local pull request is marked as merged once git has merged its branch. A GitHub pull request is merged
/// on GitHub.
#[derive(Debug, Args)]
pub(in crate::cli) struct Merge {
    /// Number of the pull request
    #[arg(value_parser = numbers())]
    number: u64,
    /// How GitHub merges the commits
    #[arg(long, value_enum, default_value_t)]
    method: How,
}

#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
enum How {
    /// Create a merge commit
    #[default]
    Merge,
    /// Squash the commits into one
    Squash,
    /// Rebase the commits
    Rebase,
}

impl Merge {
    pub(super) async fn execute(&self, context: &Context, choice: &ProjectChoice) -> Result<Exit> {
        let method = match self.method {
            How::Merge => MergeMethod::Merge,
            How::Squash => MergeMethod::Squash,
            How::Rebase => MergeMethod::Rebase,
        };
        let client = context.connect_to_change().await?;
        let request = MergePullRequest { project: choice.reference(), number: self.number, method };
        let merged = client::pull_requests::merge(&client, &request).await?;
        let Some(run) = &merged.run else {
            client.close().await;
            return self.tell(context, &merged);
        };
        let Some(ended) = follow(client, context, run).await? else { return Ok(Exit::Unfinished) };
        match ended.exit() {
            Exit::Done | Exit::Short => self.tell(context, &pull_requests::read_landing(self.number, run, ended.outcome.output)?),
            exit => {
                ended.tell(context, None);
                Ok(exit)
            }
        }
    }

    fn tell(&self, context: &Context, merged: &ChangedPullRequest) -> Result<Exit> {
        if context.screen.is_json() {
            context.screen.document(merged)?;
        } else {
            let commit = merged.merge_commit.as_deref().unwrap_or_default();
            context.screen.tell(format!("{} Pull request {} is merged, by {}.", painted(GOOD, "✓"), self.number, short(commit)));
        }
        Ok(Exit::Done)
    }
}

/// Follows the run that lands the story, wherever it is executed.
async fn follow(client: Client, context: &Context, run: &RunId) -> Result<Option<Ended>> {
    match client {
        Client::Here(host) => {
            let (host, ended) = attached::drive_or_follow(*host, context, run, Manner::Suggested).await?;
            host.close().await;
            Ok(ended)
        }
        Client::There(remote) => there::follow(&remote, context, run, Manner::Suggested, true).await,
    }
}
