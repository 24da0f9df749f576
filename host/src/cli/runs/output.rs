//! `baton runs output`.

use anyhow::Result;
use clap::Args;

use crate::{
    cli::{
        Context, client,
        exit::Exit,
        figures,
        number::number,
        table::{Align, Table},
        text,
    },
    operations::{Access, runs::ExecutedCommand},
};

/// Commands that are listed.
const MOST_LISTED: usize = 200;

/// Show the commands that a run and its child runs executed, or the full output of one command
#[derive(Debug, Args)]
pub(in crate::cli) struct Output {
    /// Run id, or a unique prefix or suffix
    run: String,
    /// Number of the run's call that executed the command
    #[arg(value_parser = number(0..=u64::MAX, "give the number of a call, as `baton runs output RUN` lists it"))]
    seq: Option<u64>,
}

impl Output {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        let client = context.connect(Access::Look).await?;
        if let Some(seq) = self.seq {
            let output = client::runs::command_output(&client, &self.run, seq).await?;
            if context.screen.is_json() {
                context.screen.document(&output)?;
            } else {
                context.screen.answer(text::plain(output.printed.trim_end_matches('\n')))?;
            }
            return Ok(Exit::Done);
        }
        let commands = client::runs::commands(&client, &self.run).await?;
        if context.screen.is_json() {
            context.screen.document(&commands)?;
        } else {
            self.show(context, &commands.items)?;
        }
        Ok(Exit::Done)
    }

    fn show(&self, context: &Context, commands: &[ExecutedCommand]) -> Result<()> {
        if commands.is_empty() {
            context.screen.tell("Neither the run nor its child runs have finished a command.");
            return Ok(());
        }
        let earlier = commands.len().saturating_sub(MOST_LISTED);
        context.screen.answer(table(&commands[earlier..]).fit(context.screen.room()))?;
        if earlier > 0 {
            let all = context.again(&format!("runs output {} -o json", text::shell_word(&text::escaped(&self.run))));
            let earlier = figures::counted(earlier as u64, "earlier command is", "earlier commands are");
            context.screen.tell(format!("\n{earlier} left out; `{all}` has all of them."));
        }
        context.screen.tell(format!("\nShow what one of them printed with `{}`.", context.again("runs output RUN SEQ")));
        Ok(())
    }
}

fn table(commands: &[ExecutedCommand]) -> Table {
    const EXCERPT: usize = 60;
    let (left, right) = (Align::Left, Align::Right);
    let head = [("RUN", left), ("OF", left), ("SEQ", right), ("ENDING", left), ("CODE", right), ("IMAGE", left), ("COMMAND", left)];
    let mut table = Table::new(&head);
    for command in commands {
        let worktree = command.worktree.as_ref().map(|worktree| format!(" on {}", text::excerpt(worktree, EXCERPT))).unwrap_or_default();
        table.row([
            text::short(&command.run).into(),
            format!("{}{worktree}", text::excerpt(&command.plugin, EXCERPT)).into(),
            command.seq.to_string().into(),
            command.ending.as_str().into(),
            command.exit_code.to_string().into(),
            text::excerpt(&command.image, EXCERPT).into(),
            text::excerpt(&command.command, EXCERPT).into(),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::runs::{CommandEnding, RunId};

    #[test]
    fn a_command_is_listed_with_its_worktree_and_nothing_hidden() {
        let command = ExecutedCommand {
            run: RunId::from_text("tests-01"),
            plugin: "run-tests".to_owned(),
            worktree: Some("story/1-1-add".to_owned()),
            seq: 3,
            command: "make\u{1b}[2J test".to_owned(),
            image: "default".to_owned(),
            ending: CommandEnding::Exited,
            exit_code: 0,
            took_ms: 0,
        };
        let shown = anstream::adapter::strip_str(&table(&[command]).render()).to_string();
        assert!(shown.contains("tests-01  run-tests on story/1-1-add    3  exited     0  default  make test"), "{shown}");
    }
}
