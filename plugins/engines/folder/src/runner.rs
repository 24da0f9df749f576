//! Executes the steps of a plan in the order of the file, with jumps, repetitions and limits.

use std::collections::BTreeMap;

use baton_folder_format::conditions::{Condition, evaluate};
use baton_folder_format::packing::Packing;
use baton_folder_format::paths;
use baton_folder_format::plan::{Dialect, Place, Plan, Sheet, Statement, Step};
use baton_folder_format::template::{self, Blocks};
use baton_folder_format::variables::{Form, fill, find, key};
use baton_sdk::people::Question;
use baton_sdk::prelude::*;

use crate::document::Document;
use crate::progress::Position;
use crate::{Input, Output, Status};

/// Jumps of one run. More of them are a loop that nothing ends.
const MOST_JUMPS: usize = 200;
/// How often a step is repeated.
const MOST_REPEATS: usize = 20;
/// Who works where neither the input nor the packer names somebody.
const AGENT: &str = "analyst";

/// Where execution goes on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Next {
    Continue,
    Jump(Place),
    Exit,
    Halt(String),
}

/// A run of a plan.
pub(crate) struct Runner<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) packing: Packing,
    pub(crate) agent: String,
    pub(crate) yolo: bool,
    /// Variables that the run was started with, or has set.
    pub(crate) values: BTreeMap<String, String>,
    pub(crate) last_answer: Option<String>,
    pub(crate) last_check: Option<bool>,
    pub(crate) rules: Vec<String>,
    /// What the folder says around its steps.
    pub(crate) about: String,
    pub(crate) history: String,
    pub(crate) document: Document,
    /// Where it was written first: a name in its path may get another value while the run goes on.
    pub(crate) written_to: Option<String>,
    /// What files of their own hold so far.
    pub(crate) others: BTreeMap<String, Document>,
    pub(crate) files: Vec<String>,
    /// The files of the folder that only instructions name: data, references, examples.
    pub(crate) own_files: Vec<String>,
    /// What is handed to the caller.
    pub(crate) handed: BTreeMap<String, String>,
    /// The place that a jump leads to, until it is reached.
    pub(crate) seek: Option<Place>,
    pub(crate) position: Position,
    /// The position of the file, where each step has its own.
    files_position: Position,
    /// Whether the file that shows people where the run is can be written.
    pub(crate) shows: bool,
    step: String,
}

impl<'a> Runner<'a> {
    pub(crate) fn new(plan: &'a Plan, input: &Input) -> Self {
        let template = plan.document.as_ref().and_then(|document| document.template.as_ref());
        let text = template.and_then(|path| assets::read_text(path).ok()).unwrap_or_default();
        let packing = crate::packed::packing();
        let packed = Some(packing.agent.clone()).filter(|agent| !agent.is_empty());
        Self {
            plan,
            agent: input.agent.clone().or(packed).unwrap_or_else(|| AGENT.to_owned()),
            packing,
            yolo: input.yolo,
            values: input.inputs.iter().map(|(name, value)| (key(name), crate::text_of(value))).collect(),
            last_answer: None,
            last_check: None,
            rules: Vec::new(),
            about: String::new(),
            history: String::new(),
            document: Document::new(text),
            written_to: None,
            others: BTreeMap::new(),
            files: Vec::new(),
            own_files: crate::packed::other_files(plan),
            handed: BTreeMap::new(),
            seek: None,
            position: Position::default(),
            files_position: Position::default(),
            shows: true,
            step: String::new(),
        }
    }

    pub(crate) fn run(mut self) -> Result<Output> {
        let output = self.run_to_end();
        if let Err(error) = output.as_ref()
            && !error.ends_the_run()
        {
            self.show_failure(error)?;
        }
        output
    }

    fn run_to_end(&mut self) -> Result<Output> {
        let end = self.run_sheets()?;
        let (status, reason) = match end {
            Next::Halt(reason) => (Status::Halted, Some(reason)),
            Next::Exit => (Status::Exited, None),
            _ => (Status::Completed, None),
        };
        let mut validation = None;
        let is_written = self.document_file().is_some_and(|document| self.files.contains(&document));
        if is_written {
            self.finish_document(status == Status::Completed)?;
        }
        self.update_epics()?;
        if is_written && status == Status::Completed {
            validation = self.validate()?;
        }
        self.show_end(status, reason.as_deref())?;
        let unfilled = self.document.unfilled();
        Ok(Output { status, reason, files: self.files.clone(), values: self.handed.clone(), validation, unfilled })
    }

    /// The first file, which has others executed; of a folder with a file for each step all that something leads to.
    fn run_sheets(&mut self) -> Result<Next> {
        let count = if self.plan.dialect == Dialect::StepFiles { self.plan.sheets.len() } else { 1 };
        let plan = self.plan;
        let sheets: Vec<_> = plan.sheets.iter().take(count).filter(|sheet| sheet.steps.iter().any(|step| step.reachable)).collect();
        for (index, sheet) in sheets.iter().enumerate() {
            self.files_position = Position { number: index + 1, of: sheets.len() };
            let next = self.run_sheet(sheet)?;
            if next != Next::Continue {
                return Ok(next);
            }
        }
        Ok(Next::Continue)
    }

    /// The steps of one file, from the first.
    pub(crate) fn run_sheet(&mut self, sheet: &Sheet) -> Result<Next> {
        for (name, value) in &sheet.variables {
            self.set(name, value);
        }
        let rules: Vec<_> = sheet.rules.iter().map(|rule| self.fill(&rule.text)).collect();
        self.rules.extend(rules);
        self.about = sheet.context.iter().map(|passage| self.fill(&passage.text)).collect::<Vec<_>>().join("\n\n");
        let mut index = 0;
        let mut jumps = 0;
        while let Some(step) = sheet.steps.get(index) {
            self.position = Position::of_step(self.plan.dialect, self.files_position, index + 1, sheet.steps.len());
            let next = self.run_step(step)?;
            let Next::Jump(place) = next else {
                if next != Next::Continue {
                    return Ok(next);
                }
                index += 1;
                continue;
            };
            jumps += 1;
            if jumps > MOST_JUMPS {
                return Ok(Next::Halt(format!("{MOST_JUMPS} jumps were made, the last from step {} on line {}.", step.id, step.line)));
            }
            match sheet.steps.iter().position(|step| holds(step, &place)) {
                Some(found) => {
                    index = found;
                    self.seek = Some(place);
                }
                // The plan has a finding for this jump: the next step follows.
                None => index += 1,
            }
        }
        Ok(Next::Continue)
    }

    pub(crate) fn run_step(&mut self, step: &Step) -> Result<Next> {
        // A jump executes the step that it names, whatever its conditions.
        let is_sought = self.seek.is_some();
        if self.seek.as_ref().is_some_and(|place| *place == Place::Step(step.id.clone())) {
            self.seek = None;
        }
        if !is_sought && !self.is_wanted(step)? {
            return Ok(Next::Continue);
        }
        self.step = if step.title.is_empty() { step.id.clone() } else { format!("{} ({})", step.id, step.title) };
        self.show_step()?;
        for round in 1..=MOST_REPEATS {
            let rules = self.rules.len();
            let next = self.run_body(&step.body)?;
            self.rules.truncate(rules);
            let Some(until) = step.repeat.as_ref().filter(|_| next == Next::Continue) else { return Ok(next) };
            if self.is_enough(until)? {
                return Ok(Next::Continue);
            }
            if round == MOST_REPEATS {
                run::warn(&format!("Step {} was repeated {MOST_REPEATS} times; the run continues with the next.", self.step));
            }
        }
        Ok(Next::Continue)
    }

    fn is_wanted(&mut self, step: &Step) -> Result<bool> {
        if let Some(condition) = &step.condition
            && !self.decide(condition)?
        {
            return Ok(false);
        }
        if !step.optional {
            return Ok(true);
        }
        if self.yolo {
            return Ok(false);
        }
        let question = Question::new(format!("Execute the optional step {}: {}?", step.id, step.title)).with_options(["yes", "no"]);
        Ok(self.ask_person(&question)?.to_ascii_lowercase().starts_with('y'))
    }

    /// Whether a repeated step has been done often enough.
    fn is_enough(&mut self, until: &str) -> Result<bool> {
        if self.yolo || !["until-user-satisfied", "until-approved", "until-exit"].contains(&until) {
            return self.judge(&format!("Step {} has been done as often as `{until}` demands", self.step));
        }
        let question = Question::new(format!("Step {} ({until}): is it done?", self.step)).with_options(["yes", "no"]);
        Ok(self.ask_person(&question)?.to_ascii_lowercase().starts_with('y'))
    }

    /// Whether a condition holds: by the evaluator, else by the judge.
    pub(crate) fn decide(&mut self, condition: &Condition) -> Result<bool> {
        let decided = condition.test.as_ref().and_then(|test| evaluate(test, self));
        let text = self.fill(&condition.text);
        decided.map_or_else(|| self.judge(&text), Ok)
    }

    pub(crate) fn step_name(&self) -> &str {
        &self.step
    }

    /// The value of a variable: what the run has set, else what the folder says.
    pub(crate) fn value(&self, name: &str) -> Option<String> {
        let wanted = key(name);
        self.values.get(&wanted).cloned().or_else(|| {
            let variable = self.plan.variables.iter().find(|variable| key(&variable.name) == wanted)?;
            variable.value.clone()
        })
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.values.insert(key(name), value.to_owned());
    }

    /// A text with every name replaced that has a value, in either form.
    pub(crate) fn fill(&self, text: &str) -> String {
        let value = |name: &str| self.value(name).filter(|value| !value.is_empty());
        // A value may hold names that only the run knows.
        let filled = fill(text, Form::Single, value);
        fill(&fill(&filled, Form::Double, value), Form::Single, value)
    }

    /// The same, with the blocks that can be decided in the place of the text.
    pub(crate) fn fill_all(&self, text: &str) -> String {
        self.fill(&template::render(text, &Deciding { runner: self, judged: &BTreeMap::new() }).text)
    }

    /// Where the document is written. Names without a value are written as themselves.
    pub(crate) fn document_file(&self) -> Option<String> {
        if let Some(file) = &self.written_to {
            return Some(file.clone());
        }
        let file = self.plan.document.as_ref()?.file.as_ref()?;
        self.fill_path(file)
    }

    /// A path in the project with every name replaced. A value that is only a part of a file's name makes no folders. Names
    /// without a value are written as themselves.
    pub(crate) fn fill_path(&self, path: &str) -> Option<String> {
        let mut filled = String::new();
        let mut rest = 0;
        for reference in find(path) {
            let Some(value) = self.value(reference.name).filter(|value| !value.is_empty()) else { continue };
            filled.push_str(&path[rest..reference.start]);
            let value = self.fill(&value);
            let begins = reference.start == 0 || path[..reference.start].ends_with('/');
            let is_whole = begins && (reference.end == path.len() || path[reference.end..].starts_with('/'));
            filled.push_str(&if is_whole { value } else { value.trim().replace(['/', '\\', '\n'], "-") });
            rest = reference.end;
        }
        filled.push_str(&path[rest..]);
        paths::clean(&filled.replace(['{', '}'], "")).ok()
    }
}

/// What decides the blocks of templates: the evaluator, and what the agent has judged.
pub(crate) struct Deciding<'r, 'p> {
    pub(crate) runner: &'r Runner<'p>,
    pub(crate) judged: &'r BTreeMap<String, bool>,
}

impl Blocks for Deciding<'_, '_> {
    fn decide(&self, condition: &str) -> Option<bool> {
        let test = Condition::read(condition, 1).test;
        test.and_then(|test| evaluate(&test, self.runner)).or_else(|| self.judged.get(condition).copied())
    }

    fn value(&self, name: &str) -> Option<String> {
        self.runner.value(name)
    }
}

/// Whether a step is the place, or has it inside.
fn holds(step: &Step, place: &Place) -> bool {
    *place == Place::Step(step.id.clone()) || step.body.iter().any(|statement| statement_holds(statement, place))
}

pub(crate) fn statement_holds(statement: &Statement, place: &Place) -> bool {
    match (statement, place) {
        (Statement::Anchor { id, .. }, Place::Anchor(wanted)) => id == wanted,
        (Statement::Step { step }, place) => holds(step, place),
        _ => statement.body().iter().any(|statement| statement_holds(statement, place)),
    }
}
