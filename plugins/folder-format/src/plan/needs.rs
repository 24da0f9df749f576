//! Derives what a run of a folder asks its host for. Grants nothing.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Fill, FlowKind, OutputDocument, Sheet, Statement};
use crate::conditions::{Decider, Test};
use crate::paths;
use crate::variables::{Variables, core_config};

/// Where the file of the story at work lies, as folders of the format name it.
pub const STORY_FILE: &str = "{story_dir}/{{story_key}}.md";

/// What a run asks its host for.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
pub struct Needs {
    /// Whether an agent works, or judges.
    pub agents: bool,
    /// Whether people are asked.
    pub people: bool,
    /// Whether the web is searched.
    pub search: bool,
    /// Files whose existence decides conditions, and configurations. `*` and `**` stand for what the run fills in.
    #[serde(default)]
    pub reads: Vec<String>,
    /// Files that it writes. `*` stands for what the run fills in, and `**` for folders.
    pub writes: Vec<String>,
    /// Workflows that it starts.
    pub workflows: Vec<String>,
    /// Tasks that it performs.
    pub tasks: Vec<String>,
}

pub(super) fn derive(sheets: &[Sheet], document: Option<&OutputDocument>, variables: &Variables) -> Needs {
    let mut needs = Needs::default();
    let (mut reads, mut writes, mut workflows, mut tasks) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let config = variables.get("config_source").and_then(|source| source.value.as_deref()).and_then(|file| pattern(file, variables));
    reads.extend(config.as_deref().and_then(core_config));
    reads.extend(config);
    writes.extend(document.and_then(|document| document.file.as_deref()).and_then(|file| pattern(file, variables)));
    for sheet in sheets {
        let conditions = sheet.conditions();
        needs.agents |= conditions.iter().any(|condition| condition.decider != Decider::Evaluator);
        for path in conditions.iter().filter_map(|condition| condition.test.as_ref()).flat_map(files_of) {
            reads.extend(pattern(path, variables));
            reads.extend(pattern(&format!("{{output_folder}}/{path}"), variables));
        }
        needs.people |= sheet.all_steps().iter().any(|step| step.optional || step.repeat.is_some());
        let moves_story =
            sheet.statements().into_iter().flat_map(Statement::flow).any(|flow| matches!(flow.kind, FlowKind::StoryStatus { .. }));
        let story = moves_story.then(|| pattern(STORY_FILE, variables)).flatten();
        reads.extend(story.clone());
        writes.extend(story);
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
                    reads.extend(files.iter().filter_map(|file| pattern(file, variables)));
                    tasks.extend(named.iter().map(|file| variables.fill(file)));
                }
                _ => {}
            }
        }
    }
    needs.reads = reads.into_iter().collect();
    needs.writes = writes.into_iter().collect();
    needs.workflows = workflows.into_iter().collect();
    needs.tasks = tasks.into_iter().collect();
    needs
}

/// The files whose existence a test asks for.
fn files_of(test: &Test) -> Vec<&str> {
    match test {
        Test::File { path, .. } => vec![path],
        Test::All { tests } | Test::Any { tests } => tests.iter().flat_map(files_of).collect(),
        _ => Vec::new(),
    }
}

/// The path of a file as a pattern: `*` for every name that has no value yet, and `**` where such a name stands for a folder.
/// None: the path is rejected.
fn pattern(file: &str, variables: &Variables) -> Option<String> {
    let filled = variables.fill(file);
    let mut pattern = String::new();
    let mut rest = 0;
    for reference in crate::variables::find(&filled) {
        let before = &filled[rest..reference.start];
        pattern.push_str(&literal(before));
        let begins = pattern.is_empty() || pattern.ends_with('/');
        let is_folder = begins && filled[reference.end..].starts_with('/');
        pattern.push_str(if is_folder { "**" } else { "*" });
        rest = reference.end;
    }
    pattern.push_str(&literal(&filled[rest..]));
    paths::clean(&pattern).ok().filter(|pattern| !pattern.is_empty())
}

/// Characters that mean something in a pattern stand for any one. `*` is left: folders name files by it.
fn literal(text: &str) -> String {
    text.replace(['{', '}', '[', ']'], "?")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_without_a_value_are_wildcards() {
        let pattern = |file: &str| pattern(file, &Variables::default());
        assert_eq!(pattern("{output_folder}/PRD.md").as_deref(), Some("**/PRD.md"));
        assert_eq!(pattern("docs/{{epic}}/{{key}}-{date}.md").as_deref(), Some("docs/**/*-*.md"));
        assert_eq!(pattern("docs/{{key}}").as_deref(), Some("docs/*"));
        assert_eq!(pattern("{{path to file}}/a[1].md").as_deref(), Some("??path to file??/a?1?.md"));
        assert_eq!(pattern("../{x}"), None);
        assert_eq!(pattern("."), None);
    }
}
