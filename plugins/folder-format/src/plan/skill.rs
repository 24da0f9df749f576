//! Makes the plan's sheets of an Agent Skill: `SKILL.md`, its front matter, and the steps that it brings.

use std::collections::BTreeMap;

use super::{Sheet, markdown, sheet, step_files};
use crate::finding::{Code, Findings, Severity};
use crate::folder::Files;
use crate::markup::{self, Format};
use crate::source::Source;

/// Characters of a description.
const LONGEST_DESCRIPTION: usize = 1024;
/// Characters of a name.
const LONGEST_NAME: usize = 64;

/// The sheets and the front matter.
pub(super) fn read(files: &dyn Files, source: Source, findings: &mut Findings) -> (Vec<Sheet>, BTreeMap<String, String>) {
    let (front, lines, body) = step_files::read_front_matter(&source, findings);
    check_names(&source.path, &front, &lines, findings);
    let document = markup::parse(source.clone(), findings);
    if document.format != Format::Markdown {
        return (vec![sheet::read(&document)], front);
    }
    if files.list_folder().iter().any(|path| step_files::is_step_file(path)) {
        return (step_files::read(files, source, findings), front);
    }
    let mut sheet = markdown::read(&document);
    if sheet.steps.is_empty() {
        sheet.steps.extend(markdown::whole(&document, body));
    }
    (vec![sheet], front)
}

fn check_names(file: &str, front: &BTreeMap<String, String>, lines: &BTreeMap<String, u32>, findings: &mut Findings) {
    let line = |name: &str| lines.get(name).copied().unwrap_or(1);
    let name = front.get("name").map_or("", String::as_str);
    if !is_skill_name(name) {
        let message = format!(
            "The name `{name}` of the skill is not one: use lower-case letters, digits and single hyphens, at most {LONGEST_NAME}."
        );
        findings.add(Severity::Warning, Code::InvalidName, file, line("name"), message);
    }
    let description = front.get("description").map_or("", String::as_str).trim();
    if description.is_empty() || description.chars().count() > LONGEST_DESCRIPTION {
        let message = format!("A skill needs a description of at most {LONGEST_DESCRIPTION} characters.");
        findings.add(Severity::Warning, Code::InvalidName, file, line("description"), message);
    }
}

fn is_skill_name(name: &str) -> bool {
    let is_part = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    name.len() <= LONGEST_NAME && name.split('-').all(is_part)
}
