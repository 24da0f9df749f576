//! Derives what a run of a folder asks its host for. Grants nothing.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Fill, OutputDocument, Sheet, Statement};
use crate::conditions::Decider;
use crate::paths;
use crate::variables::Variables;

/// What a run asks its host for.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
pub struct Needs {
    /// Whether an agent works, or judges.
    pub agents: bool,
    /// Whether people are asked.
    pub people: bool,
    /// Whether the web is searched.
    pub search: bool,
    /// Files that it writes. `*` stands for what the run fills in.
    pub writes: Vec<String>,
    /// Workflows that it starts.
    pub workflows: Vec<String>,
    /// Tasks that it performs.
    pub tasks: Vec<String>,
}

pub(super) fn derive(sheets: &[Sheet], document: Option<&OutputDocument>, variables: &Variables) -> Needs {
    let mut needs = Needs::default();
    let (mut writes, mut workflows, mut tasks) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    writes.extend(document.and_then(|document| document.file.as_deref()).and_then(|file| pattern(file, variables)));
    for sheet in sheets {
        needs.agents |= sheet.conditions().iter().any(|condition| condition.decider != Decider::Evaluator);
        needs.people |= sheet.all_steps().iter().any(|step| step.optional || step.repeat.is_some());
        for statement in sheet.statements() {
            match statement {
                Statement::Ask { .. } => needs.people = true,
                Statement::Text { .. } | Statement::Action { .. } | Statement::ForEach { .. } => needs.agents = true,
                Statement::Search { .. } => needs.search = true,
                Statement::TemplateOutput { fill, file, .. } if !matches!(fill, Fill::Values { .. }) => {
                    needs.agents = true;
                    writes.extend(file.as_deref().and_then(|file| pattern(file, variables)));
                }
                Statement::InvokeWorkflow { target, .. } => {
                    workflows.insert(variables.fill(target));
                }
                Statement::InvokeTask { target, files, halt, .. } => {
                    needs.people |= halt;
                    needs.agents = true;
                    let named = if files.is_empty() { vec![target.clone()] } else { files.clone() };
                    tasks.extend(named.iter().map(|file| variables.fill(file)));
                }
                _ => {}
            }
        }
    }
    needs.writes = writes.into_iter().collect();
    needs.workflows = workflows.into_iter().collect();
    needs.tasks = tasks.into_iter().collect();
    needs
}

/// The path of a file, with `*` for every name that has no value yet. None: the path is rejected.
fn pattern(file: &str, variables: &Variables) -> Option<String> {
    let filled = variables.fill(file);
    let mut pattern = String::new();
    let mut rest = 0;
    for reference in crate::variables::find(&filled) {
        pattern.push_str(&filled[rest..reference.start]);
        pattern.push('*');
        rest = reference.end;
    }
    pattern.push_str(&filled[rest..]);
    paths::clean(&pattern).ok()
}
