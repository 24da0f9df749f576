//! What was decided without a person: by runs, by `--yes` and by questions that expired. Decides nothing.

use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use super::{Host, Moment, Page, Problem};
use crate::{
    interfaces::people::{self, Decided, DecisionFilter},
    journal::RunId,
};

/// Something that was decided without a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Decision {
    /// When.
    pub at: Moment,
    /// The run that decided.
    pub run: RunId,
    /// The id of its project.
    pub project: String,
    /// The plugin that decided.
    pub plugin: String,
    /// What was to be decided.
    pub question: String,
    /// What was decided.
    pub answer: String,
    /// Why.
    pub reasoning: String,
    /// Where the answer comes from.
    pub source: String,
    /// 0.0 to 1.0.
    pub confidence: f64,
}

/// Which decisions to list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ListDecisions {
    /// Only those of this run and those below it: any beginning or end of its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// Only those of this project, by its name or id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// At most so many.
    pub limit: u32,
}

/// The newest first.
pub async fn list(host: &Host, request: &ListDecisions) -> Result<Page<Decision>, Problem> {
    let run = match &request.run {
        Some(part) => Some(host.app.kernel.resolve(part).await?.id),
        None => None,
    };
    let project = match &request.project {
        Some(name) => Some(host.app.kernel.find_project(name).await?.id),
        None => None,
    };
    let decided = host.app.questions.decisions(&DecisionFilter { run, project, limit: request.limit }).await?;
    // The request limits them.
    Ok(Page::whole(decided.into_iter().map(Decision::from).collect()))
}

impl From<Decided> for Decision {
    fn from(decided: Decided) -> Self {
        let Decided { at, run, project, plugin, decision } = decided;
        let people::Decision { question, answer, reasoning, source, confidence } = decision;
        Self { at: Moment(at), run, project, plugin, question, answer, reasoning, source, confidence }
    }
}

/// The views of this file.
#[derive(OpenApi)]
#[openapi(components(schemas(Decision, Page<Decision>)))]
pub(super) struct Views;
