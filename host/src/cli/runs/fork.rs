//! `baton runs fork`.

use anyhow::Result;
use clap::Args;

use crate::cli::{
    Context,
    answering::Answers,
    attached,
    exit::{Exit, Misuse},
    figures, model,
    number::number,
    text,
};

/// Start a new run that shares the calls of another before one call, and makes that call and all after it again
///
/// What the old run changed in its workspace stays changed.
#[derive(Debug, Args)]
pub(in crate::cli) struct Fork {
    /// Any beginning or end of the run's id
    run: String,
    /// The first call to make again, as `baton runs journal` counts them
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
        // Where another host executes, it executes the fork as well.
        let app = context.open_to_change().await?;
        let source = app.kernel.resolve(&self.run).await?;
        let calls = source.journal_from + app.kernel.journal().count(&source.id, source.journal_from).await?.made;
        if self.at > calls + 1 {
            let (made, first) = (figures::counted(calls, "call", "calls"), source.first_call());
            return Err(Misuse(format!("Run {} has made {made}; fork it at {first} to {}.", text::short(&source.id), calls + 1)).into());
        }
        if let Some(options) = &options {
            options.check(&app, &source.workspace)?;
        }
        let run = app.kernel.fork(&source, self.at, options.map(Into::into), &app.config.operator).await?;
        context.screen.tell(format!("Run {} is forked from {} before call {}.", text::short(&run.id), text::short(&source.id), self.at));
        let (app, ended) = attached::drive_or_follow(app, context, &run.id, self.answers.manner()).await?;
        app.close().await;
        let Some(ended) = ended else { return Ok(Exit::Unfinished) };
        ended.tell(context, None);
        ended.answer(context)?;
        Ok(ended.exit())
    }
}
