//! `baton project environment show`.

use anyhow::Result;
use clap::Args;
use jiff::tz::TimeZone;
use serde_json::json;

use super::shown;
use crate::{
    app::{
        Access,
        environment::{Approved, EnvironmentState, Proposal},
    },
    cli::{
        Context,
        exit::Exit,
        figures,
        place::{ProjectArguments, ProjectFolder},
        screen::{STRONG, WARNING, painted},
        text,
    },
};

/// Show the environment that is approved, and whether the project's files changed since
#[derive(Debug, Args)]
pub(super) struct Show {
    #[command(flatten)]
    project: ProjectArguments,
}

impl Show {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let app = context.open(Access::Look).await?;
        let found = self.project.choice()?.find(&app).await?;
        let state = app.environment_state(found.id(), found.folder()?).await?;
        let is_here = match &state {
            EnvironmentState::Approved { approved, .. } => Some(app.sandbox.has_image(&approved.environment.image.reference).await),
            _ => None,
        };
        if context.screen.is_json() {
            context.screen.document(&document(&found, &state, is_here))?;
            return Ok(Exit::Done);
        }
        let build = found.again(context, "project environment build");
        match &state {
            EnvironmentState::Nothing => context.screen.answer(format!(
                "No environment is approved, and no file proposes one. Commands run in the image `default`. Name another with `{build} --image NAME`."
            ))?,
            EnvironmentState::Proposed(proposal) => {
                context.screen.answer(format!(
                    "No environment is approved. The files propose {}. Approve it with `{build}`.",
                    shown::summary(proposal)
                ))?;
            }
            EnvironmentState::Approved { approved, changed } => {
                let lines = lines(&found, approved).into_iter().chain(shown::remarks(&approved.proposal)).collect::<Vec<_>>();
                context.screen.answer(lines.join("\n"))?;
                told(context, &build, changed.as_deref(), is_here == Some(true));
            }
        }
        Ok(Exit::Done)
    }
}

fn document(found: &ProjectFolder, state: &EnvironmentState, is_here: Option<bool>) -> serde_json::Value {
    match state {
        EnvironmentState::Nothing => json!({ "project": found.id(), "state": "none" }),
        EnvironmentState::Proposed(proposal) => {
            json!({ "project": found.id(), "state": "proposed", "proposal": shown::document(proposal) })
        }
        EnvironmentState::Approved { approved, changed } => json!({
            "project": found.id(),
            "state": if changed.is_some() { "changed" } else { "approved" },
            "image": approved.environment.image.reference,
            "local": approved.environment.image.is_local,
            "here": is_here,
            "hash": approved.environment.hash,
            "network": approved.with_network,
            "approved-at": figures::stamp(approved.environment.approved_at),
            "approved-by": approved.environment.approved_by,
            "proposal": shown::document(&approved.proposal),
            "changed": changed.as_deref().map(shown::document),
        }),
    }
}

fn lines(found: &ProjectFolder, approved: &Approved) -> Vec<String> {
    let zone = TimeZone::system();
    let environment = &approved.environment;
    let mut facts = vec![
        ("Image", shown::summary(&approved.proposal)),
        ("Pinned as", shown::word(&environment.image.reference)),
        ("Network", if approved.with_network { "for its build".to_owned() } else { "none".to_owned() }),
        ("Approved", format!("{} by {}", figures::moment(environment.approved_at, &zone), text::escaped(&environment.approved_by))),
        ("Hash", environment.hash.get(..12).unwrap_or_default().to_owned()),
    ];
    let files: Vec<_> = approved.proposal.files.keys().map(|path| shown::word(path)).collect();
    if !files.is_empty() {
        facts.push(("Said by", text::excerpt(&files.join(", "), 500)));
    }
    let heading = painted(STRONG, format!("Environment of {}", text::escaped(found.project.shown())));
    [heading].into_iter().chain(facts.into_iter().map(|(name, value)| format!("  {name:<10} {value}"))).collect()
}

/// What is to be done about it.
fn told(context: &Context, build: &str, changed: Option<&Proposal>, is_here: bool) {
    let mark = painted(WARNING, "!");
    if let Some(changed) = changed {
        context.screen.tell(format!(
            "{mark} The files propose another environment now: {}. What was approved stays in use until you approve the new one with `{build}`.",
            shown::summary(changed)
        ));
    }
    if !is_here {
        context.screen.tell(format!("{mark} The image is not on this machine. Build or fetch it with `{build}`."));
    }
}
