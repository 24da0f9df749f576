//! The plan of a folder: what an engine does, step by step, with who decides what. Plain data; nothing here executes it.

mod build;
mod checks;
mod flow;
mod invocations;
mod markdown;
mod needs;
mod outputs;
mod reach;
mod sheet;
mod skill;
mod step_files;
#[cfg(test)]
mod tests;
mod uses;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::checklist::Checklist;
use crate::conditions::Condition;
use crate::finding::Finding;
use crate::markup::Format;
use crate::variables::Variable;

pub use build::{Options, plan};
pub use flow::{Flow, FlowKind, after_certain, find as find_flow};
pub use needs::{Needs, STORY_FILE};
pub use outputs::{Fill, read as read_fill};
pub use uses::{STORY_VARIABLES, Unset};

/// The sheet of one parsed file of instructions, by itself.
pub fn read_sheet(document: &crate::markup::Document) -> Sheet {
    if document.format == Format::Markdown { markdown::read(document) } else { sheet::read(document) }
}

/// How a folder is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dialect {
    /// `workflow.yaml` and instructions with tags.
    Tags,
    /// `workflow.yaml` and instructions in plain Markdown.
    Markdown,
    /// `workflow.md` and a file for each step.
    StepFiles,
    /// `SKILL.md`.
    Skill,
}

/// What was understood of a folder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The name of the workflow.
    pub name: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// How it is written.
    pub dialect: Dialect,
    /// Whether it can be run. The findings say why not.
    pub runnable: bool,
    /// Whether a person may start it; otherwise only other workflows do.
    pub standalone: bool,
    /// The document that it writes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<OutputDocument>,
    /// Its instructions, the first to be executed first.
    pub sheets: Vec<Sheet>,
    /// What the finished document is checked against.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checklist: Option<Checklist>,
    /// Its variables.
    pub variables: Vec<Variable>,
    /// Names that the instructions use and that nothing sets.
    pub unset: Vec<Unset>,
    /// What a run will ask its host for.
    pub needs: Needs,
    /// What is wrong with the folder, by file and line.
    pub findings: Vec<Finding>,
    /// Findings beyond the limit.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub findings_omitted: usize,
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// A document that steps write into.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct OutputDocument {
    /// Where it is written; with `{{names}}` that the run fills in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The template that it begins as, by its path in the folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// The placeholders of the template.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub placeholders: Vec<String>,
}

/// One file of instructions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sheet {
    /// Its path in the folder.
    pub file: String,
    /// How it is written.
    pub format: Format,
    /// Rules that bind in all of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Passage>,
    /// Text around the steps: context for the agent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub context: Vec<Passage>,
    /// Its own variables: the front matter of a step file.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub variables: BTreeMap<String, String>,
    /// Its steps, in the order of the file.
    pub steps: Vec<Step>,
}

/// Text with its line.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct Passage {
    /// Its first line, from 1.
    pub line: u32,
    /// What it says.
    pub text: String,
}

/// A step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// As the folder numbers it; not an order.
    pub id: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// Its line, from 1.
    pub line: u32,
    /// Whether a person may leave it out.
    #[serde(default, skip_serializing_if = "is_false")]
    pub optional: bool,
    /// Until when it is repeated, in the folder's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat: Option<String>,
    /// When it is executed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<Condition>,
    /// A hint of what it works on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// Whether some path leads to it.
    pub reachable: bool,
    /// What it does, in order.
    pub body: Vec<Statement>,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

/// One thing that a step does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "do")]
pub enum Statement {
    /// Instructions without a tag, for the agent.
    Text {
        /// What and where.
        #[serde(flatten)]
        passage: Passage,
        /// Flow that the text asks for.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        flow: Vec<Flow>,
    },
    /// Something for the agent to do.
    Action {
        /// What and where.
        #[serde(flatten)]
        passage: Passage,
        /// When.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        condition: Option<Condition>,
        /// Flow that the text asks for.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        flow: Vec<Flow>,
        /// What stands in it as tags.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        body: Vec<Statement>,
    },
    /// What is done under a condition.
    Check {
        /// Its line, from 1.
        line: u32,
        /// When; absent where the text is itself what to check.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        condition: Option<Condition>,
        /// What is done.
        body: Vec<Statement>,
    },
    /// What is done for each item.
    ForEach {
        /// Its line, from 1.
        line: u32,
        /// The variable of the item.
        item: String,
        /// The collection, in the folder's words.
        collection: String,
        /// What is done.
        body: Vec<Statement>,
    },
    /// A question to a person.
    Ask {
        /// What and where.
        #[serde(flatten)]
        passage: Passage,
        /// The variable that keeps the answer.
        variable: String,
        /// When.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        condition: Option<Condition>,
        /// Whether it may go without an answer.
        #[serde(default, skip_serializing_if = "is_false")]
        optional: bool,
    },
    /// What a person is shown.
    Output {
        /// What and where.
        #[serde(flatten)]
        passage: Passage,
    },
    /// What is written, or handed back to the caller.
    TemplateOutput {
        /// Its line, from 1.
        line: u32,
        /// What is filled in.
        #[serde(flatten)]
        fill: Fill,
        /// The file, where it is not the document.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        file: Option<String>,
        /// When.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        condition: Option<Condition>,
    },
    /// A rule that binds from here on in this scope.
    Rule {
        /// What and where.
        #[serde(flatten)]
        passage: Passage,
    },
    /// A jump.
    Goto {
        /// Its line, from 1.
        line: u32,
        /// Where to.
        target: Target,
        /// When.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        condition: Option<Condition>,
        /// Why, in the folder's words; with several jumps in a row the agent chooses by it.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        reason: String,
    },
    /// Where a jump may lead.
    Anchor {
        /// Its line, from 1.
        line: u32,
        /// Its name.
        id: String,
    },
    /// Another workflow, as a child.
    InvokeWorkflow {
        /// Its line, from 1.
        line: u32,
        /// The workflow, as written.
        target: String,
        /// What it is given.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        inputs: BTreeMap<String, String>,
        /// What is said about it.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        text: String,
    },
    /// A task.
    InvokeTask {
        /// Its line, from 1.
        line: u32,
        /// As written.
        target: String,
        /// The files that it names.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        files: Vec<String>,
        /// Whether a person is waited for.
        halt: bool,
    },
    /// A procedure of the format.
    Protocol {
        /// Its line, from 1.
        line: u32,
        /// Its name.
        name: String,
    },
    /// A search of the web.
    Search {
        /// Its line, from 1.
        line: u32,
        /// What for; the agent words it where it is absent.
        query: String,
        /// When.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        condition: Option<Condition>,
    },
    /// Context for the agent: an example, a note, a format.
    Context {
        /// What and where.
        #[serde(flatten)]
        passage: Passage,
        /// What kind.
        tag: String,
    },
    /// A step inside the step.
    Step {
        /// It.
        step: Box<Step>,
    },
}

/// Where a jump leads.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct Target {
    /// What is named.
    #[serde(flatten)]
    pub place: Place,
    /// Whether it exists.
    pub resolves: bool,
}

/// What a jump names.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// A step, by its id.
    Step(String),
    /// An anchor.
    Anchor(String),
}

impl Statement {
    /// What stands in it.
    pub fn body(&self) -> &[Self] {
        match self {
            Self::Action { body, .. } | Self::Check { body, .. } | Self::ForEach { body, .. } => body,
            Self::Step { step } => &step.body,
            _ => &[],
        }
    }

    fn body_mut(&mut self) -> Option<&mut Vec<Self>> {
        match self {
            Self::Action { body, .. } | Self::Check { body, .. } | Self::ForEach { body, .. } => Some(body),
            Self::Step { step } => Some(&mut step.body),
            _ => None,
        }
    }

    /// When it is executed, where that is not always.
    pub fn condition(&self) -> Option<&Condition> {
        match self {
            Self::Action { condition, .. }
            | Self::Check { condition, .. }
            | Self::Ask { condition, .. }
            | Self::TemplateOutput { condition, .. }
            | Self::Goto { condition, .. }
            | Self::Search { condition, .. } => condition.as_ref(),
            Self::Step { step } => step.condition.as_ref(),
            _ => None,
        }
    }

    /// Flow that its text asks for.
    pub fn flow(&self) -> &[Flow] {
        match self {
            Self::Text { flow, .. } | Self::Action { flow, .. } => flow,
            _ => &[],
        }
    }
}

impl Sheet {
    /// Every statement, those inside others after them.
    pub fn statements(&self) -> Vec<&Statement> {
        let mut all = Vec::new();
        for step in &self.steps {
            collect(&step.body, &mut all);
        }
        all
    }

    /// Every step, those inside others after them.
    pub fn all_steps(&self) -> Vec<&Step> {
        let mut steps = Vec::new();
        for step in &self.steps {
            collect_steps(step, &mut steps);
        }
        steps
    }

    /// Every condition: of steps and of statements.
    pub fn conditions(&self) -> Vec<&Condition> {
        let top = self.steps.iter().filter_map(|step| step.condition.as_ref());
        top.chain(self.statements().into_iter().filter_map(Statement::condition)).collect()
    }
}

fn collect<'a>(body: &'a [Statement], all: &mut Vec<&'a Statement>) {
    for statement in body {
        all.push(statement);
        collect(statement.body(), all);
    }
}

fn collect_steps<'a>(step: &'a Step, steps: &mut Vec<&'a Step>) {
    steps.push(step);
    let mut statements = Vec::new();
    collect(&step.body, &mut statements);
    steps
        .extend(statements.into_iter().filter_map(|statement| if let Statement::Step { step } = statement { Some(&**step) } else { None }));
}
