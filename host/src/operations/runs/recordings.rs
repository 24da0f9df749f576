//! Runs written to recordings, and plugins executed against them. Asks no model and changes nothing.

use std::{path::PathBuf, sync::Arc};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{Divergence, Failure, RunId};
use crate::{
    app::read_plugin,
    interfaces::children::Outcome,
    kernel::{
        KernelError,
        recording::{Ending, Recording},
        registry::Plugin,
        replay::Verdict,
        signature::Trust,
    },
    operations::{Host, Problem, named_files},
};

/// Bytes of the largest recording that is read.
pub const LARGEST_RECORDING: u64 = Recording::LARGEST;

/// A run that was written to a recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RecordedRun {
    /// The run.
    pub run: RunId,
    /// How many of its calls are in it.
    pub calls: u64,
    /// Whether the run had ended.
    pub has_ended: bool,
    /// The text of the file that can be replayed.
    pub recording: String,
}

/// A recording that was written to a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RecordingFile {
    /// The run.
    pub run: RunId,
    /// The file.
    pub file: String,
    /// How many of its calls are in it.
    pub calls: u64,
    /// Whether the run had ended.
    pub has_ended: bool,
}

/// What to replay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReplayRecording {
    /// The recording.
    pub source: RecordingSource,
    /// The file of the component to execute, instead of the installed plugin of that name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub component: Option<PathBuf>,
}

/// Where a recording comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecordingSource {
    /// A run: any beginning or end of its id.
    Run(String),
    /// The text of a file that `baton runs record` wrote.
    Text(String),
}

/// What came of a replay.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Replayed {
    /// The plugin that was executed.
    pub plugin: String,
    /// Its version.
    pub version: String,
    /// The version that was recorded.
    pub recorded_version: String,
    /// How many calls the recording has.
    pub calls: u64,
    /// Whether it did the same.
    #[serde(flatten)]
    pub verdict: ReplayVerdict,
}

/// Whether a plugin did what a recording has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "verdict")]
pub enum ReplayVerdict {
    /// It made the same calls and ended in the same way.
    Same,
    /// It made another call.
    Diverged {
        /// The first.
        divergence: Divergence,
    },
    /// It made the same calls and ended differently.
    EndedDifferently {
        /// How the run ended.
        recorded: RunEnding,
        /// How the plugin ended.
        now: RunEnding,
    },
    /// It was ended before it could answer.
    Stopped {
        /// Why.
        reason: String,
    },
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum RunEnding {
    /// With its output.
    Succeeded {
        /// What it returned.
        output: Value,
        /// What it says that it leaves undone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        shortfall: Option<String>,
    },
    /// With an error.
    Failed {
        /// Which.
        failure: Failure,
    },
    /// It had not ended when it was recorded.
    Unfinished,
}

/// Writes a run and the answers of all its calls to a recording.
pub async fn record(host: &Host, part: &str) -> Result<RecordedRun, Problem> {
    let run = host.app.kernel.resolve(part).await?;
    let recording = host.app.kernel.record(&run).await?;
    Ok(RecordedRun {
        run: run.id,
        calls: recording.calls() as u64,
        has_ended: run.state.is_final(),
        recording: recording.to_text().map_err(KernelError::from)?,
    })
}

/// Executes a plugin against a recording.
pub async fn replay(host: &Host, request: &ReplayRecording) -> Result<Replayed, Problem> {
    let recording = match &request.source {
        RecordingSource::Run(part) => host.app.kernel.record(&host.app.kernel.resolve(part).await?).await?,
        RecordingSource::Text(text) => Recording::parse(text).map_err(KernelError::from)?,
    };
    let plugin = find_plugin(host, request, &recording)?;
    let (name, version) = (plugin.name().to_owned(), plugin.package.manifest.version.to_string());
    let verdict = host.app.kernel.replay(&recording, plugin).await?;
    let verdict = match verdict {
        Verdict::Same => ReplayVerdict::Same,
        Verdict::Diverged(divergence) => ReplayVerdict::Diverged { divergence: divergence.into() },
        Verdict::EndedOtherwise(now) => ReplayVerdict::EndedDifferently { recorded: recording.ending.clone().into(), now: now.into() },
        Verdict::Stopped(reason) => ReplayVerdict::Stopped { reason },
    };
    let calls = recording.calls() as u64;
    Ok(Replayed { plugin: name, version, recorded_version: recording.plugin_version, calls, verdict })
}

fn find_plugin(host: &Host, request: &ReplayRecording, recording: &Recording) -> Result<Arc<Plugin>, Problem> {
    match &request.component {
        // A replay reaches nothing, so a file needs no trusted signature.
        Some(path) => {
            named_files::require_file("component", path)?;
            let plugin = read_plugin(path, &Trust::default());
            Ok(Arc::new(plugin.map_err(|reason| Problem::invalid("plugin_rejected", "component", reason))?))
        }
        None => Ok(host.app.kernel.recorded_plugin(recording)?),
    }
}

impl From<Ending> for RunEnding {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::Succeeded(Outcome { output, shortfall }) => Self::Succeeded { output, shortfall },
            Ending::Failed(error) => Self::Failed { failure: error.into() },
            Ending::Unfinished => Self::Unfinished,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_verdict_reads_back_as_it_was_written() {
        let recorded = RunEnding::Succeeded { output: json!(1), shortfall: None };
        let verdict = ReplayVerdict::EndedDifferently { recorded, now: RunEnding::Unfinished };
        let (plugin, version, recorded_version) = ("notes".to_owned(), "0.1.1".to_owned(), "0.1.0".to_owned());
        let replayed = Replayed { plugin, version, recorded_version, calls: 2, verdict };
        let written = json!({
            "plugin": "notes", "version": "0.1.1", "recorded_version": "0.1.0", "calls": 2, "verdict": "ended_differently",
            "recorded": { "state": "succeeded", "output": 1 }, "now": { "state": "unfinished" },
        });
        assert_eq!(serde_json::to_value(&replayed).unwrap(), written);
        assert_eq!(serde_json::from_value::<Replayed>(written).unwrap(), replayed);
    }
}
