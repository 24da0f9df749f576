//! Runs for the tests of the command line.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::{
    journal::{RunId, form::FORM},
    kernel::{
        ceiling::Ceiling,
        package::Kind,
        run::{Run, State},
    },
    operations::{
        Moment,
        runs::{PluginKind, RunState, RunSummary, Tally},
    },
};

/// A root run of `plugin` that stands in `state`.
pub(super) fn run(id: &str, plugin: &str, state: State) -> Run {
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

/// The same as a list has it.
pub(super) fn summary(id: &str, plugin: &str, state: RunState) -> RunSummary {
    RunSummary {
        id: RunId::from_text(id),
        parent: None,
        root: RunId::from_text(id),
        forked_from: None,
        plugin: plugin.to_owned(),
        plugin_version: "0.1.0".to_owned(),
        plugin_hash: String::new(),
        kind: PluginKind::Workflow,
        slot: None,
        item: None,
        project: String::new(),
        workspace: String::new(),
        started_by: None,
        journal_from: 0,
        reason: state.reason().map(str::to_owned),
        state,
        shortfall: None,
        cancelling: None,
        wakes_at: None,
        created_at: Moment(0),
        updated_at: Moment(0),
        tally: Tally::default(),
    }
}
