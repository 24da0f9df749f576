//! Work started in a project: a workflow, or the one that fits its phase. Executes nothing.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{ProjectPhase, phase::load_phase};
use crate::operations::{
    Host, Problem,
    access::Caller,
    execution::{self, RunOptions, StartInProject, StartedRun},
};

/// Work to start in a project.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StartWork {
    /// The project's name or id.
    pub project: String,
    /// The workflow; absent for the one that fits the phase of the project: `plan` in planning, else `sprint`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow: Option<String>,
    /// What the workflow is given; absent for nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Value>,
    /// What is chosen for this run.
    #[serde(default)]
    pub options: RunOptions,
}

/// Starts a workflow in the folder of a project that exists for the caller.
pub async fn start(host: &Host, caller: &Caller, request: &StartWork) -> Result<StartedRun, Problem> {
    let project = caller.find_project(host, &request.project).await?;
    let workflow = match &request.workflow {
        Some(workflow) => workflow.clone(),
        None => usual_workflow(load_phase(host, &project).await?).to_owned(),
    };
    let input = request.input.clone().unwrap_or_else(|| json!({}));
    execution::start_in_project(host, caller, &StartInProject { workflow, project, input, options: request.options.clone() }).await
}

fn usual_workflow(phase: ProjectPhase) -> &'static str {
    match phase {
        ProjectPhase::Planning => "plan",
        ProjectPhase::Implementation | ProjectPhase::Finished => "sprint",
    }
}
