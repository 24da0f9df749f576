//! The plan of a workflow folder as operations show it. Reads no file.

use baton_folder_format::{
    conditions::{Condition, Decider},
    finding::{Finding, Severity},
    plan::{self, Dialect, Flow, FlowKind, Place, Sheet, Statement, Step},
    variables::Variable,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::view::Capabilities;
use crate::app::Understood;

/// What the engine understands of a workflow folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WorkflowPlan {
    /// The name of the workflow, as its folder states it.
    pub name: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// How it is written.
    pub dialect: FolderDialect,
    /// Whether it can be run. The findings say why not.
    pub runnable: bool,
    /// The agent or slot that works; none where the folder cannot be packed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// The document that it writes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<PlannedDocument>,
    /// What the finished document is checked against.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checklist: Option<PlannedChecklist>,
    /// Its files of instructions, the first to be executed first.
    pub files: Vec<PlannedFile>,
    /// Who decides its conditions.
    pub decisions: Decisions,
    /// Its variables.
    pub variables: Vec<FolderVariable>,
    /// Names that the instructions use and nothing sets.
    pub unset: Vec<UnsetVariable>,
    /// The workflows that it starts, as its folder names them.
    pub workflows: Vec<String>,
    /// The tasks that it performs, as its folder names them.
    pub tasks: Vec<String>,
    /// What it asks for; empty where the folder cannot be packed.
    #[schema(value_type = crate::operations::plugins::DescribedCapabilities)]
    pub needs: Capabilities,
    /// What is wrong with the folder, by file and line.
    pub findings: Vec<FolderFinding>,
    /// Findings beyond the limit.
    pub findings_omitted: usize,
}

/// How a workflow folder is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FolderDialect {
    /// `workflow.yaml` and instructions with tags.
    Tags,
    /// `workflow.yaml` and instructions in plain Markdown.
    Markdown,
    /// `workflow.md` and a file for each step.
    StepFiles,
    /// `SKILL.md`.
    Skill,
}

/// A document that steps write into.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlannedDocument {
    /// Where it is written; with `{{names}}` that the run fills in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The template that it begins as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// The placeholders of the template.
    pub placeholders: Vec<String>,
}

/// What a document is checked against.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlannedChecklist {
    /// Its file.
    pub file: String,
    /// How many items it has.
    pub items: usize,
}

/// One file of instructions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlannedFile {
    /// Its path in the folder.
    pub file: String,
    /// Its steps, in the order in which they are executed.
    pub steps: Vec<PlannedStep>,
}

/// A step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlannedStep {
    /// As the folder numbers it; not an order.
    pub id: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// Its line, from 1.
    pub line: u32,
    /// Whether a person may leave it out.
    pub optional: bool,
    /// Until when it is repeated, in the folder's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat: Option<String>,
    /// When it is executed, where that is not always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<PlannedCondition>,
    /// Whether some path leads to it.
    pub reachable: bool,
    /// What it does, in order.
    #[schema(no_recursion)]
    pub body: Vec<PlannedStatement>,
}

/// One thing that a step does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlannedStatement {
    /// What kind: `text`, `action`, `check`, `for_each`, `ask`, `output`, `template_output`, `rule`, `goto`, `anchor`,
    /// `invoke_workflow`, `invoke_task`, `protocol`, `search`, `context` or `step`.
    pub kind: String,
    /// Its line, from 1.
    pub line: u32,
    /// What it says.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// When it is executed, where that is not always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<PlannedCondition>,
    /// The variable that keeps an answer or an item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variable: Option<String>,
    /// The placeholders or values that are filled in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fills: Vec<String>,
    /// The file that is written, where it is not the document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The step, anchor, workflow or task that it leads to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Whether the step or anchor exists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolves: Option<bool>,
    /// Flow that its text asks for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flow: Vec<PlannedFlow>,
    /// What stands in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(no_recursion)]
    pub body: Vec<PlannedStatement>,
    /// The step that it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(no_recursion)]
    pub step: Option<Box<PlannedStep>>,
}

/// When something is executed, and who decides it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlannedCondition {
    /// As the folder writes it.
    pub text: String,
    /// Its line, from 1.
    pub line: u32,
    /// `evaluator`, `judge`, which is the agent, or `evaluator_or_judge`.
    pub decided_by: String,
}

/// Flow that instructions state in prose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlannedFlow {
    /// Its line, from 1.
    pub line: u32,
    /// `halt`, `exit`, `return`, `wait`, `jump`, `load`, `set`, `status`, `store`, `find_story` or `story_status`.
    pub kind: String,
    /// Whether the engine executes it whenever the instruction is executed; otherwise the agent says whether it happens.
    pub certain: bool,
    /// The step, anchor, file, variable, key or status that it names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
}

/// How many conditions are decided by whom.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Decisions {
    /// By the engine.
    pub evaluator: usize,
    /// By the engine where the variable, file or status exists, else by the agent.
    pub evaluator_or_judge: usize,
    /// By the agent.
    pub judge: usize,
}

/// A variable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FolderVariable {
    /// As its folder writes it.
    pub name: String,
    /// Where it comes from, such as `workflow` or `config`.
    pub origin: String,
    /// `set`, `set_by_run`, `empty`, `asked` or `cyclic`.
    pub state: String,
    /// Its value, with every known name replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// A name that is used and that nothing sets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UnsetVariable {
    /// As it is used first.
    pub name: String,
    /// Whether the agent may fill it in while it works.
    pub by_agent: bool,
    /// The file of its first use.
    pub file: String,
    /// The line of its first use.
    pub line: u32,
    /// How often it is used.
    pub uses: usize,
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FoundSeverity {
    /// Worth knowing; the folder runs as written.
    Note,
    /// A defect that the engine works around.
    Warning,
    /// The engine does not do this, or cannot run the folder at all.
    Rejection,
}

/// What is wrong with a folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FolderFinding {
    /// How much it matters.
    pub severity: FoundSeverity,
    /// What is wrong, for programs.
    pub code: String,
    /// The file.
    pub file: String,
    /// The line, from 1; none where the finding is about the whole file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// What is wrong.
    pub message: String,
}

impl WorkflowPlan {
    pub(super) fn of(understood: &Understood, needs: Capabilities) -> Self {
        let plan = &understood.plan;
        let document = plan.document.as_ref().map(|document| PlannedDocument {
            file: document.file.clone(),
            template: document.template.clone(),
            placeholders: document.placeholders.clone(),
        });
        Self {
            name: plan.name.clone(),
            description: plan.description.clone(),
            dialect: plan.dialect.into(),
            runnable: plan.runnable,
            agent: understood.agent.clone(),
            document,
            checklist: plan.checklist.as_ref().map(|list| PlannedChecklist { file: list.file.clone(), items: list.items.len() }),
            files: plan.sheets.iter().map(file).collect(),
            decisions: Decisions::of(&plan.sheets),
            variables: plan.variables.iter().map(variable).collect(),
            unset: plan.unset.iter().map(unset).collect(),
            workflows: plan.needs.workflows.clone(),
            tasks: plan.needs.tasks.clone(),
            needs,
            findings: plan.findings.iter().map(finding).collect(),
            findings_omitted: plan.findings_omitted,
        }
    }

    /// The steps of all files, those inside others after them, each with its file.
    pub fn steps(&self) -> Vec<(&str, &PlannedStep)> {
        let mut steps = Vec::new();
        for file in &self.files {
            file.steps.iter().for_each(|step| step.collect(&file.file, &mut steps));
        }
        steps
    }
}

impl WorkflowPlan {
    /// The conditions of all files, each with its file.
    pub fn conditions(&self) -> Vec<(&str, &PlannedCondition)> {
        let mut conditions = Vec::new();
        for (file, step) in self.steps() {
            conditions.extend(step.condition.iter().map(|condition| (file, condition)));
            let mut work: Vec<&PlannedStatement> = step.body.iter().rev().collect();
            while let Some(statement) = work.pop() {
                conditions.extend(statement.condition.iter().map(|condition| (file, condition)));
                work.extend(statement.body.iter().rev());
            }
        }
        conditions
    }
}

impl PlannedStep {
    fn collect<'a>(&'a self, file: &'a str, steps: &mut Vec<(&'a str, &'a Self)>) {
        steps.push((file, self));
        self.body.iter().for_each(|statement| statement.collect(file, steps));
    }
}

impl PlannedStatement {
    fn collect<'a>(&'a self, file: &'a str, steps: &mut Vec<(&'a str, &'a PlannedStep)>) {
        self.step.iter().for_each(|step| step.collect(file, steps));
        self.body.iter().for_each(|statement| statement.collect(file, steps));
    }
}

impl Decisions {
    fn of(sheets: &[Sheet]) -> Self {
        let mut decisions = Self::default();
        for condition in sheets.iter().flat_map(Sheet::conditions) {
            *match condition.decider {
                Decider::Evaluator => &mut decisions.evaluator,
                Decider::EvaluatorOrJudge => &mut decisions.evaluator_or_judge,
                Decider::Judge => &mut decisions.judge,
            } += 1;
        }
        decisions
    }
}

impl From<Dialect> for FolderDialect {
    fn from(dialect: Dialect) -> Self {
        match dialect {
            Dialect::Tags => Self::Tags,
            Dialect::Markdown => Self::Markdown,
            Dialect::StepFiles => Self::StepFiles,
            Dialect::Skill => Self::Skill,
        }
    }
}

/// The word by which a value is written.
fn word(value: impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

fn file(sheet: &Sheet) -> PlannedFile {
    PlannedFile { file: sheet.file.clone(), steps: sheet.steps.iter().map(step).collect() }
}

fn step(step: &Step) -> PlannedStep {
    PlannedStep {
        id: step.id.clone(),
        title: step.title.clone(),
        line: step.line,
        optional: step.optional,
        repeat: step.repeat.clone(),
        condition: step.condition.as_ref().map(condition),
        reachable: step.reachable,
        body: step.body.iter().map(statement).collect(),
    }
}

fn condition(condition: &Condition) -> PlannedCondition {
    PlannedCondition { text: condition.text.clone(), line: condition.line, decided_by: word(condition.decider) }
}

fn statement(statement: &Statement) -> PlannedStatement {
    let kind = serde_json::to_value(statement).ok().and_then(|value| value["do"].as_str().map(str::to_owned)).unwrap_or_default();
    let own = PlannedStatement {
        kind,
        condition: statement.condition().filter(|_| !matches!(statement, Statement::Step { .. })).map(condition),
        flow: statement.flow().iter().map(flow).collect(),
        body: match statement {
            Statement::Step { .. } => Vec::new(),
            _ => statement.body().iter().map(self::statement).collect(),
        },
        ..PlannedStatement::default()
    };
    match statement {
        Statement::Text { passage, .. }
        | Statement::Action { passage, .. }
        | Statement::Output { passage }
        | Statement::Rule { passage }
        | Statement::Context { passage, .. } => PlannedStatement { line: passage.line, text: passage.text.clone(), ..own },
        Statement::Ask { passage, variable, .. } => {
            PlannedStatement { line: passage.line, text: passage.text.clone(), variable: Some(variable.clone()), ..own }
        }
        Statement::Check { line, .. } => PlannedStatement { line: *line, ..own },
        Statement::ForEach { line, item, collection, .. } => {
            PlannedStatement { line: *line, text: collection.clone(), variable: Some(item.clone()), ..own }
        }
        Statement::TemplateOutput { line, fill, file, .. } => {
            let fills = fill.names().into_iter().map(str::to_owned).collect();
            let text = if let plan::Fill::Instruction { text } = fill { text.clone() } else { String::new() };
            PlannedStatement { line: *line, text, fills, file: file.clone(), ..own }
        }
        Statement::Goto { line, target, reason, .. } => PlannedStatement {
            line: *line,
            text: reason.clone(),
            target: Some(place(&target.place)),
            resolves: Some(target.resolves),
            ..own
        },
        Statement::Anchor { line, id } => PlannedStatement { line: *line, text: id.clone(), ..own },
        Statement::InvokeWorkflow { line, target, text, .. } => {
            PlannedStatement { line: *line, text: text.clone(), target: Some(target.clone()), ..own }
        }
        Statement::InvokeTask { line, target, .. } => PlannedStatement { line: *line, target: Some(target.clone()), ..own },
        Statement::Protocol { line, name } => PlannedStatement { line: *line, text: name.clone(), ..own },
        Statement::Search { line, query, .. } => PlannedStatement { line: *line, text: query.clone(), ..own },
        Statement::Step { step } => PlannedStatement { line: step.line, step: Some(Box::new(self::step(step))), ..own },
    }
}

fn place(place: &Place) -> String {
    match place {
        Place::Step(id) => format!("step {id}"),
        Place::Anchor(id) => id.clone(),
    }
}

fn flow(flow: &Flow) -> PlannedFlow {
    let (kind, target) = match &flow.kind {
        FlowKind::Halt { .. } => ("halt", None),
        FlowKind::Exit => ("exit", None),
        FlowKind::Return => ("return", None),
        FlowKind::Wait => ("wait", None),
        FlowKind::Jump { place: target, .. } => ("jump", Some(place(target))),
        FlowKind::Load { path } => ("load", Some(path.clone())),
        FlowKind::Set { name, .. } => ("set", Some(name.clone())),
        FlowKind::Status { key, .. } => ("status", Some(key.clone())),
        FlowKind::Store { name } => ("store", Some(name.clone())),
        FlowKind::FindStory { status } => ("find_story", Some(status.clone())),
        FlowKind::StoryStatus { value } => ("story_status", Some(value.clone())),
    };
    PlannedFlow { line: flow.line, kind: kind.to_owned(), certain: flow.certain, target }
}

fn variable(variable: &Variable) -> FolderVariable {
    let (origin, state) = (word(variable.origin), word(variable.state));
    FolderVariable { name: variable.name.clone(), origin, state, value: variable.value.clone() }
}

fn unset(unset: &plan::Unset) -> UnsetVariable {
    UnsetVariable { name: unset.name.clone(), by_agent: unset.by_agent, file: unset.file.clone(), line: unset.line, uses: unset.uses }
}

fn finding(finding: &Finding) -> FolderFinding {
    let severity = match finding.severity {
        Severity::Note => FoundSeverity::Note,
        Severity::Warning => FoundSeverity::Warning,
        Severity::Rejection => FoundSeverity::Rejection,
    };
    FolderFinding { severity, code: word(finding.code), file: finding.file.clone(), line: finding.line, message: finding.message.clone() }
}
