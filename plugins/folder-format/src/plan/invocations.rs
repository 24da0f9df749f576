//! Reads what invokes other workflows and tasks, in each of the forms that folders use.

use std::collections::BTreeMap;

use super::Statement;
use crate::markup::Element;

/// An `<invoke-workflow>`. `params` are the texts of its `<param>` elements.
pub(super) fn workflow(element: &Element, text: &str, params: &[String], line: u32) -> Statement {
    let mut inputs: BTreeMap<String, String> = params.iter().filter_map(|param| pair(param)).collect();
    for attribute in element.attributes.iter().filter(|attribute| attribute.name != "path" && attribute.name != "if") {
        inputs.insert(attribute.name.clone(), attribute.value.clone());
    }
    let text = text.trim();
    let (target, text) = match element.attribute("path") {
        Some(path) => (path.to_owned(), text.to_owned()),
        None => match listed(text, &mut inputs) {
            Some(target) => (target, String::new()),
            None => (text.lines().next().unwrap_or_default().trim().to_owned(), rest_of(text)),
        },
    };
    Statement::InvokeWorkflow { line, target, inputs, text }
}

/// `workflow: path` with `inputs:` below it.
fn listed(text: &str, inputs: &mut BTreeMap<String, String>) -> Option<String> {
    let target = text.lines().find_map(|line| line.trim().strip_prefix("workflow:"))?.trim().to_owned();
    for line in text.lines().map(|line| line.trim().trim_start_matches("- ")) {
        inputs.extend(pair(line).filter(|(name, value)| !value.is_empty() && name != "workflow" && name != "inputs"));
    }
    Some(target)
}

fn rest_of(text: &str) -> String {
    text.split_once('\n').map_or("", |(_, rest)| rest).trim().to_owned()
}

fn pair(text: &str) -> Option<(String, String)> {
    let (name, value) = text.trim().split_once(':')?;
    let name = name.trim();
    crate::variables::is_name(name).then(|| (name.to_owned(), value.trim().trim_matches('"').to_owned()))
}

/// An `<invoke-task>`: a path, or a sentence with paths.
pub(super) fn task(element: &Element, text: &str, line: u32) -> Statement {
    let target = element.attribute("path").map_or_else(|| text.trim().to_owned(), str::to_owned);
    let is_path = |word: &&str| word.contains('/') && word.rsplit('/').next().is_some_and(|name| name.contains('.'));
    let words = target.split_whitespace().map(|word| word.trim_matches(['`', '"', '\'', ',', ';', '(', ')']));
    let files = words.filter(is_path).map(str::to_owned).collect();
    Statement::InvokeTask { line, files, halt: element.attribute("halt") == Some("true"), target }
}
