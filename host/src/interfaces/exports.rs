//! What a component offers the host: the one function of its world, called with JSON and answering JSON.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use wasmtime::{Store, component::InstancePre};

use super::{
    children::Outcome,
    conversations,
    toolboxes::{Declared, Effects},
};
use crate::{
    bindings::{agent::AgentPre, agents, toolbox::ToolboxPre, tools, workflow::WorkflowPre, workflows},
    journal::CallError,
};

/// A component ready to be called through the exports of its world.
pub enum Exports<T: 'static> {
    /// Exports `run-workflow`.
    Workflow(WorkflowPre<T>),
    /// Exports `perform`.
    Agent(AgentPre<T>),
    /// Exports `list-tools` and `call-tool`.
    Toolbox(ToolboxPre<T>),
}

/// What an agent is given.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Task {
    goal: String,
    #[serde(default)]
    context: String,
    answer_schema: Option<Value>,
    #[serde(default)]
    conversation: Option<Value>,
}

/// What a toolbox is given.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct ToolCall {
    name: String,
    #[serde(default)]
    arguments: Value,
}

impl<T: Send + 'static> Exports<T> {
    /// The exports of a component that was built for the world `workflow`.
    pub fn workflow(component: InstancePre<T>) -> wasmtime::Result<Self> {
        WorkflowPre::new(component).map(Self::Workflow)
    }

    /// The exports of a component that was built for the world `agent`.
    pub fn agent(component: InstancePre<T>) -> wasmtime::Result<Self> {
        AgentPre::new(component).map(Self::Agent)
    }

    /// The exports of a component that was built for the world `toolbox`.
    pub fn toolbox(component: InstancePre<T>) -> wasmtime::Result<Self> {
        ToolboxPre::new(component).map(Self::Toolbox)
    }

    /// Makes an instance in `store` and asks it for its tools; one that is no toolbox has none.
    pub async fn list_tools(&self, store: &mut Store<T>) -> wasmtime::Result<Vec<Declared>> {
        let Self::Toolbox(component) = self else { return Ok(Vec::new()) };
        let instance = component.instantiate_async(&mut *store).await?;
        Ok(instance.call_list_tools(store).await?.into_iter().map(Declared::from).collect())
    }

    /// Makes an instance in `store` and calls it. The inner error is the guest's own answer; the outer one is a trap.
    pub async fn call(&self, store: &mut Store<T>, input: &Value) -> wasmtime::Result<Result<Outcome, CallError>> {
        match self {
            Self::Workflow(component) => {
                let instance = component.instantiate_async(&mut *store).await?;
                let answer = instance.call_run_workflow(store, &input.to_string()).await?;
                Ok(answer.map_err(CallError::from).and_then(outcome))
            }
            Self::Agent(component) => {
                let task = match task(input) {
                    Ok(task) => task,
                    Err(error) => return Ok(Err(error)),
                };
                let instance = component.instantiate_async(&mut *store).await?;
                let answer = instance.call_perform(store, &task).await?;
                Ok(answer.map_err(CallError::from).and_then(report))
            }
            Self::Toolbox(component) => {
                let ToolCall { name, arguments } = match read::<ToolCall>(input, "{\"name\": …, \"arguments\": {…}}") {
                    Ok(call) => call,
                    Err(error) => return Ok(Err(error)),
                };
                let instance = component.instantiate_async(&mut *store).await?;
                let answer = instance.call_call_tool(store, &name, &arguments.to_string()).await?;
                Ok(answer.map(|outcome| json!({ "content": outcome.content, "failed": outcome.failed }).into()).map_err(CallError::from))
            }
        }
    }
}

impl From<tools::Offer> for Declared {
    fn from(offer: tools::Offer) -> Self {
        let tools::Offer { tool, effects } = offer;
        let has = |flag| effects.contains(flag);
        let effects = Effects {
            read_only: has(tools::Effects::READ_ONLY),
            destructive: has(tools::Effects::DESTRUCTIVE),
            idempotent: has(tools::Effects::IDEMPOTENT),
        };
        // Parameters that are not JSON are no schema, which whoever checks the tools says.
        let parameters = serde_json::from_str(&tool.parameters).unwrap_or(Value::Null);
        Self { name: tool.name, description: tool.description, parameters, effects }
    }
}

/// What an agent's run ends with. A report without a conversation has no such member.
fn report(report: agents::Report) -> Result<Outcome, CallError> {
    let mut output = json!({ "answer": report.answer, "summary": report.summary });
    if let Some(conversation) = conversations::read(report.conversation.as_deref())? {
        output["conversation"] = conversation;
    }
    Ok(output.into())
}

/// A shortfall of which nothing can be read is none.
fn outcome(outcome: workflows::Outcome) -> Result<Outcome, CallError> {
    const LONGEST: usize = 8 << 10;
    let output = serde_json::from_str(&outcome.output)
        .map_err(|error| CallError::other(format!("The plugin's output is not JSON: {error}. This is a mistake of the plugin.")))?;
    let shortfall = outcome.shortfall.filter(|said| !said.trim().is_empty());
    Ok(Outcome { output, shortfall: shortfall.map(|said| said[..said.floor_char_boundary(LONGEST)].to_owned()) })
}

fn task(input: &Value) -> Result<agents::Task, CallError> {
    let Task { goal, context, answer_schema, conversation } = read(input, "{\"goal\": …, \"context\": …}")?;
    let text = |document: Value| document.to_string();
    Ok(agents::Task { goal, context, answer_schema: answer_schema.map(text), conversation: conversation.map(text) })
}

fn read<D: for<'de> Deserialize<'de>>(input: &Value, shape: &str) -> Result<D, CallError> {
    D::deserialize(input).map_err(|error| CallError::invalid(format!("The input does not fit: {error}. It has the shape {shape}.")))
}
