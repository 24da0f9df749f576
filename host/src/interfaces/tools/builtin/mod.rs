//! The host's own tools: the workspace's files as text for a model, and commands in containers. They reach what the plugin's
//! grants for files and images allow and nothing more.

mod command;
mod declared;
mod text;

use std::sync::Arc;

use async_trait::async_trait;
use baton_sdk::{files::LineMatch, tools::text::Found};

use super::toolset::{Arguments, Outcome, Toolset, Usage};
use crate::{
    interfaces::{
        blocking::{Deadline, blocking},
        toolboxes::{Declared, Roster},
    },
    journal::{Attempt, Authority, CallError, Capability, Effect, ErrorKind, Halt, Pause, PauseKind, Performed, RunId},
};

/// What the host's own tools say of themselves.
pub fn all() -> Vec<Declared> {
    declared::all()
}

/// What a search looks for.
#[derive(Clone, Copy, Debug)]
pub struct SearchQuery<'a> {
    /// A regular expression.
    pub pattern: &'a str,
    /// In the files that match this glob; in all when none.
    pub glob: Option<&'a str>,
    /// At most this many lines.
    pub limit: u32,
    /// So many lines before and after each.
    pub context: u32,
}

/// The port below these tools: the files of one run's workspace. Blocks while it works.
pub trait Files: Send + Sync {
    /// What a run must be allowed to read the path; none when it is no path.
    fn reading(&self, path: &str) -> Option<Capability<'static>>;
    /// What a run must be allowed to write the path; none when it is no path.
    fn writing(&self, path: &str) -> Option<Capability<'static>>;
    /// A file's content.
    fn read(&self, path: &str) -> Result<Vec<u8>, CallError>;
    /// Replaces a file in one step.
    fn write(&self, path: &str, content: &[u8], attempt: &Attempt) -> Result<(), CallError>;
    /// What fits a glob and may be seen, sorted by path.
    fn find(&self, glob: &str, authority: &dyn Authority, deadline: &Deadline) -> Result<Vec<Found>, CallError>;
    /// Lines that match, in files that may be seen.
    fn search(&self, wanted: &SearchQuery<'_>, authority: &dyn Authority, deadline: &Deadline) -> Result<Vec<LineMatch>, CallError>;
}

/// A command that a tool is asked to execute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// The operator's name for the image.
    pub image: String,
    /// The program and its arguments.
    pub arguments: Vec<String>,
    /// Seconds of wall time; none for what is usual.
    pub timeout: Option<u32>,
}

/// The port below `run_command`: commands in containers, in the workspace of one run.
#[async_trait]
pub trait Commands: Send + Sync {
    /// What a run must be allowed to execute commands in this image.
    fn executing(&self, image: &str) -> Capability<'static>;
    /// What a model is told of the command, and whether it failed.
    async fn execute(&self, run: RunId, command: Command, attempt: &Attempt, halt: Halt) -> Performed<(String, bool)>;
    /// All that a command of this run printed, by the name that a model was told.
    async fn output(&self, run: &RunId, name: &str) -> Result<String, CallError>;
    /// The answer of this call is in the journal.
    fn answered(&self, run: RunId, seq: u64);
}

/// The tools over one run's files and commands.
pub struct Builtin {
    files: Arc<dyn Files>,
    commands: Arc<dyn Commands>,
}

impl Builtin {
    /// Tools over these files and commands.
    pub fn new(files: Arc<dyn Files>, commands: Arc<dyn Commands>) -> Self {
        Self { files, commands }
    }
}

#[async_trait]
impl Toolset for Builtin {
    async fn tools(&self) -> Result<Arc<Roster>, CallError> {
        Ok(Arc::new(Roster { tools: all(), ..Roster::default() }))
    }

    fn effect(&self, tool: &Declared) -> Effect {
        // A command is found again by its call, whatever it does.
        if tool.name == declared::RUN { Effect::Write } else { tool.effects.effect() }
    }

    fn reaches(&self, tool: &str, arguments: &Arguments) -> Option<Capability<'static>> {
        if tool == declared::RUN {
            return Some(self.commands.executing(&command::parse_command(arguments).image));
        }
        let path = arguments.get("path")?.as_str()?;
        match tool {
            declared::READ => self.files.reading(path),
            declared::WRITE => self.files.writing(path),
            _ => None,
        }
    }

    fn answered(&self, tool: &str, run: RunId, seq: u64) {
        if tool == declared::RUN {
            self.commands.answered(run, seq);
        }
    }

    async fn call(&self, usage: Usage<'_>) -> Performed<Outcome> {
        if usage.tool == declared::RUN {
            return command::perform(&*self.commands, usage).await;
        }
        if usage.tool == declared::OUTPUT {
            return command::read_output(&*self.commands, &usage).await;
        }
        let (files, tool) = (Arc::clone(&self.files), usage.tool.to_owned());
        let Usage { arguments, attempt, authority, .. } = usage;
        let work = move |deadline: &Deadline| {
            let given = text::Given { tool: &tool, arguments: &arguments, attempt: &attempt };
            text::perform(&*files, &given, &*authority, deadline)
        };
        let done = blocking(work).await;
        let done = done.unwrap_or_else(|error| Err(CallError::other(format!("The host failed at this tool: {error}. Report it."))));
        match done {
            // The disk is full or closed, which no guest can mend and its operator can: nothing of the run is lost meanwhile.
            Err(CallError { kind: ErrorKind::Unavailable, text: reason, .. }) => {
                Performed::Paused { pause: Pause::new(PauseKind::Operator, format!("{reason} Then resume the run.")), happened: false }
            }
            done => Performed::answer(done.map(|content| Outcome { content, failed: false })),
        }
    }
}
