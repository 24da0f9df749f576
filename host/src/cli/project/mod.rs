//! `baton project`: projects, their folders and their states. What a project is kept under does not change with them.

mod add;
mod autopilot;
mod environment;
mod list;
mod move_to;
mod remove;
mod rename;
mod services;
mod setup;
mod show;
mod states;

pub(super) use autopilot::share;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

pub(super) use environment::{Lacking, lacking, unapproved};

use super::{
    Context,
    exit::{Exit, Misuse},
    figures,
    place::moved,
    screen::{BAD, FAINT, GOOD, WARNING, painted},
    table::Cell,
    text,
};
use crate::{
    events::path_text,
    kernel::projects::{Project, ProjectState},
};

/// Manage projects
///
/// A folder becomes a project when a run starts in it. Its runs, backlog, knowledge, costs and worktrees belong to the
/// project, and stay with it when it is renamed or its folder moves.
#[derive(Debug, Args)]
pub(super) struct Projects {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(list::List),
    Show(show::Show),
    Add(add::Add),
    Rename(rename::Rename),
    Move(move_to::Move),
    Pause(states::Pause),
    Resume(states::Resume),
    Complete(states::Complete),
    Autopilot(autopilot::Autopilot),
    Setup(setup::Setup),
    Services(services::Services),
    Remove(remove::Remove),
    Environment(environment::Environments),
}

impl Projects {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        match &self.command {
            Command::List(command) => command.execute(context).await,
            Command::Show(command) => command.execute(context).await,
            Command::Add(command) => command.execute(context).await,
            Command::Rename(command) => command.execute(context).await,
            Command::Move(command) => command.execute(context).await,
            Command::Pause(command) => command.execute(context).await,
            Command::Resume(command) => command.execute(context).await,
            Command::Complete(command) => command.execute(context).await,
            Command::Autopilot(command) => command.execute(context).await,
            Command::Setup(command) => command.execute(context).await,
            Command::Services(command) => command.execute(context).await,
            Command::Remove(command) => command.execute(context).await,
            Command::Environment(command) => command.execute(context).await,
        }
    }
}

/// The state in which people find a project, and why where that is an error. What an operator said is shown as it is.
fn state_of(project: &Project) -> (ProjectState, Option<String>) {
    if matches!(project.state, ProjectState::Paused | ProjectState::Completed) {
        return (project.state, None);
    }
    let gone: Option<&PathBuf> = project.folders.iter().find(|folder| !folder.is_dir());
    match (gone, project.folders.is_empty()) {
        (Some(folder), _) => {
            (ProjectState::Error, Some(format!("The folder {} does not exist.", text::escaped(&folder.display().to_string()))))
        }
        (None, true) => (ProjectState::Error, Some("No folder is known.".to_owned())),
        (None, false) => (project.state, None),
    }
}

/// How a folder of the project is set that is not there any more.
fn missing(project: &Project) -> Option<String> {
    let hint = moved(project)?;
    let (name, mark) = (text::escaped(&project.name), painted(WARNING, "!"));
    Some(match project.folders.is_empty() {
        true => format!("{mark} No folder of project {name} is known. {hint}"),
        false => format!("{mark} A folder of project {name} does not exist. {hint}"),
    })
}

fn coloured(state: ProjectState) -> Cell {
    let style = match state {
        ProjectState::Active => GOOD,
        ProjectState::Paused => WARNING,
        ProjectState::Error => BAD,
        ProjectState::Inactive | ProjectState::Completed => FAINT,
    };
    Cell::styled(state.as_str(), style)
}

/// A project as programs see it.
fn document(project: &Project) -> Value {
    let (state, reason) = state_of(project);
    json!({
        "project": project.id,
        "name": project.name,
        "state": state,
        "reason": reason,
        "folders": project.folders.iter().map(|folder| path_text(folder)).collect::<Vec<_>>(),
        "repository": project.repository,
        "settings": project.settings,
        "former-key": project.former_key,
        "created-at": figures::stamp(project.created_at),
        "updated-at": figures::stamp(project.updated_at),
    })
}

/// Says what was done, or prints the project as it is now.
fn answer(context: &Context, project: &Project, said: &str) -> Result<()> {
    if context.screen.is_json() {
        return context.screen.document(&document(project));
    }
    context.screen.tell(said);
    Ok(())
}

/// An address of a repository. One that holds a password would be told to everyone who lists projects.
fn repository(text: &str) -> Result<String, Misuse> {
    const LONGEST: usize = 2_048;
    let shown = text::excerpt(&text::escaped(text), 100);
    if text.is_empty() || text.len() > LONGEST || text.chars().any(|character| character.is_control() || character.is_whitespace()) {
        return Err(Misuse(format!("`{shown}` is not a repository URL. Use an address such as https://github.com/ada/shop.")));
    }
    let login = text.split_once("://").and_then(|(_, rest)| rest.split('/').next()?.rsplit_once('@')).map(|(login, _)| login);
    if login.is_some_and(|login| login.contains(':')) {
        return Err(Misuse("The repository URL contains a password. Leave the password out.".to_owned()));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_a_repository_holds_no_password() {
        for good in ["https://github.com/ada/shop", "git@github.com:ada/shop.git", "ssh://git@host:22/shop", "https://ada@host/x:y@z"] {
            assert_eq!(repository(good).unwrap(), good);
        }
        for bad in ["", "a b", "a\u{1b}[2J", &"x".repeat(3_000)] {
            assert!(repository(bad).unwrap_err().to_string().contains("not a repository URL"), "{bad}");
        }
        let told = repository("https://ada:hunter2@host/shop").unwrap_err().to_string();
        assert!(told.contains("password") && !told.contains("hunter2"), "{told}");
    }

    #[test]
    fn a_project_without_its_folder_is_in_error_unless_an_operator_stopped_it() {
        let home = tempfile::tempdir().unwrap();
        let project = |folders: Vec<PathBuf>, state| Project {
            id: "0194".to_owned(),
            name: "shop".to_owned(),
            folders,
            repository: None,
            state,
            settings: json!({}),
            former_key: None,
            created_at: 0,
            updated_at: 0,
            removed_at: None,
        };
        let (here, gone) = (home.path().to_owned(), home.path().join("gone"));
        assert_eq!(state_of(&project(vec![here], ProjectState::Active)), (ProjectState::Active, None));
        let (state, reason) = state_of(&project(vec![gone.clone()], ProjectState::Active));
        assert!(state == ProjectState::Error && reason.unwrap().contains("does not exist"));
        assert_eq!(state_of(&project(vec![gone], ProjectState::Paused)).0, ProjectState::Paused);
        assert_eq!(document(&project(Vec::new(), ProjectState::Inactive))["state"], "error");
    }
}
