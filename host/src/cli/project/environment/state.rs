//! What the environment of a project lacks, in one sentence with the command that fixes it. Changes nothing.

use std::path::Path;

use anyhow::Result;
use serde_json::Value;

use super::shown;
use crate::{
    app::environment::EnvironmentState,
    cli::{
        Context,
        place::{ProjectChoice, ProjectFolder},
        screen::{WARNING, painted},
        text,
    },
    interfaces::{Settings, sandbox::EngineKind},
    operations::Host,
};

/// What is missing, and what fixes it.
pub(in crate::cli) struct Lacking {
    /// A sentence.
    pub(in crate::cli) what: String,
    /// Another.
    pub(in crate::cli) advice: String,
}

/// What a project's environment lacks; none where the operator named an image for tests, or where commands are no containers.
pub(in crate::cli) async fn lacking(app: &Host, context: &Context, found: &ProjectFolder, settings: &Value) -> Result<Option<Lacking>> {
    let is_set = Settings::merge(std::slice::from_ref(settings)).for_host("test.image").is_some();
    if is_set || app.config.sandbox.engine == EngineKind::Process {
        return Ok(None);
    }
    let build = found.again(context, "project environment build");
    let (what, advice) = match app.environment_state(found.id(), found.folder()?).await? {
        EnvironmentState::Nothing => return Ok(None),
        EnvironmentState::Proposed(proposal) => {
            let what = format!(
                "The project's files propose {}, and no environment is approved, so its tests run in the image `default`.",
                shown::summary(&proposal)
            );
            (what, format!("Approve it with `{build}`."))
        }
        EnvironmentState::Approved { changed: Some(changed), .. } => (
            format!("The project's files propose another environment than the one that is approved: {}.", shown::summary(&changed)),
            format!("Approve the new one with `{build}`."),
        ),
        EnvironmentState::Approved { approved, .. } => {
            let image = &approved.environment.image.reference;
            if app.sandbox.has_image(image).await {
                return Ok(None);
            }
            ("The image of the project's environment is not on this machine.".to_owned(), format!("Build or fetch it with `{build}`."))
        }
    };
    Ok(Some(Lacking { what, advice }))
}

/// The line for a run that is about to start, where the files propose another environment than the one that is approved. Where
/// none is approved, whoever runs tests says so.
pub(in crate::cli) async fn unapproved(app: &Host, context: &Context, choice: &ProjectChoice, workspace: &Path) -> Result<Option<String>> {
    let found = choice.find(app).await?;
    if app.approved_environment(found.id()).await?.is_none() {
        return Ok(None);
    }
    let settings = app.config.settings(workspace)?;
    let lacking = lacking(app, context, &found, &settings).await?;
    Ok(lacking.map(|Lacking { what, advice }| format!("{} {} {}", painted(WARNING, "!"), text::plain(&what), text::plain(&advice))))
}
