//! `baton runs fork`.

use anyhow::Result;
use clap::Args;

use crate::{
    cli::{Context, answering::Answers, attached, client, exit::Exit, model, number::number, text, there},
    operations::runs::{self, ForkRun, ForkedRun},
};

/// Start a new run from a given call of another run
///
/// The new run takes all earlier calls and their answers from the other run, and makes the given call and all later ones
/// again. Changes that the other run made in its workspace are not undone.
#[derive(Debug, Args)]
pub(in crate::cli) struct Fork {
    /// Run id, or a unique prefix or suffix
    run: String,
    /// First call to make again, by its number in `baton runs journal`
    #[arg(long, value_name = "SEQ", value_parser = number(1..=u64::MAX, "give the number of a call, 1 or more"))]
    at: u64,
    /// Model to use from now on: provider/model, an alias from the settings, or script/FILE
    #[arg(long)]
    model: Option<String>,
    #[command(flatten)]
    answers: Answers,
}

impl Fork {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        let options = self.model.as_deref().map(model::options).transpose()?;
        if let Some(remote) = context.remote().await? {
            let forked = client::runs::fork(&remote, &ForkRun { run: self.run.clone(), at: self.at, options }).await?;
            self.tell(context, &forked);
            return there::finish(&remote, context, &forked.run, self.answers.manner(), false).await;
        }
        // Where another host executes, it executes the fork as well.
        let host = context.open_to_change().await?;
        let request = ForkRun { run: self.run.clone(), at: self.at, options };
        let forked = runs::fork(&host, host.operator(), &request).await?;
        self.tell(context, &forked);
        attached::finish(host, context, &forked.run, self.answers.manner()).await
    }

    fn tell(&self, context: &Context, forked: &ForkedRun) {
        let (run, source) = (text::short(&forked.run), text::short(&forked.forked_from.run));
        context.screen.tell(format!("Run {run} is forked from {source} before call {}.", self.at));
    }
}
