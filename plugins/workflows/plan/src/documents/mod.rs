//! What the agents answer with, as types, and as schemas that say the same to a model.

mod schemas;

use serde::{Deserialize, Serialize};

pub(crate) use schemas::{
    analysis_schema, architecture_schema, backlog_schema, readiness_schema, requirements_schema, test_strategy_schema,
};

/// What the brief says, from the analyst.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Analysis {
    pub(crate) title: String,
    pub(crate) summary: String,
    pub(crate) users: Vec<String>,
    pub(crate) goals: Vec<String>,
    pub(crate) constraints: Vec<String>,
    pub(crate) risks: Vec<String>,
    pub(crate) open_questions: Vec<OpenQuestion>,
}

/// What the brief does not say and what is built depends on.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct OpenQuestion {
    pub(crate) question: String,
    /// What holds unless somebody says otherwise.
    pub(crate) assumption: String,
    /// 0.0 to 1.0: how likely the brief's author would agree with the assumption.
    pub(crate) confidence: f64,
    /// Answers worth offering.
    pub(crate) options: Vec<String>,
    /// Why it matters.
    pub(crate) reasoning: String,
}

/// The product requirements, from the product manager.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Requirements {
    pub(crate) title: String,
    pub(crate) summary: String,
    pub(crate) overview: String,
    pub(crate) goals: Vec<String>,
    pub(crate) functional: Vec<Requirement>,
    pub(crate) non_functional: Vec<Quality>,
    pub(crate) out_of_scope: Vec<String>,
    pub(crate) success_measures: Vec<String>,
    pub(crate) open_questions: Vec<String>,
}

/// Something the product does.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Requirement {
    /// `FR1` and so on.
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) acceptance: Vec<String>,
}

/// How well the product does it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Quality {
    /// `NFR1` and so on.
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) description: String,
    /// How it is measured.
    pub(crate) measure: String,
}

/// The architecture, from the architect.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Architecture {
    pub(crate) summary: String,
    pub(crate) decisions: Vec<Decision>,
    pub(crate) components: Vec<Component>,
    pub(crate) data: String,
    pub(crate) files: Vec<PlannedFile>,
    pub(crate) risks: Vec<Risk>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Decision {
    pub(crate) title: String,
    pub(crate) choice: String,
    pub(crate) reason: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Component {
    pub(crate) name: String,
    pub(crate) responsibility: String,
    pub(crate) interface: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PlannedFile {
    pub(crate) path: String,
    pub(crate) purpose: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Risk {
    pub(crate) risk: String,
    pub(crate) mitigation: String,
}

/// The test strategy, from the test architect.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct TestStrategy {
    pub(crate) summary: String,
    pub(crate) levels: Vec<Level>,
    pub(crate) risks: Vec<TestRisk>,
    pub(crate) checks: Vec<RequirementChecks>,
    pub(crate) quality_gates: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Level {
    pub(crate) name: String,
    pub(crate) scope: String,
    pub(crate) tools: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct TestRisk {
    pub(crate) risk: String,
    pub(crate) probability: String,
    pub(crate) impact: String,
    pub(crate) mitigation: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RequirementChecks {
    pub(crate) requirement: String,
    pub(crate) checks: Vec<String>,
}

/// The work, from the scrum master.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Backlog {
    pub(crate) summary: String,
    pub(crate) epics: Vec<Epic>,
}

impl Backlog {
    /// Every story with its epic, in order.
    pub(crate) fn stories(&self) -> impl Iterator<Item = (&Epic, &Story)> {
        self.epics.iter().flat_map(|epic| epic.stories.iter().map(move |story| (epic, story)))
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Epic {
    pub(crate) key: String,
    pub(crate) title: String,
    pub(crate) goal: String,
    pub(crate) stories: Vec<Story>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Story {
    /// Names the story's file and branch: lower-case letters, digits, single dashes.
    pub(crate) key: String,
    pub(crate) title: String,
    /// As a …, I want …, so that …
    pub(crate) story: String,
    pub(crate) acceptance: Vec<String>,
    /// Keys of stories that have to be done first.
    pub(crate) after: Vec<String>,
    /// Ids of the requirements it serves.
    pub(crate) requirements: Vec<String>,
    /// Files or modules that it makes or changes, as far as they are known.
    pub(crate) files: Vec<String>,
    pub(crate) priority: String,
    pub(crate) points: u32,
}

/// The last look before building, from the test architect.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Readiness {
    pub(crate) ready: bool,
    pub(crate) summary: String,
    pub(crate) findings: Vec<Finding>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Finding {
    pub(crate) severity: String,
    pub(crate) finding: String,
    pub(crate) advice: String,
}
