//! What the agent is asked: to do a part of a step, to write sections, to judge a condition, to answer for a person. Each
//! answer follows a schema, so that the engine reads no prose.

use std::collections::BTreeMap;

use baton_folder_format::plan::Place;
use baton_sdk::agents::Task;
use baton_sdk::prelude::*;
use serde::Deserialize;

use crate::runner::{Next, Runner};

/// Bytes of what was done before that the agent is shown, and of each other part of what it is told.
const MOST_HISTORY: usize = 12_000;
/// Bytes of files of the folder that it is shown at once.
const MOST_FILES: usize = 24_000;

/// Placeholders that the agent chooses from.
const MOST_OPEN: usize = 60;

/// What the agent did, and what is to happen next.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Work {
    pub(crate) report: String,
    pub(crate) verdict: Verdict,
    #[serde(default)]
    pub(crate) target: String,
    #[serde(default)]
    pub(crate) reason: String,
    #[serde(default)]
    pub(crate) set: Vec<Named>,
    /// Files to write, by their paths.
    #[serde(default)]
    files: Vec<Named>,
}

/// What is to happen after the agent's work.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    Continue,
    Goto,
    Halt,
    Exit,
    Ask,
}

/// A name and its text.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Named {
    pub(crate) name: String,
    pub(crate) text: String,
}

#[derive(Deserialize)]
struct Sections {
    sections: Vec<Named>,
}

#[derive(Deserialize)]
struct Judgement {
    answer: Answer,
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Answer {
    True,
    False,
    Unknown,
}

#[derive(Deserialize)]
struct Choice {
    choice: String,
}

#[derive(Deserialize)]
struct Chosen {
    placeholders: Vec<String>,
}

#[derive(Deserialize)]
struct Reply {
    answer: String,
}

fn named_schema() -> Value {
    let text = json!({ "type": "string" });
    json!({ "type": "array", "items": { "type": "object", "required": ["name", "text"], "additionalProperties": false, "properties": { "name": text, "text": text } } })
}

fn object(required: &[&str], properties: &Value) -> Value {
    json!({ "type": "object", "required": required, "additionalProperties": false, "properties": properties })
}

impl Runner<'_> {
    /// Has the agent carry out instructions.
    pub(crate) fn work(&mut self, instructions: &str) -> Result<Work> {
        let schema = object(
            &["report", "verdict"],
            &json!({
                "report": { "type": "string", "description": "What you did and found, in a few sentences" },
                "verdict": { "type": "string", "enum": ["continue", "goto", "halt", "exit", "ask"], "description": "continue; or what the instructions demand: goto a step or anchor, halt for a person, exit the workflow, ask a person" },
                "target": { "type": "string", "description": "For goto: the id of the step or anchor. For ask: the question" },
                "reason": { "type": "string", "description": "Why not continue" },
                "set": named_schema(),
                "files": { "description": "Only where the instructions have you write files: the path in the project and the whole text of each", "type": "array", "items": named_schema()["items"] },
            }),
        );
        let goal = format!("Carry out these instructions of step {}:\n\n{instructions}", self.step_name());
        let work: Work = agents::answer(&self.agent, self.task(&goal), &schema)?;
        self.remember(&work.report);
        for named in &work.set {
            self.set(&named.name, &named.text);
        }
        for file in &work.files {
            self.write_for_agent(&file.name, &file.text)?;
        }
        Ok(work)
    }

    /// Has the agent write sections of a document, each by its name.
    pub(crate) fn write_sections(&mut self, names: &[String], instructions: &str) -> Result<BTreeMap<String, String>> {
        let schema = object(&["sections"], &json!({ "sections": named_schema() }));
        let goal = format!("Write {} for the document of step {}. {instructions}", names.join(", "), self.step_name());
        let written: Sections = agents::checked(&self.agent, &self.task(goal.trim()), &schema, |written: &Sections| {
            let missing = names.iter().filter(|name| !written.sections.iter().any(|section| section.name == **name));
            missing.map(|name| format!("The section `{name}` is missing.")).collect()
        })?;
        Ok(written.sections.into_iter().map(|section| (section.name, section.text)).collect())
    }

    /// Has the agent say which of the open placeholders a sentence is about. None of them: the section of the step.
    pub(crate) fn choose_sections(&mut self, open: &[String], text: &str) -> Result<Vec<String>> {
        let open = &open[..open.len().min(MOST_OPEN)];
        let items = json!({ "type": "array", "items": { "type": "string", "enum": open } });
        let schema = object(&["placeholders"], &json!({ "placeholders": items }));
        let goal = format!("Name the placeholders of the document that these instructions of step {} fill:\n\n{text}", self.step_name());
        let mut chosen = agents::answer::<Chosen>(&self.agent, self.task(&goal), &schema)?.placeholders;
        chosen.sort();
        chosen.dedup();
        Ok(if chosen.is_empty() { vec![self.section_name()] } else { chosen })
    }

    /// The name of a section that belongs to no placeholder.
    pub(crate) fn section_name(&self) -> String {
        self.step_name().replace(',', "")
    }

    /// Has the agent judge a condition. Unknown counts as false, and is logged.
    pub(crate) fn judge(&mut self, condition: &str) -> Result<bool> {
        let schema = object(&["answer"], &json!({ "answer": { "type": "string", "enum": ["true", "false", "unknown"] } }));
        let goal = format!("Say whether this condition of step {} holds: {condition}", self.step_name());
        let judgement: Judgement = agents::answer(&self.agent, self.task(&goal), &schema)?;
        if judgement.answer == Answer::Unknown {
            run::warn(&format!("It is not known whether `{condition}` holds; it counts as false."));
        }
        Ok(judgement.answer == Answer::True)
    }

    /// Has the agent choose one of several places to go on at.
    pub(crate) fn choose_jump(&mut self, jumps: &[(&Place, &str)]) -> Result<Next> {
        let choices: Vec<_> = (1..=jumps.len()).map(|number| number.to_string()).collect();
        let schema = object(&["choice"], &json!({ "choice": { "type": "string", "enum": choices } }));
        let list = jumps.iter().zip(&choices).map(|((place, reason), number)| {
            let place = match place {
                Place::Step(id) => format!("step {id}"),
                Place::Anchor(id) => format!("the place `{id}`"),
            };
            format!("{number}. {place}: {reason}\n")
        });
        let goal = format!("Choose where to go on after step {}:\n{}", self.step_name(), list.collect::<String>());
        let choice: Choice = agents::answer(&self.agent, self.task(&goal), &schema)?;
        let chosen = choice.choice.parse().ok().and_then(|number: usize| jumps.get(number.wrapping_sub(1)));
        // The schema allows no other number.
        Ok(chosen.map_or(Next::Continue, |(place, _)| Next::Jump((*place).clone())))
    }

    /// Has the agent answer as a person who knows the subject would.
    pub(crate) fn answer_for_person(&mut self, question: &str) -> Result<String> {
        let schema = object(&["answer"], &json!({ "answer": { "type": "string" } }));
        let goal = format!("Answer for the user, as an expert in the subject would, as short as the question allows: {question}");
        Ok(agents::answer::<Reply>(&self.agent, self.task(&goal), &schema)?.answer)
    }

    pub(crate) fn task(&self, goal: &str) -> Task {
        Task::new(goal).with_context(self.context(goal))
    }

    /// The rules, the variables, what was done before, the document, and the files of the folder that the goal names. Each
    /// within its share of what an agent is told.
    fn context(&self, goal: &str) -> String {
        let rules: Vec<_> = self.rules.iter().map(|rule| format!("- {rule}")).collect();
        let variables: Vec<_> = self.values.iter().map(|(name, value)| format!("- {name}: {}", shorten(value, 500))).collect();
        let about = shorten(&self.about, MOST_HISTORY);
        let parts = [
            ("About this workflow", about),
            ("Rules", shorten(&rules.join("\n"), MOST_HISTORY)),
            ("Variables", shorten(&variables.join("\n"), MOST_HISTORY)),
            ("Done so far", self.history.clone()),
            ("The document so far", shorten(&self.document.text, MOST_HISTORY)),
            ("Files of this workflow", self.named_files(goal)),
        ];
        parts.iter().filter(|(_, text)| !text.is_empty()).map(|(title, text)| format!("# {title}\n{text}")).collect::<Vec<_>>().join("\n\n")
    }

    /// The files of the folder that a text names: the agent has no other way to read what was packed.
    fn named_files(&self, text: &str) -> String {
        let mut files = String::new();
        for path in &self.own_files {
            if !names(text, path) || files.len() >= MOST_FILES {
                continue;
            }
            if let Ok(content) = assets::read_text(path) {
                files.push_str(&format!("## {path}\n{}\n", shorten(&content, MOST_FILES - files.len())));
            }
        }
        files
    }

    /// Adds to the history that the agent sees; the oldest lines go first.
    pub(crate) fn remember(&mut self, text: &str) {
        self.history.push_str(&format!("- Step {}: {}\n", self.step_name(), text.trim()));
        if self.history.len() > MOST_HISTORY {
            let from = self.history.ceil_char_boundary(self.history.len() - MOST_HISTORY);
            self.history.drain(..from);
        }
    }
}

/// Whether a text names a file by its path in the folder or, where no path stands before it, by its name.
fn names(text: &str, path: &str) -> bool {
    let is_part = |character: char| character.is_alphanumeric() || matches!(character, '-' | '_' | '.');
    let name = baton_folder_format::paths::name(path);
    let folder = &path[..path.len() - name.len()];
    text.match_indices(name).any(|(start, _)| {
        let (before, after) = (&text[..start], &text[start + name.len()..]);
        let is_end = !after.starts_with(|next: char| next.is_alphanumeric() || matches!(next, '-' | '_'));
        let is_bare = !before.ends_with(is_part) && !before.ends_with('/');
        is_end && (is_bare || if folder.is_empty() { before.ends_with('/') } else { before.ends_with(folder) })
    })
}

fn shorten(text: &str, most: usize) -> String {
    if text.len() <= most { text.to_owned() } else { format!("{}…", &text[..text.floor_char_boundary(most)]) }
}
