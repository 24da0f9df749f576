//! `baton project setup run`: has the approved setup done now, by a run like those that need it, and prints what it printed.

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

use super::Known;
use crate::{
    cli::{
        Context,
        answering::Manner,
        attached,
        exit::{Exit, Misuse},
        place::ProjectArguments,
        text,
    },
    events::Category,
    interfaces::{RunOptions, sandbox::Decision},
    journal::RunId,
    kernel::{Order, package::Kind, run::State},
    operations::Host,
};

/// The workflow that has setups done.
const WORKFLOW: &str = "run-tests";
/// Events that are read at once.
const PAGE: u32 = 1_000;

/// Run the approved setup now and print its output
///
/// What it leaves is put into the project's folder, where nothing of yours is replaced, and kept for runs: they begin with a copy,
/// as long as the lockfiles stay the same. Then it is not executed again. A setup that fails leaves nothing.
#[derive(Debug, Args)]
pub(super) struct Run {
    #[command(flatten)]
    project: ProjectArguments,
}

impl Run {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let app = context.open_to_change().await?;
        let choice = self.project.choice()?;
        if let Err(why) = usable(Known::of(&app, &choice).await?.decision()) {
            return Err(Misuse(format!("{why} Look at it with `{}`.", choice.again(context, "project setup show"))).into());
        }
        let workspace = self.project.workspace(&app).await?;
        let order = Order {
            plugin: WORKFLOW.to_owned(),
            kind: Kind::Workflow,
            input: json!({ "setup_only": true }),
            workspace,
            options: RunOptions::default(),
            by: app.config.operator.clone(),
        };
        let (run, plugin) = app.kernel.ordered(order)?;
        app.kernel.check_project(&run.workspace).await?;
        let run = app.kernel.enqueue(run, &plugin).await?;
        let (app, ended) = attached::drive_or_follow(app, context, &run.id, Manner::Ask).await?;
        let Some(ended) = ended else { return Ok(Exit::Unfinished) };
        let printed = printed(&app, &run.id).await?;
        // The next try is a run of its own; nobody resumes this one.
        let is_over = !matches!(ended.run.state, State::Paused { .. });
        if !is_over {
            app.kernel.cancel(&ended.run, &app.config.operator).await?;
        }
        app.close().await;
        if context.screen.is_json() {
            let report = ended.run.output.as_ref().map(|output| output["report"].clone());
            let state = ended.run.state.as_str();
            context.screen.document(&json!({ "run": run.id, "state": state, "printed": printed, "report": report }))?;
        } else if !printed.is_empty() {
            context.screen.answer(text::plain(printed.trim_end_matches('\n')))?;
        }
        match (&ended.run.state, &ended.run.output) {
            (State::Succeeded, Some(output)) => context.screen.tell(text::plain(output["report"].as_str().unwrap_or_default())),
            (State::Paused { pause }, _) => context.screen.warn(context.advice(&text::plain(&pause.reason))),
            _ => ended.tell(context, None),
        }
        Ok(if is_over { ended.exit() } else { Exit::Failed })
    }
}

/// Why there is no setup to run, a sentence.
fn usable(decision: Decision) -> Result<(), String> {
    match decision {
        Decision::Use(_) => Ok(()),
        Decision::None(hint) if hint.is_empty() => Err("The project has no setup.".to_owned()),
        Decision::None(reason) | Decision::Undecided(reason) => Err(reason),
    }
}

/// What its container printed.
async fn printed(app: &Host, run: &RunId) -> Result<String> {
    let (mut printed, mut cursor) = (String::new(), 0);
    loop {
        let page = app.kernel.events().after(cursor, Some(run), PAGE).await?;
        let Some(last) = page.last().map(|event| event.cursor) else { return Ok(printed) };
        let output = page.iter().filter(|event| event.draft.category == Category::Sandbox && event.draft.name == "output");
        printed.extend(output.filter_map(|event| event.draft.data.get("text").and_then(Value::as_str)));
        cursor = last;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setup_that_is_not_approved_is_not_run() {
        assert_eq!(usable(Decision::None(String::new())), Err("The project has no setup.".to_owned()));
        assert_eq!(usable(Decision::Undecided("It is not approved.".to_owned())), Err("It is not approved.".to_owned()));
    }
}
