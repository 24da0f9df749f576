//! What an MCP client sees of the host: a tool per workflow that is ready. Starts runs and tells of their progress;
//! grants nothing.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, Implementation, ListToolsResult, PaginatedRequestParams,
        ProgressNotificationParam, ProgressToken, ServerCapabilities, ServerConfig, Tool,
    },
    service::RequestContext,
};
use serde_json::{Map, Value, json};
use tokio::sync::broadcast::{Receiver, error::RecvError};

use crate::{
    actor::Actor,
    cli::text,
    events::{Category, Event},
    interfaces::RunOptions,
    journal::Halt,
    kernel::{
        Drive, Kernel, KernelError, Order,
        package::Kind,
        registry::{Plugin, Status},
        run::{Run, State},
    },
    operations::Problem,
};

/// The workflows behind MCP.
pub(super) struct Served {
    kernel: Arc<Kernel>,
    workspace: PathBuf,
    /// Those of every run.
    options: RunOptions,
    /// The data directory, where a command does not find it without the option.
    data_dir: Option<Arc<Path>>,
    /// In whose name workflows are started.
    by: Actor,
}

impl Served {
    pub(super) fn new(kernel: Arc<Kernel>, workspace: PathBuf, options: RunOptions, data_dir: Option<Arc<Path>>, by: Actor) -> Self {
        Self { kernel, workspace, options, data_dir, by }
    }

    /// What is not an answer: with commands that lead to the same data.
    fn failed(&self, reason: &str) -> CallToolResult {
        CallToolResult::error(vec![ContentBlock::text(text::commands_with(reason, self.data_dir.as_deref()))])
    }

    /// The workflows that can be used as they are, by name.
    fn workflows(&self) -> Vec<Arc<Plugin>> {
        let plugins = self.kernel.registry().all();
        plugins
            .values()
            .filter(|plugin| plugin.package.manifest.kind == Kind::Workflow && plugin.status() == Status::Ready)
            .cloned()
            .collect()
    }

    async fn start(&self, workflow: &str, input: Value) -> Result<Run, KernelError> {
        let (workspace, options, by) = (self.workspace.clone(), self.options.clone(), self.by.clone());
        self.kernel.start(Order { plugin: workflow.to_owned(), kind: Kind::Workflow, input, workspace, options, by }).await
    }

    /// Sees a run to where it can go no further, while the client hears of its progress. A client that calls it off
    /// cancels the run; one that goes away leaves it to be resumed.
    async fn see_through(&self, run: &Run, context: &RequestContext<RoleServer>) -> Result<Run, KernelError> {
        let (drive, halt) = (Drive { root: Some(run.id.clone()), until_idle: true }, Halt::default());
        let mut driving = std::pin::pin!(self.kernel.drive(&drive, &halt));
        let mut progress = Progress::of(context, self.kernel.events().listen());
        let mut called_off = false;
        loop {
            tokio::select! {
                driven = &mut driving => {
                    driven?;
                    return self.kernel.resolve(run.id.as_str()).await;
                }
                () = progress.tell_next(run, context) => {}
                () = context.ct.cancelled(), if !called_off => {
                    called_off = true;
                    let now = self.kernel.resolve(run.id.as_str()).await?;
                    if !context.peer.is_transport_closed() && !now.state.is_final() {
                        self.kernel.cancel(&now, &self.by).await?;
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
        Ok(ListToolsResult::with_all_items(self.workflows().iter().map(|plugin| tool(plugin)).collect()))
    }

    async fn call_tool(&self, request: CallToolRequestParams, context: RequestContext<RoleServer>) -> Result<CallToolResponse, ErrorData> {
        if !self.workflows().iter().any(|plugin| plugin.name() == request.name) {
            let name = request.name.chars().take(100).flat_map(char::escape_debug).collect::<String>();
            let text = format!("There is no workflow `{name}` that is ready; `baton plugin list` shows what is installed and granted.");
            return Err(ErrorData::invalid_params(text::commands_with(&text, self.data_dir.as_deref()), None));
        }
        let input = Value::Object(request.arguments.unwrap_or_default());
        let seen = match self.start(&request.name, input).await {
            Ok(run) => self.see_through(&run, &context).await,
            Err(error) => Err(error),
        };
        Ok(match seen {
            Ok(run) => outcome(&run).map_or_else(|reason| self.failed(&reason), CallToolResult::success),
            Err(error) => self.failed(&Problem::from(error).to_string()),
        }
        .into())
    }
}

fn tool(plugin: &Plugin) -> Tool {
    let manifest = &plugin.package.manifest;
    let schema = match &manifest.input {
        Some(Value::Object(schema)) => schema.clone(),
        _ => Map::from_iter([("type".to_owned(), json!("object"))]),
    };
    Tool::new(manifest.name.clone(), manifest.description.clone(), schema)
}

/// The output of a run, or why there is none.
fn outcome(run: &Run) -> Result<Vec<ContentBlock>, String> {
    let resume = format!("`baton runs resume {}`", run.id.short());
    match &run.state {
        State::Succeeded => {
            let output = run.output.clone().unwrap_or_default();
            let text = output.as_str().map_or_else(|| format!("{output:#}"), str::to_owned);
            Ok(vec![ContentBlock::text(text)])
        }
        State::Failed { error } => Err(error.text.clone()),
        State::Cancelled => Err("The run was cancelled.".to_owned()),
        State::Paused { pause } => Err(format!("The run is paused: {} Continue with {resume}; what it did is kept.", pause.reason)),
        State::Waiting { .. } => Err(format!(
            "The run waits. If it asks people something, `baton questions list` shows what. After the answer, continue with {resume}."
        )),
        State::Queued | State::Running => Err(format!("The run stopped before its end; continue with {resume}.")),
    }
}

/// What a client that asked for it hears of a run.
struct Progress {
    /// None when nobody asked, or there is nothing more to hear.
    heard: Option<(ProgressToken, Receiver<Event>)>,
    /// How far the client was told; it is never told less.
    told: f64,
}

impl Progress {
    fn of(context: &RequestContext<RoleServer>, events: Receiver<Event>) -> Self {
        Self { heard: context.meta.get_progress_token().map(|token| (token, events)), told: -1.0 }
    }

    /// Waits for the run to get further and says so; for ever where nobody asked. Can be called off at any point.
    async fn tell_next(&mut self, run: &Run, context: &RequestContext<RoleServer>) {
        let Some((token, events)) = &mut self.heard else { return std::future::pending().await };
        let event = match events.recv().await {
            Ok(event) => event.draft,
            Err(RecvError::Lagged(_)) => return,
            Err(RecvError::Closed) => {
                self.heard = None;
                return;
            }
        };
        let fraction = event.data["fraction"].as_f64().unwrap_or_default();
        if event.run.as_ref() != Some(&run.id) || event.category != Category::Run || event.name != "progress" || fraction <= self.told {
            return;
        }
        self.told = fraction;
        let step = event.data["step"].as_str().unwrap_or_default();
        let told = ProgressNotificationParam::new(token.clone(), fraction).with_total(1.0).with_message(step);
        // A client that does not hear it loses nothing but the telling.
        let _ = context.peer.notify_progress(told).await;
    }
}
