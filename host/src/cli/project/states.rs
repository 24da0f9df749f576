//! `baton project pause`, `resume` and `complete`.

use anyhow::Result;
use clap::Args;

use super::answer;
use crate::{
    cli::{
        Context,
        exit::Exit,
        screen::{GOOD, painted},
        text,
    },
    kernel::projects::{Change, Project, ProjectState},
};

/// Pause a project
///
/// No run starts or resumes in it. Runs that are executed now continue until they end or are suspended.
#[derive(Debug, Args)]
pub(in crate::cli) struct Pause {
    /// Name or id of the project
    name: String,
}

/// Resume a project that is paused or completed
///
/// Its suspended runs continue as soon as a host executes them, and new runs can start.
#[derive(Debug, Args)]
pub(in crate::cli) struct Resume {
    /// Name or id of the project
    name: String,
}

/// Mark a project as completed
///
/// No run starts in it until it is resumed. Rejected while a run of it is unfinished.
#[derive(Debug, Args)]
pub(in crate::cli) struct Complete {
    /// Name or id of the project
    name: String,
}

impl Pause {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let said = |_, name: &str| format!("Project {name} is paused. Its runs continue after `{}`.", again(context, "resume", name));
        change(context, &self.name, Change::Pause, said).await
    }
}

impl Resume {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        change(context, &self.name, Change::Resume, |before, name| match before {
            ProjectState::Completed => format!("Project {name} was completed and is open again. Runs can start in it."),
            _ => format!("Runs can start and continue in project {name}."),
        })
        .await
    }
}

impl Complete {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let said = |_, name: &str| format!("Project {name} is completed. `{}` opens it again.", again(context, "resume", name));
        change(context, &self.name, Change::Complete, said).await
    }
}

/// Makes the change, and tells it with the state before and the project's name.
async fn change(context: &Context, name: &str, change: Change, said: impl Fn(ProjectState, &str) -> String) -> Result<Exit> {
    let app = context.open_to_change().await?;
    let project = app.kernel.find_project(name).await?;
    let before = project.state;
    let changed = app.kernel.change_project(&project, change, &app.config.operator).await;
    app.close().await;
    let project: Project = changed?;
    let name = text::escaped(&project.name);
    answer(context, &project, &format!("{} {}", painted(GOOD, "✓"), said(before, &name)))?;
    Ok(Exit::Done)
}

fn again(context: &Context, command: &str, name: &str) -> String {
    context.again(&format!("project {command} {}", text::shell_word(name)))
}
