//! Tools that plugins can be granted: listed as they are now, and approved once they changed. Calls no tool.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{OpenApi, ToSchema};

use super::{Host, Page, Problem};
use crate::{
    actor::Actor,
    app::{self, SetKind},
    interfaces::toolboxes,
};

/// How long one server or toolbox may take: some are fetched when they are started.
const PATIENCE: Duration = Duration::from_secs(60);

/// Who provides a set of tools.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ToolProvider {
    /// Baton itself.
    Host,
    /// An MCP server from the settings.
    Server,
    /// A plugin.
    Toolbox,
}

/// A set of tools as it is now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ToolSet {
    /// The name of the server or toolbox, or `host`.
    pub name: String,
    /// Who provides it.
    pub kind: ToolProvider,
    /// Why its tools cannot be listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// What else an operator should know of it, in sentences.
    pub remarks: Vec<String>,
    /// How many tools are left out because a set may not have more.
    pub left_out: usize,
    /// The tools that are offered.
    pub tools: Vec<Tool>,
    /// The tools that are declared and not offered.
    pub quarantined: Vec<QuarantinedTool>,
}

/// A tool that is offered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Tool {
    /// Its whole name, such as `web.search`.
    pub name: String,
    /// The name under which providers see it.
    pub provider_name: String,
    /// What it says it does.
    pub description: String,
    /// The JSON Schema of its arguments.
    pub parameters: Value,
    /// What a call does.
    pub effects: ToolEffects,
    /// What Baton changed in its declaration so that providers accept it, in sentences.
    pub fixes: Vec<String>,
    /// The plugins that are granted it.
    pub granted: Vec<String>,
    /// The plugins that are denied it because it changed since it was granted.
    pub needs_approval: Vec<ToolChange>,
}

/// What a call of a tool does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ToolEffects {
    /// It changes nothing.
    pub read_only: bool,
    /// It may undo or overwrite what a person made.
    pub destructive: bool,
    /// Two calls with the same arguments do what one does.
    pub idempotent: bool,
}

/// A tool that models or providers could not use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct QuarantinedTool {
    /// Its name, or its place in the list, such as `#3`.
    pub name: String,
    /// The part of its declaration that is wrong, such as `inputSchema/properties/a`.
    pub field: String,
    /// What is wrong, in a sentence.
    pub reason: String,
}

/// A grant of a tool that has another form now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ToolChange {
    /// The plugin that was granted the tool.
    pub plugin: String,
    /// The parts that changed: `description`, `parameters` or `effects`.
    pub changed: Vec<String>,
}

/// A tool whose present form was approved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ToolApproval {
    /// The tool.
    pub tool: String,
    /// The plugins that may call it again.
    pub plugins: Vec<String>,
}

/// Which sets of tools to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ListTools {
    /// Only those of these MCP servers or toolboxes; `host` for the host's own. All where none is named.
    #[serde(default)]
    pub sets: Vec<String>,
}

/// Which tools to approve.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApproveTools {
    /// Names such as `web.search`, or patterns such as `web.*`.
    pub tools: Vec<String>,
}

/// The host's own first, then MCP servers, then toolboxes. Starts the servers; one that does not answer is listed with its
/// problem.
pub async fn list(host: &Host, request: &ListTools) -> Result<Page<ToolSet>, Problem> {
    let sets = host.app.tool_sets(&request.sets, PATIENCE).await.map_err(app::ApprovalError::from)?;
    if let Some(unknown) = request.sets.iter().find(|name| sets.iter().all(|set| set.name != **name)) {
        return Err(no_such_set(unknown));
    }
    // There are as many as servers in the settings and toolboxes in the plugin directory.
    Ok(Page::whole(sets.into_iter().map(ToolSet::from).collect()))
}

/// Approves the present form of every tool that matches, for each plugin that was granted another form.
pub async fn approve(host: &Host, actor: &Actor, request: &ApproveTools) -> Result<Page<ToolApproval>, Problem> {
    let approved = host.app.approve_tools(&request.tools, PATIENCE, actor).await?;
    let approval = |app::Approval { tool, plugins }| ToolApproval { tool, plugins };
    // As many as the tools of these sets.
    Ok(Page::whole(approved.into_iter().map(approval).collect()))
}

fn no_such_set(name: &str) -> Problem {
    let message = format!("No MCP server and no toolbox is called `{}`.", name.escape_debug());
    Problem::not_found("tools_not_found", message).of_field("set").advise("`baton tools list` lists all tools.")
}

impl From<SetKind> for ToolProvider {
    fn from(kind: SetKind) -> Self {
        match kind {
            SetKind::Host => Self::Host,
            SetKind::Server => Self::Server,
            SetKind::Toolbox => Self::Toolbox,
        }
    }
}

impl From<app::ToolSet> for ToolSet {
    fn from(set: app::ToolSet) -> Self {
        let app::ToolSet { name, kind, problem, remarks, left_out, tools, quarantined } = set;
        let (tools, quarantined) =
            (tools.into_iter().map(Tool::from).collect(), quarantined.into_iter().map(QuarantinedTool::from).collect());
        Self { name, kind: kind.into(), problem, remarks, left_out, tools, quarantined }
    }
}

impl From<app::Tool> for Tool {
    fn from(tool: app::Tool) -> Self {
        let app::Tool { name, spelled, description, parameters, effects, mended, granted, needs_approval, .. } = tool;
        let toolboxes::Effects { read_only, destructive, idempotent } = effects;
        let change = |app::Changed { plugin, changed }| ToolChange { plugin, changed };
        Self {
            name,
            provider_name: spelled,
            description,
            parameters,
            effects: ToolEffects { read_only, destructive, idempotent },
            fixes: mended,
            granted,
            needs_approval: needs_approval.into_iter().map(change).collect(),
        }
    }
}

impl From<toolboxes::Quarantined> for QuarantinedTool {
    fn from(tool: toolboxes::Quarantined) -> Self {
        let toolboxes::Quarantined { name, field, reason } = tool;
        Self { name, field, reason }
    }
}

/// The views of this file.
#[derive(OpenApi)]
#[openapi(components(schemas(Page<ToolSet>, Page<ToolApproval>)))]
pub(super) struct Views;
