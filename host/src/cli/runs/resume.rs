//! `baton runs resume`.

use anyhow::Result;
use clap::{Args, ValueEnum};

use super::replay;
use crate::{
    cli::{
        Context,
        answering::Answers,
        attached, budget, client,
        exit::Exit,
        figures, model,
        number::number,
        screen::{BAD, WARNING, painted},
        text, there,
    },
    operations::{
        Dollars,
        execution::RunOptions,
        runs::{self, Repair, ResumeRun, ResumedRun, SettingsChange},
    },
};

/// Another version of a plugin than the one a run is pinned to.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Version {
    /// The installed version
    Current,
}

/// Resume a run that was stopped, is paused, or failed because a call was denied
///
/// Baton answers completed calls from the journal: nothing is paid for twice. It makes a denied call again, after you grant
/// it. To continue a run that failed for another reason, use `baton runs fork`. While `baton serve` executes runs on the
/// same data, it also executes this run, and this command follows it.
///
/// A run keeps the version of its plugin that it started with. With `--on current`, a run that is stuck because of a bug in
/// its plugin continues with the installed version: Baton replays the run's calls with that version, without executing
/// them, and moves the run to it if the calls are the same. If they differ, discard the calls that differ with `--at`. This
/// also works for a child run while its parent waits for it.
#[derive(Debug, Args)]
pub(in crate::cli) struct Resume {
    /// Run id, or a unique prefix or suffix
    run: String,
    /// Model to use from now on: provider/model, an alias from the settings, or script/FILE
    #[arg(long)]
    model: Option<String>,
    /// Dollars that the run may spend on models in total, including its child runs and what it has already spent
    #[arg(long, value_name = "DOLLARS", allow_hyphen_values = true)]
    budget: Option<String>,
    /// Move the run to another version of its plugin, if that version makes the same calls
    #[arg(long, value_enum, conflicts_with = "model")]
    on: Option<Version>,
    /// With --on, the first call to discard: the run makes it and all later calls again. Changes made by these calls are
    /// not undone
    #[arg(long, value_name = "SEQ", requires = "on", value_parser = number(1..=u64::MAX, "give the number of a call, 1 or more"))]
    at: Option<u64>,
    #[command(flatten)]
    answers: Answers,
}

impl Resume {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        let request = self.request()?;
        if let Some(remote) = context.remote().await? {
            let resumed = client::runs::resume(&remote, &request).await?;
            if let Some(exit) = report(context, &resumed)? {
                return Ok(exit);
            }
            return there::finish(&remote, context, &resumed.root, self.answers.manner(), false).await;
        }
        // Where another host executes, it continues this run as well.
        let host = context.open_to_change().await?;
        let resumed = runs::resume(&host, host.operator(), &request).await?;
        if let Some(exit) = report(context, &resumed)? {
            host.close().await;
            return Ok(exit);
        }
        attached::finish(host, context, &resumed.root, self.answers.manner()).await
    }

    fn request(&self) -> Result<ResumeRun> {
        let model = self.model.as_deref().map(model::options).transpose()?;
        let budget_usd = self.budget.as_deref().map(|budget| budget::amount("budget", budget)).transpose()?.map(Dollars);
        let options = RunOptions { budget_usd, ..model.unwrap_or_default() };
        let options = Some(options).filter(|options| *options != RunOptions::default());
        Ok(ResumeRun { run: self.run.clone(), options, on_current: self.on.is_some(), at: self.at })
    }
}

/// Says what came of moving the run to another version, and what changed since it began. How the command ends, where the run stays as
/// it is.
fn report(context: &Context, resumed: &ResumedRun) -> Result<Option<Exit>> {
    match &resumed.repair {
        None => {}
        Some(Repair::Moved { version, before, kept, given_up }) => {
            context.screen.tell(describe_move(resumed, (version, before), (*kept, *given_up)));
        }
        Some(rejected) => return show_rejected(context, resumed, rejected).map(Some),
    }
    if let Some(change) = resumed.settings.as_ref().map(describe_change) {
        context.screen.warn(format!("{} {change}", painted(WARNING, "!")));
    }
    Ok(None)
}

/// The version that a run was moved to, and what became of its calls.
fn describe_move(resumed: &ResumedRun, (version, before): (&str, &str), (kept, given_up): (u64, u64)) -> String {
    let given_up = match given_up {
        0 => String::new(),
        calls => format!(" {} given up.", figures::counted(calls, "call is", "calls are")),
    };
    format!(
        "Run {} has version {} of `{}` now; it had {}. {} replayed without a difference.{given_up}",
        text::short(&resumed.run),
        text::line(version),
        text::line(&resumed.plugin),
        text::line(before),
        figures::counted(kept, "call was", "calls were"),
    )
}

/// Shows why a run stays with the version of its plugin.
fn show_rejected(context: &Context, resumed: &ResumedRun, rejected: &Repair) -> Result<Exit> {
    if context.screen.is_json() {
        context.screen.document(resumed)?;
    } else {
        context.screen.warn(context.advice(&describe_rejected(resumed, rejected)));
    }
    Ok(Exit::Failed)
}

/// Why a run stays with its version, and what helps.
fn describe_rejected(resumed: &ResumedRun, rejected: &Repair) -> String {
    let (id, plugin) = (text::short(&resumed.run), text::line(&resumed.plugin));
    let head = format!("{} Run {id} keeps its version of `{plugin}`.", painted(BAD, "✗"));
    match rejected {
        Repair::Moved { .. } => head,
        Repair::Diverged { divergence } => format!(
            "{head} In a replay with the current one, {}\nGive up the calls from there on with `baton runs resume {id} --on current --at {}`, \
             which makes them again, or install a build that makes the same calls.",
            replay::describe_divergence(divergence),
            divergence.seq
        ),
        Repair::Fails { failure } => format!(
            "{head} The current one makes the same calls and then fails: {}\nFix the plugin, or give up the call that it fails by with \
             `baton runs resume {id} --on current --at SEQ`.",
            text::plain(&failure.text),
        ),
        Repair::Stopped { reason } => format!("{head} A replay with the current one was stopped: {}", text::plain(reason)),
    }
}

/// What became of the workspace's settings since the run began.
fn describe_change(change: &SettingsChange) -> String {
    const KEPT: &str = "The run keeps what it began with";
    match change {
        SettingsChange::Changed(keys) => {
            let keys = keys.iter().map(|key| format!("`{}`", text::escaped(key))).collect::<Vec<_>>().join(", ");
            let keys = text::excerpt(&keys, 200);
            format!("The workspace's baton.toml has changed since the run began ({keys}). {KEPT}; a new run or a fork takes the change.")
        }
        SettingsChange::Unreadable(reason) => format!("{} {KEPT}; no new run or fork starts until then.", text::plain(reason)),
    }
}
