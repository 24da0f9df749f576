//! Runs, here or on a server. A server is asked for the whole id of a run that is named by a part of it.

use reqwest::Method;
use serde::Serialize;

use super::{Client, Parameters, Remote, parameters::Fields};
use crate::operations::{
    Page, Problem,
    execution::{self, Continuation, Outcome, RunContinuation, RunId, StartInProject, StartedRun, TreeStatus, Workflow},
    runs::{
        self, CancelRun, CancelledRun, CommandOutput, ExecutedCommand, ForkRun, ForkedRun, Journal, JournalEntry, ListRuns, PausedRun,
        ReadTranscript, RecordedRun, RecordingSource, ReplayRecording, Replayed, ResumeRun, ResumedRun, Run, RunSummary, SendSignal,
        SentSignal, Transcript,
    },
};

/// The run that a part of its id names, on a server.
pub(super) async fn identify(remote: &Remote, part: &str) -> Result<RunSummary, Problem> {
    remote.read(&["runs", "find"], &Parameters::default().with("id", Some(part))).await
}

pub(in crate::cli) async fn list(client: &Client, request: &ListRuns) -> Result<Page<RunSummary>, Problem> {
    match client {
        Client::Here(host) => runs::list(host, request).await,
        Client::There(remote) => {
            let parameters = Parameters::of(request).without(&["cursor", "limit"]);
            remote.list(&["runs"], &parameters, request.cursor.as_deref(), request.limit).await
        }
    }
}

pub(in crate::cli) async fn find(client: &Client, part: &str) -> Result<Run, Problem> {
    match client {
        Client::Here(host) => runs::find(host, part).await,
        Client::There(remote) => {
            let id = identify(remote, part).await?.id;
            remote.read(&["runs", id.as_str()], &Parameters::default()).await
        }
    }
}

pub(in crate::cli) async fn continuation(client: &Client, part: &str) -> Result<Option<Continuation>, Problem> {
    match client {
        Client::Here(host) => execution::continuation(host, part).await,
        Client::There(remote) => {
            let id = identify(remote, part).await?.id;
            let found: RunContinuation = remote.read(&["runs", id.as_str(), "continuation"], &Parameters::default()).await?;
            Ok(found.continuation)
        }
    }
}

pub(in crate::cli) async fn journal(client: &Client, part: &str) -> Result<Journal, Problem> {
    match client {
        Client::Here(host) => runs::journal(host, part).await,
        Client::There(remote) => {
            let RunSummary { id, plugin, journal_from, .. } = identify(remote, part).await?;
            let entries: Page<JournalEntry> = remote.list_all(&["runs", id.as_str(), "calls"], &Parameters::default()).await?;
            Ok(Journal { run: id, plugin, journal_from, entries: entries.items })
        }
    }
}

pub(in crate::cli) async fn transcript(client: &Client, request: &ReadTranscript) -> Result<Transcript, Problem> {
    match client {
        Client::Here(host) => runs::transcript(host, request).await,
        Client::There(remote) => {
            let id = identify(remote, &request.run).await?.id;
            remote.read(&["runs", id.as_str(), "transcript"], &Parameters::default().with("all", Some(!request.only))).await
        }
    }
}

pub(in crate::cli) async fn commands(client: &Client, part: &str) -> Result<Page<ExecutedCommand>, Problem> {
    match client {
        Client::Here(host) => runs::commands(host, part).await,
        Client::There(remote) => {
            let id = identify(remote, part).await?.id;
            remote.list_all(&["runs", id.as_str(), "commands"], &Parameters::default()).await
        }
    }
}

pub(in crate::cli) async fn command_output(client: &Client, part: &str, seq: u64) -> Result<CommandOutput, Problem> {
    match client {
        Client::Here(host) => runs::command_output(host, part, seq).await,
        Client::There(remote) => {
            let id = identify(remote, part).await?.id;
            remote.read(&["runs", id.as_str(), "commands", &seq.to_string()], &Parameters::default()).await
        }
    }
}

pub(in crate::cli) async fn cancel(client: &Client, request: &CancelRun) -> Result<CancelledRun, Problem> {
    match client {
        Client::Here(host) => runs::cancel(host, host.operator(), request).await,
        Client::There(remote) => {
            let id = identify(remote, &request.run).await?.id;
            remote.change(Method::POST, &["runs", id.as_str(), "cancel"], Fields::of(request, &["run"])).await
        }
    }
}

pub(in crate::cli) async fn pause(client: &Client, part: &str) -> Result<PausedRun, Problem> {
    match client {
        Client::Here(host) => runs::pause(host, host.operator(), part).await,
        Client::There(remote) => {
            let id = identify(remote, part).await?.id;
            remote.change(Method::POST, &["runs", id.as_str(), "pause"], Fields::default()).await
        }
    }
}

pub(in crate::cli) async fn signal(client: &Client, request: &SendSignal) -> Result<SentSignal, Problem> {
    match client {
        Client::Here(host) => runs::signal(host, host.operator(), request).await,
        Client::There(remote) => {
            let id = identify(remote, &request.run).await?.id;
            remote.change(Method::POST, &["runs", id.as_str(), "signal"], Fields::of(request, &["run"])).await
        }
    }
}

pub(in crate::cli) async fn record(client: &Client, part: &str) -> Result<RecordedRun, Problem> {
    match client {
        Client::Here(host) => runs::record(host, part).await,
        Client::There(remote) => {
            let id = identify(remote, part).await?.id;
            remote.change(Method::POST, &["runs", id.as_str(), "record"], Fields::default()).await
        }
    }
}

pub(in crate::cli) async fn replay(client: &Client, request: &ReplayRecording) -> Result<Replayed, Problem> {
    let remote = match client {
        Client::Here(host) => return runs::replay(host, request).await,
        Client::There(remote) => remote,
    };
    if request.component.is_some() {
        let problem = Problem::invalid("server_unfit", "plugin", "A server replays with the plugin that is installed there.");
        return Err(problem.advise("Leave out --plugin, or record the run and replay the recording on this machine."));
    }
    match &request.source {
        RecordingSource::Run(part) => {
            let id = identify(remote, part).await?.id;
            remote.change(Method::POST, &["runs", id.as_str(), "replay"], Fields::default()).await
        }
        RecordingSource::Text(recording) => {
            let given = GivenRecording { recording };
            remote.change(Method::POST, &["recordings", "replay"], Fields::of(&given, &[])).await
        }
    }
}

/// A recording as the route takes it.
#[derive(Serialize)]
struct GivenRecording<'a> {
    recording: &'a str,
}

/// Starts a run on a server.
pub(in crate::cli) async fn start(remote: &Remote, request: &StartInProject) -> Result<StartedRun, Problem> {
    remote.change(Method::POST, &["runs"], Fields::of(request, &[])).await
}

/// Resumes a run on a server.
pub(in crate::cli) async fn resume(remote: &Remote, request: &ResumeRun) -> Result<ResumedRun, Problem> {
    let id = identify(remote, &request.run).await?.id;
    remote.change(Method::POST, &["runs", id.as_str(), "resume"], Fields::of(request, &["run"])).await
}

/// Forks a run on a server.
pub(in crate::cli) async fn fork(remote: &Remote, request: &ForkRun) -> Result<ForkedRun, Problem> {
    let id = identify(remote, &request.run).await?.id;
    remote.change(Method::POST, &["runs", id.as_str(), "fork"], Fields::of(request, &["run"])).await
}

/// How a tree of runs on a server stands.
pub(in crate::cli) async fn tree_status(remote: &Remote, root: &RunId) -> Result<TreeStatus, Problem> {
    remote.read(&["runs", root.as_str(), "status"], &Parameters::default()).await
}

/// How a tree of runs on a server stands once it was followed.
pub(in crate::cli) async fn outcome(remote: &Remote, root: &RunId) -> Result<Outcome, Problem> {
    remote.read(&["runs", root.as_str(), "outcome"], &Parameters::default()).await
}

/// The workflows of a server that can be started as they are.
pub(in crate::cli) async fn workflows(remote: &Remote) -> Result<Vec<Workflow>, Problem> {
    let all: Page<Workflow> = remote.list_all(&["workflows"], &Parameters::default()).await?;
    Ok(all.items)
}
