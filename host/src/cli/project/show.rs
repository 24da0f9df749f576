//! `baton project show`.

use anyhow::Result;
use clap::Args;
use jiff::tz::TimeZone;

use super::missing;
use crate::{
    cli::{
        Context, client,
        exit::Exit,
        figures,
        screen::{STRONG, painted},
        text,
    },
    operations::{Access, projects::ProjectDetails},
};

/// Show a project: its directories, state, budget and unfinished run
#[derive(Debug, Args)]
pub(in crate::cli) struct Show {
    /// Name or id of the project
    name: String,
}

impl Show {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let client = context.connect(Access::Look).await?;
        let details = client::projects::show(&client, &self.name).await?;
        if context.screen.is_json() {
            context.screen.document(&details)?;
        } else {
            context.screen.answer(lines(&details).join("\n"))?;
            missing(&details.project).into_iter().for_each(|hint| context.screen.tell(hint));
        }
        Ok(Exit::Done)
    }
}

fn lines(details: &ProjectDetails) -> Vec<String> {
    let (zone, project) = (TimeZone::system(), &details.project);
    let mut facts = vec![("Id", text::escaped(&project.id)), ("State", project.state.as_str().to_owned())];
    facts.extend(project.reason.as_ref().map(|reason| ("Reason", text::line(reason))));
    facts.extend(project.folders.iter().map(|folder| ("Directory", text::escaped(folder))));
    facts.extend(project.repository.as_ref().map(|repository| ("Repository", text::escaped(repository))));
    facts.push(("Created", figures::moment(project.created_at.0, &zone)));
    facts.push(("Changed", figures::moment(project.updated_at.0, &zone)));
    facts.extend(details.unfinished_run.as_ref().map(|run| ("Unfinished", format!("run {}", text::short(run)))));
    facts.push(("Spent", figures::money(Some(details.spent_usd.as_number()))));
    facts.extend(details.budget_usd.map(|budget| ("Budget", format!("${budget}"))));
    facts.extend(project.former_key.as_ref().map(|key| ("Former key", text::escaped(key))));
    let heading = painted(STRONG, text::escaped(&project.name));
    [heading].into_iter().chain(facts.into_iter().map(|(name, value)| format!("  {name:<11} {value}"))).collect()
}
