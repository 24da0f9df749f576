//! `baton bindings list`.

use anyhow::Result;
use clap::Args;

use super::proposed;
use crate::{
    cli::{
        Context,
        client::{self, Client},
        exit::Exit,
        place::ProjectArguments,
        screen::{BAD, FAINT, GOOD, WARNING, painted},
        table::{Align, Cell, Table},
        text,
    },
    operations::{
        Access,
        bindings::{Binding, BoundBy, ListBindings},
    },
};

/// List the slots, the plugin that fills each, and the source of the binding
///
/// Without --project or --workspace, the command lists the bindings that apply to all projects. With one of them, it lists
/// the bindings of that project, including those that its repository proposes.
#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    project: ProjectArguments,
}

impl List {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let client = match context.remote().await? {
            Some(remote) => Client::There(Box::new(remote)),
            None => Client::here(context.open_with(context.config_with_mistaken_bindings()?, Access::Look).await?),
        };
        let choice = self.project.named_for(context)?;
        let request = ListBindings { project: choice.as_ref().map(|choice| choice.reference()) };
        let listed = client::bindings::list(&client, &request).await?;
        if context.screen.is_json() {
            context.screen.document(&listed)?;
            return Ok(Exit::Done);
        }
        context.screen.answer(table(&listed.items).fit(context.screen.room()))?;
        for mistake in &listed.mistakes {
            let file = match &client {
                Client::Here(host) => text::path(&host.config().user_file),
                Client::There(_) => "the server's settings".to_owned(),
            };
            let left_out = format!("`{}` in {file} is left out: {}", text::line(&mistake.key), text::line(&mistake.problem));
            context.screen.warn(format!("{} {left_out} Every other command rejects the file until you correct it.", painted(WARNING, "!")));
        }
        for problem in listed.items.iter().filter_map(|binding| binding.problem.as_ref()) {
            context.screen.warn(format!("{} {}", painted(WARNING, "!"), context.advice(&text::line(problem))));
        }
        if let (Some(choice), Some(proposal)) = (&choice, &listed.proposal)
            && let Some(line) = proposed::describe(context, choice, proposal)
        {
            context.screen.warn(line);
        }
        Ok(Exit::Done)
    }
}

fn table(bindings: &[Binding]) -> Table {
    let head = ["SLOT", "PLUGIN", "LABEL", "BOUND BY", "KIND", "STATE", "FOR"].map(|name| (name, Align::Left));
    let mut table = Table::new(&head);
    for binding in bindings {
        table.row([
            text::escaped(&binding.slot).into(),
            text::escaped(&binding.plugin).into(),
            binding.label.as_deref().map(text::escaped).unwrap_or_default().into(),
            bound_by(binding),
            binding.kind.as_str().into(),
            state(binding),
            Cell::styled(text::escaped(&binding.meaning), FAINT),
        ]);
    }
    table
}

fn state(binding: &Binding) -> Cell {
    match (&binding.problem, binding.installed) {
        (None, _) => Cell::styled("ok", GOOD),
        (Some(_), false) => Cell::styled("not installed", BAD),
        (Some(_), true) => Cell::styled("does not fit", BAD),
    }
}

/// Who bound it, and for which projects.
fn bound_by(binding: &Binding) -> Cell {
    let by = match binding.bound_by {
        BoundBy::Command => "command",
        BoundBy::Settings => "settings",
        BoundBy::Repository => "repository",
        BoundBy::Default => return Cell::styled("default", FAINT),
    };
    let place = if binding.project.is_some() { "project" } else { "all" };
    format!("{by}, {place}").into()
}
