//! Decides which of the tools that somebody declares are offered to models: each by itself, so that one that cannot be
//! used takes no other with it. A declaration is mended where its meaning is kept, else the tool is quarantined with the
//! field and the reason. Trusts nothing of what it reads, follows no reference and calls no tool.

mod merging;
mod schema;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde_json::Value;

use super::text::{cut, escape_name, escaped, harmless};
use crate::interfaces::toolboxes::{Declared, Quarantined, Roster};

/// Bytes of a schema as it is declared.
const LARGEST_SCHEMA: usize = 128 << 10;
/// Characters of a description that a model reads.
const LONGEST_DESCRIPTION: usize = 4096;

/// What is wrong with a declaration, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Objection {
    /// Such as `inputSchema/properties/a`.
    pub(super) field: String,
    /// A sentence.
    pub(super) reason: String,
}

impl Objection {
    pub(super) fn new(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { field: field.into(), reason: reason.into() }
    }
}

/// Which names a set of tools may use, and how many tools it may have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    /// Characters beside letters and digits.
    pub(super) also: &'static str,
    /// Characters of a name.
    pub(super) longest_name: usize,
    /// More than a model can choose from.
    pub(super) most: usize,
    /// What a declaration calls the schema of its arguments.
    pub(super) schema: &'static str,
}

/// Names as MCP has them.
pub(super) const OF_SERVERS: Rules = Rules { also: "_-./", longest_name: 128, most: 512, schema: "inputSchema" };
/// Names of the tools of toolboxes, which reach models as they are.
pub(super) const OF_TOOLBOXES: Rules = Rules { also: "_-", longest_name: 64, most: 128, schema: "parameters" };

/// The roster of a toolbox.
pub(in crate::interfaces) fn of_toolbox(tools: Vec<Declared>) -> Roster {
    let mut admission = Admission::new(OF_TOOLBOXES);
    tools.into_iter().for_each(|tool| admission.add(tool));
    admission.roster
}

/// Takes in one declaration after the other.
pub(super) struct Admission {
    rules: Rules,
    roster: Roster,
    /// What was declared under each name.
    declared: BTreeMap<String, Declared>,
}

impl Admission {
    pub(super) fn new(rules: Rules) -> Self {
        Self { rules, roster: Roster::default(), declared: BTreeMap::new() }
    }

    /// Offers the tool, or quarantines it. The same declaration again is the same tool.
    pub(super) fn add(&mut self, tool: Declared) {
        if self.declared.get(&tool.name) == Some(&tool) {
            return;
        }
        if self.is_full() {
            self.roster.left_out += 1;
            return;
        }
        match self.check_tool(&tool) {
            Ok((admitted, notes)) => {
                if !notes.is_empty() {
                    self.roster.mended.insert(tool.name.clone(), notes.iter().map(|note| escaped(note)).collect());
                }
                self.roster.tools.push(admitted);
                self.declared.insert(tool.name.clone(), tool);
            }
            Err(objection) => self.quarantine(&escape_name(&tool.name), objection),
        }
    }

    /// Keeps a tool back. `name` is safe for a terminal.
    pub(super) fn quarantine(&mut self, name: &str, Objection { field, reason }: Objection) {
        let quarantined = Quarantined { name: name.to_owned(), field: escaped(&field), reason: escaped(&reason) };
        match self.roster.quarantined.len() >= self.rules.most {
            _ if self.roster.quarantined.contains(&quarantined) => {}
            true => self.roster.left_out += 1,
            false => self.roster.quarantined.push(quarantined),
        }
    }

    /// Says what else there is to know of a tool that is offered.
    pub(super) fn note(&mut self, tool: &str, note: &str) {
        if self.roster.find(tool).is_some() {
            let notes = self.roster.mended.entry(tool.to_owned()).or_default();
            let note = escaped(note);
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
    }

    /// Whether there is room for no more tools.
    pub(super) fn is_full(&self) -> bool {
        self.roster.tools.len() >= self.rules.most
    }

    /// Whether a tool was declared under this name, and what it said.
    pub(super) fn is_offered(&self, tool: &Declared) -> bool {
        self.declared.get(&tool.name) == Some(tool)
    }

    pub(super) fn into_roster(self) -> Roster {
        self.roster
    }

    fn check_tool(&self, tool: &Declared) -> Result<(Declared, Vec<String>), Objection> {
        self.check_name(&tool.name)?;
        if self.declared.contains_key(&tool.name) {
            return Err(Objection::new(
                "name",
                "Another tool of this set has the same name and a different declaration; the first one is used.",
            ));
        }
        let (parameters, mut notes) = match check_declaration(&tool.parameters) {
            Some(objection) => Err(objection),
            None => schema::fix_schema(&tool.parameters),
        }
        .map_err(|Objection { field, reason }| Objection::new(format!("{}{}", self.rules.schema, escape_name(&field)), reason))?;
        let description = cut(harmless(&tool.description).trim(), LONGEST_DESCRIPTION);
        if tool.description.chars().count() > LONGEST_DESCRIPTION {
            notes.push(format!("The description is cut to {LONGEST_DESCRIPTION} characters."));
        }
        Ok((Declared { name: tool.name.clone(), description, parameters, effects: tool.effects }, notes))
    }

    fn check_name(&self, name: &str) -> Result<(), Objection> {
        let Rules { also, longest_name, .. } = self.rules;
        let is_plain = |character: char| character.is_ascii_alphanumeric() || also.contains(character);
        let length = name.chars().count();
        let reason = match (name.chars().next(), name.chars().find(|character| !is_plain(*character))) {
            (None, _) => "The tool has an empty name.".to_owned(),
            _ if length > longest_name => format!("The name has {length} characters; at most {longest_name} are possible."),
            (_, Some(other)) => {
                let listed = also.chars().map(|character| format!("`{character}`")).collect::<Vec<_>>().join(", ");
                format!("The name contains {other:?}; names consist of ASCII letters, digits and {listed}.")
            }
            (Some(first), None) if !(first.is_ascii_alphanumeric() || first == '_') => {
                format!("The name begins with `{first}`; it must begin with a letter, a digit or `_`.")
            }
            _ => return Ok(()),
        };
        Err(Objection::new("name", reason))
    }
}

/// The first look at a declared schema, before anything walks or compiles it: what is wrong with its size or its shape, or
/// nothing. An objection quarantines the tool; its field is a JSON pointer into the schema. What its references may come to is
/// bounded once they are known to lead somewhere.
fn check_declaration(parameters: &Value) -> Option<Objection> {
    let size = parameters.to_string().len();
    (size > LARGEST_SCHEMA).then(|| Objection::new("", format!("The schema has {size} bytes; at most {LARGEST_SCHEMA} are possible.")))
}
