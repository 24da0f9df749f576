//! Gathers variables from a workflow's file, from the caller and from configurations. Every key that is not known otherwise
//! declares one.

use std::collections::BTreeMap;

use super::references::LONGEST_NAME;
use super::{Origin, is_name, key};
use crate::finding::{Code, Findings, Severity};
use crate::folder::Files;
use crate::limits::{MOST_VARIABLES, MOST_YAML_DEPTH};
use crate::paths;
use crate::yaml::{self, Value, ValueKind};

/// A variable as it was declared.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Raw {
    pub(super) name: String,
    pub(super) text: String,
    pub(super) origin: Origin,
    pub(super) line: Option<u32>,
    pub(super) file: Option<String>,
}

/// What was declared, the strongest of each name.
#[derive(Clone, Debug, Default)]
pub struct Declared {
    pub(super) by_key: BTreeMap<String, Raw>,
    /// The keys of the configurations: a key of the workflow's file may stand for one of the same name.
    pub(super) config: BTreeMap<String, Raw>,
    /// Whether a configuration was found.
    pub(super) has_config: bool,
}

impl Declared {
    /// What a run is started with.
    pub fn add_given(&mut self, given: &BTreeMap<String, String>) {
        for (name, text) in given {
            self.add(Raw { name: name.clone(), text: text.clone(), origin: Origin::Caller, line: None, file: None });
        }
    }

    /// The keys of a workflow's file. `web_bundle` is for other programs.
    pub fn add_workflow(&mut self, file: &str, workflow: &Value) {
        if let Some(variables) = workflow.get("variables") {
            self.add_leaves(file, variables, Origin::Variables, "", 0);
        }
        let entries = || workflow.entries().iter().filter(|(name, _)| name != "web_bundle" && name != "variables");
        for (name, value) in entries() {
            if let ValueKind::Scalar(text) = &value.kind {
                self.add_scalar(file, name, text, value.line, Origin::Workflow);
            }
        }
        for (name, value) in entries() {
            self.add_leaves(file, value, Origin::Nested, name, 0);
        }
    }

    /// Finds the configuration that the workflow names, or that of the core, and adds its keys.
    pub fn add_config(&mut self, files: &dyn Files, findings: &mut Findings) {
        let Some(source) = self.by_key.get("config_source").cloned() else { return };
        let text = source.text.replace("{project-root}", ".").replace("{project_root}", ".");
        let (file, line) = (source.file.unwrap_or_default(), source.line.unwrap_or(0));
        let Ok(path) = paths::clean(&text) else {
            findings.add(Severity::Rejection, Code::PathOutside, &file, line, format!("The configuration `{text}` is not in the project."));
            return;
        };
        let core = core_config(&path);
        if let Some(bytes) = files.read_project(&path).or_else(|| files.read_folder(paths::name(&path))) {
            self.add_config_file(&path, &bytes, Origin::Config, findings);
        } else {
            let severity = if files.project_has(&path).is_none() { Severity::Note } else { Severity::Warning };
            findings.add(severity, Code::MissingConfig, &file, line, format!("The configuration `{path}` does not exist."));
        }
        if let Some((core, bytes)) = core.and_then(|core| files.read_project(&core).map(|bytes| (core, bytes))) {
            self.add_config_file(&core, &bytes, Origin::CoreConfig, findings);
        }
    }

    fn add_config_file(&mut self, path: &str, bytes: &[u8], origin: Origin, findings: &mut Findings) {
        let Some(source) = crate::source::Source::decode(path, bytes, findings) else { return };
        let config = yaml::read(path, &source.text, 1, findings);
        self.has_config = true;
        for (name, value) in config.entries() {
            if let ValueKind::Scalar(text) = &value.kind {
                let raw = Raw { name: name.clone(), text: text.clone(), origin, line: Some(value.line), file: Some(path.to_owned()) };
                self.config.entry(key(name)).or_insert_with(|| raw.clone());
                self.add(raw);
            }
        }
    }

    fn add_scalar(&mut self, file: &str, name: &str, text: &str, line: u32, origin: Origin) {
        self.add(Raw { name: name.to_owned(), text: text.to_owned(), origin, line: Some(line), file: Some(file.to_owned()) });
    }

    /// Scalars inside maps and single-key maps inside lists: by their own name, and by their path.
    fn add_leaves(&mut self, file: &str, value: &Value, origin: Origin, path: &str, depth: usize) {
        // A path that is no name is not worth being spelled.
        if depth > MOST_YAML_DEPTH || path.len() > LONGEST_NAME {
            return;
        }
        for (name, child) in value.entries() {
            let inner = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            match &child.kind {
                ValueKind::Scalar(text) => {
                    self.add_scalar(file, name, text, child.line, origin);
                    if inner != *name {
                        self.add_scalar(file, &inner, text, child.line, origin);
                    }
                }
                ValueKind::Null if origin == Origin::Variables => self.add_scalar(file, name, "", child.line, origin),
                _ => self.add_leaves(file, child, origin, &inner, depth + 1),
            }
        }
        for item in value.items().iter().filter(|item| item.entries().len() == 1) {
            self.add_leaves(file, item, origin, path, depth + 1);
        }
    }

    fn add(&mut self, raw: Raw) {
        if is_name(&raw.name) && self.by_key.len() < MOST_VARIABLES {
            self.by_key.entry(key(&raw.name)).or_insert(raw);
        }
    }
}

/// `bmad/bmm/config.yaml` has that of the core beside it: `bmad/core/config.yaml`.
pub(crate) fn core_config(path: &str) -> Option<String> {
    let (folder, name) = path.rsplit_once('/')?;
    let core = match folder.rsplit_once('/') {
        Some((root, _)) => format!("{root}/core/{name}"),
        None => format!("core/{name}"),
    };
    (core != path).then_some(core)
}
