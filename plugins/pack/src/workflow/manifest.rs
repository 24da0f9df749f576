//! The manifest of a workflow folder: what its plan asks for, and what its own `plugin.toml` says instead.

use std::collections::BTreeSet;

use baton_folder_format::packing::Packing;
use baton_folder_format::plan::Plan;
use baton_folder_format::variables::State;
use toml::{Table, Value};

/// Patterns of one kind that a manifest may have, and bytes of one.
const MOST_PATTERNS: usize = 256;
const LONGEST_PATTERN: usize = 256;
/// Characters of a description.
const LONGEST_DESCRIPTION: usize = 400;
/// Variables that are described as fields of the input.
const MOST_FIELDS: usize = 60;
/// The slot of what answers questions, or has people answer them.
const DECIDE: &str = "decide";
/// Status files, which the engine reads and keeps in step. The last is where people read where the workflow is.
const STATUS_FILES: [&str; 3] = ["**/*workflow-status.yaml", "**/sprint-status.yaml", "docs/workflow-status.md"];

/// A manifest.
pub(super) struct Manifest(Table);

/// What the plan of a folder asks for.
pub(super) fn derive(name: &str, plan: &Plan, packing: &Packing) -> Manifest {
    let mut manifest = Table::new();
    manifest.insert("name".to_owned(), name.into());
    manifest.insert("version".to_owned(), version(plan).into());
    manifest.insert("kind".to_owned(), "workflow".into());
    manifest.insert("description".to_owned(), one_line(&plan.description).into());
    manifest.insert("input".to_owned(), input(plan).into());
    manifest.insert("needs".to_owned(), needs(plan, packing).into());
    Manifest(manifest)
}

impl Manifest {
    /// The text of the manifest, with what the folder's own `plugin.toml` states in the place of what was derived: a field for
    /// a field, and of the needs a kind for a kind.
    pub(super) fn completed(mut self, own: Option<&str>) -> Result<String, String> {
        let own: Table = own.map_or_else(|| Ok(Table::new()), toml::from_str).map_err(|error| error.message().to_owned())?;
        if own.get("kind").is_some_and(|kind| kind.as_str() != Some("workflow")) {
            return Err("the folder is a workflow, and its `kind` is another".to_owned());
        }
        for (field, value) in own {
            match (field.as_str(), value, self.0.get_mut(&field)) {
                ("needs", Value::Table(kinds), Some(Value::Table(needs))) => needs.extend(kinds),
                (_, value, _) => {
                    self.0.insert(field, value);
                }
            }
        }
        toml::to_string(&self.0).map_err(|error| error.to_string())
    }
}

/// What the folder says of its version, where that is one.
fn version(plan: &Plan) -> String {
    let stated = plan.variables.iter().find(|variable| variable.name == "version").and_then(|variable| variable.value.clone());
    let is_number = |part: &str| !part.is_empty() && part.len() < 6 && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_version = |text: &String| {
        let parts: Vec<_> = text.split('.').collect();
        parts.len() == 3 && parts.iter().all(|part| is_number(part) && (part.len() == 1 || !part.starts_with('0')))
    };
    stated.filter(is_version).unwrap_or_else(|| "0.1.0".to_owned())
}

pub(crate) fn one_line(text: &str) -> String {
    let words = text.split_whitespace().map(|word| word.replace(char::is_control, ""));
    words.collect::<Vec<_>>().join(" ").chars().take(LONGEST_DESCRIPTION).collect()
}

/// The fields that a run may be started with: variables that nothing has set when it begins.
fn input(plan: &Plan) -> Table {
    let text = |description: String| Table::from_iter([("description".to_owned(), Value::from(description))]);
    let open = plan.variables.iter().filter(|variable| matches!(variable.state, State::Asked | State::Empty)).take(MOST_FIELDS);
    let inputs = open.map(|variable| {
        let from = if variable.state == State::Asked { "Instead of the value in the configuration" } else { "A variable of the folder" };
        (variable.name.clone(), Value::from(text(from.to_owned())))
    });
    let mut inputs_schema = text("Values of variables of the folder, by their names".to_owned());
    inputs_schema.insert("type".to_owned(), "object".into());
    inputs_schema.insert("properties".to_owned(), Table::from_iter(inputs).into());
    let mut yolo = text("Leave optional steps out and have the agent answer for people".to_owned());
    yolo.insert("type".to_owned(), "boolean".into());
    let mut agent = text("Agent or slot that works".to_owned());
    agent.insert("type".to_owned(), "string".into());
    let fields = [("inputs", inputs_schema), ("yolo", yolo), ("agent", agent)];
    let fields = fields.into_iter().map(|(name, schema)| (name.to_owned(), Value::from(schema)));
    Table::from_iter([("type".to_owned(), Value::from("object")), ("properties".to_owned(), Table::from_iter(fields).into())])
}

/// What a run asks its host for. Any step may have the agent ask a person: the verdict of its work says so.
fn needs(plan: &Plan, packing: &Packing) -> Table {
    let asks = plan.needs.agents || plan.needs.people;
    let mut workflows: BTreeSet<String> = packing.workflows.values().cloned().collect();
    workflows.extend(asks.then(|| DECIDE.to_owned()));
    let status = STATUS_FILES.map(str::to_owned);
    let reports = plan.checklist.iter().map(|_| "**/validation-report-*.md".to_owned());
    let kinds: [(&str, Vec<String>); 5] = [
        ("agents", asks.then(|| packing.agent.clone()).into_iter().collect()),
        ("people", asks.then(|| "important".to_owned()).into_iter().collect()),
        ("read", plan.needs.reads.iter().cloned().chain(status.clone()).collect()),
        ("workflows", workflows.into_iter().collect()),
        ("write", plan.needs.writes.iter().cloned().chain(reports).chain(status).collect()),
    ];
    let kinds = kinds.into_iter().map(|(kind, patterns)| (kind, bounded(kind, patterns))).filter(|(_, patterns)| !patterns.is_empty());
    kinds.map(|(kind, patterns)| (kind.to_owned(), Value::from(patterns))).collect()
}

/// Within what a manifest may have. Of more paths than that, all are asked for: an operator sees it and decides.
fn bounded(kind: &str, patterns: Vec<String>) -> Vec<String> {
    let is_usable = |pattern: &String| pattern.len() <= LONGEST_PATTERN && !pattern.is_empty() && !pattern.contains(char::is_control);
    let patterns: BTreeSet<_> = patterns.into_iter().filter(is_usable).collect();
    if patterns.len() > MOST_PATTERNS {
        vec![if kind == "workflows" { "*" } else { "**" }.to_owned()]
    } else {
        patterns.into_iter().collect()
    }
}
