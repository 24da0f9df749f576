//! Makes the plan's sheets of a folder with a file for each step: front matter, links from one step to the next, and menus.

use std::collections::{BTreeMap, BTreeSet};

use super::{FlowKind, Passage, Sheet, Statement, markdown};
use crate::finding::{Code, Findings, Severity};
use crate::folder::Files;
use crate::limits::MOST_SHEETS;
use crate::markup::{self, Document};
use crate::paths::{self, PathProblem};
use crate::source::Source;
use crate::yaml;

/// Whether a path is that of a step's file.
pub(super) fn is_step_file(path: &str) -> bool {
    let name = paths::name(path);
    name.starts_with("step-") && name.ends_with(".md")
}

/// The entry first, then its steps as they lead to each other, then those that nothing leads to.
pub(super) fn read(files: &dyn Files, entry: Source, findings: &mut Findings) -> Vec<Sheet> {
    let mut steps = BTreeMap::new();
    for path in files.list_folder().into_iter().filter(|path| is_step_file(path)).take(MOST_SHEETS) {
        if let Some(source) = files.read_folder(&path).and_then(|bytes| Source::decode(&path, &bytes, findings)) {
            steps.insert(path, Linked::read(source, findings));
        }
    }
    let mut entry = Linked::read(entry, findings);
    entry.check_links(files, findings);
    // A workflow that names no step begins with the first.
    if !entry.links.iter().any(|link| steps.contains_key(link)) {
        entry.links.extend(steps.keys().next().cloned());
    }
    let mut order = follow(&entry, &steps);
    for step in order.iter().filter_map(|path| steps.get(path)) {
        step.check_links(files, findings);
    }
    let linked: BTreeSet<_> = order.iter().cloned().collect();
    order.extend(steps.keys().filter(|path| !linked.contains(*path)).cloned());
    let mut sheets = vec![entry.sheet];
    for path in order {
        let Some(mut step) = steps.remove(&path) else { continue };
        if !linked.contains(&path) {
            step.sheet.steps.iter_mut().for_each(|step| step.reachable = false);
            findings.add_to_file(Severity::Warning, Code::UnreachableStep, &path, format!("Nothing leads to the step in `{path}`."));
        }
        sheets.push(step.sheet);
    }
    sheets
}

/// A step's file with the files that it leads to.
struct Linked {
    sheet: Sheet,
    links: Vec<String>,
    /// Paths that are not in the folder, with their lines and why.
    rejected: Vec<(String, u32, PathProblem)>,
}

impl Linked {
    fn read(source: Source, findings: &mut Findings) -> Self {
        let (variables, lines, body) = read_front_matter(&source, findings);
        let document = markup::parse(source, findings);
        let mut sheet = sheet(&document, body);
        let mut linked = Self { sheet: sheet.clone(), links: Vec::new(), rejected: Vec::new() };
        let named = variables.iter().map(|(name, value)| (value.clone(), lines.get(name).copied().unwrap_or(1)));
        let loaded = sheet.statements().into_iter().flat_map(Statement::flow).filter_map(|flow| match &flow.kind {
            FlowKind::Load { path } => Some((fill(path, &variables), flow.line)),
            _ => None,
        });
        let in_text = document
            .source
            .text
            .split(['`', '(', ')', '"', '\'', ' ', '\n'])
            .filter(|word| is_step_file(word))
            .map(|word| (fill(word, &variables), 0));
        for (path, line) in named.chain(loaded).chain(in_text).collect::<Vec<_>>() {
            linked.add_link(&path, line);
        }
        sheet.variables = variables;
        linked.sheet = sheet;
        linked
    }

    fn add_link(&mut self, path: &str, line: u32) {
        if !path.ends_with(".md") || path.contains('{') || self.links.len() + self.rejected.len() >= MOST_SHEETS {
            return;
        }
        match paths::beside(&self.sheet.file, path) {
            Ok(path) if !self.links.contains(&path) => self.links.push(path),
            Ok(_) => {}
            Err(problem) => self.rejected.push((path.to_owned(), line.max(1), problem)),
        }
    }

    fn check_links(&self, files: &dyn Files, findings: &mut Findings) {
        let file = &self.sheet.file;
        for (path, line, problem) in &self.rejected {
            let code = if *problem == PathProblem::Remote { Code::RemoteFile } else { Code::PathOutside };
            findings.add(Severity::Rejection, code, file, *line, format!("`{path}` is not in the folder; it is not read."));
        }
        for path in self.links.iter().filter(|path| is_step_file(path) && files.read_folder(path).is_none()) {
            findings.add_to_file(Severity::Warning, Code::MissingFile, file, format!("`{path}`, to which `{file}` leads, does not exist."));
        }
    }
}

/// The order in which steps lead to each other, each once.
fn follow(entry: &Linked, steps: &BTreeMap<String, Linked>) -> Vec<String> {
    let mut order: Vec<String> = Vec::new();
    let mut seen = BTreeSet::new();
    let mut work: Vec<String> = entry.links.iter().rev().cloned().collect();
    while let Some(path) = work.pop() {
        let Some(step) = steps.get(&path) else { continue };
        if seen.insert(path.clone()) {
            order.push(path);
            work.extend(step.links.iter().rev().filter(|link| !seen.contains(*link)).cloned());
        }
    }
    order
}

fn sheet(document: &Document, body: usize) -> Sheet {
    let source = &document.source;
    let mut sheet = Sheet {
        file: source.path.clone(),
        format: document.format,
        rules: Vec::new(),
        context: Vec::new(),
        variables: BTreeMap::new(),
        steps: Vec::new(),
    };
    if let Some(mut step) = markdown::whole(document, body) {
        step.id = paths::name(&source.path).trim_end_matches(".md").to_owned();
        step.body.extend(menu(document).map(|passage| Statement::Ask {
            passage,
            variable: "menu".to_owned(),
            condition: None,
            optional: false,
        }));
        sheet.steps.push(step);
    }
    sheet
}

/// The line with the choices at the end of a step: `[A] Ask more [C] Continue`.
fn menu(document: &Document) -> Option<Passage> {
    let is_choice = |part: &str| part.len() >= 2 && part.as_bytes()[1] == b']' && part.as_bytes()[0].is_ascii_uppercase();
    let lines = (1..).zip(document.source.text.lines());
    let mut menus = lines.filter(|(_, line)| line.split('[').skip(1).filter(|part| is_choice(part)).count() >= 2);
    menus.next().map(|(line, text)| Passage { line, text: text.trim().to_owned() })
}

/// The scalars of the front matter, their lines, and where the text begins.
pub(super) fn read_front_matter(source: &Source, findings: &mut Findings) -> (BTreeMap<String, String>, BTreeMap<String, u32>, usize) {
    let Some((text, line, body)) = yaml::front_matter(&source.text) else { return (BTreeMap::new(), BTreeMap::new(), 0) };
    let value = yaml::read(&source.path, text, line, findings);
    let scalars = || value.entries().iter().filter_map(|(name, value)| Some((name.clone(), value.text()?.to_owned(), value.line)));
    let variables = scalars().map(|(name, text, _)| (name, text)).collect();
    (variables, scalars().map(|(name, _, line)| (name, line)).collect(), body)
}

fn fill(text: &str, variables: &BTreeMap<String, String>) -> String {
    crate::variables::fill(text, crate::variables::Form::Single, |name| variables.get(name).cloned())
}
