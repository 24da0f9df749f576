//! `baton runs resume`.

use anyhow::Result;
use clap::{Args, ValueEnum};
use serde_json::json;

use super::replay;
use crate::{
    cli::{
        Context,
        answering::Answers,
        attached, budget,
        exit::Exit,
        figures, model,
        number::number,
        screen::{BAD, WARNING, painted},
        text,
    },
    interfaces::llm::money::Scope,
    journal::Divergence,
    kernel::{
        repairing::{Repair, Repaired},
        run::Run,
    },
    operations::Host,
};

/// Another version of a plugin than the one a run is pinned to.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Version {
    /// The one that is installed now
    Current,
}

/// Resume a run that was stopped or is paused, or failed because a call was denied
///
/// Calls that were answered before are answered from the journal: nothing is paid for twice. Only the call that was denied
/// is made again, by a grant given since. A run that failed by any other answer is continued with `baton runs fork`. While
/// `baton serve` executes runs on the same data, it executes this one too, and this command follows it.
///
/// A run keeps the version of its plugin that it began with. With `--on current`, a run that is stuck because of a bug in
/// its plugin continues with the repaired version: Baton replays its calls with that version, does nothing meanwhile, and
/// moves the run to it if they are the same. Where they are not, `--at` gives up the calls that differ. This also works for
/// a run below another, as long as that waits for it.
#[derive(Debug, Args)]
pub(in crate::cli) struct Resume {
    /// Any beginning or end of the run's id
    run: String,
    /// Model to use from now on: provider/model, an alias from the settings, or script/FILE
    #[arg(long)]
    model: Option<String>,
    /// Dollars the run may spend on models in all, with what it starts and what it has spent already
    #[arg(long, value_name = "DOLLARS", allow_hyphen_values = true)]
    budget: Option<String>,
    /// Move this run to another version of its plugin, if that makes the same calls: `current` is the installed one
    #[arg(long, value_enum, conflicts_with = "model")]
    on: Option<Version>,
    /// With --on, the first call to give up: the run makes it and all after it again. What they changed stays changed
    #[arg(long, value_name = "SEQ", requires = "on", value_parser = number(1..=u64::MAX, "give the number of a call, 1 or more"))]
    at: Option<u64>,
    #[command(flatten)]
    answers: Answers,
}

impl Resume {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        let options = self.model.as_deref().map(model::options).transpose()?;
        let budget = self.budget.as_deref().map(budget::amount).transpose()?;
        // Where another host executes, it continues this run as well.
        let app = context.open_to_change().await?;
        let run = app.kernel.resolve(&self.run).await?;
        if let Some(options) = &options {
            options.check(&app, &run.workspace)?;
        }
        if let Some(budget) = budget {
            app.budgets.set(&Scope::Run(run.root.clone()), Some(budget), &app.config.operator).await?;
        }
        let changed = app.kernel.settings_since(&app.kernel.resolve(run.root.as_str()).await?).await;
        match self.on {
            None => app.kernel.resume(&run, options.map(Into::into), &app.config.operator).await?,
            Some(Version::Current) => {
                if !self.repair(&app, &run, context).await? {
                    app.close().await;
                    return Ok(Exit::Failed);
                }
            }
        }
        if let Some(told) = changed_settings(changed) {
            context.screen.warn(format!("{} {told}", painted(WARNING, "!")));
        }
        let (app, ended) = attached::drive_or_follow(app, context, &run.root, self.answers.manner()).await?;
        app.close().await;
        let Some(ended) = ended else { return Ok(Exit::Unfinished) };
        ended.tell(context, None);
        ended.answer(context)?;
        Ok(ended.exit())
    }

    /// Moves the run to the current version, or shows why it stays as it is.
    async fn repair(&self, app: &Host, run: &Run, context: &Context) -> Result<bool> {
        let repair = app.kernel.repair(run, self.at, &app.config.operator).await?;
        if let Repair::Queued(repaired) = &repair {
            context.screen.tell(moved(run, repaired));
            return Ok(true);
        }
        if context.screen.is_json() {
            context.screen.document(&document(context, run, &repair))?;
        } else {
            context.screen.warn(context.advice(&refused(run, &repair)));
        }
        Ok(false)
    }
}

fn moved(run: &Run, Repaired { version, before, kept, given_up }: &Repaired) -> String {
    let given_up = match given_up {
        0 => String::new(),
        calls => format!(" {} given up.", figures::counted(*calls, "call is", "calls are")),
    };
    format!(
        "Run {} has version {} of `{}` now; it had {}. {} replayed without a difference.{given_up}",
        text::short(&run.id),
        text::line(version),
        text::line(&run.plugin),
        text::line(before),
        figures::counted(*kept, "call was", "calls were"),
    )
}

/// Why a run stays with its version, and what helps.
fn refused(run: &Run, repair: &Repair) -> String {
    let (id, plugin) = (text::short(&run.id), text::line(&run.plugin));
    let head = format!("{} Run {id} keeps its version of `{plugin}`.", painted(BAD, "✗"));
    match repair {
        Repair::Queued(_) => head,
        Repair::Diverged(divergence) => format!(
            "{head} In a replay with the current one, {}\nGive up the calls from there on with `baton runs resume {id} --on current --at {}`, \
             which makes them again, or install a build that makes the same calls.",
            replay::diverged(divergence),
            divergence.seq
        ),
        Repair::Fails(error) => format!(
            "{head} The current one makes the same calls and then fails: {}\nRepair the plugin, or give up the call that it fails by with \
             `baton runs resume {id} --on current --at SEQ`.",
            text::plain(&error.text),
        ),
        Repair::Stopped(reason) => format!("{head} A replay with the current one was ended: {}", text::plain(reason)),
    }
}

/// The same as programs see it.
fn document(context: &Context, run: &Run, repair: &Repair) -> serde_json::Value {
    let (word, reason, divergence) = match repair {
        Repair::Queued(_) => ("queued", None, None),
        Repair::Diverged(divergence) => ("diverged", Some(divergence.to_string()), Some(divergence)),
        Repair::Fails(error) => ("fails", Some(error.text.clone()), None),
        Repair::Stopped(reason) => ("stopped", Some(reason.clone()), None),
    };
    let pointer = divergence.and_then(Divergence::difference).map(|difference| difference.pointer);
    json!({
        "run": run.id,
        "verdict": word,
        "seq": divergence.map(|divergence| divergence.seq),
        "pointer": pointer,
        "line": divergence.and_then(|divergence| divergence.line.as_ref()),
        "reason": reason.map(|reason| context.advice(&reason)),
    })
}

/// What became of the workspace's settings since the run began, if they have changed or cannot be read.
fn changed_settings(changed: Result<Vec<String>, String>) -> Option<String> {
    const KEPT: &str = "The run keeps what it began with";
    match changed {
        Ok(keys) if keys.is_empty() => None,
        Ok(keys) => {
            let keys = keys.iter().map(|key| format!("`{}`", text::escaped(key))).collect::<Vec<_>>().join(", ");
            let keys = text::excerpt(&keys, 200);
            Some(format!(
                "The workspace's baton.toml has changed since the run began ({keys}). {KEPT}; a new run or a fork takes the change."
            ))
        }
        Err(reason) => Some(format!("{} {KEPT}; no new run or fork starts until then.", text::plain(&reason))),
    }
}
