//! Executes what stands in a step. Instructions that follow each other go to the agent together; everything that the folder
//! decides is done here.

use baton_folder_format::paths;
use baton_folder_format::plan::{Fill, FlowKind, Place, Statement, after_certain};
use baton_sdk::people::Question;
use baton_sdk::prelude::*;

use crate::agent::Verdict;
use crate::document::Document;
use crate::runner::{Next, Runner, statement_holds};

/// How often a section is written again after a person asked for changes.
const MOST_EDITS: usize = 5;

impl Runner<'_> {
    pub(crate) fn run_body(&mut self, body: &[Statement]) -> Result<Next> {
        let mut instructions = String::new();
        for (index, statement) in body.iter().enumerate() {
            if let Some(place) = self.seek.clone() {
                if !statement_holds(statement, &place) {
                    continue;
                }
            } else if let Some(text) = instruction(statement) {
                instructions.push_str(&format!("{}\n", self.fill(&text)));
                continue;
            }
            let next = self.instruct(&mut instructions)?;
            if next != Next::Continue {
                return Ok(next);
            }
            let jumps = if self.seek.is_none() { jumps_in_a_row(&body[index..]) } else { Vec::new() };
            let next = if jumps.len() > 1 { self.choose_jump(&jumps)? } else { self.execute(statement)? };
            if next != Next::Continue {
                return Ok(next);
            }
        }
        self.instruct(&mut instructions)
    }

    /// Has the agent carry out what was gathered.
    pub(crate) fn instruct(&mut self, instructions: &mut String) -> Result<Next> {
        if instructions.trim().is_empty() {
            return Ok(Next::Continue);
        }
        let text = std::mem::take(instructions);
        let work = self.work(&text)?;
        Ok(match work.verdict {
            Verdict::Continue => Next::Continue,
            Verdict::Exit => Next::Exit,
            Verdict::Halt => Next::Halt(if work.reason.is_empty() { work.report } else { work.reason }),
            Verdict::Goto => Next::Jump(self.place(&work.target)),
            Verdict::Ask => {
                let answer = self.ask(&work.target)?;
                self.remember(&format!("The user answered `{}` with: {answer}", work.target));
                Next::Continue
            }
        })
    }

    /// A step by its id, else an anchor.
    fn place(&self, target: &str) -> Place {
        let target = target.trim().trim_start_matches("step ").trim_start_matches("Step ").to_owned();
        let is_step = self.plan.sheets.iter().flat_map(|sheet| sheet.all_steps()).any(|step| step.id == target);
        if is_step { Place::Step(target) } else { Place::Anchor(target) }
    }

    fn execute(&mut self, statement: &Statement) -> Result<Next> {
        // Steps and checks decide for themselves.
        let decides = matches!(statement, Statement::Step { .. } | Statement::Check { .. });
        if let Some(condition) = statement.condition().filter(|_| self.seek.is_none() && !decides)
            && !self.decide(condition)?
        {
            return Ok(Next::Continue);
        }
        match statement {
            Statement::Action { body, .. } => {
                let next = if self.seek.is_none() { self.act(statement)? } else { Next::Continue };
                if next == Next::Continue { self.run_body(body) } else { Ok(next) }
            }
            Statement::Check { condition, body, .. } => {
                let holds = match condition {
                    Some(condition) if self.seek.is_none() => self.decide(condition)?,
                    _ => true,
                };
                let next = if holds { self.run_body(body)? } else { Next::Continue };
                self.last_check = Some(holds);
                Ok(next)
            }
            Statement::ForEach { item, collection, body, .. } => self.for_each(item, collection, body),
            Statement::Ask { passage, variable, optional, .. } => {
                if !(*optional && self.yolo) {
                    let question = self.fill_all(&passage.text);
                    let answer = self.ask(&question)?;
                    self.set(variable, &answer);
                    self.remember(&format!("The user answered `{question}` with: {answer}"));
                }
                Ok(Next::Continue)
            }
            Statement::Output { passage } => {
                run::info(&self.fill_all(&passage.text));
                Ok(Next::Continue)
            }
            Statement::TemplateOutput { fill, file, .. } => self.write_output(fill, file.as_deref()),
            Statement::Rule { passage } => {
                let rule = self.fill(&passage.text);
                self.rules.push(rule);
                Ok(Next::Continue)
            }
            Statement::Goto { target, .. } if target.resolves => Ok(Next::Jump(target.place.clone())),
            Statement::Anchor { id, .. } => {
                if self.seek == Some(Place::Anchor(id.clone())) {
                    self.seek = None;
                }
                Ok(Next::Continue)
            }
            Statement::InvokeWorkflow { target, inputs, .. } => {
                let inputs = inputs
                    .iter()
                    .map(|(name, value)| (name.clone(), json!(self.fill(value))))
                    .collect::<baton_sdk::serde_json::Map<_, _>>();
                self.invoke(target, inputs)
            }
            Statement::InvokeTask { target, files, halt, .. } => self.perform_task(target, files, *halt),
            Statement::Protocol { name, .. } => self.follow_protocol(name),
            Statement::Step { step } => self.run_step(step),
            _ => Ok(Next::Continue),
        }
    }

    /// Flow that the action states outright is the engine's; what else it says is for the agent.
    fn act(&mut self, statement: &Statement) -> Result<Next> {
        let Statement::Action { passage, flow, .. } = statement else { return Ok(Next::Continue) };
        for flow in flow.iter().take_while(|flow| flow.certain) {
            match self.execute_flow(&flow.kind)? {
                Some(Next::Continue) => {}
                Some(next) => return Ok(next),
                // The engine lacks something for it, so that the agent gets all of the text.
                None => return self.instruct(&mut self.fill(&passage.text)),
            }
        }
        let rest = if flow.first().is_some_and(|flow| flow.certain) { after_certain(&passage.text) } else { &passage.text };
        self.instruct(&mut self.fill(rest))
    }

    /// None: the engine cannot do it.
    fn execute_flow(&mut self, kind: &FlowKind) -> Result<Option<Next>> {
        Ok(match kind {
            FlowKind::Halt { reason } => Some(Next::Halt(self.fill(reason))),
            FlowKind::Exit | FlowKind::Return => Some(Next::Exit),
            FlowKind::Load { path } => {
                let path = self.fill(path);
                let plan = self.plan;
                match plan.sheets.iter().find(|sheet| paths::name(&sheet.file) == paths::name(&path)) {
                    // The end of the loaded file is not the end of the one that loads it.
                    Some(sheet) => Some(match self.run_sheet(sheet)? {
                        Next::Exit => Next::Continue,
                        next => next,
                    }),
                    None => None,
                }
            }
            FlowKind::Jump { place, resolves: true } => Some(Next::Jump(place.clone())),
            FlowKind::Status { section, key, value } => self.set_status(section, key, value)?.then_some(Next::Continue),
            FlowKind::FindStory { status } => self.find_story(status).then_some(Next::Continue),
            FlowKind::StoryStatus { value } => self.set_story_status(value)?.then_some(Next::Continue),
            FlowKind::Set { name, value } => {
                let value = self.fill(value);
                self.set(name, &value);
                Some(Next::Continue)
            }
            FlowKind::Jump { resolves: false, .. } | FlowKind::Wait | FlowKind::Store { .. } => None,
        })
    }

    fn for_each(&mut self, item: &str, collection: &str, body: &[Statement]) -> Result<Next> {
        let names = self.write_sections(&["items".to_owned()], &format!("List, one on each line: {}", self.fill(collection)))?;
        let items = names.get("items").cloned().unwrap_or_default();
        for name in items.lines().map(|line| line.trim().trim_start_matches("- ")).filter(|line| !line.is_empty()).take(100) {
            self.set(item, name);
            let next = self.run_body(body)?;
            if next != Next::Continue {
                return Ok(next);
            }
        }
        Ok(Next::Continue)
    }

    fn write_output(&mut self, fill: &Fill, file: Option<&str>) -> Result<Next> {
        if let Fill::Values { values } = fill {
            for (name, value) in values {
                let value = self.fill(value);
                self.set(name, &value);
                self.handed.insert(name.clone(), value);
            }
            return Ok(Next::Continue);
        }
        if let Fill::Instruction { text } = fill {
            return self.write_as_told(text, file);
        }
        let names: Vec<_> = fill.names().into_iter().map(|name| self.fill(name).replace(['{', '}'], "")).collect();
        self.write_until_approved(&names, "", file)
    }

    /// What is written is told in a sentence: sections for the placeholders that are open, or one of its own.
    fn write_as_told(&mut self, text: &str, file: Option<&str>) -> Result<Next> {
        let is_document = file.is_none_or(|_| self.target(file) == self.document_file());
        let mut open = if is_document { self.document.unfilled() } else { Vec::new() };
        open.sort();
        open.dedup();
        let text = self.fill(text);
        if open.is_empty() {
            return self.write_until_approved(&[self.section_name()], &text, file);
        }
        let chosen = self.choose_sections(&open, &text)?;
        self.write_until_approved(&chosen, &text, file)
    }

    /// Has sections written and put into the file, until the person who is asked has nothing to change.
    fn write_until_approved(&mut self, names: &[String], instructions: &str, file: Option<&str>) -> Result<Next> {
        let Some(path) = self.target(file) else {
            // Without a document, what is written is for the steps that follow.
            let sections = self.write_sections(names, instructions)?;
            self.keep(&sections);
            return Ok(Next::Continue);
        };
        let mut wish = instructions.to_owned();
        for round in 0..=MOST_EDITS {
            let sections = self.write_sections(names, &wish)?;
            self.save(&path, &sections, round > 0)?;
            if self.yolo {
                break;
            }
            let question = Question::new(format!("{} is written to {path}. Continue, or say what to change.", names.join(", ")))
                .with_options(["continue"]);
            let answer = self.ask_person(&question)?;
            if matches!(answer.trim().to_ascii_lowercase().as_str(), "c" | "continue" | "y" | "yes" | "") {
                break;
            }
            wish = format!("Change it as the user wishes: {answer}");
        }
        Ok(Next::Continue)
    }

    /// The file of an output. A bare name lies in the folder of documents.
    fn target(&self, file: Option<&str>) -> Option<String> {
        let Some(file) = file else { return self.document_file() };
        let path = self.fill_path(file)?;
        Some(if path.contains('/') { path } else { format!("{}/{path}", self.output_folder()) })
    }

    fn save(&mut self, path: &str, sections: &std::collections::BTreeMap<String, String>, again: bool) -> Result<()> {
        let is_document = self.is_document(path);
        if !is_document && !self.others.contains_key(path) {
            // What other workflows wrote there stays.
            self.others.insert(path.to_owned(), Document::new(files::read_text(path).unwrap_or_default()));
        }
        let document = if is_document { &mut self.document } else { self.others.entry(path.to_owned()).or_default() };
        for (name, text) in sections {
            document.fill(name, text, again);
        }
        let text = document.text.clone();
        self.write_file(path, &text)?;
        if is_document {
            self.written_to = Some(path.to_owned());
        }
        self.keep(sections);
        Ok(())
    }

    fn is_document(&self, path: &str) -> bool {
        Some(path) == self.document_file().as_deref()
    }

    /// Writes a file, and keeps what is known of it in step.
    pub(crate) fn write_file(&mut self, path: &str, text: &str) -> Result<()> {
        files::write(path, text)?;
        let is_document = self.is_document(path);
        if let Some(document) = if is_document { Some(&mut self.document) } else { self.others.get_mut(path) } {
            document.text = text.to_owned();
        }
        self.note_file(path);
        Ok(())
    }

    fn note_file(&mut self, path: &str) {
        if !self.files.iter().any(|file| file == path) {
            self.files.push(path.to_owned());
        }
    }

    /// Sections are variables as well, unless the folder or the run has set one of that name.
    fn keep(&mut self, sections: &std::collections::BTreeMap<String, String>) {
        for (name, text) in sections {
            if self.value(name).is_none_or(|value| value.is_empty()) {
                self.set(name, text);
            }
        }
    }
}

/// The text of a statement that the agent can carry out together with those beside it.
fn instruction(statement: &Statement) -> Option<String> {
    match statement {
        Statement::Text { passage, .. } => Some(passage.text.clone()),
        Statement::Action { passage, condition: None, flow, body } if body.is_empty() && !flow.iter().any(|flow| flow.certain) => {
            Some(format!("- {}", passage.text))
        }
        Statement::Context { passage, tag } => Some(format!("({tag}) {}", passage.text)),
        Statement::Search { query, condition: None, .. } => Some(format!("- Search the web: {query}")),
        _ => None,
    }
}

/// Unconditional jumps that follow each other: the agent chooses one by what stands beside it.
fn jumps_in_a_row(body: &[Statement]) -> Vec<(&Place, &str)> {
    let jumps = body.iter().map_while(|statement| match statement {
        Statement::Goto { target, condition: None, reason, .. } if target.resolves => Some((&target.place, reason.as_str())),
        _ => None,
    });
    jumps.collect()
}
