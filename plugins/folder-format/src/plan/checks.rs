//! Checks what instructions name: steps, files, workflows, tasks and placeholders. What is missing is a finding with its line.

use std::collections::BTreeMap;

use super::build::Builder;
use super::{Flow, FlowKind, Place, Plan, Sheet, Statement};
use crate::finding::{Code, Severity};
use crate::paths;
use crate::variables::key;
use crate::yaml::{Value, ValueKind};

impl Builder<'_> {
    /// Files of the folder that keys of its file name and that do not exist.
    pub(super) fn check_files(&mut self, file: &str, root: &Value) {
        for (name, value) in root.entries() {
            let ValueKind::Scalar(text) = &value.kind else { continue };
            let is_own = text.starts_with("{installed_path}/") && !text.contains("{{") && paths::name(text).contains('.');
            // What is named by these keys is looked for where it is used.
            if !is_own || ["instructions", "template", "validation", "default_output_file"].contains(&name.as_str()) {
                continue;
            }
            match self.locate(text) {
                Ok(Some(_)) => {}
                Ok(None) => {
                    let message = format!("The file `{text}` of `{name}` does not exist.");
                    self.findings.add(Severity::Warning, Code::MissingFile, file, value.line, message);
                }
                Err(problem) => self.reject_path(problem, file, value.line, text),
            }
        }
    }

    pub(super) fn check_sheet(&mut self, sheet: &Sheet) {
        self.check_step_ids(sheet);
        for statement in sheet.statements() {
            match statement {
                Statement::Goto { line, target, .. } if !target.resolves => {
                    self.report_target(sheet, *line, &target.place, Severity::Warning)
                }
                Statement::TemplateOutput { line, file: Some(file), .. } => {
                    if let Err(problem) = paths::clean(&self.variables.fill(file)) {
                        self.reject_path(problem, &sheet.file, *line, file);
                    }
                }
                Statement::InvokeWorkflow { line, target, .. } => self.check_invocation(sheet, *line, target, Code::UnknownWorkflow),
                Statement::InvokeTask { line, files, .. } => {
                    files.iter().for_each(|task| self.check_invocation(sheet, *line, task, Code::UnknownTask));
                }
                _ => {}
            }
            for flow in statement.flow() {
                self.check_flow(sheet, flow);
            }
        }
        self.check_shell(sheet);
    }

    fn check_flow(&mut self, sheet: &Sheet, flow: &Flow) {
        match &flow.kind {
            FlowKind::Jump { place, resolves: false } => self.report_target(sheet, flow.line, place, Severity::Warning),
            FlowKind::Load { path } => {
                if let Err(problem) = paths::clean(&self.variables.fill(path)) {
                    self.reject_path(problem, &sheet.file, flow.line, path);
                }
            }
            _ => {}
        }
    }

    fn report_target(&mut self, sheet: &Sheet, line: u32, place: &Place, severity: Severity) {
        let message = match place {
            Place::Step(id) => format!("The jump leads to step {id}, which does not exist; the next step follows."),
            Place::Anchor(id) => format!("The jump leads to the anchor `{id}`, which does not exist; the next step follows."),
        };
        self.findings.add(severity, Code::UnknownTarget, &sheet.file, line, message);
    }

    fn check_step_ids(&mut self, sheet: &Sheet) {
        let mut lines: BTreeMap<&str, u32> = BTreeMap::new();
        for step in sheet.all_steps() {
            if let Some(first) = lines.get(step.id.as_str()) {
                let message = format!("Step {} stands on line {first} already; jumps lead to the first.", step.id);
                self.findings.add(Severity::Note, Code::DuplicateStep, &sheet.file, step.line, message);
            } else {
                lines.insert(&step.id, step.line);
            }
        }
    }

    /// A workflow by its folder or its file, or a task by its file.
    fn check_invocation(&mut self, sheet: &Sheet, line: u32, target: &str, code: Code) {
        let filled = self.variables.fill(target);
        let path = match paths::clean(&filled) {
            Ok(path) => path,
            Err(problem) => return self.reject_path(problem, &sheet.file, line, target),
        };
        // A name that only the run knows cannot be looked for.
        if crate::variables::find(&filled).next().is_some() || self.files.project_has(&path) != Some(false) {
            return;
        }
        let what = if code == Code::UnknownTask { "task" } else { "workflow" };
        self.findings.add(Severity::Warning, code, &sheet.file, line, format!("The {what} `{target}` is not in the project."));
    }

    /// Fences with commands: they are text for the agent.
    fn check_shell(&mut self, sheet: &Sheet) {
        let is_shell = |line: &str| ["```bash", "```sh", "```shell", "```zsh", "```powershell"].contains(&line.trim());
        for statement in sheet.statements() {
            let (Statement::Text { passage, .. } | Statement::Action { passage, .. }) = statement else { continue };
            if let Some(offset) = passage.text.lines().position(is_shell) {
                let message = "Commands for a shell stand here. They are text for the agent; Baton does not execute them.";
                self.findings.add(Severity::Note, Code::ShellText, &sheet.file, passage.line + offset as u32, message);
            }
        }
    }

    /// Placeholders of the template that no step fills: a last call fills them from the context.
    pub(super) fn check_placeholders(&mut self, plan: &Plan) {
        let Some((document, template)) = plan.document.as_ref().and_then(|document| Some((document, document.template.as_ref()?))) else {
            return;
        };
        let mut filled: std::collections::BTreeSet<String> = self.variables.iter().map(|variable| key(&variable.name)).collect();
        for statement in plan.sheets.iter().flat_map(Sheet::statements) {
            match statement {
                Statement::TemplateOutput { fill, .. } => filled.extend(fill.names().into_iter().map(key)),
                Statement::Ask { variable, .. } => {
                    filled.insert(key(variable));
                }
                _ => {}
            }
            filled.extend(statement.flow().iter().filter_map(|flow| match &flow.kind {
                FlowKind::Set { name, .. } => Some(key(name)),
                _ => None,
            }));
        }
        let open: Vec<_> =
            document.placeholders.iter().filter(|name| !filled.contains(&key(name))).map(|name| format!("`{name}`")).collect();
        if let Some(first) = open.first() {
            let more = if open.len() > 1 { format!(" and {} others", open.len() - 1) } else { String::new() };
            let message = format!("No step fills {first}{more} of the template; they are filled in when the document is finished.");
            self.findings.add_to_file(Severity::Note, Code::UnfilledPlaceholder, template, message);
        }
    }

    pub(super) fn report_unset(&mut self, plan: &Plan) {
        for unset in plan.unset.iter().filter(|unset| !unset.by_agent) {
            let message = format!("Nothing sets `{}`; it stays as it is written.", unset.name);
            self.findings.add(Severity::Note, Code::UnsetVariable, &unset.file, unset.line, message);
        }
    }
}
