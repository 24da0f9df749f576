//! The workflows of the demo, one after the other. Each is started once in a folder, and continued where an earlier call of
//! the demo left it.

use std::path::Path;

use anyhow::Result;
use serde_json::Value;

use crate::{
    cli::{Context, answering::Manner, drive::drive_answering, ending::Ended, text},
    operations::{
        Host,
        demo::{self, Found},
        execution::{self, RunOptions, StartRun},
        runs::RunState,
    },
};

/// What every stage needs.
pub(super) struct Stages<'a> {
    pub(super) host: &'a Host,
    pub(super) context: &'a Context,
    pub(super) folder: &'a Path,
    /// Of the runs: which model answers.
    pub(super) options: RunOptions,
}

/// A stage that has ended or stands still.
pub(super) struct Stage {
    pub(super) ended: Ended,
    /// An earlier call of the demo finished it.
    pub(super) before: bool,
}

impl Stage {
    pub(super) fn succeeded(&self) -> bool {
        self.ended.outcome.run.state == RunState::Succeeded
    }

    pub(super) fn output(&self) -> Value {
        self.ended.outcome.output.clone().unwrap_or_default()
    }
}

impl Stages<'_> {
    /// Starts the workflow, with an introduction, or continues it.
    pub(super) async fn run(&self, workflow: &str, input: Value, introduce: impl FnOnce()) -> Result<Stage> {
        let Self { host, context, folder, options } = self;
        let request = StartRun { workflow: workflow.to_owned(), input, workspace: folder.to_path_buf(), options: options.clone() };
        let started = demo::start_once(host, host.operator(), &request).await?;
        match started.how {
            Found::Finished => {
                let outcome = execution::outcome(host, &started.run, 0).await?;
                return Ok(Stage { ended: Ended { outcome }, before: true });
            }
            Found::Continued { model_before } => context.screen.tell(continues(model_before.as_deref(), options.model.as_deref())),
            Found::Started => introduce(),
        }
        Ok(Stage { ended: drive_answering(host, context, &started.run, (Manner::Suggested, &mut None)).await?, before: false })
    }
}

/// Which model answers from now on, and which did before where it was another: a model costs money, the script does not.
fn continues(before: Option<&str>, now: Option<&str>) -> String {
    let name = |model: Option<&str>| match model {
        Some(model) if model.starts_with("script/") => "the script".to_owned(),
        Some(model) => text::line(model),
        None => "no model".to_owned(),
    };
    let (before, now) = (name(before), name(now));
    if before == now {
        return format!("The demo in this directory continues with {now}.");
    }
    format!("The demo in this directory continues with {now}; before it was {before}. Choose with --model, or leave it out for the script.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_that_answers_from_now_on_is_named() {
        let (script, model) = (Some("script//x/replies.yaml"), Some("anthropic/claude"));
        assert_eq!(continues(script, script), "The demo in this directory continues with the script.");
        let back = continues(model, script);
        assert!(back.contains("continues with the script; before it was anthropic/claude"), "{back}");
        assert!(continues(script, model).contains("continues with anthropic/claude; before it was the script"));
    }
}
