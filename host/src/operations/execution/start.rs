//! Starting a run: everything that is checked and set before it is executed, in one step. Executes nothing.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::options::{RunOptions, check_model, why_default_unusable};
use crate::{
    actor::Actor,
    escape::escaped,
    interfaces::{
        agents::AGENTS,
        llm::money::Scope,
        schema_check::{self, Mistake},
    },
    journal::{Capability, RunId},
    kernel::{
        Order,
        package::Kind,
        permissions::Circumstances,
        registry::{Plugin, Status},
    },
    operations::{
        Host, Problem,
        access::{Caller, Permission, Subject},
        code,
        host::{MisspeltSetting, misspelt},
        plugins::{Capabilities, capabilities},
        projects::ProjectRef,
    },
};

/// Workflows that are named where an agent was given.
const MOST_NAMED: usize = 3;
/// Mistakes of an input that are told at once.
const MOST_MISTAKES: usize = 8;
/// The field of a request that holds the input.
const FIELD: &str = "input";

/// A run to start.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StartRun {
    /// The name of the workflow.
    pub workflow: String,
    /// What it is given.
    pub input: Value,
    /// The folder to work in. It becomes a project where it is not one yet.
    #[schema(value_type = String)]
    pub workspace: PathBuf,
    /// What is chosen for this run.
    #[serde(default)]
    pub options: RunOptions,
}

/// A run to start in a project.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StartInProject {
    /// The name of the workflow.
    pub workflow: String,
    /// The project, by its id or name.
    pub project: String,
    /// What the workflow is given.
    pub input: Value,
    /// What is chosen for this run.
    #[serde(default)]
    pub options: RunOptions,
}

/// A run that was started and is executed next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StartedRun {
    /// Its id.
    pub run: RunId,
    /// The id of its project.
    pub project: String,
    /// The folder in which it works. Absent for all but the operator.
    #[serde(default, skip_serializing_if = "is_unnamed")]
    #[schema(value_type = String)]
    pub workspace: PathBuf,
    /// What its operator should know, and what does not keep it from starting.
    pub notices: Vec<StartNotice>,
}

fn is_unnamed(folder: &Path) -> bool {
    folder.as_os_str().is_empty()
}

/// What an operator should know of a run that was started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum StartNotice {
    /// A key of its settings is perhaps misspelt.
    MisspeltSetting(MisspeltSetting),
    /// The model of the settings cannot be used.
    DefaultModelUnusable {
        /// Why.
        reason: String,
    },
    /// It begins with an older version than the one in the plugin folder.
    OlderVersion {
        /// Why.
        reason: String,
    },
    /// Its plugin asks for more than an operator has decided on: calls that need it are denied.
    Undecided {
        /// All of it.
        #[schema(value_type = crate::operations::plugins::DescribedCapabilities)]
        capabilities: Capabilities,
    },
}

/// A workflow that can be started as it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Workflow {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The JSON Schema of its input, where it declares one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Value>,
}

/// The workflows that can be started as they are, by name.
pub fn workflows(host: &Host) -> Vec<Workflow> {
    let plugins = host.app.kernel.registry().all();
    let ready = plugins.values().filter(|plugin| plugin.package.manifest.kind == Kind::Workflow && plugin.status() == Status::Ready);
    let workflow = |plugin: &Arc<Plugin>| {
        let manifest = &plugin.package.manifest;
        Workflow { name: manifest.name.clone(), description: manifest.description.clone(), input: manifest.input.clone() }
    };
    ready.map(workflow).collect()
}

/// Starts a workflow, with its budget where one is given. The running host executes it, or whoever drives it.
pub async fn start(host: &Host, actor: &Actor, request: &StartRun) -> Result<StartedRun, Problem> {
    let StartRun { workflow, input, workspace, options } = request;
    let (app, kernel) = (&host.app, &host.app.kernel);
    check_model(host, workspace, options.model.as_deref())?;
    check_kind(host, workflow)?;
    let order = Order {
        plugin: workflow.clone(),
        kind: Kind::Workflow,
        input: input.clone(),
        workspace: workspace.clone(),
        options: options.of_run(),
        by: actor.clone(),
    };
    let (run, plugin) = kernel.ordered(order)?;
    check_input(&plugin, input).await?;
    kernel.check_project(&run.workspace).await?;
    let notices = notices(host, &run.workspace, &plugin, options)?;
    // Before anything executes it.
    if let Some(budget) = options.budget_usd {
        app.budgets.set(&Scope::Run(run.id.clone()), Some(budget.0), actor).await?;
    }
    let run = kernel.enqueue(run, &plugin).await?;
    Ok(StartedRun { run: run.id, project: run.project, workspace: run.workspace, notices })
}

/// Starts a workflow in the folder of a project that exists for the caller. What concerns the operator alone is told to nobody else.
pub async fn start_in_project(host: &Host, caller: &Caller, request: &StartInProject) -> Result<StartedRun, Problem> {
    let of_project = |problem: Problem| problem.of_field("project");
    let project = caller.find_project(host, &request.project).await.map_err(of_project)?;
    caller.check(host, Permission::Work, Subject::Project(&project)).await?;
    request.options.check_for(caller)?;
    let location = ProjectRef::Name(project).find(host).await?;
    let workspace = location.folder().map_err(of_project)?.to_owned();
    let StartInProject { workflow, input, options, .. } = request.clone();
    let started = start(host, &caller.actor, &StartRun { workflow, input, workspace, options }).await.map_err(name_field)?;
    Ok(if caller.is_operator() { started } else { StartedRun { notices: Vec::new(), workspace: PathBuf::new(), ..started } })
}

/// The field of a request that names a project which is meant where one names a folder, and the workflow which is meant by a plugin.
fn name_field(problem: Problem) -> Problem {
    match problem.field.as_deref() {
        Some("plugin") => problem.of_field("workflow"),
        Some("folder" | "workspace") => problem.of_field("project"),
        _ => problem,
    }
}

/// Rejects an input that does not fit the schema in the plugin's manifest: its run could only fail.
async fn check_input(plugin: &Plugin, input: &Value) -> Result<(), Problem> {
    // A workflow may take a text as well, which its schema cannot say.
    let Some(schema) = plugin.package.manifest.input.clone().filter(|_| input.is_object()) else { return Ok(()) };
    let instance = input.clone();
    let checked = tokio::task::spawn_blocking(move || schema_check::check(&schema, &instance, MOST_MISTAKES)).await;
    // What cannot be checked here is left to the plugin.
    let Ok(Ok(mistakes)) = checked else { return Ok(()) };
    let Some(first) = mistakes.first() else { return Ok(()) };
    let place = |mistake: &Mistake| match mistake.pointer.as_str() {
        "" => String::new(),
        pointer => format!("`{}`: ", schema_check::dotted(pointer)),
    };
    let all: Vec<_> = mistakes.iter().map(|mistake| format!("{}{}", place(mistake), excerpt(&mistake.problem))).collect();
    let field =
        [FIELD, &schema_check::dotted(&first.pointer)].iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join(".");
    let name = escaped(plugin.name());
    let problem = Problem::invalid(code::INPUT_UNFIT, field, format!("The input does not fit `{name}`: {}.", escaped(&all.join("; "))));
    Err(problem.advise(format!("`baton plugin show {name}` lists what it takes.")))
}

/// A problem quotes what is wrong, however long that is.
fn excerpt(problem: &str) -> String {
    const LONGEST: usize = 300;
    let end = problem.floor_char_boundary(LONGEST);
    let cut = if end < problem.len() { "…" } else { "" };
    format!("{}{cut}", problem[..end].trim_end_matches('.'))
}

fn notices(host: &Host, workspace: &Path, plugin: &Plugin, options: &RunOptions) -> Result<Vec<StartNotice>, Problem> {
    let settings = host.config().settings(workspace)?;
    let mut notices: Vec<_> = misspelt(&settings).into_iter().map(StartNotice::MisspeltSetting).collect();
    let unusable = why_default_unusable(host.config(), &settings).filter(|_| options.model.is_none());
    notices.extend(unusable.map(|reason| StartNotice::DefaultModelUnusable { reason }));
    notices.extend(host.app.why_older(plugin).map(|reason| StartNotice::OlderVersion { reason }));
    // All at once: the run would be denied one call after the other.
    let undecided = capabilities(&plugin.undecided());
    notices.extend((!undecided.is_empty()).then_some(StartNotice::Undecided { capabilities: undecided }));
    Ok(notices)
}

/// Rejects a plugin that is not a workflow with a hint about how it is used instead.
fn check_kind(host: &Host, name: &str) -> Result<(), Problem> {
    let Some(plugin) = host.app.kernel.registry().find(name) else { return Ok(()) };
    let (name, kind) = (escaped(plugin.name()), plugin.package.manifest.kind);
    let hint = match kind {
        Kind::Workflow => return Ok(()),
        Kind::Agent => usage_of_agent(host, &name),
        Kind::Toolbox => format!(
            "Agents and workflows call its tools, which `baton tools list {name}` lists. A plugin of yours can call them once its \
             plugin.toml has `tools = [\"{name}.*\"]` under [needs]."
        ),
    };
    let message = format!("`{name}` is {}, and only workflows can be run.", kind.with_article());
    Err(Problem::invalid("plugin_not_runnable", "workflow", message).advise(hint))
}

/// How an agent is used: by the workflows that may give it tasks, or by one that has yet to be written.
fn usage_of_agent(host: &Host, agent: &str) -> String {
    let kernel = &host.app.kernel;
    let plugins = kernel.registry().all();
    let anywhere = Circumstances { project: None, now: kernel.now() };
    let is_granted = |plugin: &Plugin, name: &str| plugin.permissions.decide(&Capability::new(AGENTS.word, name), &anywhere).is_ok();
    let slots = kernel.slots().iter().filter(|slot| slot.default == agent).map(|slot| slot.name);
    let names: Vec<_> = [agent].into_iter().chain(slots).collect();
    let may_ask =
        |plugin: &&Arc<Plugin>| plugin.package.manifest.kind == Kind::Workflow && names.iter().any(|name| is_granted(plugin, name));
    let workflows = plugins.values().filter(may_ask).take(MOST_NAMED).map(|plugin| format!("`baton run {}`", plugin.name()));
    let workflows: Vec<_> = workflows.collect();
    let used = if workflows.is_empty() { String::new() } else { format!("{} uses it. ", workflows.join(" or ")) };
    format!(
        "An agent does the tasks that a workflow gives it. {used}A workflow of yours can give it tasks with `agents.perform` once its \
         plugin.toml has `agents = [\"{agent}\"]` under [needs]; `baton plugin new` creates one."
    )
}
