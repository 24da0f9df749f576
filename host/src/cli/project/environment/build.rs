//! `baton project environment build`.

use anyhow::Result;
use clap::Args;
use serde_json::json;
use tokio::sync::mpsc;

use super::{super::confirmed, shown};
use crate::{
    app::environment::{BuildOptions, Proposal},
    cli::{
        Context,
        exit::{Exit, Misuse},
        place::{ProjectArguments, ProjectFolder},
        screen::{GOOD, painted},
        text,
    },
    interfaces::{environments::ProjectImage, sandbox::Piece},
    operations::{Access, Host},
};

/// Lines of a build that may wait to be printed.
const PIECES: usize = 64;

/// Approve a project's environment, and build or fetch its image
///
/// Baton shows what it will build and asks once. Every image that it begins with is pinned by its digest, and the same is built
/// once. Of the repository the build sees the files that its Dockerfile names, and no folder.
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
    /// Let the commands of the build reach the network
    #[arg(long)]
    network: bool,
    /// Fetch newer images, where there are any
    #[arg(long)]
    refresh: bool,
    /// Approve without being asked
    #[arg(long)]
    yes: bool,
}

impl Build {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        // Whoever is asked may take their time, and so may a build; neither holds up a host.
        let app = context.open(Access::Look).await?;
        let choice = self.project.choice()?;
        let found = choice.find(&app).await?;
        let options = self.options();
        let proposal = app.propose_environment(found.folder()?, &options)?;
        check(context, &found, &proposal)?;
        if !context.screen.is_json() {
            context.screen.tell(shown::lines(context, &proposal).join("\n"));
        }
        if !self.yes && !confirmed(context, "Approving an environment", "Approve this and build it?")? {
            context.screen.tell("Nothing was approved.");
            return Ok(Exit::Failed);
        }
        let image = built(context, &app, &found, &proposal, &options).await?;
        app.close().await;
        // Only now: a folder for which nothing is approved does not become a project.
        let app = context.open(Access::Decide).await?;
        let project = choice.open(&app).await?.project;
        app.approve_environment(&project.id, &proposal, image.clone(), self.network, &app.config.operator).await?;
        app.close().await;
        let hash = proposal.hash(self.network);
        if context.screen.is_json() {
            let (image, is_local) = (&image.reference, image.is_local);
            context.screen.document(&json!({
                "project": project.id, "hash": hash, "image": image, "local": is_local, "network": self.network, "proposal": shown::document(&proposal),
            }))?;
        } else {
            let (mark, name) = (painted(GOOD, "✓"), text::escaped(project.shown()));
            let again = found.again(context, "project environment test");
            context.screen.tell(format!(
                "{mark} Approved for project {name}: {}, pinned as {}. Look what is in it with `{again}`.",
                shown::summary(&proposal),
                shown::word(&image.reference)
            ));
        }
        Ok(Exit::Done)
    }

    fn options(&self) -> BuildOptions {
        BuildOptions { image: self.image.clone(), dockerfile: self.dockerfile.clone(), with_network: self.network, refresh: self.refresh }
    }
}

/// Refuses what cannot be built before anybody is asked.
fn check(context: &Context, found: &ProjectFolder, proposal: &Proposal) -> Result<(), Misuse> {
    if proposal.origin.is_some() {
        return Ok(());
    }
    let remarks = shown::remarks(proposal).iter().map(|remark| anstream::adapter::strip_str(remark).to_string()).collect::<Vec<_>>();
    let again = found.again(context, "project environment build");
    let remarks = if remarks.is_empty() { String::new() } else { format!(" {}", remarks.join(" ")) };
    Err(Misuse(format!("There is nothing to build: no file proposes an image.{remarks} Name one with `{again} --image NAME`.")))
}

async fn built(context: &Context, app: &Host, found: &ProjectFolder, proposal: &Proposal, options: &BuildOptions) -> Result<ProjectImage> {
    let (sender, mut receiver) = mpsc::channel(PIECES);
    let work = async {
        let built = app.build_environment(found.folder()?, proposal, options, &sender).await;
        drop(sender);
        built.map_err(anyhow::Error::from)
    };
    let told = async {
        let mut is_fetching = false;
        while let Some(piece) = receiver.recv().await {
            match piece {
                Piece::Wrote(_, bytes) => context.screen.tell(text::line(String::from_utf8_lossy(&bytes).trim_end())),
                Piece::Pulling(_) if !is_fetching => {
                    is_fetching = true;
                    context.screen.tell("Fetching images…");
                }
                Piece::Pulling(_) | Piece::Started { .. } => {}
            }
        }
    };
    tokio::join!(work, told).0
}
