//! `baton project list`.

use anyhow::Result;
use clap::Args;

use super::{coloured, missing};
use crate::{
    cli::{
        Context, client,
        exit::Exit,
        figures,
        table::{Align, Table},
        text,
    },
    operations::{
        Access,
        projects::{ListProjects, Project},
    },
};

/// List projects
#[derive(Debug, Args)]
pub(in crate::cli) struct List {}

impl List {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let client = context.connect(Access::Look).await?;
        let projects = client::projects::list(&client, &ListProjects::default()).await?;
        if context.screen.is_json() {
            context.screen.document(&projects)?;
        } else if projects.items.is_empty() {
            let add = context.again("project add DIR");
            context.screen.tell(format!("There are no projects. A directory becomes one when a run starts in it, or with `{add}`."));
        } else {
            context.screen.answer(table(&projects.items, figures::now()).fit(context.screen.room()))?;
            projects.items.iter().filter_map(missing).for_each(|hint| context.screen.tell(hint));
        }
        Ok(Exit::Done)
    }
}

fn table(projects: &[Project], now: u64) -> Table {
    let left = Align::Left;
    let mut table = Table::new(&[("NAME", left), ("STATE", left), ("CHANGED", left), ("DIRECTORY", left)]);
    for project in projects {
        let folders: Vec<_> = project.folders.iter().map(|folder| text::escaped(folder)).collect();
        table.row([
            text::escaped(&project.name).into(),
            coloured(project.state),
            figures::ago(now, project.updated_at.0).into(),
            if folders.is_empty() { "-".to_owned() } else { folders.join(", ") }.into(),
        ]);
    }
    table
}
