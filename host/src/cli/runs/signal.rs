//! `baton runs signal`.

use anyhow::Result;
use clap::Args;
use serde_json::Value;

use crate::{
    cli::{Context, client, exit::Exit, input, text},
    operations::runs::SendSignal,
};

/// Send a named signal to a run
///
/// The run receives the signal when it waits for one with that name. Baton keeps signals in order until the run receives
/// them, also while no host is running. A run that has ended receives none.
#[derive(Debug, Args)]
pub(in crate::cli) struct Signal {
    /// Run id, or a unique prefix or suffix
    run: String,
    /// Name of the signal: 1 to 64 of a-z, 0-9 and `-`
    name: String,
    /// Data of the signal: JSON, @FILE, or - for standard input [default: null]
    #[arg(value_name = "JSON", allow_negative_numbers = true)]
    value: Option<String>,
}

impl Signal {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        let value = self.value.as_deref().map_or(Ok(Value::Null), |value| input::read(value, "value", "The value"))?;
        // Where another host executes the run, it takes the signal.
        let client = context.connect_to_change().await?;
        let request = SendSignal { run: self.run.clone(), name: self.name.clone(), value };
        let sent = client::runs::signal(&client, &request).await?;
        client.close().await;
        if context.screen.is_json() {
            context.screen.document(&sent)?;
            return Ok(Exit::Done);
        }
        let (id, root) = (text::short(&sent.run), text::short(&sent.root));
        let next = match sent.is_served {
            true => "The run takes it when it waits for it.".to_owned(),
            false => format!("No host is running; the signal is kept. Continue with `{}`.", context.again(&format!("runs resume {root}"))),
        };
        context.screen.tell(format!("Sent `{}` to run {id}. {next}", sent.signal));
        Ok(Exit::Done)
    }
}
