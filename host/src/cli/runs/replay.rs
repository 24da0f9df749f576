//! `baton runs replay`. Shows where a plugin differs from a recording, and executes nothing by itself.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use serde_json::Value;

use super::difference::describe_differences;
use crate::{
    cli::{
        Context, client,
        exit::Exit,
        figures,
        screen::{BAD, GOOD, STRONG, painted},
        text,
    },
    operations::{
        Access, Problem, named_files,
        runs::{ComparedCall, Divergence, LARGEST_RECORDING, RecordingSource, ReplayRecording, ReplayVerdict, Replayed, RunEnding},
    },
};

/// Replay a recorded run with a plugin, without calling a model or changing anything
///
/// Baton answers every call from the recording, and shows the first call that differs. Exits with code 0 if the plugin
/// makes the same calls, and with code 1 otherwise.
#[derive(Debug, Args)]
pub(in crate::cli) struct Replay {
    /// File that `baton runs record` wrote, or a run id, or a unique prefix or suffix of one
    recording: String,
    /// Component to execute, instead of the installed plugin of that name
    #[arg(long, value_name = "FILE.wasm")]
    plugin: Option<PathBuf>,
}

impl Replay {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        let client = context.connect(Access::Look).await?;
        let request = ReplayRecording { source: self.source()?, component: self.plugin.clone() };
        let replayed = client::runs::replay(&client, &request).await?;
        if context.screen.is_json() {
            context.screen.document(&replayed)?;
        } else {
            context.screen.answer(describe(&replayed))?;
        }
        Ok(if replayed.verdict == ReplayVerdict::Same { Exit::Done } else { Exit::Failed })
    }

    /// A file if one of that name exists, else a run.
    fn source(&self) -> Result<RecordingSource, Problem> {
        let path = Path::new(&self.recording);
        if path.is_file() {
            return read(path).map(RecordingSource::Text);
        }
        if path.components().count() > 1 || path.extension().is_some() {
            let hint = "Give a file that `baton runs record` wrote, or the id of a run.";
            return named_files::require_file("recording", path)
                .map(|()| RecordingSource::Run(self.recording.clone()))
                .map_err(|problem| problem.advise(hint));
        }
        Ok(RecordingSource::Run(self.recording.clone()))
    }
}

/// The text of a recording in a file.
pub(in crate::cli) fn read(path: &Path) -> Result<String, Problem> {
    let unreadable = |error| named_files::unreadable("recording", path, &error);
    let size = std::fs::metadata(path).map_err(unreadable)?.len();
    if size > LARGEST_RECORDING {
        let largest = figures::count(LARGEST_RECORDING);
        let message = format!("The recording has {} bytes, more than the limit of {largest}.", figures::count(size));
        return Err(Problem::invalid("recording_too_large", "recording", message).advise("Record a shorter run."));
    }
    std::fs::read_to_string(path).map_err(unreadable)
}

/// What came of a replay, for people.
pub(in crate::cli) fn describe(replayed: &Replayed) -> String {
    let version = format!("{} {}", text::line(&replayed.plugin), text::line(&replayed.version));
    let different = |what: String| format!("{} {version}: {what}", painted(BAD, "✗"));
    match &replayed.verdict {
        ReplayVerdict::Same => {
            let calls = figures::counted(replayed.calls, "call", "calls");
            let recorded = text::line(&replayed.recorded_version);
            format!("{} {version} does what {recorded} did: {calls}, and the same end.", painted(GOOD, "✓"))
        }
        ReplayVerdict::Diverged { divergence } => different(describe_divergence(divergence)),
        ReplayVerdict::EndedDifferently { recorded, now } => {
            let body = describe_differences(&ending(recorded), &ending(now));
            different(format!("all calls are the same, and it ends differently.\n{body}"))
        }
        ReplayVerdict::Stopped { reason } => different(text::plain(reason)),
    }
}

fn ending(ending: &RunEnding) -> Value {
    serde_json::to_value(ending).unwrap_or_default()
}

/// The first call that differs, for people.
pub(super) fn describe_divergence(divergence: &Divergence) -> String {
    let line = divergence.line.as_ref().map(|line| format!("\n  made by   {}", text::line(line)));
    compare_calls(divergence) + &line.unwrap_or_default()
}

fn compare_calls(divergence: &Divergence) -> String {
    let head = painted(STRONG, format!("call {}", figures::count(divergence.seq)));
    match (&divergence.recorded, &divergence.now) {
        (Some(recorded), Some(now)) if recorded.call == now.call => {
            let body = describe_differences(&recorded.request, &now.request);
            format!("{head} ({}) has a different request.\n{body}", text::line(&now.call))
        }
        (Some(recorded), Some(now)) => {
            format!("{head} is a different call.\n  recorded  {}\n  now       {}", one_line(recorded), one_line(now))
        }
        (None, Some(now)) => format!("{head} is beyond the recording.\n  now       {}", one_line(now)),
        (Some(recorded), None) => format!("it ends before {head}.\n  recorded  {}", one_line(recorded)),
        (None, None) => head,
    }
}

fn one_line(call: &ComparedCall) -> String {
    format!("{} {}", text::line(&call.call), text::excerpt(&call.request.to_string(), 100))
}
