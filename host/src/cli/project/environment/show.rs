//! `baton project environment show`.

use anyhow::Result;
use clap::Args;
use jiff::tz::TimeZone;

use super::proposal;
use crate::{
    cli::{
        Context,
        exit::Exit,
        figures,
        place::ProjectArguments,
        screen::{STRONG, WARNING, painted},
        text,
    },
    operations::{
        Access,
        environments::{self, ApprovedImage, Environment, EnvironmentProposal},
    },
};

/// Show the approved environment, and whether the project's files have changed since
#[derive(Debug, Args)]
pub(super) struct Show {
    #[command(flatten)]
    project: ProjectArguments,
}

impl Show {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let host = context.open(Access::Look).await?;
        let choice = self.project.choice()?;
        let environment = environments::show(&host, &choice.reference()).await?;
        if context.screen.is_json() {
            context.screen.document(&environment)?;
            return Ok(Exit::Done);
        }
        let build = choice.again(context, "project environment build");
        match (&environment.approved, &environment.proposal) {
            (Some(approved), Some(proposal)) => {
                let lines = lines(&environment, approved, proposal).into_iter().chain(proposal::remarks(proposal));
                context.screen.answer(lines.collect::<Vec<_>>().join("\n"))?;
                tell(context, &build, environment.changed.as_ref(), approved.present);
            }
            (None, Some(proposal)) => context.screen.answer(format!(
                "No environment is approved. The files propose {}. Approve it with `{build}`.",
                proposal::summary(proposal)
            ))?,
            (_, None) => context.screen.answer(format!(
                "No environment is approved, and no file proposes one. Commands run in the image `default`. Name another with `{build} --image NAME`."
            ))?,
        }
        Ok(Exit::Done)
    }
}

fn lines(environment: &Environment, approved: &ApprovedImage, proposal: &EnvironmentProposal) -> Vec<String> {
    let zone = TimeZone::system();
    let mut facts = vec![
        ("Image", proposal::summary(proposal)),
        ("Pinned as", proposal::word(&approved.image)),
        ("Network", if approved.network { "for its build".to_owned() } else { "none".to_owned() }),
        ("Approved", format!("{} by {}", figures::moment(approved.approved_at.0, &zone), text::escaped(&approved.approved_by))),
        ("Hash", text::escaped(approved.hash.get(..12).unwrap_or_default())),
    ];
    let files: Vec<_> = proposal.files.keys().map(|path| proposal::word(path)).collect();
    if !files.is_empty() {
        facts.push(("Files", text::excerpt(&files.join(", "), 500)));
    }
    let heading = painted(STRONG, format!("Environment of {}", text::escaped(&environment.name)));
    [heading].into_iter().chain(facts.into_iter().map(|(name, value)| format!("  {name:<10} {value}"))).collect()
}

/// Says what is to be done about it.
fn tell(context: &Context, build: &str, changed: Option<&EnvironmentProposal>, is_present: bool) {
    let mark = painted(WARNING, "!");
    if let Some(changed) = changed {
        context.screen.tell(format!(
            "{mark} The files propose another environment now: {}. What was approved stays in use until you approve the new one with `{build}`.",
            proposal::summary(changed)
        ));
    }
    if !is_present {
        context.screen.tell(format!("{mark} The image is not on this machine. Build or fetch it with `{build}`."));
    }
}
