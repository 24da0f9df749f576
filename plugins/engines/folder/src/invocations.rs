//! Starts other workflows as children, and has the agent perform tasks and protocols that the project holds as files.

use baton_folder_format::{packing, paths};
use baton_sdk::prelude::*;

use crate::runner::{Next, Runner};

/// Bytes of a task's file that the agent is told.
const LONGEST_TASK: usize = 24 << 10;
/// The protocol that finds the documents that a workflow reads, and what the variables with their patterns begin with.
const DISCOVER: &str = "discover_inputs";
const PATTERNS: &str = "input_file_patterns.";

impl Runner<'_> {
    /// Starts another workflow by the name of its folder, and takes over what it hands back.
    pub(crate) fn invoke(&mut self, target: &str, inputs: baton_sdk::serde_json::Map<String, Value>) -> Result<Next> {
        let path = self.fill(target);
        let Some(name) = packing::invoked_name(&path) else {
            run::warn(&format!("The workflow `{path}` cannot be started: nothing says which one it is."));
            return Ok(Next::Continue);
        };
        let name = self.packing.workflows.get(&name).cloned().unwrap_or(name);
        let started = workflows::start::<Value, _>(&name, &json!({ "inputs": inputs, "yolo": self.yolo })).and_then(Pending::wait);
        match started {
            Ok(outcome) => {
                for (name, value) in outcome.output["values"].as_object().into_iter().flatten() {
                    self.set(name, &crate::text_of(value));
                }
                self.remember(&format!("The workflow `{name}` ended: {}", outcome.output["status"]));
            }
            Err(error) if error.ends_the_run() => return Err(error),
            // A folder names workflows that not every project has; the history says that there is no result.
            Err(error) => {
                run::warn(&format!("The workflow `{name}` gave no result: {error}"));
                self.remember(&format!("The workflow `{name}` gave no result."));
            }
        }
        Ok(Next::Continue)
    }

    /// What waits for a person is left out where nobody is asked.
    pub(crate) fn perform_task(&mut self, target: &str, named: &[String], halt: bool) -> Result<Next> {
        if halt && self.yolo {
            return Ok(Next::Continue);
        }
        let mut text = format!("Perform the task {}", self.fill(target));
        for file in named {
            let path = paths::clean(&self.fill(file)).ok();
            if let Some((path, task)) = path.and_then(|path| Some((path.clone(), self.read_named(&path)?))) {
                let task = &task[..task.floor_char_boundary(LONGEST_TASK)];
                text.push_str(&format!("\n\nThe file {path}:\n{task}\n"));
            }
        }
        self.instruct(&mut text)
    }

    /// A file that the folder names: its own, else one of the project.
    fn read_named(&self, path: &str) -> Option<String> {
        let installed = self.value("installed_path").and_then(|folder| paths::clean(&folder).ok()).unwrap_or_default();
        let own = path.strip_prefix(&installed).and_then(|rest| rest.strip_prefix('/')).filter(|_| !installed.is_empty());
        assets::read_text(own.unwrap_or(path)).or_else(|_| files::read_text(path)).ok()
    }

    pub(crate) fn follow_protocol(&mut self, name: &str) -> Result<Next> {
        let mut text = format!("Follow the protocol `{name}`.");
        if name == DISCOVER {
            let plan = self.plan;
            let patterns = plan.variables.iter().filter_map(|variable| {
                let name = variable.name.strip_prefix(PATTERNS)?;
                Some(format!("- {name}: {}\n", self.fill(variable.value.as_deref()?)))
            });
            text = format!("Find the documents of the project that fit these patterns, and read them:\n{}", patterns.collect::<String>());
        }
        self.instruct(&mut text)
    }
}
