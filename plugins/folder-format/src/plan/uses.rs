//! Finds names that a folder uses and that nothing sets: not its files, not its configuration, no question and no step.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{FlowKind, Sheet, Statement};
use crate::limits::MOST_VARIABLES;
use crate::variables::{Form, State, Variables, find, key};

/// What is known of a story once it was found in the sprint's status.
pub const STORY_VARIABLES: [&str; 4] = ["story_key", "epic_num", "story_num", "story_title"];

/// A name that nothing sets.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct Unset {
    /// As it is used first.
    pub name: String,
    /// Whether it stands in double braces: then the agent may fill it in while it works.
    pub by_agent: bool,
    /// The file of its first use.
    pub file: String,
    /// The line of its first use.
    pub line: u32,
    /// How often it is used.
    pub uses: usize,
}

/// What no variable, question, output or statement of these sheets sets, in the order of first use.
pub(super) fn find_unset(sheets: &[Sheet], variables: &Variables) -> Vec<Unset> {
    let mut set: BTreeSet<String> =
        variables.iter().filter(|variable| variable.state != State::Cyclic).map(|variable| key(&variable.name)).collect();
    for sheet in sheets {
        set.extend(sheet.variables.keys().map(|name| key(name)));
        set.extend(sheet.statements().into_iter().flat_map(set_by).map(|name| key(&name)));
    }
    let mut unset: Vec<Unset> = Vec::new();
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for sheet in sheets {
        let mut uses = Uses { sheet, set: &set, unset: &mut unset, places: &mut places };
        sheet.rules.iter().chain(&sheet.context).for_each(|passage| uses.add(&passage.text, passage.line));
        sheet.conditions().into_iter().for_each(|condition| uses.add(&condition.text, condition.line));
        sheet.statements().into_iter().for_each(|statement| uses.add_statement(statement));
    }
    unset
}

struct Uses<'a> {
    sheet: &'a Sheet,
    set: &'a BTreeSet<String>,
    unset: &'a mut Vec<Unset>,
    places: &'a mut BTreeMap<String, usize>,
}

impl Uses<'_> {
    fn add_statement(&mut self, statement: &Statement) {
        match statement {
            Statement::Text { passage, .. }
            | Statement::Action { passage, .. }
            | Statement::Ask { passage, .. }
            | Statement::Output { passage }
            | Statement::Rule { passage } => self.add(&passage.text, passage.line),
            Statement::TemplateOutput { line, file: Some(file), .. } => self.add(file, *line),
            Statement::InvokeWorkflow { line, target, inputs, .. } => {
                self.add(target, *line);
                inputs.values().for_each(|input| self.add(input, *line));
            }
            Statement::InvokeTask { line, target: text, .. } | Statement::Search { line, query: text, .. } => self.add(text, *line),
            _ => {}
        }
    }

    fn add(&mut self, text: &str, line: u32) {
        let (mut counted, mut before) = (0, 0);
        for reference in find(text) {
            before += text[counted..reference.start].matches('\n').count() as u32;
            counted = reference.start;
            let name = key(reference.name);
            if self.set.contains(&name) {
                continue;
            }
            if let Some(place) = self.places.get(&name) {
                let unset = &mut self.unset[*place];
                unset.uses += 1;
                unset.by_agent &= reference.form == Form::Double;
            } else if self.unset.len() < MOST_VARIABLES {
                self.places.insert(name, self.unset.len());
                let by_agent = reference.form == Form::Double;
                let name = reference.name.to_owned();
                self.unset.push(Unset { name, by_agent, file: self.sheet.file.clone(), line: line + before, uses: 1 });
            }
        }
    }
}

fn set_by(statement: &Statement) -> Vec<String> {
    let mut names: Vec<String> = match statement {
        Statement::Ask { variable, .. } => vec![variable.clone()],
        Statement::TemplateOutput { fill, .. } => fill.names().into_iter().map(str::to_owned).collect(),
        Statement::ForEach { item, .. } => vec![item.clone()],
        _ => Vec::new(),
    };
    names.extend(statement.flow().iter().flat_map(|flow| match &flow.kind {
        FlowKind::Set { name, .. } | FlowKind::Store { name } => vec![name.clone()],
        FlowKind::FindStory { .. } => STORY_VARIABLES.map(str::to_owned).to_vec(),
        _ => Vec::new(),
    }));
    names
}
