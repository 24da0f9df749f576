//! What an MCP client sees of the host: a tool per workflow that is ready. Starts runs and tells of their progress;
//! grants nothing.

use std::{
    path::PathBuf,
    sync::{Arc, atomic::AtomicBool},
};

use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, Implementation, ListToolsResult, PaginatedRequestParams,
        ProgressNotificationParam, ProgressToken, ServerCapabilities, ServerConfig, Tool,
    },
    service::RequestContext,
};
use serde_json::{Map, Value};

use crate::{
    cli::text,
    operations::{
        Host, Problem,
        execution::{self, Execution, Feed, Happening, Outcome, RunId, RunOptions, StartRun, Update, Workflow},
        runs::RunState,
    },
};

/// The workflows behind MCP.
pub(super) struct Served {
    host: Arc<Host>,
    workspace: PathBuf,
    /// Those of every run.
    options: RunOptions,
    /// The option without which a command does not find the same data.
    option: Option<Arc<str>>,
}

impl Served {
    pub(super) fn new(host: Arc<Host>, workspace: PathBuf, options: RunOptions, option: Option<Arc<str>>) -> Self {
        Self { host, workspace, options, option }
    }

    /// A failed call, with commands that lead to the same data.
    fn failed(&self, reason: &str) -> CallToolResult {
        CallToolResult::error(vec![ContentBlock::text(text::commands_with(reason, self.option.as_deref()))])
    }

    async fn run(&self, workflow: &str, input: Value, context: &RequestContext<RoleServer>) -> Result<Outcome, Problem> {
        let (workspace, options) = (self.workspace.clone(), self.options.clone());
        let request = StartRun { workflow: workflow.to_owned(), input, workspace, options };
        let started = execution::start(&self.host, self.host.operator(), &request).await?;
        self.execute(&started.run, context).await
    }

    /// Executes a run until it can continue no further, while the client is told its progress. A client that cancels the call
    /// cancels the run; one that disconnects leaves it to be resumed.
    async fn execute(&self, run: &RunId, context: &RequestContext<RoleServer>) -> Result<Outcome, Problem> {
        let (execution, expects_answers) = (Execution::new(&self.host, run, false), AtomicBool::new(false));
        let mut progress = Progress::begin(&self.host, run, context).await?;
        let mut running = std::pin::pin!(execution.run(&expects_answers));
        let mut is_cancelled = false;
        loop {
            tokio::select! {
                ended = &mut running => {
                    ended?;
                    return execution::outcome(&self.host, run, 0).await;
                }
                told = progress.tell_next(context) => told?,
                () = context.ct.cancelled(), if !is_cancelled => {
                    is_cancelled = true;
                    if !context.peer.is_transport_closed() {
                        execution.cancel(self.host.operator()).await?;
                    }
                }
            }
        }
    }
}

impl ServerHandler for Served {
    fn get_info(&self) -> ServerConfig {
        let mut info = ServerConfig::new(ServerCapabilities::builder().enable_tools().build());
        info.server_info = Implementation::new("baton", env!("CARGO_PKG_VERSION"));
        info.with_instructions("Each tool is a workflow of AI agents. It may take minutes; ask for progress.")
    }

    async fn list_tools(&self, _: Option<PaginatedRequestParams>, _: RequestContext<RoleServer>) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(execution::workflows(&self.host).into_iter().map(tool).collect()))
    }

    async fn call_tool(&self, request: CallToolRequestParams, context: RequestContext<RoleServer>) -> Result<CallToolResponse, ErrorData> {
        if !execution::workflows(&self.host).iter().any(|workflow| workflow.name == request.name) {
            let name = request.name.chars().take(100).flat_map(char::escape_debug).collect::<String>();
            let text = format!("No workflow `{name}` is ready; `baton plugin list` shows what is installed and granted.");
            return Err(ErrorData::invalid_params(text::commands_with(&text, self.option.as_deref()), None));
        }
        let input = Value::Object(request.arguments.unwrap_or_default());
        Ok(match self.run(&request.name, input, &context).await {
            Ok(outcome) => content(&outcome).map_or_else(|reason| self.failed(&reason), CallToolResult::success),
            Err(problem) => self.failed(&problem.to_string()),
        }
        .into())
    }
}

fn tool(workflow: Workflow) -> Tool {
    let schema = match workflow.input {
        Some(Value::Object(schema)) => schema,
        _ => Map::from_iter([("type".to_owned(), Value::from("object"))]),
    };
    Tool::new(workflow.name, workflow.description, schema)
}

/// The output of a run, or why there is none.
fn content(outcome: &Outcome) -> Result<Vec<ContentBlock>, String> {
    let resume = format!("`baton runs resume {}`", outcome.run.id.short());
    match &outcome.run.state {
        RunState::Succeeded => {
            let output = outcome.output.clone().unwrap_or_default();
            let text = output.as_str().map_or_else(|| format!("{output:#}"), str::to_owned);
            Ok(vec![ContentBlock::text(text)])
        }
        RunState::Failed { failure } => Err(failure.text.clone()),
        RunState::Cancelled => Err("The run was cancelled.".to_owned()),
        RunState::Paused { pause } => Err(format!("The run is paused: {} Continue with {resume}; its journal is kept.", pause.reason)),
        RunState::Waiting { .. } => Err(format!(
            "The run waits. If it asks people something, `baton questions list` shows what. After the answer, continue with {resume}."
        )),
        RunState::Queued | RunState::Running => Err(format!("The run stopped before its end; continue with {resume}.")),
    }
}

/// What a client that asked for it is told of a run.
struct Progress<'a> {
    /// None when the client did not ask.
    followed: Option<(ProgressToken, Feed<'a>)>,
    /// How far the client was told; it is never told less.
    told: f64,
}

impl<'a> Progress<'a> {
    async fn begin(host: &'a Host, run: &RunId, context: &RequestContext<RoleServer>) -> Result<Self, Problem> {
        let followed = match context.meta.get_progress_token() {
            Some(token) => Some((token, Feed::begin(host, run, false).await?)),
            None => None,
        };
        Ok(Self { followed, told: -1.0 })
    }

    /// Waits for the run to get further and says so; for ever where the client did not ask. Can be dropped at any point.
    async fn tell_next(&mut self, context: &RequestContext<RoleServer>) -> Result<(), Problem> {
        let Some((token, feed)) = &mut self.followed else { return std::future::pending().await };
        let Update::Steps(steps) = feed.next().await? else { return Ok(()) };
        let Some(step) = steps.into_iter().rev().find_map(|step| match step.what {
            Happening::Began { step } => Some(step),
            _ => None,
        }) else {
            return Ok(());
        };
        let fraction = feed.snapshot().fraction;
        if fraction > self.told {
            self.told = fraction;
            let notification = ProgressNotificationParam::new(token.clone(), fraction).with_total(1.0).with_message(step);
            // A client that does not receive it loses nothing but the progress.
            let _ = context.peer.notify_progress(notification).await;
        }
        Ok(())
    }
}
