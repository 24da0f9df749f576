//! `baton runs signal`.

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

use crate::cli::{Context, exit::Exit, input, text};

/// Send a signal to a run, which takes it when it waits for one of that name
///
/// Signals are kept in their order until the run takes them, also while no host is running. A run that has ended takes none.
#[derive(Debug, Args)]
pub(in crate::cli) struct Signal {
    /// Any beginning or end of the run's id
    run: String,
    /// The name by which the run waits for it: 1 to 64 of a-z, 0-9 and `-`
    name: String,
    /// What the run gets: JSON, @FILE, or - for standard input; `null` when left out
    #[arg(value_name = "JSON", allow_negative_numbers = true)]
    value: Option<String>,
}

impl Signal {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        let value = self.value.as_deref().map_or(Ok(Value::Null), |value| input::read(value, "The value"))?;
        // Where another host executes the run, it takes the signal.
        let app = context.open_to_change().await?;
        let run = app.kernel.resolve(&self.run).await?;
        app.kernel.signal(&run.id, &self.name, value, &app.config.operator).await?;
        let is_executed = !app.executes();
        app.close().await;
        if context.screen.is_json() {
            context.screen.document(&json!({ "run": run.id, "signal": self.name }))?;
            return Ok(Exit::Done);
        }
        let (id, root) = (text::short(&run.id), text::short(&run.root));
        let next = match is_executed {
            true => "The run takes it when it waits for it.".to_owned(),
            false => format!("No host is running; the signal is kept. Continue with `{}`.", context.again(&format!("runs resume {root}"))),
        };
        context.screen.tell(format!("Sent `{}` to run {id}. {next}", self.name));
        Ok(Exit::Done)
    }
}
