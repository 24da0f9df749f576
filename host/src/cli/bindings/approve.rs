//! `baton bindings approve`.

use anyhow::Result;
use clap::Args;
use serde_json::json;

use super::{overview, overview::listed, project, proposed};
use crate::{
    cli::{
        Context,
        exit::{Exit, Misuse},
        place::ProjectArguments,
        screen::{GOOD, painted},
        text,
    },
    operations::Access,
};

/// Approve the bindings that a repository's own baton.toml proposes
///
/// They hold in this project as they are now, after what you bound for it yourself. Once the file says something else of
/// bindings, that is a proposal again and none of it holds.
#[derive(Debug, Args)]
pub(super) struct Approve {
    #[command(flatten)]
    project: ProjectArguments,
}

impl Approve {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let app = context.open(Access::Decide).await?;
        let choice = self.project.choice()?;
        let found = choice.find(&app).await?;
        let settings = app.config.project(found.folder()?)?;
        let proposal = app.kernel.proposal(found.id(), &settings).await?;
        let proposal = proposal.ok_or_else(|| {
            Misuse("The repository proposes no bindings: its baton.toml has no [bindings]. There is nothing to approve.".to_owned())
        })?;
        let table =
            proposal.table.as_ref().map_err(|problem| Misuse(format!("The proposed bindings cannot be used: {}", text::line(problem))))?;
        let problems = table.iter().filter_map(|(_, slot, plugin)| overview::unfit(&app, slot, plugin)).collect::<Vec<_>>();
        if !problems.is_empty() {
            let (problems, again) = (text::line(&problems.join(" ")), found.again(context, "bindings approve"));
            let wrong =
                format!("The proposed bindings cannot be approved. {problems} Install plugins that fit, then approve with `{again}`.");
            return Err(Misuse(wrong).into());
        }
        // Only now: a folder for which nothing is approved does not become a project.
        let project = project(&app, &choice).await?;
        let name = text::escaped(&project.name);
        app.kernel.approve(&project.id, &proposal, &app.config.operator).await?;
        let approved = app.kernel.proposal(&project.id, &settings).await?;
        app.close().await;
        if context.screen.is_json() {
            context.screen.document(&json!({ "project": project.id, "proposal": approved.as_ref().map(proposed::document) }))?;
        } else {
            let hash = proposal.hash.get(..12).unwrap_or_default();
            context.screen.tell(format!(
                "{} Approved for project {name} (sha256 {hash}): {}.",
                painted(GOOD, "✓"),
                text::excerpt(&listed(table), 2_000)
            ));
        }
        Ok(Exit::Done)
    }
}
