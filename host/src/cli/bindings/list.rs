//! `baton bindings list`.

use anyhow::Result;
use clap::Args;
use serde_json::json;

use super::{overview, overview::Filling, proposed};
use crate::{
    cli::{
        Context,
        exit::Exit,
        place::{ProjectArguments, ProjectChoice},
        screen::{BAD, FAINT, GOOD, WARNING, painted},
        table::{Align, Cell, Table},
        text,
    },
    kernel::{
        projects::Project,
        slots::{Proposal, ProposalState, Source, kind_of},
    },
    operations::{Access, Host},
};

/// List the slots, the plugin that fills each, and who bound it
///
/// Without --project or --workspace it lists what holds where no project says otherwise. With one it also shows what the
/// repository proposes.
#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    project: ProjectArguments,
}

impl List {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let config = context.config_with_mistaken_bindings()?;
        let app = context.open_with(config, Access::Look).await?;
        let choice = self.project.named()?;
        let (project, proposal) = match &choice {
            Some(choice) => looked(&app, choice).await?,
            None => (None, None),
        };
        let approved = proposal.as_ref().filter(|proposal| proposal.state == ProposalState::Approved);
        let repository = approved.and_then(|proposal| proposal.table.as_ref().ok());
        let fillings = overview::fillings(&app, project.as_ref(), repository).await?;
        if context.screen.is_json() {
            context.screen.document(&json!({
                "project": project.as_ref().map(|project| &project.id),
                "bindings": fillings.iter().map(Filling::document).collect::<Vec<_>>(),
                "proposal": proposal.as_ref().map(proposed::document),
                "mistakes": app.config.mistaken_bindings.iter().map(|(key, error)| json!({ "key": key, "problem": error.to_string() }))
                    .collect::<Vec<_>>(),
            }))?;
            return Ok(Exit::Done);
        }
        context.screen.answer(table(&fillings).fit(context.screen.room()))?;
        for (key, error) in &app.config.mistaken_bindings {
            let file = text::escaped(&app.config.user_file.display().to_string());
            let told = format!("`{}` in {file} is left out: {}", text::line(key), text::line(&error.to_string()));
            context.screen.warn(format!("{} {told} Every other command rejects the file until it is corrected.", painted(WARNING, "!")));
        }
        for problem in fillings.iter().filter_map(|filling| filling.problem.as_ref()) {
            context.screen.warn(format!("{} {}", painted(WARNING, "!"), context.advice(&text::line(problem))));
        }
        if let (Some(choice), Some(proposal)) = (&choice, &proposal)
            && let Some(line) = proposed::line(context, choice, proposal)
        {
            context.screen.warn(line);
        }
        Ok(Exit::Done)
    }
}

/// The project that is meant, if it is known yet, and what its repository proposes.
async fn looked(app: &Host, choice: &ProjectChoice) -> Result<(Option<Project>, Option<Proposal>)> {
    let found = choice.find(app).await?;
    let project = app.kernel.projects().load_project(found.id()).await?;
    let proposal = match found.folder() {
        Ok(folder) => app.kernel.proposal(found.id(), &app.config.project(folder)?).await?,
        Err(_) => None,
    };
    Ok((project, proposal))
}

fn table(fillings: &[Filling]) -> Table {
    let head = ["SLOT", "PLUGIN", "LABEL", "BOUND BY", "KIND", "STATE", "FOR"].map(|name| (name, Align::Left));
    let mut table = Table::new(&head);
    for filling in fillings {
        let state = match (&filling.problem, filling.installed) {
            (None, _) => Cell::styled("ok", GOOD),
            (Some(_), false) => Cell::styled("not installed", BAD),
            (Some(_), true) => Cell::styled("does not fit", BAD),
        };
        let by = filling.bound_by();
        let by = if filling.chosen.source == Source::Default { Cell::styled(by, FAINT) } else { by.into() };
        let label = filling.label.as_deref().map(text::escaped).unwrap_or_default();
        table.row([
            filling.slot.name.into(),
            text::escaped(&filling.chosen.plugin).into(),
            label.into(),
            by,
            kind_of(filling.slot).to_string().into(),
            state,
            Cell::styled(filling.slot.meaning, FAINT),
        ]);
    }
    table
}
