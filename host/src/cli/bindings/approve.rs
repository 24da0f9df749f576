//! `baton bindings approve`.

use anyhow::Result;
use clap::Args;

use super::proposed;
use crate::{
    cli::{
        Context,
        exit::Exit,
        place::ProjectArguments,
        screen::{GOOD, painted},
        text,
    },
    operations::{Access, Problem, bindings, code},
};

/// Approve the bindings that a repository's baton.toml proposes
///
/// The approval applies to this project and to the bindings as they are now; bindings that you made for the project take
/// precedence. If the file changes its bindings, none of them applies until you approve the new proposal.
#[derive(Debug, Args)]
pub(super) struct Approve {
    #[command(flatten)]
    project: ProjectArguments,
}

impl Approve {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let host = context.open(Access::Decide).await?;
        let choice = self.project.choice()?;
        let approved = bindings::approve(&host, &host.config().operator, &choice.reference()).await.map_err(|problem| {
            let hint = format!("Install plugins that fit, then approve with `{}`.", choice.again(context, "bindings approve"));
            if problem.is(code::PROPOSAL_UNFIT) { Problem { hint: Some(hint), ..problem } } else { problem }
        })?;
        host.close().await;
        if context.screen.is_json() {
            context.screen.document(&approved)?;
        } else {
            let (name, hash) = (text::escaped(&approved.project_name), approved.proposal.hash.get(..12).unwrap_or_default());
            let proposed = text::excerpt(&proposed::list_bindings(&approved.proposal.bindings), 2_000);
            context.screen.tell(format!("{} Approved for project {name} (sha256 {hash}): {proposed}.", painted(GOOD, "✓")));
        }
        Ok(Exit::Done)
    }
}
