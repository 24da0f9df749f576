//! `baton runs replay`.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

use super::difference;
use crate::{
    app::read_plugin,
    cli::{
        Context,
        exit::{Exit, Misuse},
        figures,
        screen::{BAD, GOOD, STRONG, painted},
        text,
    },
    journal::{Asked, Divergence, form},
    kernel::{
        recording::{Ending, Recording, RecordingError},
        registry::Plugin,
        replay::Verdict,
        signature::Trust,
    },
    operations::{Access, Host},
};

/// Execute a plugin against a recorded run, asking no model and changing nothing
///
/// Every call is answered from the recording. The first that differs is shown. Ends with 0 when the plugin did the
/// same, and with 1 when it did not.
#[derive(Debug, Args)]
pub(in crate::cli) struct Replay {
    /// A file that `baton runs record` wrote, or any beginning or end of a run's id
    recording: String,
    /// The component to execute, instead of the installed plugin of that name
    #[arg(long, value_name = "FILE.wasm")]
    plugin: Option<PathBuf>,
}

impl Replay {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        let app = context.open(Access::Look).await?;
        let recording = self.recording(&app).await?;
        let plugin = self.plugin(&app, &recording)?;
        let version = format!("{} {}", text::line(plugin.name()), plugin.package.manifest.version);
        let verdict = app.kernel.replay(&recording, plugin).await?;
        if context.screen.is_json() {
            context.screen.document(&document(&recording, &verdict))?;
        } else {
            context.screen.answer(told(&version, &recording, &verdict))?;
        }
        Ok(if verdict == Verdict::Same { Exit::Done } else { Exit::Failed })
    }

    /// A file if there is one of that name, else a run.
    async fn recording(&self, app: &Host) -> Result<Recording> {
        let path = Path::new(&self.recording);
        if path.is_file() {
            return Ok(read(path)?);
        }
        if path.components().count() > 1 || path.extension().is_some() {
            let name = text::escaped(&self.recording);
            return Err(
                Misuse(format!("There is no file `{name}`. Give a file that `baton runs record` wrote, or the id of a run.")).into()
            );
        }
        let run = app.kernel.resolve(&self.recording).await?;
        Ok(app.kernel.record(&run).await?)
    }

    fn plugin(&self, app: &Host, recording: &Recording) -> Result<Arc<Plugin>> {
        match &self.plugin {
            // A trial reaches nothing, so anybody's file may be tried.
            Some(path) => Ok(Arc::new(read_plugin(path, &Trust::default()).map_err(Misuse)?)),
            None => Ok(app.kernel.recorded_plugin(recording)?),
        }
    }
}

/// A recording in a file.
pub(in crate::cli) fn read(path: &Path) -> Result<Recording> {
    let unreadable = |error: std::io::Error| Misuse(format!("The recording cannot be read: {error}. Give a text file."));
    let size = std::fs::metadata(path).map_err(unreadable)?.len();
    if size > Recording::LARGEST {
        return Err(RecordingError::TooLarge(size).into());
    }
    let content = std::fs::read_to_string(path).map_err(unreadable)?;
    Ok(Recording::parse(&content)?)
}

/// The verdict as people see it.
pub(in crate::cli) fn told(version: &str, recording: &Recording, verdict: &Verdict) -> String {
    let different = |what: String| format!("{} {version}: {what}", painted(BAD, "✗"));
    match verdict {
        Verdict::Same => {
            let calls = figures::counted(recording.calls() as u64, "call", "calls");
            format!("{} {version} does what {} did: {calls}, and the same end.", painted(GOOD, "✓"), text::line(&recording.plugin_version))
        }
        Verdict::Diverged(divergence) => different(diverged(divergence)),
        Verdict::EndedOtherwise(now) => {
            let body = difference::shown(&outcome(&recording.ending), &outcome(now));
            different(format!("all calls are the same, and it ends otherwise.\n{body}"))
        }
        Verdict::Stopped(reason) => different(text::plain(reason)),
    }
}

/// The first call that differs, as people see it.
pub(super) fn diverged(divergence: &Divergence) -> String {
    let line = divergence.line.as_ref().map(|line| format!("\n  made by   {}", text::line(line)));
    compared_calls(divergence) + &line.unwrap_or_default()
}

fn compared_calls(divergence: &Divergence) -> String {
    let head = painted(STRONG, format!("call {}", figures::count(divergence.seq)));
    match (&divergence.recorded, &divergence.now) {
        (Some(recorded), Some(now)) if recorded.call == now.call => {
            let body = difference::shown(&compared(recorded), &compared(now));
            format!("{head} ({}) asks for something else.\n{body}", text::line(&now.call))
        }
        (Some(recorded), Some(now)) => format!("{head} is another.\n  recorded  {}\n  now       {}", one_line(recorded), one_line(now)),
        (None, Some(now)) => format!("{head} is beyond the recording.\n  now       {}", one_line(now)),
        (Some(recorded), None) => format!("it ends before {head}.\n  recorded  {}", one_line(recorded)),
        (None, None) => head,
    }
}

fn one_line(asked: &Asked) -> String {
    format!("{} {}", text::line(&asked.call), text::excerpt(&asked.request, 100))
}

fn request(asked: &Asked) -> Value {
    serde_json::from_str(&asked.request).unwrap_or_else(|_| json!(asked.request))
}

/// The request as it is compared: without what makes no difference.
fn compared(asked: &Asked) -> Value {
    let request = request(asked);
    serde_json::from_str(&form::canonical(&request)).unwrap_or(request)
}

fn outcome(ending: &Ending) -> Value {
    match ending {
        Ending::Succeeded(outcome) => json!(outcome),
        Ending::Failed(error) => json!({ "failed": error }),
        Ending::Unfinished => json!("unfinished"),
    }
}

/// The verdict as programs see it.
pub(in crate::cli) fn document(recording: &Recording, verdict: &Verdict) -> Value {
    let asked = |asked: &Option<Asked>| asked.as_ref().map(|asked| json!({ "call": asked.call, "request": request(asked) }));
    let (recorded, now) = match verdict {
        Verdict::Diverged(divergence) => (asked(&divergence.recorded), asked(&divergence.now)),
        Verdict::EndedOtherwise(now) => (Some(outcome(&recording.ending)), Some(outcome(now))),
        Verdict::Same | Verdict::Stopped(_) => (None, None),
    };
    let (word, seq, reason) = match verdict {
        Verdict::Same => ("same", None, None),
        Verdict::Diverged(divergence) => ("diverged", Some(divergence.seq), Some(divergence.to_string())),
        Verdict::EndedOtherwise(_) => ("ended-otherwise", None, None),
        Verdict::Stopped(reason) => ("stopped", None, Some(reason.clone())),
    };
    let (pointer, line) = match verdict {
        Verdict::Diverged(divergence) => (divergence.difference().map(|difference| difference.pointer), divergence.line.as_ref()),
        _ => (None, None),
    };
    json!({
        "verdict": word,
        "calls": recording.calls(),
        "seq": seq,
        "pointer": pointer,
        "line": line,
        "reason": reason,
        "recorded": recorded,
        "now": now,
    })
}
