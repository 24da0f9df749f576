//! The workflows of the demo, one after the other. Each is begun once in a folder, and continued where an earlier call of
//! the demo left it.

use std::path::Path;

use anyhow::Result;
use serde_json::Value;

use crate::{
    cli::{
        Context,
        answering::Manner,
        drive::{drive_answering, ended, failed_at},
        ending::Ended,
        text,
    },
    interfaces::RunOptions,
    kernel::{
        Order,
        package::Kind,
        run::{Filter, Run, State},
    },
    operations::Host,
};

/// What every stage needs.
pub(super) struct Stages<'a> {
    pub(super) app: &'a Host,
    pub(super) context: &'a Context,
    pub(super) folder: &'a Path,
    /// Of the runs: who answers.
    pub(super) options: RunOptions,
}

/// How a stage stands.
pub(super) struct Stage {
    pub(super) ended: Ended,
    /// An earlier call of the demo came to its end.
    pub(super) before: bool,
}

impl Stage {
    pub(super) fn succeeded(&self) -> bool {
        self.ended.run.state == State::Succeeded
    }
}

/// Where a call of the demo finds the one before it.
enum Before {
    Nothing,
    Unfinished(Box<Run>),
    /// By the answer to this call.
    Failed(Box<Run>, u64),
    Finished(Box<Run>),
}

impl Stages<'_> {
    /// Begins the workflow, with a word about it, or continues it.
    pub(super) async fn run(&self, workflow: &str, input: Value, introduce: impl FnOnce()) -> Result<Stage> {
        let (kernel, by) = (&self.app.kernel, &self.app.config.operator);
        let run = match self.before(workflow).await? {
            Before::Finished(run) => return Ok(Stage { ended: ended(self.app, &run.id, 0, false).await?, before: true }),
            Before::Unfinished(run) => {
                self.context.screen.tell(goes_on(&run.settings, &self.options.settings()));
                kernel.resume(&run, Some(self.options.clone()), by).await?;
                *run
            }
            Before::Failed(run, at) => {
                self.context.screen.tell(goes_on(&run.settings, &self.options.settings()));
                kernel.fork(&run, at, Some(self.options.clone()), by).await?
            }
            Before::Nothing => {
                introduce();
                let (plugin, workspace) = (workflow.to_owned(), self.folder.to_owned());
                let order = Order { plugin, kind: Kind::Workflow, input, workspace, options: self.options.clone(), by: by.clone() };
                kernel.start(order).await?
            }
        };
        Ok(Stage { ended: drive_answering(self.app, self.context, &run.id, (Manner::Best, &mut None)).await?, before: false })
    }

    /// The newest run of the workflow in the folder that counts.
    async fn before(&self, workflow: &str) -> Result<Before> {
        let roots = Filter { roots_only: true, limit: u32::MAX, ..Filter::default() };
        let runs = self.app.kernel.runs().list(&roots).await?;
        let counts = |run: &Run| run.plugin == workflow && run.workspace == self.folder && run.state != State::Cancelled;
        let Some(run) = runs.into_iter().find(counts) else { return Ok(Before::Nothing) };
        Ok(match run.state {
            State::Succeeded => Before::Finished(Box::new(run)),
            // It would only fail again on the same answers.
            State::Failed { .. } => match failed_at(&self.app.kernel, &run).await? {
                Some(at) => Before::Failed(Box::new(run), at),
                None => Before::Nothing,
            },
            _ => Before::Unfinished(Box::new(run)),
        })
    }
}

/// Who answers from now on, and who did before where it was somebody else: a model costs money, the script does not.
fn goes_on(before: &Value, now: &Value) -> String {
    let answering = |settings: &Value| match settings["model"].as_str() {
        Some(model) if model.starts_with("script/") => "the script".to_owned(),
        Some(model) => text::line(model),
        None => "no model".to_owned(),
    };
    let (before, now) = (answering(before), answering(now));
    if before == now {
        return format!("The demo in this folder continues with {now}.");
    }
    format!("The demo in this folder continues with {now}; before it was {before}. Choose with --model, or leave it out for the script.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn who_answers_from_now_on_is_said() {
        let (script, model) = (json!({ "model": "script//x/replies.yaml" }), json!({ "model": "anthropic/claude" }));
        assert_eq!(goes_on(&script, &script), "The demo in this folder continues with the script.");
        let back = goes_on(&model, &script);
        assert!(back.contains("continues with the script; before it was anthropic/claude"), "{back}");
        assert!(goes_on(&script, &model).contains("continues with anthropic/claude; before it was the script"));
    }
}
