//! Runs, and a tree that is followed, for tests. Executes none.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::{
    fold::Progress,
    progress::{Snapshot, Step},
};
use crate::{
    events::{Category, Draft, Event},
    journal::{RunId, form::FORM},
    kernel::{
        ceiling::Ceiling,
        package::Kind,
        run::{Run, State, Summary},
    },
    operations::events::sample::least,
};

/// A root run of `plugin` that stands in `state`.
pub(crate) fn run(id: &str, plugin: &str, state: State) -> Run {
    Run {
        id: RunId::from_text(id),
        parent: None,
        root: RunId::from_text(id),
        forked_from: None,
        plugin: plugin.to_owned(),
        plugin_version: "0.1.0".to_owned(),
        plugin_hash: String::new(),
        kind: Kind::Workflow,
        input: Value::Null,
        project: String::new(),
        workspace: PathBuf::new(),
        pin: None,
        settings: json!({}),
        project_settings: None,
        ceiling: Ceiling::default(),
        slot: None,
        item: None,
        seed: String::new(),
        started_at: 0,
        started_by: None,
        journal_form: FORM,
        journal_from: 0,
        state,
        output: None,
        shortfall: None,
        failed_call: None,
        cancelling: None,
        created_at: 0,
        updated_at: 0,
    }
}

/// A tree of runs that is followed.
pub(crate) struct Tree {
    progress: Progress,
    cursor: i64,
}

impl Tree {
    /// A tree under a run of `plugin`, where people call plugins by these titles.
    pub(crate) fn new(root: &str, plugin: &str, titles: &[(&str, &str)]) -> Self {
        let titles = titles.iter().map(|(plugin, title)| ((*plugin).to_owned(), (*title).to_owned())).collect();
        Self { progress: Progress::new(&Summary::from(run(root, plugin, State::Queued)), titles), cursor: 0 }
    }

    /// Includes a run that was there before it was followed.
    pub(crate) fn include(&mut self, id: &str, parent: &str, plugin: &str) {
        let run = Run { parent: Some((RunId::from_text(parent), 3)), ..run(id, plugin, State::Running) };
        self.progress.include(&Summary::from(run));
    }

    /// The steps of the next event; `category` is the word of the log.
    pub(crate) fn take(&mut self, seconds: u64, run: &str, (category, name): (&str, &str), data: Value) -> Vec<Step> {
        self.cursor += 1;
        self.take_at(self.cursor, seconds, run, (category, name), data)
    }

    /// The same for an event with another place in the log.
    pub(crate) fn take_at(&mut self, cursor: i64, seconds: u64, run: &str, (category, name): (&str, &str), data: Value) -> Vec<Step> {
        let category = Category::from_word(category).unwrap();
        let data = match data {
            // What the test is not about is there as well: an event without it is not one.
            Value::Object(given) => {
                let mut whole = least(category, name);
                whole.as_object_mut().unwrap().extend(given);
                whole
            }
            other => other,
        };
        let draft = Draft::for_test(category, name, Some(&RunId::from_text(run)), data);
        self.progress.take(&Event { cursor, at: seconds * 1000, draft })
    }

    /// What was seen until now happened in an earlier execution.
    pub(crate) fn begin_execution(&mut self) {
        self.progress.begin_execution();
    }

    /// Who is at work on what.
    pub(crate) fn snapshot(&self) -> Snapshot {
        self.progress.snapshot()
    }
}
