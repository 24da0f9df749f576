//! Builds the plan of a folder: finds its dialect, reads its files, resolves its variables and checks what they name.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{Dialect, FlowKind, OutputDocument, Plan, Sheet, Statement, needs, reach, sheet, skill, step_files, uses};
use crate::checklist::{self, Checklist};
use crate::customize;
use crate::finding::{Code, Finding, Findings, Severity};
use crate::folder::Files;
use crate::limits::MOST_SHEETS;
use crate::markup::{self, Format};
use crate::paths::{self, PathProblem};
use crate::source::Source;
use crate::template;
use crate::variables::{Declared, System, Variables};
use crate::yaml::{self, Value};

/// What a plan is made with.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What the run is started with.
    pub given: BTreeMap<String, String>,
    /// What Baton says of itself.
    pub system: System,
}

/// Understands a folder. Never fails: a folder that cannot be run has a plan that says why.
pub fn plan(files: &dyn Files, options: &Options) -> Plan {
    let mut builder = Builder { files, options, findings: Findings::default(), variables: Variables::default(), installed: String::new() };
    let mut plan = builder.build();
    plan.runnable = plan.sheets.iter().any(|sheet| !sheet.steps.is_empty()) && !builder.findings.list().iter().any(stops);
    plan.unset = uses::find_unset(&plan.sheets, &builder.variables);
    builder.report_unset(&plan);
    plan.needs = needs::derive(&plan.sheets, plan.document.as_ref(), &builder.variables);
    if plan.dialect == Dialect::Skill {
        plan.needs.reads.extend(customize::layers(&plan.name));
    }
    plan.variables = builder.variables.iter().cloned().collect();
    (plan.findings, plan.findings_omitted) = builder.findings.into_sorted();
    plan
}

/// Findings after which there is nothing that a run could do.
fn stops(finding: &Finding) -> bool {
    matches!(finding.code, Code::NothingToRun | Code::Scaffold)
}

pub(super) struct Builder<'a> {
    pub(super) files: &'a dyn Files,
    pub(super) options: &'a Options,
    pub(super) findings: Findings,
    pub(super) variables: Variables,
    /// Where the folder lies in the project, by its own words.
    installed: String,
}

impl Builder<'_> {
    fn build(&mut self) -> Plan {
        if let Some(source) = self.source("SKILL.md") {
            return self.build_skill(source);
        }
        for name in ["workflow.yaml", "workflow.yml"] {
            if let Some(source) = self.source(name) {
                return self.build_workflow(&source);
            }
        }
        let names = self.files.list_folder();
        let entry = names
            .iter()
            .find(|name| *name == "workflow.md")
            .or_else(|| names.iter().find(|name| name.starts_with("workflow-") && name.ends_with(".md")));
        if let Some(source) = entry.and_then(|name| self.source(name)) {
            return self.build_steps(source);
        }
        self.reject("", "The folder has neither workflow.yaml, workflow.md nor SKILL.md.");
        empty(Dialect::Tags)
    }

    fn reject(&mut self, file: &str, message: &str) {
        self.findings.add_to_file(Severity::Rejection, Code::NothingToRun, file, message);
    }

    fn source(&mut self, path: &str) -> Option<Source> {
        let bytes = self.files.read_folder(path)?;
        Source::decode(path, &bytes, &mut self.findings)
    }

    fn build_skill(&mut self, source: Source) -> Plan {
        let (sheets, front) = skill::read(self.files, source, &mut self.findings);
        let name = front.get("name").cloned().unwrap_or_default();
        let mut given: BTreeMap<_, _> = customize::leaves(&customize::read(self.files, &name, &mut self.findings)).into_iter().collect();
        given.insert("skill_root".to_owned(), ".".to_owned());
        given.insert("skill_name".to_owned(), name.clone());
        self.resolve(None, &given);
        let plan = Plan {
            name,
            description: front.get("description").cloned().unwrap_or_default(),
            standalone: true,
            sheets,
            ..empty(Dialect::Skill)
        };
        self.check_sheets(plan)
    }

    fn build_steps(&mut self, source: Source) -> Plan {
        let (front, ..) = step_files::read_front_matter(&source, &mut Findings::default());
        let document = markup::parse(source.clone(), &mut Findings::default());
        let sheets = if document.format == Format::Markdown {
            step_files::read(self.files, source, &mut self.findings)
        } else {
            vec![sheet::read(&markup::parse(source, &mut self.findings))]
        };
        self.resolve(None, &BTreeMap::new());
        let name = front.get("name").cloned().unwrap_or_default();
        let description = front.get("description").cloned().unwrap_or_default();
        // The document is named by the first step that has one.
        let file = sheets.iter().find_map(|sheet| sheet.variables.get("outputFile")).cloned();
        let document = file.map(|file| OutputDocument { file: Some(file), template: None, placeholders: Vec::new() });
        let plan = Plan { name, description, standalone: true, sheets, document, ..empty(Dialect::StepFiles) };
        self.check_sheets(plan)
    }

    fn build_workflow(&mut self, source: &Source) -> Plan {
        let file = source.path.as_str();
        let mut root = yaml::read(file, &source.text, 1, &mut self.findings);
        if let (Some(inner), 1) = (root.get("workflow").filter(|inner| !inner.entries().is_empty()), root.entries().len()) {
            root = inner.clone();
        }
        let text = |key: &str| root.text_of(key).unwrap_or_default().to_owned();
        let (name, description, standalone) = (text("name"), text("description"), text("standalone") == "true");
        if let Some(line) = scaffold_line(&root) {
            let message = "The file is a scaffold: it has placeholders where values belong.";
            self.findings.add(Severity::Rejection, Code::Scaffold, file, line, message);
        }
        self.resolve(Some((file, &root)), &BTreeMap::new());
        self.check_files(file, &root);
        let (sheets, dialect) = self.read_instructions(file, &root);
        let document = self.document(file, &root);
        let checklist = self.checklist(file, &root);
        let plan = Plan { name, description, standalone, sheets, document, checklist, ..empty(dialect) };
        self.check_sheets(plan)
    }

    /// Declares and resolves the variables.
    fn resolve(&mut self, workflow: Option<(&str, &Value)>, given: &BTreeMap<String, String>) {
        let mut declared = Declared::default();
        declared.add_given(&self.options.given);
        declared.add_given(given);
        if let Some((file, workflow)) = workflow {
            declared.add_workflow(file, workflow);
        }
        declared.add_config(self.files, &mut self.findings);
        self.variables = Variables::resolve(&declared, &self.options.system, &mut self.findings);
        self.installed = self.variables.value("installed_path").and_then(|path| paths::clean(path).ok()).unwrap_or_default();
    }

    /// The path in the folder of what a file of the folder names. None: it is not in the folder.
    pub(super) fn locate(&self, named: &str) -> Result<Option<String>, PathProblem> {
        let path = paths::clean(&self.variables.fill(named))?;
        let inside = path.strip_prefix(&self.installed).and_then(|rest| rest.strip_prefix('/')).filter(|_| !self.installed.is_empty());
        let candidates = [inside.unwrap_or(&path), path.as_str(), paths::name(&path)];
        Ok(candidates.into_iter().find(|path| self.files.read_folder(path).is_some()).map(str::to_owned))
    }

    /// The same with a finding where it is not there.
    fn find_file(&mut self, file: &str, line: u32, what: &str, named: &str) -> Option<String> {
        match self.locate(named) {
            Ok(Some(path)) => Some(path),
            Ok(None) => {
                let message = format!("The {what} `{named}` does not exist.");
                self.findings.add(Severity::Warning, Code::MissingFile, file, line, message);
                None
            }
            Err(problem) => {
                self.reject_path(problem, file, line, named);
                None
            }
        }
    }

    pub(super) fn reject_path(&mut self, problem: PathProblem, file: &str, line: u32, named: &str) {
        let (code, why) = match problem {
            PathProblem::Remote => (Code::RemoteFile, "is fetched from elsewhere"),
            PathProblem::Outside => (Code::PathOutside, "leads out of the project"),
            PathProblem::Invalid => (Code::PathOutside, "is not a path"),
        };
        self.findings.add(Severity::Rejection, code, file, line, format!("`{named}` {why}; it is not used."));
    }

    fn read_instructions(&mut self, file: &str, root: &Value) -> (Vec<Sheet>, Dialect) {
        let named = root.get("instructions");
        let entry = named.and_then(|value| Some((value.text()?.to_owned(), value.line)));
        let entry = entry.and_then(|(named, line)| self.find_file(file, line, "file of instructions", &named));
        let beside =
            || ["instructions.md", "instructions.xml"].into_iter().find(|name| self.files.read_folder(name).is_some()).map(str::to_owned);
        let Some(entry) = entry.or_else(beside) else {
            self.reject(file, "The workflow has no instructions.");
            return (Vec::new(), Dialect::Tags);
        };
        let mut queue = VecDeque::from([entry]);
        queue.extend(
            root.entries()
                .iter()
                .filter(|(key, _)| key.starts_with("instructions_"))
                .filter_map(|(_, value)| self.locate(value.text()?).ok().flatten()),
        );
        let mut seen = BTreeSet::new();
        let mut sheets: Vec<Sheet> = Vec::new();
        while let Some(path) = queue.pop_front().filter(|_| sheets.len() < MOST_SHEETS) {
            if !seen.insert(path.clone()) {
                continue;
            }
            let Some(source) = self.source(&path) else { continue };
            let document = markup::parse(source, &mut self.findings);
            let sheet = super::read_sheet(&document);
            queue.extend(self.loaded(&sheet));
            sheets.push(sheet);
        }
        let dialect = if sheets.first().is_some_and(|sheet| sheet.format == Format::Markdown) { Dialect::Markdown } else { Dialect::Tags };
        (sheets, dialect)
    }

    /// Files of instructions that a sheet has executed.
    fn loaded(&self, sheet: &Sheet) -> Vec<String> {
        let flows = sheet.statements().into_iter().flat_map(Statement::flow);
        let paths = flows.filter_map(|flow| if let FlowKind::Load { path } = &flow.kind { Some(path) } else { None });
        let is_instructions = |path: &String| path.contains("instructions") && path.ends_with(".md");
        paths.filter_map(|path| self.locate(path).ok().flatten()).filter(is_instructions).collect()
    }

    fn document(&mut self, file: &str, root: &Value) -> Option<OutputDocument> {
        let output = root.get("default_output_file").filter(|value| value.text().is_some_and(|text| !text.is_empty()));
        let output = output.and_then(|value| {
            let path = self.variables.value("default_output_file")?.to_owned();
            if let Err(problem) = paths::clean(&path) {
                self.reject_path(problem, file, value.line, &path);
                return None;
            }
            Some(path)
        });
        let named = root.get("template").and_then(|value| Some((value.text()?.to_owned(), value.line))).filter(|(text, _)| text != "false");
        let template = named.and_then(|(text, line)| self.find_file(file, line, "template", &text));
        let source = template.as_ref().and_then(|path| self.source(path));
        let placeholders = source.map(|source| template::placeholders(&source.text)).unwrap_or_default();
        (output.is_some() || template.is_some()).then_some(OutputDocument { file: output, template, placeholders })
    }

    fn checklist(&mut self, file: &str, root: &Value) -> Option<Checklist> {
        let value = root.get("validation").or_else(|| root.get("checklist"))?;
        let path = self.find_file(file, value.line, "checklist", value.text()?)?;
        let source = self.source(&path)?;
        Some(checklist::read(&path, &source.text))
    }

    fn check_sheets(&mut self, mut plan: Plan) -> Plan {
        for sheet in &mut plan.sheets {
            if !matches!(plan.dialect, Dialect::StepFiles) {
                reach::check(sheet, &mut self.findings);
            }
            self.check_sheet(sheet);
        }
        self.check_placeholders(&plan);
        plan
    }
}

/// `{WORKFLOW_CODE}` where a value belongs.
fn scaffold_line(root: &Value) -> Option<u32> {
    let is_placeholder = |text: &str| {
        crate::variables::find(text)
            .any(|reference| reference.name.len() > 2 && reference.name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'))
    };
    let values = ["name", "description", "installed_path"].into_iter().filter_map(|key| root.get(key));
    values.filter(|value| value.text().is_none_or(is_placeholder)).map(|value| value.line).next()
}

fn empty(dialect: Dialect) -> Plan {
    Plan {
        name: String::new(),
        description: String::new(),
        dialect,
        runnable: false,
        standalone: false,
        document: None,
        sheets: Vec::new(),
        checklist: None,
        variables: Vec::new(),
        unset: Vec::new(),
        needs: needs::Needs::default(),
        findings: Vec::new(),
        findings_omitted: 0,
    }
}
