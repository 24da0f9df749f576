//! `baton project pause`, `resume` and `complete`.

use anyhow::Result;
use clap::Args;

use super::answer;
use crate::{
    cli::{
        Context,
        client::{self, Client},
        exit::Exit,
        screen::{GOOD, painted},
        text,
    },
    operations::{
        Problem,
        projects::{ChangedProject, ProjectState},
    },
};

/// Pause a project
///
/// No run of the project starts or resumes. Runs in progress continue until they end or are suspended.
#[derive(Debug, Args)]
pub(in crate::cli) struct Pause {
    /// Name or id of the project
    name: String,
}

/// Resume a project that is paused or completed
///
/// Suspended runs of the project continue as soon as a host executes them, and new runs can start.
#[derive(Debug, Args)]
pub(in crate::cli) struct Resume {
    /// Name or id of the project
    name: String,
}

/// Mark a project as completed
///
/// No run of the project starts until you resume it. Baton rejects the command while a run of the project is unfinished.
#[derive(Debug, Args)]
pub(in crate::cli) struct Complete {
    /// Name or id of the project
    name: String,
}

impl Pause {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let client = context.connect_to_change().await?;
        let paused = client::projects::pause(&client, &self.name).await;
        let words = |_, name: &str| format!("Project {name} is paused. Its runs continue after `{}`.", again(context, "resume", name));
        finish(context, client, paused, words).await
    }
}

impl Resume {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let client = context.connect_to_change().await?;
        let resumed = client::projects::resume(&client, &self.name).await;
        let words = |before, name: &str| match before {
            ProjectState::Completed => format!("Project {name} was completed and is open again. Runs can start in it."),
            _ => format!("Runs can start and continue in project {name}."),
        };
        finish(context, client, resumed, words).await
    }
}

impl Complete {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let client = context.connect_to_change().await?;
        let completed = client::projects::complete(&client, &self.name).await;
        let words = |_, name: &str| format!("Project {name} is completed. `{}` opens it again.", again(context, "resume", name));
        finish(context, client, completed, words).await
    }
}

/// Closes the host, and reports the change with the state before and the project's name.
async fn finish(
    context: &Context,
    client: Client,
    changed: Result<ChangedProject, Problem>,
    words: impl Fn(ProjectState, &str) -> String,
) -> Result<Exit> {
    client.close().await;
    let changed = changed?;
    let name = text::escaped(&changed.project.name);
    answer(context, &changed, &format!("{} {}", painted(GOOD, "✓"), words(changed.former_state, &name)))?;
    Ok(Exit::Done)
}

fn again(context: &Context, command: &str, name: &str) -> String {
    context.again(&format!("project {command} {}", text::shell_word(name)))
}
