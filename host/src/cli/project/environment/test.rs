//! `baton project environment test`.

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

use crate::{
    app::{
        Access,
        environment::{BuildOptions, Found},
    },
    cli::{
        Context,
        exit::{Exit, Misuse},
        place::ProjectArguments,
        screen::{BAD, FAINT, GOOD},
        table::{Align, Cell, Table},
        text,
    },
};

/// Run a small command in a project's environment, and say which tools it has
///
/// The command sees an empty folder and no network. Ends with exit code 1 where a tool that the project's files want is missing.
#[derive(Debug, Args)]
pub(super) struct Test {
    #[command(flatten)]
    project: ProjectArguments,
}

impl Test {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let app = context.open(Access::Look).await?;
        let found = self.project.choice()?.find(&app).await?;
        let approved = app.approved_environment(found.id()).await?.ok_or_else(|| {
            let build = found.again(context, "project environment build");
            Misuse(format!("No environment is approved for this project. Approve one with `{build}`."))
        })?;
        let wanted = match approved.proposal.tools() {
            // An image that was named says nothing of the project.
            none if none.is_empty() => app.propose_environment(found.folder()?, &BuildOptions::default())?.tools(),
            wanted => wanted,
        };
        let tools = app.test_environment(&approved.environment.image, &wanted).await?;
        app.close().await;
        let is_whole = tools.iter().all(|tool| tool.version.is_some() || !tool.is_wanted);
        if context.screen.is_json() {
            context.screen.document(&json!({
                "image": approved.environment.image.reference, "complete": is_whole, "tools": tools.iter().map(document).collect::<Vec<_>>(),
            }))?;
        } else {
            context.screen.answer(table(&tools).fit(context.screen.room()))?;
        }
        Ok(if is_whole { Exit::Done } else { Exit::Failed })
    }
}

fn document(tool: &Found) -> Value {
    json!({ "tool": tool.name, "version": tool.version, "wanted": tool.is_wanted })
}

fn table(tools: &[Found]) -> Table {
    let mut table = Table::new(&[("", Align::Left), ("TOOL", Align::Left), ("VERSION", Align::Left)]);
    for tool in tools {
        let state = match (&tool.version, tool.is_wanted) {
            (Some(_), _) => Cell::styled("ok", GOOD),
            (None, true) => Cell::styled("missing", BAD),
            (None, false) => Cell::styled("none", FAINT),
        };
        let version = tool.version.as_deref().map(|version| text::excerpt(&text::escaped(version), 200)).unwrap_or_default();
        table.row([state, tool.name.as_str().into(), version.into()]);
    }
    table
}
