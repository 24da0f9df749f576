//! Runs for the tests of the command line.

use crate::operations::{
    Moment,
    runs::{PluginKind, RunId, RunState, RunSummary, Tally},
};

/// A root run of `plugin` in a state, as a list has it.
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
