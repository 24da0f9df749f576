//! `baton project list`.

use anyhow::Result;
use clap::Args;

use super::{coloured, document, missing, state_of};
use crate::{
    cli::{
        Context,
        exit::Exit,
        figures,
        table::{Align, Table},
        text,
    },
    kernel::projects::Project,
    operations::Access,
};

/// List projects
#[derive(Debug, Args)]
pub(in crate::cli) struct List {}

impl List {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let app = context.open(Access::Look).await?;
        let mut projects = app.kernel.projects().all_projects().await?;
        projects.retain(|project| project.removed_at.is_none());
        if context.screen.is_json() {
            context.screen.document(&projects.iter().map(document).collect::<Vec<_>>())?;
        } else if projects.is_empty() {
            let add = context.again("project add DIR");
            context.screen.tell(format!("No project is known yet. A folder becomes one when a run starts in it, or with `{add}`."));
        } else {
            context.screen.answer(table(&projects, figures::now()).fit(context.screen.room()))?;
            projects.iter().filter_map(missing).for_each(|hint| context.screen.tell(hint));
        }
        Ok(Exit::Done)
    }
}

fn table(projects: &[Project], now: u64) -> Table {
    let left = Align::Left;
    let mut table = Table::new(&[("NAME", left), ("STATE", left), ("CHANGED", left), ("FOLDER", left)]);
    for project in projects {
        let folders: Vec<_> = project.folders.iter().map(|folder| text::escaped(&folder.display().to_string())).collect();
        table.row([
            text::escaped(&project.name).into(),
            coloured(state_of(project).0),
            figures::ago(now, project.updated_at).into(),
            if folders.is_empty() { "-".to_owned() } else { folders.join(", ") }.into(),
        ]);
    }
    table
}
