//! A run as a row, and back. Decides nothing about what a state means.

use std::path::PathBuf;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sqlx::{Row, any::AnyRow};

use super::{
    super::{
        StoreError,
        number::{read_number, stored},
    },
    Statement,
};
use crate::{
    interfaces::pins::Pin,
    journal::RunId,
    kernel::run::{CancelCause, Cancelling, Run, State, Summary},
};

const TABLE: &str = "runs";
const ALL: [&str; 7] = ["queued", "running", "waiting", "paused", "succeeded", "failed", "cancelled"];

/// A set of states for a statement that has seven parameters for them.
pub(super) struct States([&'static str; 7]);

impl States {
    /// Words that name no state are left out: no run is in them.
    pub(super) fn new<'a>(words: impl Iterator<Item = &'a str>) -> Self {
        let mut states = [""; 7];
        for word in words {
            if let Some(index) = ALL.iter().position(|known| *known == word) {
                states[index] = ALL[index];
            }
        }
        Self(states)
    }

    pub(super) fn bind<'a>(&self, query: Statement<'a>) -> Statement<'a> {
        self.0.iter().fold(query, |query, state| query.bind(*state))
    }
}

/// What the row says of a state beside its word.
pub(super) struct Detail {
    pub(super) text: Option<String>,
    pub(super) wake_at: Option<i64>,
}

impl Detail {
    pub(super) fn of(state: &State) -> Result<Self, StoreError> {
        let text = match state {
            State::Waiting { .. } | State::Paused { .. } | State::Failed { .. } => Some(to_text(state)?),
            State::Queued | State::Running | State::Succeeded | State::Cancelled => None,
        };
        let wake_at = match state {
            State::Waiting { wait } => wait.due().map(stored),
            _ => None,
        };
        Ok(Self { text, wake_at })
    }
}

/// Any value as JSON text.
pub(super) fn to_text(value: &impl serde::Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Unwritable(format!("The run has no JSON form: {error}.")))
}

pub(super) fn workspace(run: &Run) -> Result<&str, StoreError> {
    run.workspace.to_str().ok_or_else(|| {
        StoreError::Unwritable(format!("The workspace {} has a name that is not Unicode; rename the directory.", run.workspace.display()))
    })
}

pub(super) fn load(row: &AnyRow) -> Result<Run, StoreError> {
    Ok(Run {
        id: RunId::from_text(row.try_get::<String, _>("id")?),
        parent: call(row, "parent_id", "parent_seq")?,
        root: RunId::from_text(row.try_get::<String, _>("root_id")?),
        forked_from: call(row, "forked_from_id", "forked_from_seq")?,
        plugin: row.try_get("plugin")?,
        plugin_version: row.try_get("plugin_version")?,
        plugin_hash: row.try_get("plugin_hash")?,
        kind: from_value(Value::String(row.try_get("kind")?))?,
        input: from_text(row.try_get("input")?)?,
        project: row.try_get("project")?,
        workspace: PathBuf::from(row.try_get::<String, _>("workspace")?),
        pin: row.try_get::<Option<String>, _>("pin")?.map(Pin),
        settings: from_text(row.try_get("settings")?)?,
        project_settings: row.try_get::<Option<&str>, _>("project_settings")?.map(from_text).transpose()?,
        ceiling: row.try_get::<Option<&str>, _>("ceiling")?.map(from_text).transpose()?.unwrap_or_default(),
        slot: row.try_get("slot")?,
        item: row.try_get("item")?,
        seed: row.try_get("seed")?,
        started_at: read_number(row, "started_at")?,
        started_by: row.try_get::<Option<&str>, _>("started_by")?.map(from_text).transpose()?,
        journal_form: read_number(row, "journal_form")?,
        journal_from: read_number(row, "journal_from")?,
        state: state(row)?,
        output: row.try_get::<Option<&str>, _>("output")?.map(from_text).transpose()?,
        shortfall: row.try_get("shortfall")?,
        failed_call: row.try_get::<Option<&str>, _>("failed_call")?.map(from_text).transpose()?,
        cancelling: cancelling(row)?,
        created_at: read_number(row, "created_at")?,
        updated_at: read_number(row, "updated_at")?,
    })
}

/// The same of a row without the columns that may be large.
pub(super) fn load_summary(row: &AnyRow) -> Result<Summary, StoreError> {
    Ok(Summary {
        id: RunId::from_text(row.try_get::<String, _>("id")?),
        parent: call(row, "parent_id", "parent_seq")?,
        root: RunId::from_text(row.try_get::<String, _>("root_id")?),
        forked_from: call(row, "forked_from_id", "forked_from_seq")?,
        plugin: row.try_get("plugin")?,
        plugin_version: row.try_get("plugin_version")?,
        plugin_hash: row.try_get("plugin_hash")?,
        kind: from_value(Value::String(row.try_get("kind")?))?,
        project: row.try_get("project")?,
        workspace: PathBuf::from(row.try_get::<String, _>("workspace")?),
        slot: row.try_get("slot")?,
        item: row.try_get("item")?,
        started_by: row.try_get::<Option<&str>, _>("started_by")?.map(from_text).transpose()?,
        journal_from: read_number(row, "journal_from")?,
        state: state(row)?,
        shortfall: row.try_get("shortfall")?,
        failed_call: row.try_get::<Option<&str>, _>("failed_call")?.map(from_text).transpose()?,
        cancelling: cancelling(row)?,
        created_at: read_number(row, "created_at")?,
        updated_at: read_number(row, "updated_at")?,
    })
}

/// Runs that were cancelled before causes were kept were cancelled by an operator.
fn cancelling(row: &AnyRow) -> Result<Option<Cancelling>, StoreError> {
    let Some(since) = row.try_get::<Option<i64>, _>("cancel_requested_at")? else { return Ok(None) };
    let cause = match row.try_get::<Option<&str>, _>("cancel_cause")? {
        None => CancelCause::Operator,
        Some(word) => CancelCause::from_word(word).ok_or_else(|| StoreError::row(TABLE, format!("`{word}` is not a known cause")))?,
    };
    Ok(Some(Cancelling { since: since.unsigned_abs(), cause }))
}

fn call(row: &AnyRow, run: &str, seq: &str) -> Result<Option<(RunId, u64)>, StoreError> {
    match row.try_get::<Option<String>, _>(run)? {
        Some(run) => Ok(Some((RunId::from_text(run), read_number(row, seq)?))),
        None => Ok(None),
    }
}

fn state(row: &AnyRow) -> Result<State, StoreError> {
    match row.try_get::<Option<&str>, _>("state_detail")? {
        Some(detail) => from_text(detail),
        None => from_value(json!({ "state": row.try_get::<&str, _>("state")? })),
    }
}

fn from_text<T: DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::row(TABLE, error))
}

fn from_value<T: DeserializeOwned>(value: Value) -> Result<T, StoreError> {
    serde_json::from_value(value).map_err(|error| StoreError::row(TABLE, error))
}
