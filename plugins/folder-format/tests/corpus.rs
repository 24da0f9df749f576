//! Real workflow folders, read in place: what is found in each file is what `expect.json` says. The corpus is not part of the
//! project; without it these tests say so and check nothing.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use baton_folder_format::conditions::{Condition, Decider};
use baton_folder_format::finding::{Code, Findings, Severity};
use baton_folder_format::folder::Files;
use baton_folder_format::markup::{self, Document, Format, Kind, Tag};
use baton_folder_format::plan::{self, Dialect, Options, Place, Plan, Statement};
use baton_folder_format::source::Source;
use serde_json::{Value, json};

fn corpus() -> Option<PathBuf> {
    let named = std::env::var_os("BATON_BMAD_CORPUS").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/bmad");
    let found = named.into_iter().chain([beside]).find(|path| path.join("expect.json").is_file());
    if found.is_none() {
        eprintln!("SKIPPED: no corpus of workflow folders. Set BATON_BMAD_CORPUS to a folder with `expect.json` and `corpus/`.");
    }
    found
}

/// Parses a file, and demands that every byte has one owner.
fn parse(path: &Path, name: &str) -> (Document, Findings) {
    let mut findings = Findings::default();
    let bytes = fs::read(path).expect("a file of the corpus");
    let source = Source::decode(name, &bytes, &mut findings).expect("a short file");
    let document = markup::parse(source, &mut findings);
    let mut position = 0;
    for span in document.tree.owned_spans() {
        assert_eq!(span.start as usize, position, "{name}: bytes are owned once, in order");
        position = span.end as usize;
    }
    assert_eq!(position, document.source.text.len(), "{name}: every byte is owned");
    (document, findings)
}

/// What the machine table says of a file, as this crate sees it.
fn describe(document: &Document, findings: &Findings) -> Value {
    let sheet = plan::read_sheet(document);
    let numbered = document.tree.elements().filter(|(_, _, element)| element.tag == Tag::Step);
    let step_ids: Vec<String> = match document.format {
        Format::Markdown => sheet.all_steps().iter().map(|step| step.id.clone()).collect(),
        _ => numbered.filter_map(|(_, _, element)| element.attribute("n").map(str::to_owned)).collect(),
    };
    let mut tags = BTreeMap::new();
    document.tree.elements().for_each(|(_, _, element)| *tags.entry(element.tag.name()).or_insert(0) += 1);
    let conditions: Vec<_> = document
        .tree
        .elements()
        .filter_map(|(_, node, element)| element.attribute("if").map(|text| Condition::read(text, node.line)))
        .collect();
    let decided = conditions.iter().filter(|condition| condition.decider == Decider::Evaluator).count();
    let mut gotos = Vec::new();
    let mut invokes = Vec::new();
    let mut anchors = Vec::new();
    for statement in sheet.statements() {
        match statement {
            Statement::Goto { line, target, .. } => {
                let (kind, name) = match &target.place {
                    Place::Step(id) => ("step", id),
                    Place::Anchor(id) => ("anchor", id),
                };
                gotos.push(json!({ "kind": kind, "line": line, "target": name, "resolves": target.resolves }));
            }
            Statement::InvokeWorkflow { line, target, .. } => {
                invokes.push(json!({ "line": line, "tag": "invoke-workflow", "target": target }))
            }
            Statement::InvokeTask { line, target, .. } => invokes.push(json!({ "line": line, "tag": "invoke-task", "target": target })),
            Statement::Anchor { id, .. } => anchors.push(id.clone()),
            _ => {}
        }
    }
    json!({
        "format": document.format,
        "step_ids": step_ids,
        "steps": step_ids.len(),
        "tags": tags,
        "conditions": { "deterministic": decided, "natural_language": conditions.len() - decided, "total": conditions.len() },
        "gotos": gotos,
        "invokes": invokes,
        "anchors": anchors,
        "recoveries": recoveries(document, findings),
        "strict_xml_ok": document.strict.map(|strict| strict.is_ok()),
        "mentions_demoted": document.mentions,
    })
}

fn recoveries(document: &Document, findings: &Findings) -> Vec<Value> {
    let described = findings.list().iter().filter_map(|finding| {
        let line = finding.line?;
        match finding.code {
            Code::StrayClose => Some(json!(["stray-close", line, tag_at(document, line, true)])),
            Code::AutoClosed => Some(json!(["auto-closed", line, tag_at(document, line, false)])),
            Code::UnterminatedFence => Some(json!(["unterminated-fence", line])),
            _ => None,
        }
    });
    described.collect()
}

/// The tag without its partner on a line.
fn tag_at(document: &Document, line: u32, closing: bool) -> String {
    let found = document.tree.nodes().find_map(|(_, node)| match &node.kind {
        Kind::StrayClose(tag) if closing && node.line == line => Some(format!("</{}>", tag.name())),
        Kind::Element(element) if !closing && node.line == line && element.close.is_none() => Some(format!("<{}>", element.tag.name())),
        _ => None,
    });
    found.unwrap_or_default()
}

#[test]
fn every_file_is_understood_as_the_table_says() {
    let Some(root) = corpus() else { return };
    let table: BTreeMap<String, Value> = serde_json::from_slice(&fs::read(root.join("expect.json")).expect("the table")).expect("JSON");
    let mut differences = Vec::new();
    for (name, expected) in &table {
        let (document, findings) = parse(&root.join(name), name);
        let found = describe(&document, &findings);
        let is_markdown = document.format == Format::Markdown;
        for (field, value) in found.as_object().expect("an object") {
            // The table has no ids for the headings of plain Markdown beyond their number.
            if value != &expected[field] && !(is_markdown && field == "tags") {
                differences.push(format!("{name}: {field}: {value} is not {}", expected[field]));
            }
        }
    }
    assert!(table.len() >= 41, "{} files", table.len());
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// Files that are not in the table, as they were counted by hand: steps, actions, checks, questions, outputs of templates, jumps,
/// conditions that are decided and judged, recoveries, and mentions. `create-workflow` names three more tags that no folder uses
/// and that are not in the vocabulary.
const COUNTED: [(&str, [usize; 10]); 10] = [
    ("audit-workflow", [8, 58, 1, 2, 32, 0, 1, 10, 0, 1]),
    ("convert-legacy", [12, 41, 8, 8, 0, 12, 3, 10, 1, 1]),
    ("create-agent", [13, 58, 12, 3, 11, 0, 1, 12, 0, 0]),
    ("create-module", [13, 47, 11, 9, 13, 0, 7, 5, 0, 0]),
    ("create-workflow", [13, 21, 0, 5, 2, 0, 4, 0, 0, 24]),
    ("edit-agent", [5, 18, 2, 4, 5, 0, 0, 2, 0, 0]),
    ("edit-module", [5, 19, 2, 4, 5, 0, 0, 2, 0, 2]),
    ("edit-workflow", [5, 19, 2, 4, 5, 0, 0, 2, 0, 1]),
    ("module-brief", [12, 10, 0, 1, 11, 0, 0, 0, 0, 0]),
    ("redoc", [8, 22, 0, 1, 0, 0, 1, 3, 0, 0]),
];

#[test]
fn files_beside_the_table_are_understood_as_well() {
    let Some(root) = corpus() else { return };
    let mut differences = Vec::new();
    for (name, expected) in COUNTED {
        let (document, findings) = parse(&root.join(format!("corpus/bmb/workflows/{name}/instructions.md")), name);
        let found = describe(&document, &findings);
        let count = |value: &Value| value.as_u64().unwrap_or(0) as usize;
        let [steps, actions, checks, asks, outputs, gotos] =
            [Tag::Step, Tag::Action, Tag::Check, Tag::Ask, Tag::TemplateOutput, Tag::Goto].map(|tag| document.count(tag));
        let (decided, judged) = (count(&found["conditions"]["deterministic"]), count(&found["conditions"]["natural_language"]));
        let recoveries = found["recoveries"].as_array().map_or(0, Vec::len);
        let counts = [steps, actions, checks, asks, outputs, gotos, decided, judged, recoveries, document.mentions as usize];
        if counts != expected {
            differences.push(format!("{name}: {counts:?} is not {expected:?}"));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// The corpus as a project: `bmad/` is the corpus.
struct Installed {
    corpus: PathBuf,
    folder: PathBuf,
}

impl Installed {
    fn project(&self, path: &str) -> Option<PathBuf> {
        path.strip_prefix("bmad/").map(|path| self.corpus.join(path))
    }
}

impl Files for Installed {
    fn read_folder(&self, path: &str) -> Option<Vec<u8>> {
        fs::read(self.folder.join(path)).ok()
    }

    fn list_folder(&self) -> Vec<String> {
        let mut files = Vec::new();
        list(&self.folder, "", &mut files);
        files.sort();
        files
    }

    fn read_project(&self, path: &str) -> Option<Vec<u8>> {
        fs::read(self.project(path)?).ok()
    }

    fn project_has(&self, path: &str) -> Option<bool> {
        Some(self.project(path).is_some_and(|path| path.exists()))
    }
}

fn list(folder: &Path, prefix: &str, files: &mut Vec<String>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() { list(&entry.path(), &format!("{name}/"), files) } else { files.push(name) }
    }
}

fn workflows(corpus: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    list(corpus, "", &mut files);
    files.sort();
    files.iter().filter(|file| file.ends_with("/workflow.yaml")).filter_map(|file| corpus.join(file).parent().map(Path::to_owned)).collect()
}

fn plans() -> Option<Vec<(String, Plan)>> {
    let corpus = corpus()?.join("corpus");
    let options = Options::default();
    let plan_of = |folder: &Path| {
        let name = folder.strip_prefix(&corpus).unwrap_or(folder).to_string_lossy().into_owned();
        (name, plan::plan(&Installed { corpus: corpus.clone(), folder: folder.to_owned() }, &options))
    };
    Some(workflows(&corpus).iter().map(|folder| plan_of(folder)).collect())
}

#[test]
fn every_workflow_has_a_plan_that_can_be_written_and_read() {
    let Some(plans) = plans() else { return };
    let rejected: Vec<_> = plans.iter().filter(|(_, plan)| !plan.runnable).map(|(name, _)| name.as_str()).collect();
    assert_eq!(rejected, ["bmb/workflows/create-workflow/workflow-template"]);
    for (name, plan) in &plans {
        let text = serde_json::to_string(plan).expect("a plan is JSON");
        let read: Plan = serde_json::from_str(&text).expect("JSON is a plan");
        assert!(read == *plan, "{name}: the plan survives being written");
        assert_eq!(plan.findings_omitted, 0, "{name}");
    }
    let markdown = plans.iter().filter(|(_, plan)| plan.dialect == Dialect::Markdown).count();
    assert_eq!(markdown, 8);
}

#[test]
fn known_defects_are_found() {
    let Some(plans) = plans() else { return };
    let find = |name: &str, code: Code| -> Vec<String> {
        let plan = &plans.iter().find(|(folder, _)| folder.ends_with(name)).unwrap_or_else(|| panic!("{name} is in the corpus")).1;
        plan.findings.iter().filter(|finding| finding.code == code).map(|finding| finding.message.clone()).collect()
    };
    assert_eq!(find("core/workflows/brainstorming", Code::MissingConfig).len(), 1);
    assert!(find("core/workflows/brainstorming", Code::MissingFile).iter().any(|message| message.contains("checklist.md")));
    assert_eq!(find("create-ux-design", Code::MissingFile).len(), 3);
    assert_eq!(find("dev-story", Code::MissingConfigKey).len(), 2);
    assert!(find("testarch/automate", Code::UnknownTarget).iter().any(|message| message.contains("5.4")));
    assert!(find("workflows/document-project", Code::UnknownTarget).iter().any(|message| message.contains("0.5")));
    assert_eq!(find("create-workflow/workflow-template", Code::Scaffold).len(), 1);
    assert!(
        !find("prd", Code::UnfilledPlaceholder).is_empty() || !find("3-solutioning/architecture", Code::UnfilledPlaceholder).is_empty()
    );
}

#[test]
fn nothing_is_rejected_in_folders_that_run() {
    let Some(plans) = plans() else { return };
    for (name, plan) in plans.iter().filter(|(_, plan)| plan.runnable) {
        let rejections: Vec<_> = plan.findings.iter().filter(|finding| finding.severity == Severity::Rejection).collect();
        assert!(rejections.is_empty(), "{name}: {rejections:?}");
        let unreachable: Vec<_> =
            plan.findings.iter().filter(|finding| matches!(finding.code, Code::UnreachableStep | Code::EndlessLoop)).collect();
        assert!(unreachable.is_empty(), "{name}: {unreachable:?}");
    }
}

#[test]
fn every_text_file_is_owned_to_its_last_byte() {
    let Some(corpus) = corpus().map(|root| root.join("corpus")) else { return };
    let mut files = Vec::new();
    list(&corpus, "", &mut files);
    let texts: Vec<_> = files.iter().filter(|file| file.ends_with(".md") || file.ends_with(".xml")).collect();
    assert!(texts.len() > 100);
    for file in texts {
        parse(&corpus.join(file), file);
    }
    assert!(Tag::ALL.len() > 20);
}
