//! `baton demo`: plans a small product with a scripted model. Starts or carries on one run, in one folder.

mod files;
mod summary;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::{Value, json};

use super::{
    Context,
    answering::Manner,
    drive::{drive_answering, failed_at},
    ending::Ended,
    exit::Exit,
    model,
    screen::{WARNING, painted},
    text,
};
use crate::{
    app::{Access, App},
    kernel::{
        Order,
        package::Kind,
        run::{Filter, Run, State},
    },
};
use files::Brief;

/// The workflow the demo runs.
const WORKFLOW: &str = "plan";

/// Plan a small product: five agents turn a brief into requirements, an architecture and stories
///
/// A script answers instead of a model, so it needs no key and no network. Kill it half way and call it again: it carries
/// on where it was.
#[derive(Debug, Args)]
pub(super) struct Demo {
    /// Where the brief and the documents go; what is there already is not overwritten
    #[arg(long, value_name = "DIR", default_value = "baton-demo")]
    dir: PathBuf,
    /// A real model instead of the script: provider/model, with its key in the environment
    #[arg(long)]
    model: Option<String>,
}

/// Where a call of the demo finds the one before it.
enum Before {
    Nothing,
    Unfinished(Box<Run>),
    /// By the answer to this call.
    Failed(Box<Run>, u64),
    Finished(Box<Run>),
}

impl Demo {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let named = self.model.as_deref().map(model::settings).transpose()?;
        let folder = self.folder()?;
        let data_dir = context.data_dir.clone().unwrap_or_else(|| folder.join(".baton"));
        let laid = files::lay_out(&folder, &data_dir)?;
        let app = context.open_at(Some(data_dir.clone()), Access::Execute).await?;
        let settings = match named {
            Some(settings) => settings,
            None => json!({ "model": model::script(&laid.script)? }),
        };
        let run = match before(&app, &folder).await? {
            Before::Finished(run) => {
                app.close().await;
                return self.finished(context, &folder, &data_dir, &run);
            }
            Before::Unfinished(run) => {
                context.screen.tell(goes_on(&run.settings, &settings));
                app.kernel.resume(&run, Some(settings)).await?;
                *run
            }
            Before::Failed(run, at) => {
                context.screen.tell(goes_on(&run.settings, &settings));
                let fork = app.kernel.fork(&run, at).await?;
                app.kernel.resume(&fork, Some(settings)).await?;
                fork
            }
            Before::Nothing => {
                self.introduce(context, &folder, laid.brief);
                let input = json!({ "brief-file": files::BRIEF });
                let order = Order { plugin: WORKFLOW.to_owned(), kind: Kind::Workflow, input, workspace: folder.clone(), settings };
                app.kernel.start(order).await?
            }
        };
        let ended = drive_answering(&app, context, &run.id, Manner::Best).await?;
        app.close().await;
        self.conclude(context, &folder, &data_dir, &ended)
    }

    /// The folder, made if need be, as an absolute path.
    fn folder(&self) -> Result<PathBuf> {
        let make = || {
            fs::create_dir_all(&self.dir)?;
            self.dir.canonicalize()
        };
        make().with_context(|| format!("The folder `{}` cannot be used; name another with --dir", self.dir.display()))
    }

    fn introduce(&self, context: &Context, folder: &Path, brief: Brief) {
        let shown = text::escaped(&folder.join(files::BRIEF).display().to_string());
        context.screen.tell(format!(
            "Five agents plan what {shown} asks for. Documents go to {}. Where they would ask you, their best answer is taken.",
            text::escaped(&folder.join("docs").display().to_string())
        ));
        if brief == Brief::TheirOwn && self.model.is_none() {
            let warning =
                "This brief is not the demo's own, and the script answers for the demo's alone: name a model with --model to plan yours.";
            context.screen.tell(format!("{} {warning}", painted(WARNING, "!")));
        }
    }

    fn finished(&self, context: &Context, folder: &Path, data_dir: &Path, run: &Run) -> Result<Exit> {
        if context.screen.is_json() {
            context
                .screen
                .document(&json!({ "run": run.id, "workflow": run.plugin, "state": run.state.as_str(), "output": run.output }))?;
            return Ok(Exit::Done);
        }
        let shown = |path: &Path| text::escaped(&path.display().to_string());
        context.screen.answer(format!(
            "The demo in {} is finished. Its documents are in {}.",
            shown(folder),
            shown(&folder.join("docs"))
        ))?;
        context.screen.answer(summary::documents(folder, run).fit(context.screen.room()))?;
        context.screen.answer(format!(
            "\nBegin anew: `{} --dir another-folder`, or take {} away and call this again.",
            context.again("demo"),
            shown(data_dir)
        ))?;
        Ok(Exit::Done)
    }

    fn conclude(&self, context: &Context, folder: &Path, data_dir: &Path, ended: &Ended) -> Result<Exit> {
        let again = context.again(&format!("demo --dir {}", text::shell_word(&text::escaped(&self.dir.display().to_string()))));
        ended.tell(context, Some(again));
        if context.screen.is_json() {
            ended.answer(&context.screen)?;
        } else if ended.run.state == State::Succeeded {
            context.screen.answer(summary::text(folder, data_dir, ended))?;
        }
        Ok(ended.exit())
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
        return format!("The demo that was begun here goes on with {now}.");
    }
    format!("The demo that was begun here goes on with {now}; before it was {before}. Choose with --model, or leave it out for the script.")
}

/// The newest run of the demo in `folder` that counts.
async fn before(app: &App, folder: &Path) -> Result<Before> {
    let roots = Filter { roots_only: true, limit: u32::MAX, ..Filter::default() };
    let runs = app.kernel.runs().list(&roots).await?;
    let newest = runs.into_iter().find(|run| run.plugin == WORKFLOW && run.workspace == folder && run.state != State::Cancelled);
    let Some(run) = newest else { return Ok(Before::Nothing) };
    Ok(match run.state {
        State::Succeeded => Before::Finished(Box::new(run)),
        // It would only fail again on the same answers.
        State::Failed { .. } => match failed_at(&app.kernel, &run.id).await? {
            Some(at) => Before::Failed(Box::new(run), at),
            None => Before::Nothing,
        },
        _ => Before::Unfinished(Box::new(run)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_answers_from_now_on_is_said() {
        let (script, model) = (json!({ "model": "script//x/replies.yaml" }), json!({ "model": "anthropic/claude" }));
        assert_eq!(goes_on(&script, &script), "The demo that was begun here goes on with the script.");
        let back = goes_on(&model, &script);
        assert!(back.contains("goes on with the script; before it was anthropic/claude"), "{back}");
        assert!(goes_on(&script, &model).contains("goes on with anthropic/claude; before it was the script"));
    }
}
