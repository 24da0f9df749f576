//! `baton project environment test`.

use anyhow::Result;
use clap::Args;

use crate::{
    cli::{
        Context,
        exit::Exit,
        place::ProjectArguments,
        screen::{BAD, FAINT, GOOD},
        table::{Align, Cell, Table},
        text,
    },
    operations::{
        Access,
        environments::{self, TestedTool},
    },
};

/// Show which tools a project's environment contains
///
/// Baton runs a small command in the environment, with an empty directory and without network access. Exits with code 1 if
/// a tool that the project's files require is missing.
#[derive(Debug, Args)]
pub(super) struct Test {
    #[command(flatten)]
    project: ProjectArguments,
}

impl Test {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let host = context.open(Access::Look).await?;
        let tested = environments::test(&host, &self.project.choice()?.reference()).await;
        host.close().await;
        let tested = tested?;
        if context.screen.is_json() {
            context.screen.document(&tested)?;
        } else {
            context.screen.answer(table(&tested.tools).fit(context.screen.room()))?;
        }
        Ok(if tested.complete { Exit::Done } else { Exit::Failed })
    }
}

fn table(tools: &[TestedTool]) -> Table {
    let mut table = Table::new(&[("", Align::Left), ("TOOL", Align::Left), ("VERSION", Align::Left)]);
    for tool in tools {
        let state = match (&tool.version, tool.required) {
            (Some(_), _) => Cell::styled("ok", GOOD),
            (None, true) => Cell::styled("missing", BAD),
            (None, false) => Cell::styled("none", FAINT),
        };
        let version = tool.version.as_deref().map(|version| text::excerpt(&text::escaped(version), 200)).unwrap_or_default();
        table.row([state, tool.tool.as_str().into(), version.into()]);
    }
    table
}
