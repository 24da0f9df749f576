//! `baton project show`.

use anyhow::Result;
use clap::Args;
use jiff::tz::TimeZone;
use serde_json::json;

use super::{document, missing, state_of};
use crate::{
    cli::{
        Context,
        exit::Exit,
        figures,
        screen::{STRONG, painted},
        text,
    },
    interfaces::llm::money::{Amount, Scope},
    journal::RunId,
    kernel::projects::Project,
    operations::Access,
};

/// Show a project: its folders, its state, its budget and a run that is unfinished
#[derive(Debug, Args)]
pub(in crate::cli) struct Show {
    /// Name or id of the project
    name: String,
}

/// What else belongs to a project.
struct Beside {
    unfinished: Option<RunId>,
    spent: Amount,
    budget: Option<Amount>,
}

impl Show {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let app = context.open(Access::Look).await?;
        let project = app.kernel.find_project(&self.name).await?;
        let scope = Scope::Project(project.id.clone());
        let budget = app.budgets.budgets().await?.into_iter().find(|budget| budget.scope == scope).map(|budget| budget.amount);
        let beside = Beside {
            unfinished: app.kernel.projects().unfinished_run(&project.id).await?,
            spent: app.budgets.spent(&scope).await?,
            budget,
        };
        if context.screen.is_json() {
            let mut shown = document(&project);
            shown["unfinished-run"] = json!(beside.unfinished);
            (shown["spent-usd"], shown["budget-usd"]) = (json!(beside.spent), json!(beside.budget));
            context.screen.document(&shown)?;
        } else {
            context.screen.answer(lines(&project, &beside).join("\n"))?;
            missing(&project).into_iter().for_each(|hint| context.screen.tell(hint));
        }
        Ok(Exit::Done)
    }
}

fn lines(project: &Project, beside: &Beside) -> Vec<String> {
    let zone = TimeZone::system();
    let (state, reason) = state_of(project);
    let mut facts = vec![("Id", text::escaped(&project.id)), ("State", state.as_str().to_owned())];
    facts.extend(reason.map(|reason| ("Reason", reason)));
    facts.extend(project.folders.iter().map(|folder| ("Folder", text::escaped(&folder.display().to_string()))));
    facts.extend(project.repository.as_ref().map(|repository| ("Repository", text::escaped(repository))));
    facts.push(("Created", figures::moment(project.created_at, &zone)));
    facts.push(("Changed", figures::moment(project.updated_at, &zone)));
    facts.extend(beside.unfinished.as_ref().map(|run| ("Unfinished", format!("run {}", text::short(run)))));
    facts.push(("Spent", figures::money(Some(beside.spent.dollars()))));
    facts.extend(beside.budget.map(|budget| ("Budget", format!("${budget}"))));
    facts.extend(project.former_key.as_ref().map(|key| ("Former key", text::escaped(key))));
    let heading = painted(STRONG, text::escaped(&project.name));
    [heading].into_iter().chain(facts.into_iter().map(|(name, value)| format!("  {name:<11} {value}"))).collect()
}
