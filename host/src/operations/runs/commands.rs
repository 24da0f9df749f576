//! The commands that runs executed, and what they printed. Executes none.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{RunId, journal::parse_json};
use crate::{
    events::{Draft, Event},
    interfaces::sandbox::{self, events::Executed},
    kernel::{KernelError, events::Created, run::Summary},
    operations::{Host, Page, Problem},
};

/// A command that a run executed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExecutedCommand {
    /// The run.
    pub run: RunId,
    /// Its plugin.
    pub plugin: String,
    /// The worktree that it, or a run above it, was started in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worktree: Option<String>,
    /// The number of the call in the run's journal.
    pub seq: u64,
    /// The command.
    pub command: String,
    /// The name of its image.
    pub image: String,
    /// How it ended.
    pub ending: CommandEnding,
    /// Its exit code.
    pub exit_code: i32,
    /// From start to end, in milliseconds.
    pub took_ms: u64,
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CommandEnding {
    /// By itself.
    Exited,
    /// It reached its time limit.
    TimedOut,
    /// It reached its memory limit.
    OutOfMemory,
    /// It was stopped from outside.
    Killed,
}

/// A command and what it printed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CommandOutput {
    /// The command.
    #[serde(flatten)]
    pub command: ExecutedCommand,
    /// What it printed.
    pub printed: String,
}

/// The commands that have ended of a run and those below it, in the order in which they ended.
pub async fn commands(host: &Host, part: &str) -> Result<Page<ExecutedCommand>, Problem> {
    let run = host.app.kernel.resolve(part).await?;
    let runs = host.app.kernel.tree_summaries(&run.id).await?;
    // Bounded by `limits.calls` of the runs of one tree; a skin cuts them by run and call.
    Ok(Page::whole(commands_of(host, &runs).await?))
}

/// The commands that have ended of these runs, in the order in which they ended.
pub(in crate::operations) async fn commands_of(host: &Host, runs: &[Summary]) -> Result<Vec<ExecutedCommand>, Problem> {
    let mut events = Vec::new();
    for run in runs {
        events.extend(relevant_events(host, &run.id).await?);
    }
    Ok(executed(runs, events).into_iter().map(|(command, _)| command).collect())
}

/// All that the command of one call of a run printed.
pub async fn command_output(host: &Host, part: &str, seq: u64) -> Result<CommandOutput, Problem> {
    let run = Summary::from(host.app.kernel.resolve(part).await?);
    let events = relevant_events(host, &run.id).await?;
    let found = executed(std::slice::from_ref(&run), events).into_iter().find(|(command, _)| command.seq == seq);
    let Some((command, output)) = found else { return Err(no_command(&run, seq)) };
    let printed = match output {
        Some(name) => host.app.artifacts().load(&name).await?,
        None => answered(host, &run.id, seq).await?,
    };
    Ok(CommandOutput { command, printed })
}

fn no_command(run: &Summary, seq: u64) -> Problem {
    let message = format!("Call {seq} of the run executed no command, or has not ended.");
    let hint = format!("`baton runs output {}` lists the calls that executed commands.", run.id.short());
    Problem::not_found("command_not_found", message).of_field("seq").advise(hint)
}

/// The commands of runs that have ended, each with the name of its whole output, in the order in which they ended.
fn executed(runs: &[Summary], mut events: Vec<Event>) -> Vec<(ExecutedCommand, Option<String>)> {
    events.sort_by_key(|event| event.cursor);
    let known: HashMap<&RunId, &Summary> = runs.iter().map(|run| (&run.id, run)).collect();
    let mut worktrees = HashMap::new();
    let mut executed = Vec::new();
    for event in events {
        let Some(run) = event.draft.run.as_ref().and_then(|run| known.get(run)) else { continue };
        if let Some(created) = event.draft.payload::<Created>() {
            let above = run.parent.as_ref().and_then(|(above, _)| worktrees.get(above).cloned());
            worktrees.extend(created.worktree.or(above).map(|worktree| (run.id.clone(), worktree)));
        } else if let Some(ended) = event.draft.payload::<Executed>() {
            executed.push(ExecutedCommand::new(run.id.clone(), run.plugin.clone(), worktrees.get(&run.id).cloned(), ended));
        }
    }
    executed
}

/// How a run began.
pub(super) async fn created(host: &Host, run: &RunId) -> Result<Option<Created>, Problem> {
    Ok(host.app.kernel.events_of(run, |event| event.draft.payload::<Created>()).await?.into_iter().next())
}

/// How a run began, and which of its commands ended.
async fn relevant_events(host: &Host, run: &RunId) -> Result<Vec<Event>, Problem> {
    let is_relevant = |draft: &Draft| draft.is::<Created>() || draft.is::<Executed>();
    Ok(host.app.kernel.events_of(run, |event| Some(event).filter(|event| is_relevant(&event.draft))).await?)
}

/// What a command printed that fits into its answer.
async fn answered(host: &Host, run: &RunId, seq: u64) -> Result<String, Problem> {
    let entries = host.app.kernel.journal().entries(run).await.map_err(KernelError::from)?;
    let answer = entries.into_iter().find(|entry| entry.seq == seq).and_then(|entry| entry.answer).unwrap_or_default();
    let answer = parse_json(&answer);
    let part = |name: &str| answer["ok"][name].as_str().unwrap_or_default().to_owned();
    // A tool's answer is the text for a model.
    Ok([part("stdout"), part("stderr"), part("content")].concat())
}

impl ExecutedCommand {
    /// A command that has ended, with the name of its whole output, where that is kept by itself.
    pub(super) fn new(run: RunId, plugin: String, worktree: Option<String>, ended: Executed) -> (Self, Option<String>) {
        let Executed { seq, image, command, ending, exit_code, took_ms, output } = ended;
        (Self { run, plugin, worktree, seq, command, image, ending: ending.into(), exit_code, took_ms }, output)
    }
}

impl CommandEnding {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exited => "exited",
            Self::TimedOut => "timed out",
            Self::OutOfMemory => "out of memory",
            Self::Killed => "killed",
        }
    }
}

impl From<sandbox::Ending> for CommandEnding {
    fn from(ending: sandbox::Ending) -> Self {
        match ending {
            sandbox::Ending::Exited => Self::Exited,
            sandbox::Ending::TimedOut => Self::TimedOut,
            sandbox::Ending::OutOfMemory => Self::OutOfMemory,
            sandbox::Ending::Killed => Self::Killed,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use serde_json::{Value, json};

    use super::*;
    use crate::{
        events::Category,
        kernel::{package::Kind, run::State},
    };

    fn run(id: &str, plugin: &str, parent: Option<&str>) -> Summary {
        Summary {
            id: RunId::from_text(id),
            parent: parent.map(|parent| (RunId::from_text(parent), 1)),
            root: RunId::from_text("root"),
            forked_from: None,
            plugin: plugin.to_owned(),
            plugin_version: String::new(),
            plugin_hash: String::new(),
            kind: Kind::Workflow,
            project: String::new(),
            workspace: PathBuf::new(),
            slot: None,
            item: None,
            started_by: None,
            journal_from: 0,
            state: State::Succeeded,
            shortfall: None,
            failed_call: None,
            cancelling: None,
            created_at: 0,
            updated_at: 0,
        }
    }

    fn event(cursor: i64, run: &str, name: &str, data: Value) -> Event {
        let category = if name == "created" { Category::Run } else { Category::Sandbox };
        Event { cursor, at: 0, draft: Draft::for_test(category, name, Some(&RunId::from_text(run)), data) }
    }

    #[test]
    fn commands_of_the_whole_tree_have_their_run_and_worktree() {
        let runs =
            [run("tests-01", "run-tests", Some("story-01")), run("story-01", "dev-story", Some("root")), run("root", "sprint", None)];
        let ended = |command: &str| json!({ "seq": 3, "command": command, "image": "default", "ending": "timed-out", "exit_code": 0 });
        let events = vec![
            event(5, "tests-01", "executed", ended("make test")),
            event(1, "root", "created", json!({})),
            event(2, "story-01", "created", json!({ "worktree": "story/1-1-add" })),
            event(3, "tests-01", "created", json!({})),
            event(4, "root", "executed", ended("true")),
            event(6, "stranger", "executed", ended("false")),
        ];
        let executed = executed(&runs, events);
        let seen: Vec<_> =
            executed.iter().map(|(command, _)| (command.run.as_str(), &*command.plugin, command.worktree.as_deref())).collect();
        assert_eq!(seen, [("root", "sprint", None), ("tests-01", "run-tests", Some("story/1-1-add"))]);
        assert_eq!(executed[0].0.ending, CommandEnding::TimedOut);
    }
}
