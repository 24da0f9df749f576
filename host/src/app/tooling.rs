//! What tools there are, which plugins may call them, and what is wrong with them: for operators. Starts servers and asks
//! toolboxes; calls no tool.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use globset::GlobBuilder;
use serde::Serialize;

use super::{Access, App};
use crate::{
    actor::Actor,
    errors::{Hint, StorageError},
    interfaces::{
        llm::providers::spelling::wire_name,
        toolboxes::{Effects, Form, Quarantined, Roster},
        tools::{Pin, Pins, TOOLS, Toolset, own_tools},
    },
    journal::Capability,
    kernel::{package, permissions::Circumstances, registry::Plugin},
};

/// Who has a set of tools.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Baton itself.
    Host,
    /// An MCP server of the operator.
    Server,
    /// A plugin.
    Toolbox,
}

/// A set of tools as it is now.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ToolSet {
    /// The name of the server or toolbox, or `host`.
    pub name: String,
    /// Who has it.
    pub kind: Kind,
    /// Why it cannot be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// What else there is to know of it.
    pub remarks: Vec<String>,
    /// How many tools are left out because there are more than a set may have.
    pub left_out: usize,
    /// The tools that are offered.
    pub tools: Vec<Tool>,
    /// Those that are not.
    pub quarantined: Vec<Quarantined>,
}

impl ToolSet {
    /// A set without anything in it.
    pub(crate) fn empty(name: &str, kind: Kind) -> Self {
        let (name, problem, remarks) = (name.to_owned(), None, Vec::new());
        Self { name, kind, problem, remarks, left_out: 0, tools: Vec::new(), quarantined: Vec::new() }
    }
}

/// A tool that is offered.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Tool {
    /// Its whole name.
    pub name: String,
    /// How providers spell it.
    pub spelled: String,
    /// What it says of itself.
    pub description: String,
    /// The JSON Schema of its arguments.
    pub parameters: serde_json::Value,
    /// What calling it does.
    pub effects: Effects,
    /// What was changed in its declaration so that providers take it.
    pub mended: Vec<String>,
    /// The plugins that are granted it.
    pub granted: Vec<String>,
    /// The plugins that are denied it because it changed since it was granted.
    pub needs_approval: Vec<Changed>,
    #[serde(skip)]
    form: Option<Form>,
}

/// A grant that is for another form of a tool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Changed {
    /// Who was granted it.
    pub plugin: String,
    /// The parts in which it differs: `description`, `parameters` or `effects`.
    pub changed: Vec<String>,
}

/// A tool whose new form was approved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Approval {
    /// The tool.
    pub tool: String,
    /// The plugins that may call it again.
    pub plugins: Vec<String>,
}

/// Why the forms of tools were not approved.
#[derive(Debug, thiserror::Error)]
pub enum ApprovalError {
    #[error("No tool matches `{}`.", .0.escape_debug())]
    NoTool(String),
    /// `set` is the server that cannot be asked.
    #[error("Cannot list the tools of `{set}`: {problem}")]
    Unavailable { set: String, problem: String },
    #[error(transparent)]
    Store(#[from] StorageError),
}

impl Hint for ApprovalError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::NoTool(_) => Some("`baton tools list` lists all tools.".to_owned()),
            Self::Unavailable { .. } => None,
            Self::Store(error) => error.hint(),
        }
    }
}

impl App {
    /// Every set of tools, or those of these names, as they are now; each is given so much time. A set that cannot be
    /// asked is there with its problem.
    pub async fn tool_sets(&self, only: &[String], patience: Duration) -> Result<Vec<ToolSet>, StorageError> {
        let pins = match (self.store.pins().await, self.access) {
            // A database that nobody has opened for work since Baton was updated does not know of it yet.
            (Err(_), Access::Look) => Vec::new(),
            (pins, _) => pins?,
        };
        let pins = Forms::of(pins);
        let is_wanted = |name: &str| only.is_empty() || only.iter().any(|wanted| wanted == name);
        let mut sets = Vec::new();
        if is_wanted(HOST) {
            sets.push(self.describe_set(HOST, Kind::Host, Ok(&Roster { tools: own_tools(), ..Roster::default() }), &pins));
        }
        let servers = self.servers.iter().filter(|(name, _)| is_wanted(name));
        let asked = servers.map(|(name, server)| async move { (name, server, self.load_roster(server, patience).await) });
        for (name, server, roster) in futures::future::join_all(asked).await {
            let mut set = self.describe_set(name, Kind::Server, roster.as_deref().map_err(Clone::clone), &pins);
            set.remarks.extend(server.remarks().iter().map(|remark| self.config.redactor.text(remark).into_owned()));
            sets.push(set);
        }
        for plugin in self.kernel.registry().all().values() {
            if plugin.package.manifest.kind == package::Kind::Toolbox && is_wanted(plugin.name()) {
                let roster = tokio::time::timeout(patience, self.kernel.tools_of(plugin)).await.unwrap_or_else(|_| Err(late(patience)));
                sets.push(self.describe_set(plugin.name(), Kind::Toolbox, roster.as_deref().map_err(Clone::clone), &pins));
            }
        }
        Ok(sets)
    }

    /// Approves the present form of every tool that fits one of these names or patterns, for each plugin that was granted
    /// another form.
    pub async fn approve_tools(&self, named: &[String], patience: Duration, by: &Actor) -> Result<Vec<Approval>, ApprovalError> {
        let mut approved = Vec::new();
        for pattern in named {
            let wanted: Vec<String> = match pattern.split_once('.').filter(|(set, _)| !set.contains(['*', '?', '[', '{'])) {
                Some((set, _)) if self.servers.contains_key(set) => vec![set.to_owned()],
                Some(_) => return Err(ApprovalError::NoTool(pattern.clone())),
                None => self.servers.keys().cloned().collect(),
            };
            let sets = self.tool_sets(&wanted, patience).await?;
            if let Some(set) = sets.iter().find(|set| set.problem.is_some() && wanted.len() == 1) {
                return Err(ApprovalError::Unavailable { set: set.name.clone(), problem: set.problem.clone().unwrap_or_default() });
            }
            let tools: Vec<_> = sets.iter().flat_map(|set| &set.tools).filter(|tool| fits(pattern, &tool.name)).collect();
            if tools.is_empty() {
                return Err(ApprovalError::NoTool(pattern.clone()));
            }
            for tool in tools {
                let Some(form) = &tool.form else { continue };
                let plugins = self.store.approve(&tool.name, form, by).await?;
                if !plugins.is_empty() {
                    approved.push(Approval { tool: tool.name.clone(), plugins });
                }
            }
        }
        Ok(approved)
    }

    async fn load_roster(&self, server: &Arc<dyn Toolset>, patience: Duration) -> Result<Arc<Roster>, String> {
        match tokio::time::timeout(patience, server.inspect()).await {
            Ok(roster) => roster.map_err(|reason| self.config.redactor.text(&reason).into_owned()),
            Err(_) => Err(late(patience)),
        }
    }

    fn describe_set(&self, name: &str, kind: Kind, roster: Result<&Roster, String>, pins: &Forms) -> ToolSet {
        let mut set = ToolSet::empty(name, kind);
        let roster = match roster {
            Ok(roster) => roster,
            Err(problem) => {
                set.problem = Some(problem);
                return set;
            }
        };
        let plugins = self.kernel.registry().all();
        let anywhere = Circumstances { project: None, now: self.kernel.now() };
        set.remarks.clone_from(&roster.remarks);
        set.left_out = roster.left_out;
        set.quarantined.clone_from(&roster.quarantined);
        for tool in &roster.tools {
            let whole = if kind == Kind::Host { tool.name.clone() } else { format!("{name}.{}", tool.name) };
            let is_granted =
                |plugin: &&Arc<Plugin>| plugin.permissions.decide(&Capability::new(TOOLS.word, whole.as_str()), &anywhere).is_ok();
            let granted: Vec<String> = plugins.values().filter(is_granted).map(|plugin| plugin.name().to_owned()).collect();
            let form = roster.forms.get(&tool.name).cloned();
            let needs_approval = form.as_ref().map(|form| pins.changed(&whole, form)).unwrap_or_default();
            set.tools.push(Tool {
                spelled: wire_name(&whole).into_owned(),
                description: tool.description.clone(),
                parameters: tool.parameters.clone(),
                effects: tool.effects,
                mended: roster.mended.get(&tool.name).cloned().unwrap_or_default(),
                granted: granted.into_iter().filter(|plugin| needs_approval.iter().all(|changed| changed.plugin != *plugin)).collect(),
                needs_approval,
                form,
                name: whole,
            });
        }
        set
    }
}

/// The name of the set of the host's own tools, which have no set in their names.
const HOST: &str = "host";

fn late(patience: Duration) -> String {
    format!("It did not answer within {} s.", patience.as_secs())
}

fn fits(pattern: &str, name: &str) -> bool {
    pattern == name || GlobBuilder::new(pattern).backslash_escape(false).build().is_ok_and(|glob| glob.compile_matcher().is_match(name))
}

/// The forms that were granted, by tool.
struct Forms(BTreeMap<String, Vec<Pin>>);

impl Forms {
    fn of(pins: Vec<Pin>) -> Self {
        let mut forms: BTreeMap<String, Vec<Pin>> = BTreeMap::new();
        pins.into_iter().for_each(|pin| forms.entry(pin.tool.clone()).or_default().push(pin));
        Self(forms)
    }

    fn changed(&self, tool: &str, form: &Form) -> Vec<Changed> {
        let pins = self.0.get(tool).into_iter().flatten().filter(|pin| pin.form != *form);
        let changed = |pin: &Pin| pin.form.changes(form).into_iter().map(str::to_owned).collect();
        pins.map(|pin| Changed { plugin: pin.plugin.clone(), changed: changed(pin) }).collect()
    }
}
