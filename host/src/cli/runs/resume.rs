//! `baton runs resume`.

use anyhow::Result;
use clap::Args;

use crate::{
    cli::{
        Context,
        answering::Answers,
        beside, budget,
        exit::Exit,
        model,
        screen::{WARNING, painted},
        text,
    },
    interfaces::llm::money::Scope,
};

/// Resume a run that was stopped or is paused, or failed because a call was denied
///
/// Calls that were answered before are answered from the journal: nothing is paid for twice. Only the call that was denied
/// is made again, by a grant given since. A run that failed by any other answer is continued with `baton runs fork`. While
/// `baton serve` executes runs on the same data, it executes this one too, and this command follows it.
#[derive(Debug, Args)]
pub(in crate::cli) struct Resume {
    /// Any beginning or end of the run's id
    run: String,
    /// Model to use from now on: provider/model, an alias from the settings, or script/FILE
    #[arg(long)]
    model: Option<String>,
    /// Dollars the run may spend on models in all, with what it starts and what it has spent already
    #[arg(long, value_name = "DOLLARS", allow_hyphen_values = true)]
    budget: Option<String>,
    #[command(flatten)]
    answers: Answers,
}

impl Resume {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        let settings = self.model.as_deref().map(model::settings).transpose()?;
        let budget = self.budget.as_deref().map(budget::amount).transpose()?;
        // Where another host executes, it continues this run as well.
        let app = context.open_to_change().await?;
        let run = app.kernel.resolve(&self.run).await?;
        model::check(&app.config, &run.workspace, settings.as_ref())?;
        if let Some(budget) = budget {
            app.books.set(&Scope::Run(run.root.clone()), Some(budget), &app.config.operator).await?;
        }
        let changed = app.kernel.settings_since(&app.kernel.resolve(run.root.as_str()).await?).await;
        app.kernel.resume(&run, settings).await?;
        if !changed.is_empty() {
            let keys = changed.iter().map(|key| format!("`{}`", text::escaped(key))).collect::<Vec<_>>().join(", ");
            context.screen.warn(format!(
                "{} The workspace's baton.toml has changed since the run began ({}). The run keeps what it began with; a new run or a \
                 fork takes the change.",
                painted(WARNING, "!"),
                text::excerpt(&keys, 200)
            ));
        }
        let (app, ended) = beside::drive_or_follow(app, context, &run.root, self.answers.manner()).await?;
        app.close().await;
        let Some(ended) = ended else { return Ok(Exit::Unfinished) };
        ended.tell(context, None);
        ended.answer(context)?;
        Ok(ended.exit())
    }
}
