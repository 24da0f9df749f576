//! `baton project environment build`.

use anyhow::Result;
use clap::Args;
use tokio::sync::mpsc;

use super::{super::confirmed, proposal};
use crate::{
    cli::{
        Context,
        exit::Exit,
        place::{ProjectArguments, ProjectChoice},
        screen::{GOOD, painted},
        text,
    },
    operations::{
        Access, Host, Problem,
        environments::{self, BuildEnvironment, BuildProgress, BuiltEnvironment, PreparedEnvironment},
    },
};

/// Lines of a build that may wait to be printed.
const PIECES: usize = 64;

/// Approve a project's environment, and build or fetch its image
///
/// Baton shows what it will build and asks once. It pins every base image by its digest, and builds the same environment
/// only once. The build context contains only the files that the Dockerfile names.
#[derive(Debug, Args)]
pub(super) struct Build {
    #[command(flatten)]
    project: ProjectArguments,
    /// Use this image instead of what the files propose
    #[arg(long, value_name = "NAME", conflicts_with_all = ["dockerfile", "network"])]
    image: Option<String>,
    /// Build this Dockerfile of the project instead of what the files propose
    #[arg(long, value_name = "PATH")]
    dockerfile: Option<String>,
    /// Allow the build's commands to access the network
    #[arg(long)]
    network: bool,
    /// Fetch newer images, if available
    #[arg(long)]
    refresh: bool,
    /// Approve without confirmation
    #[arg(long)]
    yes: bool,
}

impl Build {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        // A question and a build may take a while; neither holds up a host.
        let host = context.open(Access::Look).await?;
        let choice = self.project.choice()?;
        let prepared = environments::prepare(&host, &self.request(&choice)).await?;
        let proposal = prepared.proposal();
        if !context.screen.is_json() {
            context.screen.tell(proposal::lines(context, &proposal).join("\n"));
        }
        if !self.yes && !confirmed(context, "Approving an environment", "Approve this and build it?")? {
            context.screen.tell("Nothing was approved.");
            return Ok(Exit::Failed);
        }
        let built = build(context, &host, prepared).await?;
        host.close().await;
        // Only now: a folder for which nothing is approved does not become a project.
        let host = context.open(Access::Decide).await?;
        let approved = environments::approve(&host, &host.config().operator, &built).await;
        host.close().await;
        let approved = approved?;
        if context.screen.is_json() {
            context.screen.document(&approved)?;
        } else {
            let (mark, name) = (painted(GOOD, "✓"), text::escaped(&approved.name));
            let test = choice.again(context, "project environment test");
            let image = approved.approved.map(|approved| approved.image).unwrap_or_default();
            context.screen.tell(format!(
                "{mark} Approved for project {name}: {}, pinned as {}. `{test}` shows which tools it has.",
                proposal::summary(&proposal),
                proposal::word(&image)
            ));
        }
        Ok(Exit::Done)
    }

    fn request(&self, choice: &ProjectChoice) -> BuildEnvironment {
        BuildEnvironment {
            project: choice.reference(),
            image: self.image.clone(),
            dockerfile: self.dockerfile.clone(),
            network: self.network,
            refresh: self.refresh,
        }
    }
}

/// Builds or fetches the image, and prints what the build prints.
async fn build(context: &Context, host: &Host, prepared: PreparedEnvironment) -> Result<BuiltEnvironment, Problem> {
    let (sender, mut receiver) = mpsc::channel(PIECES);
    let work = async {
        let built = environments::build(host, prepared, &sender).await;
        drop(sender);
        built
    };
    let print = async {
        let mut is_fetching = false;
        while let Some(progress) = receiver.recv().await {
            match progress {
                BuildProgress::Output { text } => context.screen.tell(text::line(text.trim_end())),
                BuildProgress::Fetching if !is_fetching => {
                    is_fetching = true;
                    context.screen.tell("Fetching images…");
                }
                BuildProgress::Fetching => {}
            }
        }
    };
    tokio::join!(work, print).0
}
