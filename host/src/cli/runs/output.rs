//! `baton runs output`.

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

use crate::{
    app::{Access, App},
    cli::{
        Context, Misuse,
        exit::Exit,
        number::number,
        table::{Align, Table},
        text,
    },
    events::{Category, Event},
    journal::RunId,
};

/// Events that are read at once.
const PAGE: u32 = 1_000;

/// Show the commands a run executed, or all that one of them printed
#[derive(Debug, Args)]
pub(in crate::cli) struct Output {
    /// Any beginning or end of the run's id
    run: String,
    /// The number of the call that executed the command
    #[arg(value_parser = number(0..=u64::MAX, "give the number of a call, as `baton runs output RUN` lists it"))]
    seq: Option<u64>,
}

impl Output {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        let app = context.open(Access::Look).await?;
        let run = app.kernel.resolve(&self.run).await?;
        let executed = executed(&app, &run.id).await?;
        let Some(seq) = self.seq else {
            list(context, &executed)?;
            return Ok(Exit::Done);
        };
        let Some(command) = executed.iter().find(|command| command["seq"] == seq) else {
            let again = context.again(&format!("runs output {}", text::short(&run.id)));
            return Err(
                Misuse(format!("Call {seq} of the run executed no command, or has not ended; `{again}` lists those that have.")).into()
            );
        };
        let printed = match command["output"].as_str() {
            Some(name) => app.artifacts().load(name).await?,
            None => answered(&app, &run.id, seq).await?,
        };
        if context.screen.is_json() {
            let mut document = command.clone();
            document["printed"] = json!(printed);
            context.screen.document(&document)?;
        } else {
            context.screen.answer(text::plain(printed.trim_end_matches('\n')))?;
        }
        Ok(Exit::Done)
    }
}

fn list(context: &Context, executed: &[Value]) -> Result<()> {
    if context.screen.is_json() {
        context.screen.document(&executed)?;
        return Ok(());
    }
    if executed.is_empty() {
        context.screen.tell("The run has executed no command that has ended.");
        return Ok(());
    }
    const EXCERPT: usize = 60;
    let (left, right) = (Align::Left, Align::Right);
    let mut table = Table::new(&[("SEQ", right), ("ENDING", left), ("CODE", right), ("IMAGE", left), ("COMMAND", left)]);
    for command in executed {
        let word = |name: &str| text::excerpt(command[name].as_str().unwrap_or_default(), EXCERPT);
        table.row([
            command["seq"].to_string().into(),
            word("ending").into(),
            command["exit-code"].to_string().into(),
            word("image").into(),
            word("command").into(),
        ]);
    }
    context.screen.answer(table.render())?;
    Ok(())
}

/// What the run's events tell of commands that have ended, in order.
async fn executed(app: &App, run: &RunId) -> Result<Vec<Value>> {
    let (mut executed, mut cursor) = (Vec::new(), 0);
    loop {
        let page = app.kernel.events().after(cursor, Some(run), PAGE).await?;
        let Some(last) = page.last().map(|event| event.cursor) else { return Ok(executed) };
        let of_commands = |event: &Event| event.draft.category == Category::Sandbox && event.draft.name == "executed";
        executed.extend(page.into_iter().filter(of_commands).map(|event| event.draft.data));
        cursor = last;
    }
}

/// What a command printed that fits into its answer.
async fn answered(app: &App, run: &RunId, seq: u64) -> Result<String> {
    let entries = app.kernel.journal().entries(run).await?;
    let answer = entries.into_iter().find(|entry| entry.seq == seq).and_then(|entry| entry.answer).unwrap_or_default();
    let answer: Value = serde_json::from_str(&answer).unwrap_or_default();
    let part = |name: &str| answer["ok"][name].as_str().unwrap_or_default().to_owned();
    // A tool's answer is the text for a model.
    Ok([part("stdout"), part("stderr"), part("content")].concat())
}
